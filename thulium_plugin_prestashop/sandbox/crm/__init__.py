"""The sandbox CRM without its pages: customers, contacts, accounts, integrations, in one SQLite file.

::

    crm = await SandboxCrm.open(directory, egress=Egress(allow_private=True))
    try: ...
    finally: await crm.aclose()          # or: async with await SandboxCrm.open(directory) as crm

``open(directory, *, egress=Egress(), clock=SystemClock(), name="Sandbox CRM", time_zone="Europe/Warsaw",
locale="pl", plugins=None, run=True)`` makes the directory and ``crm.db`` if they are missing, loads the installed
plugins, and starts the integrations that ran last time (not with ``run=False``). ``plugins`` replaces the installed
plugins with given ones (:class:`~thulium_plugin_prestashop.hosting.InstalledPlugin`).

``crm.customers``
    :class:`CustomerBook`, the contract's ``Customers``: ``find``, ``create``, ``update`` in batches
``crm.cards``
    :class:`Cards`: ``get(id) -> Card`` (follows merges), ``create(edit, actor) -> Card``, ``edit(id, edit,
    actor) -> Change | None``, ``merge(kept, merged, actor) -> Change``, ``erase(id, actor)``, ``changes(id,
    limit=20) -> list[Change]``, ``undo(change_id, actor) -> Change``
``crm.listing``
    :class:`Listing`: ``page(text="", *, offset=0, limit=50) -> CustomerPage(rows, total)``, ``suggest(text,
    limit=8)``, ``count()``; ``text`` is a name, e-mail, phone in any spelling, custom field value or id
``crm.contacts``
    :class:`Contacts`: ``page(customer, *, before=None, limit=25) -> ContactPage(entries, older)``,
    ``add([NewContact, …])``, ``count(customer)``
``crm.custom_fields``
    :class:`CustomFieldBook`: ``list()`` (the contract's), ``details() -> list[FieldDetails]``,
    ``create(name, type, actor)``, ``delete(name, actor)``
``crm.accounts``
    :class:`Accounts`: ``users()``, ``create(login, name, role, …) -> password``, ``set_password``,
    ``set_preferences(user_id, locale=, time_zone=, theme=)``, ``sign_in(login, password, address) ->
    SignedIn(token, session)`` or raises :class:`SignInRefused`, ``session(token) -> Session | None``
    (``.user``, ``.csrf``, ``.expires_at``), ``sign_out(token)``
``crm.setup``
    :class:`IntegrationSetup`, the two-part form: ``type(id)``, ``begin(type_id) -> Draft``,
    ``begin_again(integration) -> Draft`` (re-authenticate), ``draft(id)``, ``authenticate(draft_id, values,
    actor, on_finding=None) -> Draft`` (``.authentication``, ``.authenticated``, ``.authorization``,
    ``.stored_secrets``), ``settings_form(draft_id) -> Form``, ``initial_settings(draft_id) -> values``,
    ``save(draft_id, values, actor, run=False) -> Saved(entry, errors)``, ``preview(draft_id, values,
    actor) -> Saved`` (begins a dry run), ``create_field(form, field_key, name, actor) -> CustomField``; Other data of a
    configured one: ``settings_form_of(integration)``, ``change(integration, values, actor, run=False) ->
    Saved``
``crm.desk``
    :class:`IntegrationDesk`, configured integrations: ``overview() -> list[Overview]``, ``one(id) ->
    Overview`` (``.entry``, ``.type``, ``.status``, ``.jobs``, ``.problems``, ``.last_run``, ``.next_run``),
    ``preview(id, actor) -> DryRun``, ``running(id) -> Integration`` (its log, set-aside records, diagnostics), ``start(id, actor)``,
    ``stop(id, actor)``, ``run_now(id, actor) -> Run``, ``cancel(id, actor)``, ``remove(id, actor,
    keep_data=…)``
``crm.dry_runs``
    :class:`DryRuns`, dry runs of forms and integrations: ``get(subject) -> DryRun | None`` (``.busy``, ``.progress``,
    ``.preview``, ``.failure``, ``.cancelled``), ``cancel(subject)``, iteration
``crm.allegro``
    :class:`AllegroDemo`: ``integration()`` (the contract's), ``state() -> AllegroState(running,
    login_field)``, ``start(login_field, actor)``, ``stop(actor)``
``crm.problems``
    :class:`~thulium_plugin_prestashop.hosting.ProblemList`: ``list(integration=None) -> [RaisedProblem]``
``crm.audit``
    :class:`Audit`: ``page(*, offset=0, limit=50) -> list[AuditEntry]``
``crm.host``
    :class:`~thulium_plugin_prestashop.hosting.Host`: ``customer_tabs()``, ``history_sections()``,
    ``customers_actions()``, ``load_tabs(customer, viewer, query=None, integration=None)``,
    ``load_sections(customer, viewer, limit)``, ``search_orders(query, viewer, limit)``, ``types()``,
    ``integrations`` (:class:`IntegrationRegistry`), ``scheduler``

Forms that a browser posts become values with :func:`thulium_plugin_prestashop.hosting.forms.read_values`.

A synchronisation is a :class:`~thulium_plugin_prestashop.hosting.Job`: ``crm.host.scheduler.job(integration, key)``,
``.jobs(integration)``; ``job.snapshot() -> JobSnapshot(state, progress, started, next_due, last)`` at any time, and
``async for snapshot in job.watch()`` for every change (a slow reader gets the newest).

Errors for people are :class:`CrmError` (``.key``, ``.message: LocalizedText``, ``.field: str | None``); its subclasses
are :class:`NotFound`, :class:`Refused` and :class:`SignInRefused` (``.retry_after`` in seconds).

Without pages: ``crm.host_context(plugin_id)``, ``ensure_custom_field(name, type)``,
``configure_integration(type_id, authorization, settings, *, on_finding=None, start=True) -> Configured(id, authentication,
errors)``, ``iter_customers(chunk=500)``, ``find_one(email=…) / find_one(id=…)``. ``seed_accounts(crm) ->
{Role: Account(login, password)}`` and ``seed_contacts(crm, [Occasion(customer, reference, at, locale), …])`` fill a demo.
"""

from thulium_plugin_prestashop.sandbox.crm.accounts import Accounts
from thulium_plugin_prestashop.sandbox.crm.allegro import AllegroDemo, AllegroState
from thulium_plugin_prestashop.sandbox.crm.audit import Audit
from thulium_plugin_prestashop.sandbox.crm.cards import Cards
from thulium_plugin_prestashop.sandbox.crm.contacts import Contacts
from thulium_plugin_prestashop.sandbox.crm.custom_fields import CustomFieldBook
from thulium_plugin_prestashop.sandbox.crm.customers import CustomerBook
from thulium_plugin_prestashop.sandbox.crm.desk import IntegrationDesk, Overview
from thulium_plugin_prestashop.sandbox.crm.drafts import Draft
from thulium_plugin_prestashop.sandbox.crm.dry_runs import DryRun, DryRuns
from thulium_plugin_prestashop.sandbox.crm.errors import (
    CrmError,
    IncompatibleDatabase,
    NotFound,
    Refused,
    SignInRefused,
)
from thulium_plugin_prestashop.sandbox.crm.listing import Listing
from thulium_plugin_prestashop.sandbox.crm.passwords import Passwords
from thulium_plugin_prestashop.sandbox.crm.records import (
    AuditEntry,
    Card,
    CardEdit,
    Change,
    ChangeKind,
    Contact,
    ContactKind,
    ContactPage,
    CustomerPage,
    Direction,
    Email,
    FieldDetails,
    NewContact,
    Phone,
    Role,
    Session,
    SignedIn,
    User,
)
from thulium_plugin_prestashop.sandbox.crm.sandbox import Configured, SandboxCrm
from thulium_plugin_prestashop.sandbox.crm.seed import Account, Occasion, seed_accounts, seed_contacts
from thulium_plugin_prestashop.sandbox.crm.setup import IntegrationSetup, Saved

__all__ = [
    "Account",
    "Accounts",
    "AllegroDemo",
    "AllegroState",
    "Audit",
    "AuditEntry",
    "Card",
    "CardEdit",
    "Cards",
    "Change",
    "ChangeKind",
    "Configured",
    "Contact",
    "ContactKind",
    "ContactPage",
    "Contacts",
    "CrmError",
    "CustomFieldBook",
    "CustomerBook",
    "CustomerPage",
    "Direction",
    "Draft",
    "DryRun",
    "DryRuns",
    "Email",
    "FieldDetails",
    "IncompatibleDatabase",
    "IntegrationDesk",
    "IntegrationSetup",
    "Listing",
    "NewContact",
    "NotFound",
    "Occasion",
    "Overview",
    "Passwords",
    "Phone",
    "Refused",
    "Role",
    "SandboxCrm",
    "Saved",
    "Session",
    "SignInRefused",
    "SignedIn",
    "User",
    "seed_accounts",
    "seed_contacts",
]

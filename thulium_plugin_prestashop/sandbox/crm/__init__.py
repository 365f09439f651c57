"""The sandbox CRM without its pages: customers, contacts, accounts, integrations, in one SQLite file.

::

    crm = await SandboxCrm.open(directory, egress=Egress(allow_private=True))
    try: ...
    finally: await crm.aclose()          # or: async with await SandboxCrm.open(directory) as crm

``open(directory, *, egress=Egress(), clock=SystemClock(), name="Sandbox CRM", time_zone="Europe/Warsaw",
locale="pl", plugins=None, run=True)`` makes the directory and ``crm.db`` if they are missing, loads the installed
plugins, and starts the integrations that ran last time (not with ``run=False``). ``plugins`` replaces the installed
plugins with given ones (:class:`~thulium_plugin_prestashop.hosting.InstalledPlugin`).

=================== ==================================================================================================
``crm.customers``   :class:`CustomerBook`, the contract's ``Customers``: ``find``, ``create``, ``update`` in batches
``crm.cards``       :class:`Cards`: ``get(id) -> Card`` (follows merges), ``create(edit, actor) -> Card``,
                    ``edit(id, edit, actor) -> Change | None``, ``merge(kept, merged, actor) -> Change``,
                    ``erase(id, actor)``, ``changes(id, limit=20) -> list[Change]``, ``undo(change_id, actor) -> Change``
``crm.listing``     :class:`Listing`: ``page(text="", *, offset=0, limit=50) -> CustomerPage(rows, total)``,
                    ``count()``; ``text`` is a name, e-mail, phone in any spelling, custom field value or id
``crm.contacts``    :class:`Contacts`: ``page(customer, *, before=None, limit=25) -> ContactPage(entries, older)``,
                    ``add([NewContact, …])``, ``count(customer)``
``crm.custom_fields`` :class:`CustomFieldBook`: ``list()`` (the contract's), ``details() -> list[FieldDetails]``,
                    ``create(name, type, actor)``, ``delete(name, actor)``
``crm.accounts``    :class:`Accounts`: ``users()``, ``create(login, name, role, …) -> password``, ``set_password``,
                    ``set_preferences(user_id, locale=, time_zone=, theme=)``, ``sign_in(login, password, address)
                    -> SignedIn(token, session)`` or raises :class:`SignInRefused`, ``session(token) -> Session | None``
                    (``.user``, ``.csrf``, ``.expires_at``), ``sign_out(token)``
``crm.desk``        :class:`IntegrationDesk`, the two-part form: ``begin(type_id, actor, integration=None) -> Draft``,
                    ``draft(id)``, ``authenticate(draft_id, values, actor, on_finding=None) -> Authentication``,
                    ``settings_form(draft_id) -> Form``, ``save(draft_id, values, actor, run=False, start=True) -> Saved``,
                    ``create_field(draft_id, field_key, name, actor)``, ``preview(id, report)``; and for what is
                    configured: ``overview() -> list[Overview]``, ``one(id) -> Overview``, ``start``, ``stop``,
                    ``run_now(id, actor) -> Run``, ``cancel(id, actor)``, ``change(id, values, actor) -> Saved``,
                    ``remove(id, actor, keep_data=…)``
``crm.allegro``     :class:`AllegroDemo`: ``integration()`` (the contract's), ``state() -> AllegroState``,
                    ``start(login_field, actor)``, ``stop(actor)``
``crm.problems``    :class:`~thulium_plugin_prestashop.hosting.ProblemList`: ``list(integration=None) -> [RaisedProblem]``
``crm.audit``       :class:`Audit`: ``page(*, offset=0, limit=50) -> list[AuditEntry]``
``crm.host``        :class:`~thulium_plugin_prestashop.hosting.Host`: ``customer_tabs()``, ``history_sections()``,
                    ``customers_actions()``, ``load_tabs(customer, viewer, query=TabQuery(), integration=None)``,
                    ``load_sections(customer, viewer, limit)``, ``search_orders(query, viewer, limit)``,
                    ``types()``, ``integrations`` (:class:`IntegrationRegistry`), ``scheduler``
=================== ==================================================================================================

A synchronisation is a :class:`~thulium_plugin_prestashop.hosting.Job`: ``crm.host.scheduler.job(integration, key)``,
``.jobs(integration)``; ``job.snapshot() -> JobSnapshot(state, progress, started, next_due, last)`` at any time, and
``async for snapshot in job.watch()`` for every change (a slow reader gets the newest).

Errors for people are :class:`CrmError` (``.key``, ``.message: LocalizedText``, ``.field: str | None``); its subclasses
are :class:`NotFound`, :class:`Refused` and :class:`SignInRefused` (``.retry_after`` in seconds).

Without pages: ``crm.host_context(plugin_id)``, ``ensure_custom_field(name, type)``,
``configure_integration(type_id, authorization, settings, *, on_finding=None, start=True) -> Configured(id, authentication,
errors)``, ``iter_customers(chunk=500)``, ``find_one(email=…) / find_one(id=…)``. ``seed_accounts(crm)`` and
``seed_contacts(crm, customers)`` fill a demo.
"""

"""The sandbox CRM as a whole: opened from a directory, closed again."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import attrs

from thulium_plugin_prestashop.contract.customers import ByEmail, ById, CustomField
from thulium_plugin_prestashop.contract.forms import CustomFieldType, FieldError, Value, Values
from thulium_plugin_prestashop.contract.host import Clock, Egress, HostContext
from thulium_plugin_prestashop.contract.integration import Authentication, OnFinding
from thulium_plugin_prestashop.hosting import (
    Host,
    HostServices,
    InstalledPlugin,
    ProblemList,
    SystemClock,
    run_in_thread,
)
from thulium_plugin_prestashop.hosting.secrets import EncryptedSecrets, KeyFile
from thulium_plugin_prestashop.sandbox.crm.accounts import Accounts
from thulium_plugin_prestashop.sandbox.crm.allegro import AllegroDemo
from thulium_plugin_prestashop.sandbox.crm.audit import Audit
from thulium_plugin_prestashop.sandbox.crm.cards import Cards
from thulium_plugin_prestashop.sandbox.crm.contacts import Contacts
from thulium_plugin_prestashop.sandbox.crm.custom_fields import CustomFieldBook
from thulium_plugin_prestashop.sandbox.crm.customers import BATCH, CustomerBook
from thulium_plugin_prestashop.sandbox.crm.database import Database
from thulium_plugin_prestashop.sandbox.crm.desk import IntegrationDesk
from thulium_plugin_prestashop.sandbox.crm.drafts import Drafts
from thulium_plugin_prestashop.sandbox.crm.dry_runs import DryRuns
from thulium_plugin_prestashop.sandbox.crm.listing import Listing
from thulium_plugin_prestashop.sandbox.crm.outbox import Outbox
from thulium_plugin_prestashop.sandbox.crm.passwords import Passwords
from thulium_plugin_prestashop.sandbox.crm.records import Card
from thulium_plugin_prestashop.sandbox.crm.setup import IntegrationSetup
from thulium_plugin_prestashop.sandbox.crm.storages import (
    Preferences,
    TableIntegrationStorage,
    TableProblemStorage,
    TableSecretStorage,
)

DATABASE = "crm.db"
KEY_FILE = "secret.key"
PLUGINS = "plugins"
SYSTEM = "system"
"""The actor of what no signed-in person did."""


@attrs.frozen
class Configured:
    """What came of :meth:`SandboxCrm.configure_integration`: the integration's id, or why there is none."""

    id: str | None
    authentication: Authentication
    errors: tuple[FieldError, ...] = ()


class SandboxCrm:
    """See the package's docstring. Open it with :meth:`open`, close it with :meth:`aclose` or ``async with``."""

    def __init__(
        self,
        directory: Path,
        database: Database,
        keys: Sequence[bytes],
        *,
        egress: Egress,
        clock: Clock,
        name: str,
        time_zone: str,
        locale: str,
        plugins: Sequence[InstalledPlugin] | None,
        passwords: Passwords,
        schedule: bool,
        database_url: str | None,
    ) -> None:
        self.directory = directory
        self.clock = clock
        self.name = name
        self.time_zone = time_zone
        self.locale = locale
        self._database = database
        self._secrets = EncryptedSecrets(TableSecretStorage(database), keys, scope="sandbox")
        self._outbox = Outbox(database)
        self.audit = Audit(database, clock)
        self.customers = CustomerBook(database, clock)
        self.cards = Cards(database, clock, self._outbox, self.audit)
        self.listing = Listing(database)
        self.contacts = Contacts(database)
        self.accounts = Accounts(database, clock, self.audit, passwords=passwords, time_zone=time_zone)
        self.custom_fields = CustomFieldBook(
            database, clock, self.audit, owners=self._field_owners, owner_names=self._field_owner_names
        )
        self.allegro = AllegroDemo(Preferences(database), self.custom_fields, self.audit)
        self.problems = ProblemList(clock, TableProblemStorage(database))
        self.host = Host(
            HostServices(
                name=name,
                customers=self.customers,
                custom_fields=self.custom_fields,
                secrets=self._secrets,
                allegro=self.allegro,
                integrations=TableIntegrationStorage(database),
                data_directory=directory / PLUGINS,
                database_url=database_url,
                problems=self.problems,
                clock=clock,
                egress=egress,
                time_zone=time_zone,
                locale=locale,
            ),
            plugins=plugins,
            by_itself=schedule,
        )
        self.dry_runs = DryRuns(clock)
        self.setup = IntegrationSetup(
            self.host,
            Drafts(database, clock),
            self.custom_fields,
            self._secrets,
            self.audit,
            dry_runs=self.dry_runs,
        )
        self.desk = IntegrationDesk(self.host, self.audit, self.dry_runs)
        self._outbox.connect(self.host.customers_merged, self.host.customers_erased)

    @classmethod
    async def open(
        cls,
        directory: Path,
        *,
        egress: Egress | None = None,
        clock: Clock | None = None,
        name: str = "Sandbox CRM",
        time_zone: str = "Europe/Warsaw",
        locale: str = "pl",
        plugins: Sequence[InstalledPlugin] | None = None,
        run: bool = True,
        passwords: Passwords | None = None,
        schedule: bool = True,
        database_url: str | None = None,
    ) -> Self:
        """Open the CRM of ``directory``, making what is missing, and start what ran last time (unless ``run`` is
        false). Without ``schedule`` nothing runs before somebody runs it. Plugins keep their own tables in files below
        ``directory``, or at ``database_url`` (see :attr:`.HostContext.database_url`).

        Raises :class:`IncompatibleDatabase`, and
        :class:`~thulium_plugin_prestashop.hosting.secrets.SecretError` for a key file that others may read.
        """
        keys = await run_in_thread(_prepare, directory)
        crm = cls(
            directory,
            await Database.open(directory / DATABASE),
            keys,
            egress=Egress() if egress is None else egress,
            clock=SystemClock() if clock is None else clock,
            name=name,
            time_zone=time_zone,
            locale=locale,
            plugins=plugins,
            passwords=Passwords() if passwords is None else passwords,
            schedule=schedule,
            database_url=database_url,
        )
        try:
            await crm.allegro.open()
            await crm.host.start(run=run)
            await crm.setup.purge()
            await crm._outbox.deliver()
        except BaseException:
            await crm.aclose()
            raise
        return crm

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop the host and close the database; nothing is left: no task, thread, connection or file. Safe to
        repeat.
        """
        try:
            await self.dry_runs.aclose()
            await self.host.aclose()
        finally:
            await self._database.aclose()

    def host_context(self, plugin: str = "prestashop") -> HostContext:
        """What this CRM hands to one plugin. Raises ``KeyError`` for a plugin that is not loaded."""
        return self.host.context(plugin)

    # Without pages

    async def ensure_custom_field(self, name: str, kind: CustomFieldType) -> CustomField:
        """The custom field, made if it is missing. Raises :class:`Refused` if there is one of another type."""
        return await self.custom_fields.ensure(name, kind, SYSTEM)

    async def configure_integration(
        self,
        type_id: str,
        authorization: Values,
        settings: Values,
        *,
        on_finding: OnFinding | None = None,
        start: bool = True,
    ) -> Configured:
        """Fill in both parts of the form: settings that are not given are those stored, suggested, or default.

        An integration of the same shop that exists already is changed instead of made a second time.
        """
        draft = await self.setup.begin(type_id)
        draft = await self.setup.authenticate(draft.id, authorization, SYSTEM, on_finding)
        result = draft.authentication or Authentication(ok=False, findings=())
        if not result.ok:
            return Configured(None, result, result.errors)
        draft = await self.setup.adopt(draft.id)
        values: dict[str, Value] = {**await self.setup.initial_settings(draft.id), **settings}
        saved = await self.setup.save(draft.id, values, SYSTEM)
        if not saved.ok:
            return Configured(None, result, saved.errors)
        if start:
            await self.host.integrations.start(draft.integration)
        return Configured(draft.integration, result)

    async def iter_customers(self, chunk: int = BATCH) -> AsyncIterator[Card]:
        """All customers by id, read ``chunk`` at a time."""
        after = 0
        while cards := await self.customers.cards(after, chunk):
            for card in cards:
                yield card
            after = int(cards[-1].id)

    async def find_one(self, *, email: str | None = None, id: str | None = None) -> Card | None:  # noqa: A002 - the field's own name
        """The customer with this e-mail or id (after a merge: the kept one), or ``None``."""
        lookup = ById(id) if id is not None else ByEmail(email or "")
        customer = await self.customers.one(lookup)
        return None if customer is None else await self.cards.get(customer.id)

    def _field_owners(self) -> Mapping[str, str]:
        return self.host.integrations.field_owners()

    def _field_owner_names(self) -> Mapping[str, str]:
        names = self.host.integrations.fields_in_use()
        allegro = self.allegro.state()
        if allegro.running and allegro.login_field is not None:
            names = {allegro.login_field: self.allegro.name, **names}
        return names


def _prepare(directory: Path) -> list[bytes]:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return KeyFile(directory / KEY_FILE).read_or_create()

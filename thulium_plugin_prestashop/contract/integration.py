"""An integration type, what an administrator configures of it, and a running integration."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import Protocol, TypeAlias

import attrs

from thulium_plugin_prestashop.contract.customers import CustomerId
from thulium_plugin_prestashop.contract.forms import FieldError, Form, Values
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.tasks import PeriodicTask, Progress, ReportProgress
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.contract.views import CustomerTab, TabQuery, Viewer


@attrs.frozen
class IntegrationConfig:
    """One configured shop, as the host stores it. Secrets are not in it: they lie in the secret store under
    :meth:`secret_handle`, and ``authorization`` leaves them out.
    """

    id: str
    """Given by the host, never reused."""
    type: str
    name: str
    authorization: Values
    settings: Values
    identity: str = ""
    """What the shop says of itself; re-authentication refuses a key that opens another shop."""
    facts: dict[str, str] = attrs.field(factory=dict)
    """What authentication learned (``version``, ``shop_name``), to be kept by the host and shown to the
    administrator, except for keys that begin with ``_``: those are the plugin's own.
    """
    settings_version: int = 1
    """:attr:`.forms.Form.version` of the form that ``settings`` were filled in with."""

    def secret_handle(self, field: str) -> str:
        """Where the secret of form field ``field`` is kept in the host's secret store."""
        return f"integration/{self.id}/{field}"


class FindingState(Enum):
    """State of one check while it is shown live."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@attrs.frozen
class Finding:
    """One thing that authentication found out; ``key`` is stable, ``hint`` says where to click."""

    key: str
    state: FindingState
    message: LocalizedText
    hint: LocalizedText | None = None
    resource: str | None = None
    """The webservice resource it is about, for the seven permissions."""


OnFinding: TypeAlias = Callable[[Finding], None]


@attrs.frozen
class Authentication:
    """What came of Authenticate. With ``ok`` the host keeps ``authorization`` (normalised), stores the secrets,
    and shows the second form with ``suggested`` as its values and ``form`` as its fields.
    """

    ok: bool
    findings: tuple[Finding, ...]
    errors: tuple[FieldError, ...] = ()
    authorization: Values = attrs.field(factory=dict)
    identity: str = ""
    facts: dict[str, str] = attrs.field(factory=dict)
    suggested: Values = attrs.field(factory=dict)
    message: LocalizedText | None = None
    passing: bool = False
    """Without ``ok``: whether what is wrong may be over by itself, such as a shop that is out of reach now. Then a
    host that has the integration already may keep it running with what it stored.
    """


class RunState(Enum):
    """Whether an integration works."""

    NEVER_RUN = "never_run"
    OK = "ok"
    FAILED = "failed"


@attrs.frozen
class UnderWay:
    """A run that goes on now."""

    since: datetime
    progress: Progress | None
    """Some seconds old; ``None`` before the first report."""
    here: bool
    """In this process; otherwise in another one that shares the work."""


@attrs.frozen
class Status:
    """What the list of integrations shows of one."""

    state: RunState
    message: LocalizedText
    last_success: datetime | None
    last_run: datetime | None
    customers: int
    orders: int
    set_aside: int
    under_way: UnderWay | None = None


@attrs.frozen
class LogEntry:
    """One run in the synchronisation log."""

    id: str
    started: datetime
    finished: datetime | None
    mode: str
    ok: bool
    message: LocalizedText
    figures: dict[str, int | float | str]


@attrs.frozen
class SetAsideRecord:
    """A record of the shop that could not be read, and why; it is tried again by later runs."""

    resource: str
    id: str
    reason: LocalizedText
    detail: str
    first_seen: datetime
    tries: int


@attrs.frozen
class Preview:
    """What a first import would do, in customers: create, link to existing ones (and why), fill fields of."""

    create: int
    link: dict[str, int]
    """Basis of the match to number of customers."""
    fill: int
    orders: int
    conflicts: tuple[LocalizedText, ...]


@attrs.frozen
class Refreshed:
    """What came of a refresh, for the agent who asked for it."""

    ok: bool
    message: LocalizedText


class Integration(Protocol):
    """One configured shop at work: created at start, gone at stop. All its methods are safe to repeat."""

    @property
    def id(self) -> str:
        """Id of its configuration."""
        ...

    @property
    def type(self) -> str:
        """Id of its integration type."""
        ...

    @property
    def config(self) -> IntegrationConfig:
        """What it runs with."""
        ...

    @property
    def tasks(self) -> Sequence[PeriodicTask]:
        """What the host's loop is to drive. The first is the synchronisation."""
        ...

    async def stop(self) -> None:
        """Close connections and files. The host has ended its tasks before."""
        ...

    async def status(self) -> Status:
        """For the list of integrations."""
        ...

    async def log(self, limit: int = 50) -> list[LogEntry]:
        """The newest runs, newest first."""
        ...

    async def set_aside(self, limit: int = 100) -> list[SetAsideRecord]:
        """Records that could not be read, newest first."""
        ...

    async def retry_set_aside(self) -> int:
        """Let the next run try all of them again at once, whatever their pauses; how many there are."""
        ...

    async def preview(self, report: ReportProgress) -> Preview:
        """Dry run: read the shop and the host, and say what a first import would do. Writes nothing.

        Raises :class:`.errors.ShopUnavailableError`.
        """
        ...

    async def diagnostics(self) -> dict[str, object]:
        """For support: no secret, no personal data."""
        ...

    async def tab(self, customer: CustomerId, viewer: Viewer, query: TabQuery) -> CustomerTab | None:
        """The customer-card tab. For a customer whom this shop does not know: a tab without matches whose
        ``empty`` says how to link, or ``None`` if linking is not offered.
        """
        ...

    async def refresh(self, customer: CustomerId) -> Refreshed:
        """Ask the shop for this customer only. Ends within 3 s; what is known stays shown if the shop is slow."""
        ...

    async def link(self, customer: CustomerId, typed: str) -> FieldError | None:
        """Tie the customer to the shop's customer with this e-mail or number. An error says why not."""
        ...

    async def unlink(self, customer: CustomerId, shop_customer: int) -> None:
        """Take a tie back; later runs respect it until somebody links again."""
        ...


class IntegrationType(Protocol):
    """What the host offers under Administration → Advanced → Integrations."""

    @property
    def id(self) -> str:
        """Stable, such as ``"prestashop"``."""
        ...

    @property
    def category(self) -> str:
        """Section of the gallery: ``"e-commerce"``."""
        ...

    @property
    def title(self) -> LocalizedText:
        """Name in the gallery."""
        ...

    @property
    def description(self) -> LocalizedText:
        """One sentence for the gallery."""
        ...

    @property
    def authorization_form(self) -> Form:
        """Authorization data: shop address, API key."""
        ...

    async def settings_form(self, host: HostContext, facts: dict[str, str]) -> Form:
        """Other data; ``facts`` are those of :class:`Authentication` (the shops of a multistore become choices)."""
        ...

    async def authenticate(
        self,
        host: HostContext,
        authorization: Values,
        *,
        existing: IntegrationConfig | None = None,
        on_finding: OnFinding | None = None,
    ) -> Authentication:
        """Try the authorization data. With ``existing``, an empty secret means the stored one, and a key that
        opens another shop is refused. Never raises for what a shop or an administrator did.
        """
        ...

    async def validate(
        self, host: HostContext, settings: Values, *, existing: IntegrationConfig | None = None
    ) -> list[FieldError]:
        """What is wrong with Other data, each error on its field; empty when all is well."""
        ...

    def id_field(self, settings: Values) -> str | None:
        """The custom field that these settings claim as their key, so that the host can guard it."""
        ...

    async def create(self, host: HostContext, config: IntegrationConfig) -> Integration:
        """Start one configured shop."""
        ...

    async def remove(self, host: HostContext, config: IntegrationConfig, *, keep_data: bool) -> None:
        """The administrator removed it: its data goes, or stays for a later return. The secrets go with the host."""
        ...

    @property
    def removal_note(self) -> LocalizedText:
        """What removing does to the data, said before it is done."""
        ...

"""A plugin that does as it is told, for tests of hosts and their pages.

::

    kind = ScriptedType()
    async with Host(services, plugins=[scripted_plugin(types=[kind])]) as host: ...

Its integration type wants an address and a key (``KEY`` opens every address but ``WRONG_ADDRESS``), and a name and a
numeric custom field; its integrations run :attr:`ScriptedType.run`.
"""

# The contract's protocols document these methods, and give them arguments that a script has no use for.
# ruff: noqa: D102, ARG002

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from types import ModuleType
from typing import Any

import attrs

from thulium_plugin_prestashop.contract import CONTRACT_VERSION
from thulium_plugin_prestashop.contract.customers import CustomerId
from thulium_plugin_prestashop.contract.forms import (
    CustomFieldType,
    Field,
    FieldError,
    FieldKind,
    Form,
    Values,
)
from thulium_plugin_prestashop.contract.hookspecs import hookimpl
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.integration import (
    Authentication,
    Finding,
    FindingState,
    IntegrationConfig,
    LogEntry,
    OnFinding,
    Preview,
    Refreshed,
    RunState,
    SetAsideRecord,
    Status,
)
from thulium_plugin_prestashop.contract.manifest import Manifest, Permissions
from thulium_plugin_prestashop.contract.tasks import (
    PeriodicTask,
    Progress,
    ReportProgress,
    RunContext,
    RunResult,
)
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.contract.views import CustomerTab, TabQuery, Viewer
from thulium_plugin_prestashop.hosting.loader import InstalledPlugin

KEY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ123456"
WRONG_ADDRESS = "http://nowhere.example"
TASK = "synchronise"


def both(text: str) -> LocalizedText:
    """The same words in both languages."""
    return LocalizedText(en=text, pl=text)


async def run_at_once(context: RunContext) -> RunResult:
    """A run that reports one step and ends."""
    context.report(Progress("customers", both("Customers"), 1, 1))
    return RunResult(ok=True, message=both("done"), figures={"customers": 1})


async def preview_at_once(report: ReportProgress) -> Preview:
    """A dry run that reports one step and ends."""
    report(Progress("customers", both("Customers"), 1, 1))
    return Preview(create=1, link={}, fill=0, orders=2, conflicts=())


@attrs.define(eq=False)
class ScriptedIntegration:
    """See :class:`~thulium_plugin_prestashop.contract.integration.Integration`."""

    config: IntegrationConfig
    tasks: Sequence[PeriodicTask]
    status_now: Status
    dry_run: Callable[[ReportProgress], Awaitable[Preview]]
    stopped: bool = False

    @property
    def id(self) -> str:
        return self.config.id

    @property
    def type(self) -> str:
        return self.config.type

    async def stop(self) -> None:
        self.stopped = True

    async def status(self) -> Status:
        return self.status_now

    async def log(self, limit: int = 50) -> list[LogEntry]:
        return []

    async def set_aside(self, limit: int = 100) -> list[SetAsideRecord]:
        return []

    async def retry_set_aside(self) -> int:
        return 0

    async def preview(self, report: ReportProgress) -> Preview:
        return await self.dry_run(report)

    async def diagnostics(self) -> dict[str, object]:
        return {"id": self.id}

    async def tab(self, customer: CustomerId, viewer: Viewer, query: TabQuery) -> CustomerTab | None:
        return None

    async def refresh(self, customer: CustomerId) -> Refreshed:
        return Refreshed(ok=True, message=both("refreshed"))

    async def link(self, customer: CustomerId, typed: str) -> FieldError | None:
        return FieldError("typed", "link.unknown", both(f"nobody is called {typed}"))

    async def unlink(self, customer: CustomerId, shop_customer: int) -> None:
        pass  # It has linked nobody.


@attrs.define(eq=False, slots=False)
class ScriptedType:
    """See :class:`~thulium_plugin_prestashop.contract.integration.IntegrationType`. Without slots, so that a test can
    replace a method.
    """

    id: str = "scripted"
    category: str = "e-commerce"
    title: LocalizedText = attrs.field(factory=lambda: both("Scripted"))
    description: LocalizedText = attrs.field(factory=lambda: both("Does as it is told."))
    removal_note: LocalizedText = attrs.field(factory=lambda: both("Everything goes."))
    run: Callable[[RunContext], Awaitable[RunResult]] = run_at_once
    dry_run: Callable[[ReportProgress], Awaitable[Preview]] = preview_at_once
    every: timedelta = timedelta(minutes=30)
    jitter: timedelta = timedelta(minutes=3)
    fails_to_start: Exception | None = None
    fails_to_remove: Exception | None = None
    created: list[ScriptedIntegration] = attrs.field(factory=list)
    removed: list[tuple[str, bool]] = attrs.field(factory=list)
    """Ids of removed integrations, and whether their data was to be kept."""
    keys_seen: list[str] = attrs.field(factory=list, repr=False)
    """API keys that authentications and starts got to see."""

    @property
    def authorization_form(self) -> Form:
        return Form(
            "authorization",
            both("Authorization data"),
            (
                Field("address", FieldKind.URL, both("Address"), required=True),
                Field("api_key", FieldKind.SECRET, both("API key"), required=True),
            ),
        )

    async def settings_form(self, host: HostContext, facts: dict[str, str]) -> Form:
        return Form(
            "other",
            both("Other data"),
            (
                Field("name", FieldKind.TEXT, both("Name"), required=True),
                Field(
                    "id_field",
                    FieldKind.CUSTOM_FIELD,
                    both("ID field"),
                    required=True,
                    custom_field_type=CustomFieldType.NUMERIC,
                    may_create=True,
                ),
                Field("guests", FieldKind.FLAG, both("Guests"), default=True),
            ),
            version=2,
        )

    async def authenticate(
        self,
        host: HostContext,
        authorization: Values,
        *,
        existing: IntegrationConfig | None = None,
        on_finding: OnFinding | None = None,
    ) -> Authentication:
        key = str(authorization.get("api_key") or "")
        if not key and existing is not None:
            key = await host.secrets.get(existing.secret_handle("api_key")) or ""
        self.keys_seen.append(key)
        address = str(authorization["address"]).rstrip("/")
        if address == WRONG_ADDRESS:
            return _refusal("address", "unreachable")
        if key != KEY:
            return _refusal("api_key", "auth.key_unknown")
        if existing is not None and existing.identity != address:
            return _refusal("address", "identity.other_shop")
        finding = Finding("reachable", FindingState.OK, both("Reachable."))
        if on_finding is not None:
            on_finding(finding)
        return Authentication(
            ok=True,
            findings=(finding,),
            authorization={"address": address},
            identity=address,
            facts={"version": "9.1.4"},
            suggested={"name": "Shop"},
            message=both("Connected."),
        )

    async def validate(
        self, host: HostContext, settings: Values, *, existing: IntegrationConfig | None = None
    ) -> list[FieldError]:
        fields = {field.name: field.type for field in await host.custom_fields.list()}
        chosen = str(settings.get("id_field"))
        taken = host.integrations.fields_in_use(except_integration=existing.id if existing else None)
        if chosen in taken:
            return [FieldError("id_field", "field.taken", both(f"{taken[chosen]} has it"))]
        if fields.get(chosen) is not CustomFieldType.NUMERIC:
            return [FieldError("id_field", "field.not_numeric", both("not a numeric field"))]
        return []

    def id_field(self, settings: Values) -> str | None:
        value = settings.get("id_field")
        return value if isinstance(value, str) and value else None

    async def create(self, host: HostContext, config: IntegrationConfig) -> ScriptedIntegration:
        if self.fails_to_start is not None:
            raise self.fails_to_start
        self.keys_seen.append(await host.secrets.get(config.secret_handle("api_key")) or "")
        task = PeriodicTask(TASK, both("Synchronise"), self.every, self.jitter, self.run)
        status = Status(
            RunState.NEVER_RUN,
            both("Never run."),
            last_success=None,
            last_run=None,
            customers=0,
            orders=0,
            set_aside=0,
        )
        integration = ScriptedIntegration(config, [task], status, self.dry_run)
        self.created.append(integration)
        return integration

    async def remove(self, host: HostContext, config: IntegrationConfig, *, keep_data: bool) -> None:
        if self.fails_to_remove is not None:
            raise self.fails_to_remove
        self.removed.append((config.id, keep_data))


def _refusal(field: str, key: str) -> Authentication:
    message = both(f"{key} on {field}")
    return Authentication(
        ok=False,
        findings=(Finding(key, FindingState.ERROR, message),),
        errors=(FieldError(field, key, message),),
        message=message,
    )


def scripted_plugin(
    plugin_id: str = "scripted",
    *,
    types: Iterable[ScriptedType] = (),
    hooks: Mapping[str, Callable[..., Any]] | None = None,
) -> InstalledPlugin:
    """A plugin that offers ``types`` and implements ``hooks``: functions with the arguments of their specification,
    or some of them, by its name.
    """
    offered = list(types)
    functions: dict[str, Callable[..., Any]] = dict(hooks or {})
    if offered:
        functions["thulium_integration_types"] = lambda: offered
    module = ModuleType(plugin_id)
    for name, function in functions.items():
        setattr(module, name, hookimpl(specname=name)(function))
    manifest = Manifest(
        id=plugin_id,
        name=both(plugin_id),
        version="1.0.0",
        contract=CONTRACT_VERSION,
        host=f"=={CONTRACT_VERSION}",
        entry_point=plugin_id,
        hooks=tuple(functions),
        capabilities=(),
        locales=("en", "pl"),
        permissions=Permissions((), (), (), (), both("none")),
        tasks=(),
        settings=(),
    )
    return InstalledPlugin(manifest, lambda: module)

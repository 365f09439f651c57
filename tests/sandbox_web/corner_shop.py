"""A plugin that is not PrestaShop's: pages that draw it draw any plugin. Every text of it can be made hostile."""

# ruff: noqa: ARG001, ARG002 - a plugin is given what the contract says, whether it needs it or not
# ruff: noqa: RUF009 - texts and forms are frozen, so that one default may serve all

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs

from thulium_plugin_prestashop.contract.customers import CustomerId
from thulium_plugin_prestashop.contract.forms import (
    CustomFieldType,
    Field,
    FieldError,
    FieldKind,
    Form,
    Option,
    Values,
)
from thulium_plugin_prestashop.contract.hookspecs import hookimpl
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.integration import (
    Authentication,
    Finding,
    FindingState,
    IntegrationConfig,
    IntegrationType,
    LogEntry,
    OnFinding,
    Preview,
    Refreshed,
    RunState,
    SetAsideRecord,
    Status,
    UnderWay,
)
from thulium_plugin_prestashop.contract.manifest import Manifest, Permissions
from thulium_plugin_prestashop.contract.problems import Severity
from thulium_plugin_prestashop.contract.surfaces import CustomersAction, CustomerTabs, HistorySections
from thulium_plugin_prestashop.contract.tasks import (
    PeriodicTask,
    Progress,
    ReportProgress,
    RunContext,
    RunResult,
)
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.contract.views import (
    AddressCell,
    BadgeCell,
    Column,
    CustomerTab,
    Fact,
    HistorySection,
    Line,
    LinesCell,
    LinkCell,
    Match,
    MomentCell,
    MoneyCell,
    Notice,
    Row,
    SearchHit,
    Table,
    TabQuery,
    TextCell,
    Viewer,
)
from thulium_plugin_prestashop.hosting import InstalledPlugin

AT = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
KEY = "right-key"


def both(text: str) -> LocalizedText:
    return LocalizedText(en=text, pl=f"{text} (pl)")


@attrs.define
class Words:
    """What the shop calls things; a test may replace it with something hostile."""

    text: str = "Blue kettle"
    url: str = "https://corner.example/order"
    color: str = "#32cd32"


@attrs.define
class CornerIntegration:
    config: IntegrationConfig
    words: Words
    orders: int
    go_on: asyncio.Event
    linked: set[str] = attrs.field(factory=set)
    elsewhere: Progress | None = None
    """How far the run is that another process does, if there is one."""

    @property
    def id(self) -> str:
        return self.config.id

    @property
    def type(self) -> str:
        return self.config.type

    @property
    def tasks(self) -> Sequence[PeriodicTask]:
        every = timedelta(minutes=30)
        return [PeriodicTask("sync", both("Synchronise"), every, timedelta(0), self._run)]

    async def _run(self, context: RunContext) -> RunResult:
        context.report(Progress("orders", both("Reading orders"), 3, 12))
        await self.go_on.wait()
        return RunResult(ok=True, message=both("All is here."), figures={"orders": 12})

    async def stop(self) -> None:
        self.go_on.set()

    async def status(self) -> Status:
        under_way = None
        if self.elsewhere is not None:
            under_way = UnderWay(AT, self.elsewhere, here=False)
        return Status(
            RunState.OK,
            both(self.words.text),
            AT,
            AT,
            customers=7,
            orders=12,
            set_aside=1,
            under_way=under_way,
        )

    async def log(self, limit: int = 50) -> list[LogEntry]:
        entry = LogEntry(
            "1",
            AT,
            AT + timedelta(seconds=5),
            "first",
            ok=True,
            message=both(self.words.text),
            figures={"n": 1},
        )
        return [entry][:limit]

    async def set_aside(self, limit: int = 100) -> list[SetAsideRecord]:
        return [SetAsideRecord("orders", "7", both(self.words.text), self.words.text, AT, 2)][:limit]

    async def retry_set_aside(self) -> int:
        return 1

    async def preview(self, report: ReportProgress) -> Preview:
        report(Progress("read", both("Reading"), 1))
        return Preview(5, {"email": 2}, 1, 12, (both(self.words.text),))

    async def diagnostics(self) -> dict[str, object]:
        return {"orders": 12}

    def row(self, number: int) -> Row:
        text = self.words.text
        price = MoneyCell(Decimal("61.80"), "PLN", "61,80 zł")
        return Row(
            key=f"{self.id}:{number}",
            at=AT - timedelta(days=number),
            cells={
                "reference": TextCell(f"REF{number:03} {text}", copyable=True),
                "date": MomentCell(AT, "20 Nov", text),
                "status": BadgeCell("5", text, self.words.color),
                "total": price,
                "link": LinkCell(text, self.words.url),
                "lines": LinesCell((Line(text, text, 2, price, price),)),
                "delivery_address": AddressCell((text, text)),
                "note": TextCell(text),
            },
        )

    async def tab(self, customer: CustomerId, viewer: Viewer, query: TabQuery) -> CustomerTab | None:
        text = self.words.text
        rows = [self.row(number) for number in range(1, self.orders + 1)]
        if query.status and query.status != "5":
            rows = []
        if query.search and query.search not in text:
            rows = []
        page = rows[query.offset : query.offset + query.limit]
        return CustomerTab(
            key="corner",
            integration=self.id,
            title=text,
            summary=(Fact("count", text, (TextCell(text),)),),
            table=Table(
                columns=(Column("reference", "Ref"), Column("status", "State"), Column("total", "Total")),
                details=(
                    Column("lines", "Products"),
                    Column("delivery_address", "Delivery"),
                    Column("link", "Shop"),
                    Column("note", "Note"),
                ),
                rows=tuple(page),
                total=len(rows),
                offset=query.offset,
                limit=query.limit,
            ),
            statuses=(BadgeCell("5", text, self.words.color),),
            as_of=MomentCell(AT, "20 Nov", "4 days ago"),
            matches=(Match(17, "email", text),),
            notices=(Notice(Severity.WARNING, text),),
            empty="" if page else text,
        )

    async def refresh(self, customer: CustomerId) -> Refreshed:
        return Refreshed(ok=True, message=both("Fresh."))

    async def link(self, customer: CustomerId, typed: str) -> FieldError | None:
        if "@" not in typed:
            return FieldError("typed", "unknown", both("Nobody there has that number."))
        self.linked.add(customer)
        return None

    async def unlink(self, customer: CustomerId, shop_customer: int) -> None:
        self.linked.discard(customer)


@attrs.define
class CornerType:
    plugin: "CornerShop"
    id: str = "corner"
    category: str = "e-commerce"
    title: LocalizedText = both("Corner shop")
    description: LocalizedText = both("A shop round the corner.")
    removal_note: LocalizedText = both("Nothing is left of it.")
    authorization_form: Form = Form(
        "authorization",
        both("Authorization"),
        (
            Field("address", FieldKind.URL, both("Address"), both("Where it is."), required=True),
            Field("key", FieldKind.SECRET, both("Key"), both("What opens it."), required=True),
        ),
    )

    async def settings_form(self, host: HostContext, facts: dict[str, str]) -> Form:
        return Form(
            "other",
            both("Other data"),
            (
                Field("name", FieldKind.TEXT, both("Name"), both(self.plugin.words.text), required=True),
                Field(
                    "field",
                    FieldKind.CUSTOM_FIELD,
                    both("Number field"),
                    required=True,
                    custom_field_type=CustomFieldType.NUMERIC,
                    may_create=True,
                ),
                Field("since", FieldKind.DATE, both("Since")),
                Field("guests", FieldKind.FLAG, both("Guests")),
                Field(
                    "shelves",
                    FieldKind.CHOICES,
                    both("Shelves"),
                    options=(Option("a", both(self.plugin.words.text)), Option("b", both("B"))),
                    advanced=True,
                ),
            ),
        )

    async def authenticate(
        self,
        host: HostContext,
        authorization: Values,
        *,
        existing: IntegrationConfig | None = None,
        on_finding: OnFinding | None = None,
    ) -> Authentication:
        found = Finding("reach", FindingState.OK, both(self.plugin.words.text))
        if on_finding is not None:
            on_finding(found)
        if authorization["key"] != KEY:
            wrong = FieldError("key", "wrong", both("That key opens nothing."))
            return Authentication(
                ok=False, findings=(found,), errors=(wrong,), message=both("Not connected.")
            )
        return Authentication(
            ok=True,
            findings=(found,),
            authorization={"address": authorization["address"], "key": KEY},
            identity="corner",
            facts={"version": "1.0", "_own": "hidden"},
            suggested={"name": "My corner"},
            message=both("Connected."),
        )

    async def validate(
        self, host: HostContext, settings: Values, *, existing: IntegrationConfig | None = None
    ) -> list[FieldError]:
        return []

    def id_field(self, settings: Values) -> str | None:
        return str(settings["field"])

    async def create(self, host: HostContext, config: IntegrationConfig) -> CornerIntegration:
        return CornerIntegration(config, self.plugin.words, self.plugin.orders, self.plugin.go_on)

    async def remove(self, host: HostContext, config: IntegrationConfig, *, keep_data: bool) -> None:
        self.plugin.removed.append((config.id, keep_data))


class CornerShop:
    """The plugin, with what a test may turn."""

    def __init__(self) -> None:
        self.words = Words()
        self.orders = 30
        self.go_on = asyncio.Event()
        self.removed: list[tuple[str, bool]] = []

    def installed(self) -> InstalledPlugin:
        hooks = [name for name in dir(self) if name.startswith("thulium_")]
        manifest = Manifest(
            id="corner",
            name=both("Corner shop"),
            version="1.0",
            contract="0.1.0",
            host=">=0.1",
            entry_point="corner",
            hooks=tuple(hooks),
            capabilities=(),
            locales=("en", "pl"),
            permissions=Permissions((), (), (), (), both("none")),
            tasks=(),
            settings=(),
        )
        return InstalledPlugin(manifest, lambda: self)

    @staticmethod
    def _running(host: HostContext) -> list[CornerIntegration]:
        return [one for one in host.integrations.running("corner") if isinstance(one, CornerIntegration)]

    @hookimpl
    def thulium_integration_types(self, host: HostContext) -> Sequence[IntegrationType]:
        return [CornerType(self)]

    @hookimpl
    def thulium_customer_tabs(self, host: HostContext) -> Sequence[CustomerTabs]:
        async def load(
            customer: CustomerId, viewer: Viewer, query: TabQuery, integration: str | None
        ) -> Sequence[CustomerTab]:
            chosen = [one for one in self._running(host) if integration in (None, one.id)]
            return [tab for one in chosen if (tab := await one.tab(customer, viewer, query)) is not None]

        return [CustomerTabs("corner", both("Corner shop"), load)]

    @hookimpl
    def thulium_history_sections(self, host: HostContext) -> Sequence[HistorySections]:
        async def load(customer: CustomerId, viewer: Viewer, limit: int) -> HistorySection | None:
            for one in self._running(host):
                rows = tuple(one.row(number) for number in range(1, self.orders + 1))
                columns = (Column("reference", "Ref"), Column("status", "State"))
                return HistorySection(
                    "orders", "ORDERS", columns, (Column("note", "Note"),), rows[:limit], len(rows)
                )
            return None

        return [HistorySections("orders", both("ORDERS"), load)]

    @hookimpl
    def thulium_customers_actions(self, host: HostContext) -> Sequence[CustomersAction]:
        return [CustomersAction("corner.sync", both("Start it"), both("Reads the corner."), "corner")]

    @hookimpl
    def thulium_search_orders(
        self, host: HostContext, query: str, viewer: Viewer, limit: int
    ) -> Awaitable[Sequence[SearchHit]]:
        async def find() -> Sequence[SearchHit]:
            return [
                SearchHit("1", one.row(28), self.words.text, one.id)
                for one in self._running(host)
                if query == "REF028"
            ][:limit]

        return find()

"""A stand-in of Thulium with a bridge's customers on it, and a shop's orders in memory; nothing waits."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.views import (
    BadgeCell,
    CustomerTab,
    Line,
    LinesCell,
    MomentCell,
    MoneyCell,
    Row,
    Table,
    TabQuery,
    TextCell,
    Viewer,
)
from thulium_plugin_prestashop.hosting import SystemClock
from thulium_plugin_prestashop.thulium.api import ThuliumApi, parse_address
from thulium_plugin_prestashop.thulium.behaviour import Behaviour
from thulium_plugin_prestashop.thulium.customers import RestCustomers
from thulium_plugin_prestashop.thulium.fields import FieldTypes
from thulium_plugin_prestashop.thulium.find import CardFinder
from thulium_plugin_prestashop.thulium.ledger import Ledger
from thulium_plugin_prestashop.thulium.orders import OrderCopier, OrderQueue, OrderTargets
from thulium_plugin_prestashop.thulium.rows import RowTarget
from thulium_plugin_prestashop.thulium.standin import StandIn, Store, Switches
from thulium_plugin_prestashop.thulium.writes import CardFields
from thulium_plugin_prestashop.transport import Circuit, EgressPolicy, HttpClient, RetryPolicy

ID_FIELD = "PrestaShop ID"
TYPES = FieldTypes(
    {ID_FIELD: CustomFieldType.NUMERIC, "Firma": CustomFieldType.TEXT, "Ostatnie": CustomFieldType.DATE}
)
AT_ONCE = RetryPolicy(attempts=4, first_wait=0.0, longest_wait=0.0, jitter=0.0)


def new_store() -> Store:
    """The custom fields and the field group that an administrator made."""
    return Store(
        fields={ID_FIELD: "numeric", "Firma": "text", "Ostatnie": "date", "Uwagi": "text"},
        groups={
            "Orders": (
                2,
                {"Numer": 11, "Referencja": 12, "Data": 13, "Status": 14, "Kwota": 15, "Produkty": 16},
            ),
            "Flota": (3, {"Rejestracja": 21}),
        },
    )


GROUP = "Orders"
COLUMNS = {
    "id": "Numer",
    "reference": "Referencja",
    "date": "Data",
    "status": "Status",
    "total": "Kwota",
    "lines": "Produkty",
}
START = datetime(2026, 11, 1, 11, 30, tzinfo=UTC)
SHOP = "sklep"


def order(number: int, *, status: str = "Opłacone", reference: str = "") -> Row:
    """An order as the plugin's tab shows it."""
    at = START + timedelta(days=number)
    price = MoneyCell(Decimal("12.30"), "PLN", "12,30\xa0zł")
    return Row(
        key=f"{SHOP}:{number}",
        at=at,
        cells={
            "id": TextCell(str(number)),
            "reference": TextCell(reference or f"REF{number:06}"),
            "date": MomentCell(at, "ignored"),
            "status": BadgeCell("2", status, "#00ff00"),
            "total": price,
            "lines": LinesCell((Line("Kubek", "KUB-1", 2, price, price),)),
        },
    )


@attrs.define
class ShopInMemory:
    """Stands in for a running integration: only what the copying of orders reads of one."""

    orders: dict[str, list[Row]] = attrs.field(factory=dict)
    """Customer to orders, in any order."""

    async def tab(self, customer: str, _viewer: Viewer, query: TabQuery) -> CustomerTab | None:
        held = sorted(self.orders.get(customer, []), key=lambda row: row.at, reverse=True)
        rows = tuple(held[query.offset : query.offset + query.limit])
        table = Table((), (), rows, len(held), query.offset, query.limit)
        return CustomerTab("prestashop", SHOP, "Sklep", (), table, (), None, (), ())


@attrs.define
class Bench:
    """What the tests work with."""

    thulium: StandIn
    api: ThuliumApi
    ledger: Ledger
    finder: CardFinder
    customers: RestCustomers
    shop: ShopInMemory
    copier: OrderCopier
    queue: OrderQueue

    @property
    def store(self) -> Store:
        return self.thulium.store

    async def copy(self, *customers: str) -> None:
        """As after a run that changed these customers' orders."""
        await self.queue.orders_changed(SHOP, customers)
        await self.copier.copy()

    def rows(self, customer: int) -> list[tuple[str, str]]:
        """Number and status of each row of orders on a card, in the order they were made."""
        return [(row["Numer"], row.get("Status", "")) for row in self.store.rows_of(customer, GROUP)]


def new_api(thulium: StandIn, http: HttpClient) -> ThuliumApi:
    """A client that repeats at once and never gives up on the whole system."""
    return ThuliumApi(
        parse_address(thulium.address),
        thulium.user,
        thulium.password,
        http,
        retry=AT_ONCE,
        circuit=Circuit(threshold=1000),
    )


@asynccontextmanager
async def open_bench(
    directory: Path,
    switches: Switches | None = None,
    *,
    thulium: StandIn | None = None,
    behaviour: Behaviour | None = None,
    newest: int = 20,
) -> AsyncIterator[Bench]:
    """A bridge's parts on a stand-in; given one that is served already, as after a restart of the bridge."""
    if thulium is None:
        async with (
            StandIn(new_store(), switches) as made,
            open_bench(directory, thulium=made, behaviour=behaviour, newest=newest) as bench,
        ):
            yield bench
        return
    async with HttpClient(EgressPolicy(allow_private=True)) as http:
        api = new_api(thulium, http)
        ledger = await Ledger.open(directory)
        try:
            finder = CardFinder(api, ledger, TYPES, behaviour or Behaviour(), SystemClock())
            customers = RestCustomers(
                api,
                finder,
                ledger,
                CardFields(TYPES, company="Firma"),
                key_fields=lambda: frozenset({ID_FIELD}),
                patience=(0.0,),
            )
            shop: Any = ShopInMemory()
            group, fields = thulium.store.groups[GROUP]
            target = RowTarget(group, {cell: fields[name] for cell, name in COLUMNS.items()}, newest)
            copier = OrderCopier(
                api,
                ledger,
                customers=customers,
                targets={SHOP: OrderTargets(target, "Ostatnie")},
                running=lambda _: shop,
                viewer=Viewer(),
            )
            yield Bench(thulium, api, ledger, finder, customers, shop, copier, OrderQueue(ledger))
        finally:
            await ledger.aclose()


OpenBench = Callable[..., AbstractAsyncContextManager[Bench]]


@pytest.fixture
def benches() -> OpenBench:
    """Opens benches of any kind."""
    return open_bench


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[Bench]:
    """The most ordinary Thulium."""
    async with open_bench(tmp_path) as made:
        yield made


@pytest.fixture
def orders() -> Callable[[Iterable[int]], list[Row]]:
    """Orders by number."""
    return lambda numbers: [order(number) for number in numbers]


@pytest.fixture
def new_order() -> Callable[..., Row]:
    """One order."""
    return order

"""A mirror with two shops' small tables, to be filled order by order."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs
import orjson
import pytest
from sqlalchemy import Table, insert

from thulium_plugin_prestashop.agent.shop import ShopViews
from thulium_plugin_prestashop.contract.views import Viewer
from thulium_plugin_prestashop.mirror import tables
from thulium_plugin_prestashop.mirror.engine import Mirror, open_database
from thulium_plugin_prestashop.mirror.links import Link, save_links

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SHOP = "prestashop-1"
OTHER_SHOP = "prestashop-2"

STATES = {
    2: ("#3498D8", "Płatność zaakceptowana", "Payment accepted"),
    4: ("#01B887", "Wysłane", "Shipped"),
    6: ("#2C3E50", "Anulowane", "Canceled"),
}
PAID, SHIPPED = 2, 4


@attrs.frozen
class StandingClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@attrs.frozen
class Filling:
    """Puts rows into the mirror with what a test does not care about filled in."""

    mirror: Mirror

    async def put(self, table: Table, *rows: dict[str, object]) -> None:
        async with self.mirror.writing() as connection:
            await connection.execute(insert(table), list(rows))

    async def small_tables(self, shop: str = SHOP, *, shops: int = 1) -> None:
        def row(kind: str, row_id: int, data: dict[str, object]) -> dict[str, object]:
            return {
                "integration": shop,
                "kind": kind,
                "id": row_id,
                "data": orjson.dumps({"id": row_id, **data}),
            }

        await self.put(
            tables.lookups,
            row("currencies", 1, {"iso_code": "PLN", "active": True, "deleted": False}),
            row("currencies", 2, {"iso_code": "EUR", "active": True, "deleted": False}),
            row("countries", 14, {"iso_code": "PL", "name": {"1": "Polska", "2": "Poland"}}),
            row("countries", 1, {"iso_code": "DE", "name": {"1": "Niemcy", "2": "Germany"}}),
            *(
                row(
                    "order_states",
                    state,
                    {
                        "color": color,
                        "name": {"1": polish, "2": english},
                        "paid": state == PAID,
                        "shipped": state == SHIPPED,
                        "delivery": False,
                    },
                )
                for state, (color, polish, english) in STATES.items()
            ),
            *(
                row("shops", number, {"name": f"Sklep {number}", "active": True, "deleted": False})
                for number in range(1, shops + 1)
            ),
        )

    async def customer(
        self, row_id: int, crm_id: str | None = "7", *, shop: str = SHOP, **more: object
    ) -> None:
        values = {"email": f"k{row_id}@example.com", "checksum": 0, "is_guest": False}
        basis = more.pop("basis", "email")
        await self.put(tables.customers, {"integration": shop, "id": row_id, **values, **more})
        if crm_id is not None:
            async with self.mirror.writing() as connection:
                await save_links(connection, shop, [Link(row_id, crm_id, str(basis), 0)])

    async def orders(self, *rows: dict[str, object]) -> None:
        await self.put(tables.orders, *rows)

    async def address(self, row_id: int, *, shop: str = SHOP, **more: object) -> None:
        await self.put(tables.addresses, {"integration": shop, "id": row_id, "checksum": 0, **more})

    async def finished_run(self, *, outcome: str = "ok", error: str = "", shop: str = SHOP) -> None:
        await self.put(
            tables.runs,
            {
                "integration": shop,
                "id": f"{outcome}-{error}",
                "started": int(NOW.timestamp()) - 60,
                "finished": int(NOW.timestamp()) - 30,
                "outcome": outcome,
                "error": error,
            },
        )

    async def last_success(self, at: datetime, *, shop: str = SHOP) -> None:
        await self.put(
            tables.shops_state,
            {"integration": shop, "facts": "{}", "settings": "{}", "last_success": int(at.timestamp())},
        )


MUG = ("Kubek", "K-1", 2, "12.300000")


def order_row(
    row_id: int,
    *,
    shop: str = SHOP,
    reference: str | None = None,
    lines: Sequence[tuple[str, str, int, str]] = (MUG,),
    **more: object,
) -> dict[str, object]:
    """An order; ``lines`` are name, reference, quantity and unit price."""
    reference = f"REF{row_id:06}" if reference is None else reference
    defaults = {
        "id_customer": 5,
        "id_shop": 1,
        "id_currency": 1,
        "state": 2,
        "total_micro": 61_800_000,
        "payment": "Przelew",
        "module": "ps_wirepayment",
        "tracking": "",
        "placed_at": 1_764_000_000 + row_id * 3600,
        "removed_at": None,
        "checksum": 0,
    }
    return {
        "integration": shop,
        "id": row_id,
        "reference": reference,
        "reference_key": reference.upper(),
        "rows": orjson.dumps(
            [
                [number, 1, 0, quantity, name, code, price, price]
                for number, (name, code, quantity, price) in enumerate(lines, 1)
            ]
        ),
        "gift_message": "",
        "note": "",
        "id_address_delivery": 0,
        "id_address_invoice": 0,
        **defaults,
        **more,
    }


@pytest.fixture
async def mirror(tmp_path: Path) -> AsyncIterator[Mirror]:
    opened = await open_database(tmp_path / "mirror.db")
    yield opened
    await opened.close()


@pytest.fixture
def filling(mirror: Mirror) -> Filling:
    return Filling(mirror)


@pytest.fixture
def views(mirror: Mirror) -> Callable[..., ShopViews]:
    def make(integration: str = SHOP, name: str = "Sklep", hidden: frozenset[int] = frozenset()) -> ShopViews:
        return ShopViews(mirror, integration, name, StandingClock(), hidden)

    return make


POLE = Viewer("pl", "Europe/Warsaw")
BRITON = Viewer("en", "Europe/London")

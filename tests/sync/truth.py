"""What shop and mirror are compared by, and a line to order."""

from tests.sync.bench import Bench
from thulium_plugin_prestashop.sandbox.shop import DemoShop

LINE: dict[str, str | int | float | None] = {
    "product_id": 1,
    "product_quantity": 2,
    "product_name": "Kubek",
    "product_reference": "K-1",
    "unit_price_tax_incl": "12.30",
    "unit_price_tax_excl": "10.00",
}


async def truth(shop: DemoShop, bench: Bench) -> None:
    """The mirror equals the shop: no row missing, stale or doubled."""
    for resource in ("customers", "orders"):
        here = {
            row.id: (row.date_upd or "0000-00-00 00:00:00")
            for row in await bench.rows(
                f"SELECT id, date_upd FROM prestashop_{resource}"  # noqa: S608 - two constants
                + (" WHERE removed_at IS NULL" if resource == "orders" else "")
            )
        }
        there = {row["id"]: row["date_upd"] for row in shop.all_rows(resource)}
        assert here == there

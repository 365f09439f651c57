"""A shop that changes while it is read: after two more runs nothing is missing, stale or there twice."""

import asyncio
import random
from collections.abc import Callable

import pytest

from tests.sync.bench import Bench
from thulium_plugin_prestashop.sandbox.shop import DemoShop

ROW: dict[str, str | int | float | None] = {
    "product_id": 1,
    "product_quantity": 1,
    "product_name": "Kubek",
    "unit_price_tax_incl": "12.30",
}


class Churn:
    """Edits, inserts and deletes, one of each kind with every request that the shop answers."""

    def __init__(self, shop: DemoShop, seed: int) -> None:
        self.shop = shop
        self.random = random.Random(seed)  # noqa: S311 - a test's seed
        self.counts = {"edited": 0, "inserted": 0, "deleted": 0}

    async def go_on(self) -> None:
        answered = 0
        while True:
            await asyncio.sleep(0)
            if len(self.shop.served) != answered:
                answered = len(self.shop.served)
                for change in (self.edit, self.insert, self.delete):
                    change()

    def edit(self) -> None:
        resource = self.random.choice(["orders", "customers", "addresses"])
        row = self.random.choice(self.shop.all_rows(resource))
        column = {"orders": "payment", "customers": "firstname", "addresses": "city"}[resource]
        self.shop.touch(resource, int(row["id"] or 0), **{column: f"Zmiana {self.counts['edited']}"})
        self.counts["edited"] += 1

    def insert(self) -> None:
        number = self.counts["inserted"]
        customer = self.shop.insert_customer(email=f"nowy{number}@example.com", id_shop=1)
        address = self.shop.insert_address(customer, city="Sopot")
        self.shop.insert_order([ROW], id_customer=customer, id_shop=1, id_address_delivery=address)
        self.counts["inserted"] += 1

    def delete(self) -> None:
        """The oldest order goes: an offset page would now lose an innocent one."""
        self.shop.delete("orders", min(int(row["id"] or 0) for row in self.shop.all_rows("orders")))
        self.counts["deleted"] += 1


async def differences(shop: DemoShop, bench: Bench) -> dict[str, int]:
    """Rows that are missing, stale or left over in the mirror, over all three tables."""
    found = {"missing": 0, "stale": 0, "left over": 0}
    watched = {"orders": "payment", "customers": "firstname", "addresses": "city"}
    for resource, column in watched.items():
        visible = " WHERE removed_at IS NULL" if resource == "orders" else ""
        here = {
            row.id: (row[1], row.date_upd)
            for row in await bench.rows(
                f"SELECT id, {column}, date_upd FROM prestashop_{resource}{visible}"  # noqa: S608 - constants
            )
        }
        there = {
            row["id"]: (row[column], None if str(row["date_upd"]).startswith("0000") else row["date_upd"])
            for row in shop.all_rows(resource)
            if resource != "addresses" or row["id_customer"]
        }
        found["missing"] += len(there.keys() - here.keys())
        if resource != "addresses":  # those of nobody are kept when an order names them
            found["left over"] += len(here.keys() - there.keys())
        found["stale"] += sum(here[row_id] != there[row_id] for row_id in here.keys() & there.keys())
    return found


# Once on PostgreSQL: it is the same code, and what may differ there is looked at elsewhere.
@pytest.mark.parametrize(
    ("databases", "seed"),
    [("sqlite", 1), ("sqlite", 2), ("sqlite", 3), ("postgresql", 1)],
    indirect=["databases"],
)
async def test_nothing_is_lost_while_the_shop_changes(
    bench: Bench, seed: int, record_property: Callable[[str, object], None]
) -> None:
    async with DemoShop(customers=1_000, orders=3_000, seed=seed) as shop:
        churn = Churn(shop, seed)
        task = asyncio.create_task(churn.go_on())
        first = await bench.run(shop)
        second = await bench.run(shop)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        third = await bench.run(shop, sweep=True)
        assert first.ok
        assert second.ok
        assert third.ok
        found = await differences(shop, bench)
    record_property("changes", churn.counts)
    assert min(churn.counts.values()) >= 25
    assert found == {"missing": 0, "stale": 0, "left over": 0}
    emails = [email.casefold() for card in bench.crm.cards.values() for email in card.emails]
    assert len(emails) == len(set(emails))

"""Real orders of real shops, served over a socket, synchronised, and compared with the recording itself."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.sync.bench import Bench
from thulium_plugin_prestashop.sandbox.shop import DemoShop

TESTS = Path(__file__).parents[1]


def recorded(version: str, label: str) -> list[dict[str, Any]]:
    """The rows of one recorded answer, read without the client that is being tested."""
    for line in (TESTS / "recordings" / version / "answers.jsonl").read_text().splitlines():
        answer = json.loads(line)
        if answer["label"] == label:
            (rows,) = json.loads(answer["body"], strict=False).values()
            return list(rows)
    raise LookupError(label)


def lines_of(order: dict[str, Any]) -> Iterator[tuple[int, str, Decimal]]:
    for row in order.get("associations", {}).get("order_rows", []):
        yield int(row["product_quantity"]), row["product_name"], Decimal(row["unit_price_tax_incl"])


@pytest.mark.parametrize("version", ["9.1.4", "1.6.1.25"])
async def test_every_recorded_order_arrives_as_it_was_recorded(bench: Bench, version: str) -> None:
    async with DemoShop.from_recordings(TESTS / "sandbox_shop" / "recordings" / version) as shop:
        report = await bench.run(shop)
        held = len(shop.all_orders())
    assert report.error is None, report.error
    assert (report.orders_stored, report.set_aside) == (held, [])

    orders = recorded(version, "orders full 0,50 json")
    customers = {int(row["id"]): row for row in recorded(version, "customers full 0,50 json")}
    currencies = {int(row["id"]): row["iso_code"] for row in recorded(version, "currencies full 0,50 json")}
    assert len(orders) == 50
    stored = {row.id: row for row in await bench.rows("SELECT * FROM prestashop_orders")}
    codes = {
        row.id: orjson.loads(row.data)["iso_code"]
        for row in await bench.rows("SELECT id, data FROM prestashop_lookups WHERE kind = 'currencies'")
    }
    links = dict(tuple(row) for row in await bench.rows("SELECT id_customer, crm_id FROM prestashop_links"))
    owned = 0
    for order in orders:
        row = stored[int(order["id"])]
        assert row.reference == order["reference"]
        assert Decimal(row.total_micro) / 1_000_000 == Decimal(order["total_paid"])
        assert codes[row.id_currency] == currencies[int(order["id_currency"])]
        assert row.state == int(order["current_state"])
        assert row.id_customer == int(order["id_customer"])
        assert row.date_add == order["date_add"]
        sold = [(line[3], line[4], Decimal(line[6])) for line in orjson.loads(row.rows)]
        assert sold == list(lines_of(order))
        if (customer := customers.get(row.id_customer)) is not None:
            owned += 1
            emails = {email.casefold() for email in bench.crm.cards[links[row.id_customer]].emails}
            assert customer["email"].casefold() in emails
    print(f"{version}: {len(orders)} orders equal, {owned} with a recorded owner")  # noqa: T201 - shown with -s


@pytest.mark.parametrize("version", ["9.1.4", "1.6.1.25"])
async def test_a_second_run_on_recorded_data_writes_nothing(bench: Bench, version: str) -> None:
    async with DemoShop.from_recordings(TESTS / "sandbox_shop" / "recordings" / version) as shop:
        await bench.run(shop)
        before, writes = await bench.rows("SELECT * FROM prestashop_orders"), bench.crm.writes
        report = await bench.run(shop)
    assert report.ok
    assert (report.rows_stored, report.cards_created, report.cards_updated) == (0, 0, 0)
    assert bench.crm.writes == writes
    assert await bench.rows("SELECT * FROM prestashop_orders") == before

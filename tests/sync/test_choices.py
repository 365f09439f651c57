"""What the settings choose of a shop: days, shops, and the zone in which its times are read."""

from datetime import date
from zoneinfo import ZoneInfo

import attrs

from tests.sync.bench import Bench
from tests.sync.truth import truth
from thulium_plugin_prestashop.sandbox.shop import DemoShop


async def test_orders_before_a_day_are_left_out_and_another_day_brings_them(bench: Bench) -> None:
    async with DemoShop(customers=100, orders=3_000) as shop:
        days = sorted(str(row["date_add"])[:10] for row in shop.all_orders())
        since = date.fromisoformat(days[2_000])
        settings = attrs.evolve(bench.settings, since=since)
        report = await bench.run(shop, settings=settings)
        expected = sum(day >= since.isoformat() or day.startswith("0000") for day in days)
        stored = await bench.rows("SELECT date_add FROM prestashop_orders")
        assert all(row.date_add is None or row.date_add[:10] >= since.isoformat() for row in stored)
        assert expected - 5 <= report.orders_stored <= expected
        report = await bench.run(shop)
        await truth(shop, bench)


async def test_another_time_zone_moves_the_moments_of_stored_orders(bench: Bench) -> None:
    async with DemoShop(customers=20, orders=50) as shop:
        await bench.run(shop)
        query = "SELECT id, placed_at FROM prestashop_orders WHERE placed_at IS NOT NULL"
        before = dict(tuple(row) for row in await bench.rows(query))
        settings = attrs.evolve(bench.settings, time_zone=ZoneInfo("UTC"))
        report = await bench.run(shop, settings=settings)
        after = dict(tuple(row) for row in await bench.rows(query))
    assert {after[row_id] - moment for row_id, moment in before.items()} <= {3_600, 7_200}
    assert report.orders_stored == 0


async def test_chosen_shops_of_a_multistore(bench: Bench) -> None:
    async with DemoShop(customers=200, orders=600, multistore=True) as shop:
        everything = await bench.run(shop)
        assert everything.orders_stored == 600
        settings = attrs.evolve(bench.settings, shops=frozenset({2}), id_field="Other ID")
        await bench.run(shop, "2", settings=settings)
        expected = {row["id"] for row in shop.all_orders() if row["id_shop"] == 2}
        found = await bench.rows("SELECT id FROM prestashop_orders WHERE integration = '2'")
        assert {row.id for row in found} == expected
        owners = await bench.rows(
            "SELECT DISTINCT id_customer FROM prestashop_orders WHERE integration = '2' AND id_customer > 0"
        )
        known = await bench.rows("SELECT id FROM prestashop_customers WHERE integration = '2'")
        there = {row["id"] for row in shop.all_customers()}
        assert {row[0] for row in owners} & there <= {row[0] for row in known}
        quiet = await bench.run(shop, "2", settings=settings, sweep=True)
        assert (quiet.orders_stored, quiet.orders_removed, quiet.implausible) == (0, 0, {})

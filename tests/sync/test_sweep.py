"""The nightly comparison of ids: when it comes, that one lie of the shop removes nothing, and that shops stay apart."""

from datetime import datetime

import attrs
import pytest
from sqlalchemy import text

from tests.sync.bench import ID_FIELD, Bench
from thulium_plugin_prestashop.mirror.quarantine import retry_all
from thulium_plugin_prestashop.mirror.state import ShopState
from thulium_plugin_prestashop.sandbox.shop import DemoShop, Fault, Trouble
from thulium_plugin_prestashop.sync.job import Working
from thulium_plugin_prestashop.sync.lookups import choose_scopes
from thulium_plugin_prestashop.sync.sweep import follow
from thulium_plugin_prestashop.webservice.query import ORDERS

AN_HOUR = 3_600


async def orders_in(bench: Bench, integration: str = "1") -> set[int]:
    found = await bench.rows(
        "SELECT id FROM prestashop_orders WHERE integration = :integration AND removed_at IS NULL",
        integration=integration,
    )
    return {row.id for row in found}


@pytest.mark.parametrize(
    ("start", "hours", "swept"),
    [
        ("2024-06-12T02:00:00+02:00", 12, False),
        ("2024-06-12T12:00:00+02:00", 13, False),  # at one in the night, but half a day after the last time
        ("2024-06-12T02:00:00+02:00", 23, True),
        ("2024-06-12T12:00:00+02:00", 23, False),  # by day it waits for the night
        ("2024-06-12T12:00:00+02:00", 31, True),  # a CRM that only runs by day
    ],
)
async def test_the_sweep_comes_by_itself_once_a_night(
    bench: Bench, start: str, hours: int, *, swept: bool
) -> None:
    async with DemoShop(customers=10, orders=20, until=datetime(2024, 6, 12)) as shop:  # noqa: DTZ001 - the shop's
        shop.clock.set(datetime.fromisoformat(start))
        bench.clock.ahead = shop.clock() - bench.clock.now().timestamp()
        await bench.run(shop)
        shop.delete("orders", int(shop.all_rows("orders")[3]["id"] or 0))
        shop.clock.advance(hours * AN_HOUR)
        bench.clock.ahead += hours * AN_HOUR
        report = await bench.run(shop)
        again = await bench.run(shop)
    assert (report.ok, report.swept, report.orders_removed) == (True, swept, int(swept))
    assert not again.swept


@pytest.mark.parametrize("trouble", [Trouble.EMPTY_LIST, Trouble.TRUNCATED, Trouble.EMPTY_500])
async def test_no_single_bad_answer_removes_a_row(bench: Bench, trouble: Trouble) -> None:
    """A shop so small that even the loss of all its orders would be plausible; every answer in turn is the bad one."""
    async with DemoShop(customers=4, orders=4) as shop:
        await bench.run(shop)
        there = {row["id"] for row in shop.all_rows("orders")}
        requests = (await bench.run(shop, sweep=True)).requests
        for number in range(requests):
            shop.faults.add(Fault(trouble, after=number, times=1))
            report = await bench.run(shop, sweep=True)
            shop.faults.clear()
            assert (report.orders_removed, report.customers_removed) == (0, 0)
            assert await orders_in(bench) == there


async def test_two_integrations_of_one_multistore_do_not_mix(bench: Bench) -> None:
    """Each reads its own shop: rows, cursors, small tables and ID fields are apart, the person's card is one."""
    async with DemoShop(customers=120, orders=400, multistore=True) as shop:
        settings = {
            str(number): attrs.evolve(
                bench.settings, shops=frozenset({number}), id_field=f"{ID_FIELD} {number}"
            )
            for number in (1, 2)
        }
        same = [shop.insert_customer(email="ewa@example.com", id_shop=number) for number in (1, 2)]
        for name, chosen in settings.items():
            await bench.run(shop, name, settings=chosen)
        there = {
            str(n): {int(row["id"] or 0) for row in shop.all_rows("orders") if row["id_shop"] == n}
            for n in (1, 2)
        }
        assert there["1"]
        assert there["2"]
        assert {name: await orders_in(bench, name) for name in settings} == there

        # What only one of them has seen is news to the other still.
        changed = {name: min(ids) for name, ids in there.items()}
        for order in changed.values():
            shop.touch("orders", order, payment="Nowa")
        first = await bench.run(shop, "1", settings=settings["1"])
        second = await bench.run(shop, "2", settings=settings["2"])
        removed = await bench.run(shop, "2", settings=settings["2"], sweep=True)
    assert (first.orders_stored, second.orders_stored, removed.orders_removed) == (1, 1, 0)
    card = next(card for card in bench.crm.cards.values() if "ewa@example.com" in card.emails)
    assert card.custom_fields == {f"{ID_FIELD} {number}": str(same[number - 1]) for number in (1, 2)}


async def test_shops_of_two_groups_are_swept_and_mended_alike(bench: Bench) -> None:
    """Each group is asked apart: what one of them does not show is not gone while another does."""
    async with DemoShop(customers=100, orders=300, multistore=True) as shop:
        shop.store.update("shops", 2, {"id_shop_group": 2})
        shop.service.sites[2] = attrs.evolve(shop.service.sites[2], group=2)
        second = [int(row["id"] or 0) for row in shop.all_rows("orders") if row["id_shop"] == 2]
        lost, unread, deleted, lied_about = second[:4]
        broken = shop.faults.add(Fault(Trouble.BAD_ROW, "orders", idents={unread}))
        first = await bench.run(shop)
        assert (first.orders_stored, [entry.id for entry in first.set_aside]) == (299, [unread])
        shop.faults.remove(broken)

        async with bench.mirror.writing() as connection:
            await connection.execute(text("DELETE FROM prestashop_orders WHERE id = :id"), {"id": lost})
            await retry_all(connection, "1")
        shop.delete("orders", deleted)
        report = await bench.run(shop, sweep=True)
        assert (report.error, report.orders_removed) == (None, 1)
        assert await orders_in(bench) == {row["id"] for row in shop.all_rows("orders")} >= {lost, unread}

        # A list that leaves out a row which is there: the second question finds it, in the second group too.
        work = Working(bench.job(shop), bench.told.append, ShopState())
        await choose_scopes(work)
        assert len(work.scopes) == 2
        await follow(work, ORDERS, {lied_about}, 300)
    assert work.report.orders_removed == 0
    assert lied_about in await orders_in(bench)

"""Each guard of the cursor's promise alone: what would be lost without it arrives with the very next run.

``test_stateful.py`` holds all of them together, against any sequence of events.
"""

from datetime import timedelta

import pytest

from tests.sync.bench import Bench
from tests.sync.interrupted import cut_off
from tests.sync.truth import LINE
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.sync import cursor, windows

AN_HOUR = 3_600
NEVER = "0000-00-00 00:00:00"


def ago(shop: DemoShop, **time: float) -> str:
    """A moment of the shop's clock."""
    return str(shop.clock.wall() - timedelta(**time))


def some(shop: DemoShop) -> list[int]:
    """Three orders, of which none is the highest: that one is read by every run."""
    return [int(row["id"] or 0) for row in shop.all_rows("orders")][2:5]


async def payments(bench: Bench) -> dict[int, str]:
    return {row.id: row.payment for row in await bench.rows("SELECT id, payment FROM prestashop_orders")}


async def changed_arrives(bench: Bench, shop: DemoShop, order: int, date_upd: str) -> None:
    payment = f"Zmieniona {date_upd} {len(shop.served)}"
    shop.touch("orders", order, payment=payment, date_upd=date_upd)
    report = await bench.run(shop)
    assert (report.ok, (await payments(bench))[order]) == (True, payment)


@pytest.mark.parametrize("minutes", [1, 9])
async def test_a_row_that_is_seen_later_than_it_is_dated_is_not_lost(bench: Bench, minutes: int) -> None:
    """A transaction that takes minutes, or a replica that lags: the window before has ended after that date."""
    async with DemoShop(customers=5, orders=20) as shop:
        one, two, three = some(shop)
        await bench.run(shop)
        for _ in range(2):
            # Half an hour later the watermark of the time before has settled; one that is new has not.
            await changed_arrives(bench, shop, one, ago(shop))
            await changed_arrives(bench, shop, two, ago(shop, minutes=minutes))
            await bench.run(shop)
            await changed_arrives(bench, shop, three, ago(shop, minutes=minutes))
            shop.clock.advance(AN_HOUR / 2)
            bench.clock.ahead += AN_HOUR / 2
            await bench.run(shop)


@pytest.mark.parametrize("hours", [-30, -0.1, 0.1, 30])
async def test_a_host_whose_clock_is_wrong_loses_nothing(bench: Bench, hours: float) -> None:
    """Fast or slow: how far a window reaches is the shop's to say."""
    bench.clock.ahead = hours * AN_HOUR
    async with DemoShop(customers=5, orders=20) as shop:
        await bench.run(shop)
        for order in some(shop):
            await changed_arrives(bench, shop, order, ago(shop))
            shop.clock.advance(AN_HOUR)
            bench.clock.ahead += AN_HOUR


@pytest.mark.parametrize("hours", [1, 25, 30, 24 * 365 * 5])
async def test_a_row_dated_in_the_future_hides_nothing(bench: Bench, hours: int) -> None:
    async with DemoShop(customers=5, orders=20) as shop:
        odd, *others = some(shop)
        await bench.run(shop)
        shop.touch("orders", odd, payment="Z przyszłości", date_upd=ago(shop, hours=-hours))
        await bench.run(shop)
        for order in others:
            shop.clock.advance(AN_HOUR / 2)
            bench.clock.ahead += AN_HOUR / 2
            await changed_arrives(bench, shop, order, ago(shop))


@pytest.mark.parametrize("hours", [0.5, 2, 30])
async def test_a_shop_whose_clock_was_set_back_loses_nothing(bench: Bench, hours: float) -> None:
    async with DemoShop(customers=5, orders=20) as shop:
        one, two, three = some(shop)
        await bench.run(shop)
        await changed_arrives(bench, shop, one, ago(shop))
        shop.clock.advance(-hours * AN_HOUR)
        await changed_arrives(bench, shop, two, ago(shop))
        shop.clock.advance(AN_HOUR / 4)
        bench.clock.ahead += AN_HOUR / 4
        await changed_arrives(bench, shop, three, ago(shop))


async def test_a_clock_set_back_is_no_matter_of_the_newest_ids_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large shop, of which most runs look at the newest ids only: the run that notices the step looks at all."""
    for module in (cursor, windows):
        monkeypatch.setattr(module, "FLOOR_FROM", 10)
    monkeypatch.setattr(cursor, "FLOOR_DEPTH", 5)
    async with DemoShop(customers=5, orders=40) as shop:
        one, two, _ = some(shop)
        await bench.run_by_person(shop)
        shop.touch("orders", one, payment="Dziś")
        await bench.run_by_person(shop)
        shop.clock.advance(-2 * AN_HOUR)
        await changed_arrives(bench, shop, two, ago(shop))


async def test_a_clock_set_back_while_an_import_is_cut_off_loses_nothing(bench: Bench) -> None:
    # So many that the run which stores the first page is cut off before the last, in whatever order its streams go.
    async with DemoShop(customers=5, orders=2000) as shop:
        one, two, _ = some(shop)
        shop.touch("orders", one, payment="Dziś")
        job = bench.job(shop)
        for steps in range(4, 60):
            assert await cut_off(job, steps) is None
            if two in await payments(bench):
                break
        shop.clock.advance(-2 * AN_HOUR)
        shop.touch("orders", two, payment="Po cofnięciu")
        for mode in ("first", "incremental"):
            report = await bench.run(shop)
            assert (report.ok, report.mode) == (True, mode)
    assert (await payments(bench))[two] == "Po cofnięciu"


async def test_a_run_that_ends_anywhere_in_its_transactions_loses_nothing(bench: Bench) -> None:
    """Before and inside every one of them: rows and cursor go together. ``test_kill.py`` does it to imports."""
    async with DemoShop(customers=6, orders=10) as shop:
        assert (await bench.run(shop)).ok
        step, report, people = 0, None, set()
        while report is None:
            step += 1 + (step % 3 == 2)  # after one transaction is before the next
            # Neither by their dates nor as the highest id are the first two of them met again.
            for number in range(3):
                customer = shop.insert_customer(
                    email=f"{step}.{number}@example.com", id_shop=1, date_upd=NEVER
                )
                shop.insert_order(
                    [LINE], id_customer=customer, id_shop=1, payment=f"Nowa {step}", date_upd=NEVER
                )
                people.add(customer)
            for order in some(shop):
                shop.touch("orders", order, payment=f"Zmiana {step}")
            report = await cut_off(bench.job(shop), step)
            assert (await bench.run(shop)).ok
            assert await payments(bench) == {row["id"]: row["payment"] for row in shop.all_rows("orders")}
    assert step > 20
    linked = await bench.rows("SELECT id_customer FROM prestashop_links")
    assert {row.id_customer for row in linked} >= people
    emails = [email.casefold() for card in bench.crm.cards.values() for email in card.emails]
    assert len(emails) == len(set(emails))

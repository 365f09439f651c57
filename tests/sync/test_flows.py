"""Whole runs against a demo shop over a real socket."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from tests.sync.bench import ID_FIELD, Bench
from tests.sync.truth import LINE, truth
from thulium_plugin_prestashop.mirror.runlog import list_runs
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.sync.run import run_sync


async def test_a_first_import_takes_everything_in_few_requests(bench: Bench) -> None:
    async with DemoShop(customers=2_000, orders=6_000) as shop:
        report = await bench.run(shop)
        await truth(shop, bench)
        owners = {row["id"] for row in shop.all_customers()}
        addresses = len([row for row in shop.all_addresses() if row["id_customer"]])
    assert report.ok
    assert report.mode == "first"
    assert (report.customers_read, report.orders_stored) == (2_000, 6_000)
    assert report.requests <= 45
    assert (await bench.rows("SELECT count(*) FROM prestashop_addresses"))[0][0] >= addresses
    linked = {row[0] for row in await bench.rows("SELECT id_customer FROM prestashop_links")}
    assert linked <= owners
    assert len(bench.crm.cards) == report.cards_created
    # The whole of what a client reads of a run.
    assert report.as_json()["orders"] == {"read": 6_000, "stored": 6_000, "unchanged": 0, "removed": 0}


async def test_an_unchanged_shop_costs_ten_requests_and_no_write(bench: Bench) -> None:
    async with DemoShop(customers=300, orders=900) as shop:
        await bench.run(shop)
        writes = bench.crm.writes
        tables = ("customers", "addresses", "orders", "links", "lookups", "phones")
        before = [await bench.rows(f"SELECT * FROM prestashop_{table}") for table in tables]  # noqa: S608
        report = await bench.run(shop)
        after = [await bench.rows(f"SELECT * FROM prestashop_{table}") for table in tables]  # noqa: S608
    assert report.ok
    assert report.mode == "incremental"
    assert report.requests <= 10
    assert (report.orders_stored, report.cards_created, report.cards_updated) == (0, 0, 0)
    assert after == before
    assert bench.crm.writes == writes
    assert report.message.pl == "W sklepie nic się nie zmieniło."


async def test_changes_arrive_with_the_next_run(bench: Bench) -> None:
    async with DemoShop(customers=100, orders=300) as shop:
        await bench.run(shop)
        customer = shop.insert_customer(email="Nowy@Example.com", firstname="Ewa", lastname="Nowa")
        shop.insert_address(customer, phone_mobile="601 234 567", city="Gdynia", address1="Morska 1")
        order = shop.insert_order([LINE], id_customer=customer, id_shop=1, reference="NOWE00001")
        touched = shop.all_orders()[5]["id"]
        shop.touch("orders", touched, current_state=6)
        # Odd dates: no window will ever meet this one.
        odd = shop.insert_order([LINE], id_customer=customer, id_shop=1, date_upd="0000-00-00 00:00:00")
        report = await bench.run(shop)
        await truth(shop, bench)
    assert (report.orders_stored, report.cards_created) == (3, 1)
    card = next(card for card in bench.crm.cards.values() if "Nowy@Example.com" in card.emails)
    assert (card.name, card.phones, card.custom_fields) == (
        "Ewa",
        ("+48601234567",),
        {ID_FIELD: str(customer)},
    )
    state = await bench.rows("SELECT state FROM prestashop_orders WHERE id = :id", id=touched)
    assert state[0].state == 6
    owners = await bench.rows(
        "SELECT id_customer FROM prestashop_orders WHERE id IN (:a, :b)", a=order, b=odd
    )
    assert [row[0] for row in owners] == [customer, customer]


async def test_a_cancelled_import_goes_on_where_it_stopped(bench: Bench) -> None:
    async with DemoShop(customers=1_500, orders=3_000) as shop:
        seen = asyncio.Event()

        def tell(progress: Any) -> None:  # noqa: ANN401 - Progress
            if progress.phase == "orders" and progress.done >= 500:
                seen.set()

        task = asyncio.create_task(run_sync(bench.job(shop), tell))
        await seen.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with bench.mirror.reading() as connection:
            runs = await list_runs(connection, "1")
        assert [run.outcome for run in runs] == ["cancelled"]
        (kept,) = (await bench.rows("SELECT count(*) FROM prestashop_orders"))[0]
        assert 500 <= kept < 3_000
        report = await bench.run(shop)
        await truth(shop, bench)
    assert (report.ok, report.mode, report.orders_stored) == (True, "first", 3_000 - kept)


async def test_the_sweep_follows_deletions_and_finds_what_is_lacking(bench: Bench) -> None:
    async with DemoShop(customers=200, orders=600) as shop:
        await bench.run(shop)
        shop.delete("orders", 7)
        shop.delete("customers", 9)
        async with bench.mirror.writing() as connection:
            await connection.execute(text("DELETE FROM prestashop_orders WHERE id = 20"))
        report = await bench.run(shop, sweep=True)
        await truth(shop, bench)
        again = await bench.run(shop, sweep=True)
    assert (report.orders_removed, report.customers_removed, report.orders_stored) == (1, 1, 1)
    assert (again.orders_removed, again.rows_stored) == (0, 0)


async def test_an_implausible_number_of_removals_is_a_question_for_a_person(bench: Bench) -> None:
    async with DemoShop(customers=50, orders=100) as shop:
        await bench.run(shop)
        for order in shop.all_orders()[:60]:
            shop.delete("orders", order["id"])
        report = await bench.run(shop, sweep=True)
        assert (report.orders_removed, report.implausible, report.problem) == (
            0,
            {"orders": 60},
            "sweep.implausible",
        )
        report = await bench.run(shop, sweep=True, accept_removals=True)
        assert report.orders_removed == 60
        await truth(shop, bench)

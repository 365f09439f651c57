"""Whole runs against a demo shop over a real socket."""

import asyncio
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from sqlalchemy import text

from tests.sync.bench import Bench
from thulium_plugin_prestashop.contract.customers import Customer, CustomerChange, NewCustomer
from thulium_plugin_prestashop.contract.errors import HostUnavailableError
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.mirror.quarantine import list_aside, retry_all
from thulium_plugin_prestashop.mirror.runlog import list_runs
from thulium_plugin_prestashop.sandbox.shop import DemoShop, Fault, Trouble, WebserviceKey
from thulium_plugin_prestashop.sync.preview import preview
from thulium_plugin_prestashop.sync.refresh import refresh_customer
from thulium_plugin_prestashop.sync.run import run_sync

ID_FIELD = "PrestaShop ID"
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


async def test_a_right_that_is_missing_does_not_lose_the_others(bench: Bench) -> None:
    readable = ("addresses", "countries", "currencies", "customers", "order_states", "shops")
    key = WebserviceKey.reading("K" * 32, readable)
    async with DemoShop(customers=60, orders=100, keys=[key]) as shop:
        job = attrs.evolve(bench.job(shop), client=bench.client(shop.url, "K" * 32))
        report = await run_sync(job, bench.told.append)
        assert not report.ok
        assert report.problem == "auth.permission"
        assert set(report.unavailable) == {"orders"}
        assert report.customers_read == 60
        assert report.cards_created > 0
        assert "orders" in report.message.en
        repaired = await bench.run(shop)
        assert (repaired.ok, repaired.orders_stored) == (True, 100)


async def test_a_record_that_cannot_be_read_is_set_aside_and_tried_again(bench: Bench) -> None:
    async with DemoShop(customers=60, orders=120) as shop:
        fault = shop.faults.add(Fault(Trouble.BAD_ROW, "orders", idents={33}))
        report = await bench.run(shop)
        assert report.ok
        assert [(entry.resource, entry.id) for entry in report.set_aside] == [("orders", 33)]
        assert report.orders_stored == 119
        async with bench.mirror.writing() as connection:
            assert [entry.id for entry in await list_aside(connection, "1")] == ["33"]
            assert await retry_all(connection, "1") == 1
        shop.faults.remove(fault)
        report = await bench.run(shop)
        assert report.orders_stored == 1
        async with bench.mirror.reading() as connection:
            assert await list_aside(connection, "1") == []


@pytest.mark.parametrize("trouble", [Trouble.EMPTY_500, Trouble.RESET, Trouble.TRUNCATED, Trouble.EMPTY_LIST])
async def test_no_trouble_loses_a_row(bench: Bench, trouble: Trouble) -> None:
    """Every third answer is bad; some runs fail; in the end everything is there, once."""
    async with DemoShop(customers=120, orders=300) as shop:
        shop.faults.add(Fault(trouble, every=3, times=6))
        for _ in range(8):
            report = await bench.run(shop)
            if report.ok and report.mode == "incremental":
                break
        shop.faults.clear()
        await bench.run(shop, sweep=True)
        await truth(shop, bench)


async def test_a_host_that_is_out_of_reach_fails_the_run_and_loses_nothing(bench: Bench) -> None:
    async with DemoShop(customers=400, orders=100) as shop:
        message = LocalizedText(en="The CRM does not answer.", pl="CRM nie odpowiada.")

        def refuse(_: NewCustomer | CustomerChange) -> LocalizedText | None:
            raise HostUnavailableError(message, retry_after=60)

        bench.crm.refuse = refuse
        report = await bench.run(shop)
        assert (report.ok, report.message, report.orders_stored) == (False, message, 100)
        assert report.result().retry_in == timedelta(seconds=60)
        bench.crm.refuse = lambda _: None
        report = await bench.run(shop)
        assert report.ok
        assert len(bench.crm.cards) == report.cards_created > 200


async def test_what_the_host_refuses_is_reported_and_tried_again(bench: Bench) -> None:
    async with DemoShop(customers=50, orders=50) as shop:
        refused = LocalizedText(en="No.", pl="Nie.")

        def refuse(new: NewCustomer | CustomerChange) -> LocalizedText | None:
            return refused if isinstance(new, NewCustomer) and new.reference.endswith("3") else None

        bench.crm.refuse = refuse
        report = await bench.run(shop)
        assert report.ok
        assert 3 in report.rejected
        bench.crm.refuse = lambda _: None
        report = await bench.run(shop)
        assert report.cards_created > 0
        assert report.rejected == {}


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


async def test_a_refresh_brings_this_customer_only(bench: Bench) -> None:
    async with DemoShop(customers=100, orders=300) as shop:
        await bench.run(shop)
        link = (await bench.rows("SELECT crm_id, id_customer FROM prestashop_links ORDER BY id_customer"))[0]
        shop.insert_order([LINE], id_customer=link.id_customer, id_shop=1, reference="ODSWIEZ01")
        guest = shop.insert_customer(
            email=bench.crm.cards[link.crm_id].emails[0].upper(), is_guest=1, id_shop=1
        )
        shop.insert_order([LINE], id_customer=guest, id_shop=1, reference="GOSC00001")
        shop.served.clear()
        refreshed = await refresh_customer(bench.job(shop), link.crm_id)
        requests = len(shop.served)
    assert refreshed.ok
    assert refreshed.message.en == "Refreshed: 2 orders are new or changed."
    assert requests <= 6
    owners = await bench.rows(
        "SELECT l.crm_id FROM prestashop_orders o JOIN prestashop_links l ON l.id_customer = o.id_customer"
        " WHERE o.reference IN ('ODSWIEZ01', 'GOSC00001')"
    )
    assert {row[0] for row in owners} == {link.crm_id}


async def test_a_refresh_ends_in_time_and_says_so(bench: Bench) -> None:
    async with DemoShop(customers=20, orders=20) as shop:
        await bench.run(shop)
        crm_id = (await bench.rows("SELECT crm_id FROM prestashop_links"))[0][0]
        shop.faults.add(Fault(Trouble.LATENCY, seconds=5))
        started = asyncio.get_running_loop().time()
        refreshed = await refresh_customer(bench.job(shop), crm_id, seconds=0.2)
        assert asyncio.get_running_loop().time() - started < 1
    assert (refreshed.ok, refreshed.message.pl) == (
        False,
        "Sklep nie odpowiedział na czas. Widoczne jest to, co było wiadomo wcześniej.",
    )


async def test_a_preview_foretells_the_import_and_writes_nothing(bench: Bench) -> None:
    async with DemoShop(customers=300, orders=300) as shop:
        bench.crm.put(Customer("a", surname="A", emails=(str(shop.row("customers", 5)["email"]),)))  # type: ignore[index] # it is there
        foretold = await preview(bench.job(shop), bench.told.append)
        assert bench.crm.writes == 0
        assert await bench.rows("SELECT id FROM prestashop_customers") == []
        assert list(bench.directory.glob("preview-*")) == []
        report = await bench.run(shop)
    assert (foretold.create, foretold.orders) == (report.cards_created, report.orders_stored)
    assert foretold.link == {basis: n for basis, n in report.bases.items() if basis != "created"}

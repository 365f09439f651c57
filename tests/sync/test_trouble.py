"""Whole runs that meet trouble: rights, bad records, bad answers and a host that refuses keep nothing else from arriving."""

from datetime import timedelta

import attrs
import pytest

from tests.sync.bench import Bench
from tests.sync.truth import truth
from thulium_plugin_prestashop.contract.customers import CustomerChange, NewCustomer
from thulium_plugin_prestashop.contract.errors import HostUnavailableError
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.mirror.quarantine import list_aside, retry_all
from thulium_plugin_prestashop.sandbox.shop import DemoShop, Fault, Trouble, WebserviceKey
from thulium_plugin_prestashop.sync.run import run_sync


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


async def test_a_record_that_cannot_be_read_stops_nothing_though_it_changed_last(bench: Bench) -> None:
    async with DemoShop(customers=60, orders=120) as shop:
        shop.faults.add(Fault(Trouble.BAD_ROW, "orders", idents={33}))
        shop.touch("orders", 33, payment="Other")
        report = await bench.run(shop)
        assert (report.ok, report.orders_stored) == (True, 119)
        assert [entry.id for entry in report.set_aside] == [33]
        shop.touch("orders", 34, payment="Other")
        shop.touch("orders", 33, payment="Yet another")
        report = await bench.run(shop)
        assert (report.ok, report.orders_stored) == (True, 1)


async def test_a_change_that_cannot_be_read_is_told_though_nothing_changed_after_it(bench: Bench) -> None:
    async with DemoShop(customers=60, orders=120) as shop:
        await bench.run(shop)
        fault = shop.faults.add(Fault(Trouble.BAD_ROW, "orders", idents={33}))
        shop.touch("orders", 33, payment="Other")
        report = await bench.run(shop)
        assert (report.ok, [entry.id for entry in report.set_aside]) == (True, [33])
        assert report.message.en == "1 record could not be read and was set aside."
        shop.touch("orders", 34, payment="Other")
        report = await bench.run(shop)
        assert report.message.pl.startswith("Zsynchronizowano. Nowe lub zmienione zamówienia: 1,")
        assert report.message.pl.endswith("Nie udało się odczytać 1 rekordu; odłożono go.")
        shop.faults.remove(fault)
        report = await bench.run(shop)
        assert (report.ok, report.orders_stored) == (True, 1)
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

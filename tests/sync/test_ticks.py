"""What a run costs however large the shop is, what its budget leaves to the next, and that runs do not wait in vain."""

import asyncio
from datetime import datetime
from pathlib import Path

import attrs
import pytest

from tests.databases import Databases
from tests.sync.bench import Bench
from thulium_plugin_prestashop.mirror.engine import open_database
from thulium_plugin_prestashop.mirror.runlog import list_runs
from thulium_plugin_prestashop.sandbox.shop import DemoShop, Fault, Trouble
from thulium_plugin_prestashop.sync.report import SyncReport
from thulium_plugin_prestashop.sync.run import run_sync
from thulium_plugin_prestashop.transport.egress import EgressPolicy
from thulium_plugin_prestashop.transport.http import HttpClient
from thulium_plugin_prestashop.transport.pace import Budget
from thulium_plugin_prestashop.webservice.client import WebserviceClient

HALF_AN_HOUR = 1_800
CHANGES = 10
INTEGRATIONS = 50


async def tell_the_story(database: str | Path, folder: Path, size: int) -> list[SyncReport]:
    """Import a shop, give all its rows one date at once, and run four times, half an hour apart: to read that, to look
    at it again, quietly, and after twenty changes.
    """
    mirror = await open_database(database)
    reports = []
    async with (
        HttpClient(EgressPolicy(allow_private=True)) as http,
        DemoShop(customers=size, orders=2 * size) as shop,
    ):
        bench = Bench(folder, mirror, http)
        shop.clock.set(datetime.fromisoformat("2026-06-12T12:00:00+02:00"))
        bench.clock.ahead += shop.clock() - bench.clock.now().timestamp()
        assert (await bench.run(shop)).ok
        for changes in (None, 0, 0, CHANGES):
            shop.clock.advance(HALF_AN_HOUR)
            bench.clock.ahead += HALF_AN_HOUR
            for resource, column in (("addresses", ""), ("customers", "firstname"), ("orders", "payment")):
                for row in shop.all_rows(resource)[: changes if column or changes is None else 0]:
                    shop.touch(resource, int(row["id"] or 0), **{column: "Nowa"} if changes else {})
            reports.append(await bench.run(shop))
    await mirror.close()
    return reports


async def test_a_tick_after_a_mass_update_costs_what_it_costs_on_a_small_shop(databases: Databases) -> None:
    costs = []
    for size in (60, 1_500):
        first, again, quiet, changed = await tell_the_story(await databases.new(), databases.folder, size)
        # The highest order is always asked for, to find those with odd dates.
        assert [(r.ok, r.orders_read, r.orders_stored) for r in (first, again, quiet, changed)] == [
            (True, 2 * size + 1, 2 * size),
            (True, 2 * size + 1, 0),
            (True, 1, 0),
            (True, CHANGES + 1, CHANGES),
        ]
        assert changed.rows_stored == 2 * CHANGES
        costs.append((quiet.requests, changed.requests))
    assert costs[0] == costs[1]
    quiet_requests, changed_requests = costs[1]
    assert quiet_requests <= 10
    assert changed_requests <= 12


@pytest.mark.parametrize(
    ("summer", "winter"), [("02:50", "02:05"), ("02:58", "02:01"), ("02:59", "02:00"), ("02:30", "02:30")]
)
async def test_nothing_is_lost_in_the_hour_that_happens_twice(bench: Bench, summer: str, winter: str) -> None:
    """The shop writes wall-clock times: what changes a few minutes later may be dated most of an hour earlier."""
    async with DemoShop(customers=5, orders=5, until=datetime(2024, 10, 26)) as shop:  # noqa: DTZ001 - the shop's
        changed = [int(row["id"] or 0) for row in shop.all_rows("orders")][:2]
        shop.clock.set(datetime.fromisoformat(f"2024-10-27T{summer}:00+02:00"))
        bench.clock.ahead += shop.clock() - bench.clock.now().timestamp()
        await bench.run(shop)
        shop.touch("orders", changed[0], payment="Latem", date_upd=f"2024-10-27 {summer}:00")
        await bench.run(shop)
        shop.clock.set(datetime.fromisoformat(f"2024-10-27T{winter}:00+01:00"))
        bench.clock.ahead += shop.clock() - bench.clock.now().timestamp()
        shop.touch("orders", changed[1], payment="Zimą", date_upd=f"2024-10-27 {winter}:00")
        report = await bench.run(shop)
    assert (report.ok, report.orders_stored) == (True, 1)


async def test_a_run_whose_budget_is_spent_leaves_the_rest_to_the_next(bench: Bench) -> None:
    async with DemoShop(customers=300, orders=2_000) as shop:
        outcomes = []
        for _ in range(20):
            job = bench.job(shop)
            client = WebserviceClient(
                job.client.address, shop.key, bench.http, clock=bench.clock.now, budget=Budget(requests=12)
            )
            report = await run_sync(attrs.evolve(job, client=client), bench.told.append)
            outcomes.append((report.ok, report.problem))
            assert report.requests <= 12
            if report.ok:
                break
        (count,) = (await bench.rows("SELECT count(*) FROM prestashop_orders"))[0]
    assert count == 2_000
    assert outcomes[-1] == (True, "")
    assert set(outcomes[:-1]) == {(False, "run.budget_spent")}
    async with bench.mirror.reading() as connection:
        runs = await list_runs(connection, "1")
    assert [(run.outcome, run.error) for run in runs][1:] == [("failed", "run.budget_spent")] * (
        len(runs) - 1
    )
    assert runs[0].figures["requests"] == report.requests
    told = {
        "mode",
        "orders_stored",
        "requests",
        "bytes",
        "seconds",
        "set_aside",
        "repaired",
        "conflicts",
        "problem",
    }
    assert told <= runs[0].figures.keys()


async def test_fifty_integrations_on_one_loop_are_fair_to_one_another(bench: Bench) -> None:
    """One of them is large and another does not answer: neither keeps the small ones waiting, and among equals
    nobody is done before everybody has got half-way.
    """
    told: list[tuple[str, str]] = []

    async def run(shop: DemoShop, integration: str) -> SyncReport:
        settings = attrs.evolve(bench.settings, id_field=f"ID {integration}")
        job = bench.job(shop, integration, settings=settings)
        report = await run_sync(job, lambda progress: told.append((integration, progress.phase)))
        told.append((integration, "done"))
        return report

    async with (
        DemoShop(customers=20, orders=60) as small,
        DemoShop(customers=800, orders=2_000, seed=2) as large,
        DemoShop(customers=5, orders=5, seed=3, faults=[Fault(Trouble.LATENCY, seconds=30)]) as silent,
    ):
        waiting = asyncio.create_task(run(silent, "silent"))
        equals = [str(number) for number in range(INTEGRATIONS - 2)]
        reports = await asyncio.gather(run(large, "large"), *(run(small, name) for name in equals))
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert all(report.ok for report in reports)
    assert [report.orders_stored for report in reports] == [2_000] + [60] * len(equals)
    ends = [name for name, phase in told if phase == "done"]
    assert ends[-1] == "large"
    before_the_first_end = told[: told.index((ends[0], "done"))]
    assert {name for name, phase in before_the_first_end if phase == "orders"} >= set(equals)

"""Two hosts on one PostgreSQL, each with the plugin as in a process of its own: who runs, who sees it, who ends it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from itertools import accumulate
from time import monotonic

import attrs
import pytest

from tests.cluster.company import Place, host
from tests.cluster.processes import Company, until
from tests.cluster.worker import Worker, hurry
from tests.postgresql import Server
from thulium_plugin_prestashop.admin import integration as module
from thulium_plugin_prestashop.contract.integration import Integration, Status
from thulium_plugin_prestashop.contract.tasks import Trigger
from thulium_plugin_prestashop.hosting import Host, Job, JobState, RunSlots
from thulium_plugin_prestashop.sandbox.shop import DemoShop, Fault, Trouble


@pytest.fixture
async def shop() -> AsyncIterator[DemoShop]:
    async with DemoShop(customers=12, orders=30, seed=4) as shop:
        yield shop


@pytest.fixture
async def company(postgresql_server: Server, shop: DemoShop) -> AsyncIterator[Company]:
    async with Company.opened(postgresql_server, {"shop": shop.url}, shop.key) as opened:
        yield opened


@attrs.frozen
class Process:
    """A host, as a process of its own would have it."""

    host: Host

    @property
    def job(self) -> Job:
        return self.host.scheduler.jobs("shop")[0]

    @property
    def integration(self) -> Integration:
        found = self.host.integrations.entry("shop").integration
        assert found is not None
        return found

    async def status(self) -> Status:
        return await self.integration.status()


@asynccontextmanager
async def processes(
    place: Place, *, every: float = 1800.0, slots: RunSlots | None = None
) -> AsyncIterator[tuple[Process, Process]]:
    """Two of them, of which the first may be given slots."""
    with ExitStack() as patches:
        hurry(patches, Worker("host", place, every=every, jitter=0.0, lease=4.0))
        async with host(place, run_slots=slots) as first, host(place) as second:
            yield Process(first), Process(second)


def slow(shop: DemoShop, seconds: float = 0.3) -> None:
    shop.faults.add(Fault(Trouble.LATENCY, seconds=seconds))


async def test_who_is_free_does_it_and_who_asked_sees_it(company: Company, shop: DemoShop) -> None:
    slots = RunSlots(1)
    async with processes(company.place, slots=slots) as (asking, free):
        async with slots.taken("somebody else", asking.host.services.clock.now()):
            slow(shop)
            run = asking.job.run_now()

            async def seen() -> bool:
                under_way = (await asking.status()).under_way
                return under_way is not None and under_way.progress is not None

            await until(seen, 15, "the run elsewhere is seen")
            assert free.job.snapshot().state is JobState.RUNNING
            elsewhere, here = (await asking.status()).under_way, (await free.status()).under_way
            assert elsewhere is not None
            assert here is not None
            assert (elsewhere.here, here.here) == (False, True)
            finished = await run.finished()
        assert finished.result is not None
        assert finished.result.ok
        assert not finished.result.ran
        assert finished.result.figures["orders_stored"] == 30
        progress = asking.job.snapshot().progress
        assert progress is not None
        assert progress.phase in {"preparing", "customers", "addresses", "orders", "cards"}
        assert (await asking.integration.log())[0].ok
        runs = await company.ask("SELECT trigger FROM prestashop_runs")
        assert [row["trigger"] for row in runs] == ["person"]
        assert (await asking.status()).under_way is None


async def test_two_who_ask_at_once_get_one_run(company: Company, shop: DemoShop) -> None:
    slow(shop, 0.05)
    async with processes(company.place) as (first, second):
        runs = [first.job.run_now(), second.job.run_now()]
        finished = await asyncio.gather(*(run.finished() for run in runs))
    results = [each.result for each in finished]
    assert all(result is not None and result.ok for result in results)
    assert sorted(result.ran for result in results if result is not None) == [False, True]
    assert await company.runs("shop") == ["ok"]


async def test_a_run_is_cancelled_from_any_process_and_is_then_not_due(
    company: Company, shop: DemoShop
) -> None:
    slow(shop)
    async with processes(company.place) as (first, second):
        run = first.job.run_now()

        async def at_work() -> bool:
            return (await second.status()).under_way is not None

        await until(at_work, 15, "the run began")
        assert await second.job.cancel()
        assert (await run.finished()).cancelled
        assert await company.runs("shop") == ["cancelled"]
        assert not await second.job.cancel()
        task = second.job.task
        assert task.turns is not None
        due_in = await task.turns.due_in()
        assert due_in is not None
        assert due_in > timedelta(minutes=29)


async def test_a_process_that_ends_leaves_its_run_to_the_others_at_once(
    company: Company, shop: DemoShop
) -> None:
    slow(shop)
    async with processes(company.place, every=0.5) as (first, second):
        assert await second.job.cancel() in {True, False}

        async def at_work() -> bool:
            return (await first.status()).under_way is not None

        await until(at_work, 15, "a run began")
        ending, other = (first, second) if first.job.snapshot().state is JobState.RUNNING else (second, first)
        await ending.host.aclose()

        async def goes_on() -> bool:
            return "ok" in await company.runs("shop")

        await until(goes_on, 20, "the other process did it")
        assert (await other.status()).orders == 30


async def test_half_an_hour_holds_across_processes_and_restarts(company: Company, shop: DemoShop) -> None:
    async with processes(company.place) as (first, second):
        assert (await first.job.run_now().finished()).ok
        refused = await second.job.run_now(Trigger.SCHEDULE).finished()
        assert refused.result is not None
        assert not refused.result.ran
        due = second.job.snapshot().next_due
        assert due is not None
        assert timedelta(minutes=29) < due - refused.finished <= timedelta(minutes=30)
        assert second.job.snapshot().last is None
    before = len(shop.served)
    async with processes(company.place) as (again, _):
        due = again.job.snapshot().next_due
        assert due is not None
        assert timedelta(minutes=29) < due - again.host.services.clock.now() <= timedelta(minutes=30)
        await asyncio.sleep(0.5)
        assert len(shop.served) == before
        assert await company.runs("shop") == ["ok"]
        assert (await again.job.run_now().finished()).ok, "a person need not wait"
    assert await company.runs("shop") == ["ok", "ok"]


async def test_without_the_database_nothing_breaks_and_all_goes_on_when_it_is_back(
    company: Company, shop: DemoShop
) -> None:
    slow(shop, 0.1)
    async with processes(company.place, every=0.5) as (first, second):

        async def at_work() -> bool:
            return (await first.status()).under_way is not None

        await until(at_work, 15, "a run began")
        assert await company.cut() > 0

        async def done() -> bool:
            return "ok" in await company.runs("shop")

        await until(done, 20, "somebody did it")
        failures = [process.job.snapshot().last for process in (first, second)]
        assert all(last is None or last.error is None for last in failures)


async def test_a_run_and_a_refresh_elsewhere_share_the_places_of_the_shop(
    company: Company, shop: DemoShop
) -> None:
    async with processes(company.place) as (running, other):
        assert (await running.job.run_now().finished()).ok
        slow(shop, 0.1)
        shop.served.clear()
        run = running.job.run_now()

        async def asking() -> bool:
            return len(shop.served) > 0

        await until(asking, 15, "the run asks the shop")
        started = monotonic()
        await asyncio.gather(*(other.integration.refresh(card) for card in list(company.crm.cards)[:3]))
        assert monotonic() - started < 5
        assert (await run.finished()).ok
    moments = sorted(
        moment for each in shop.served for moment in ((each.at, 1), (each.at + each.seconds, -1))
    )
    in_flight = list(accumulate(change for _, change in moments))
    assert max(in_flight) <= 2


async def test_stopping_leaves_no_task_and_no_connection(company: Company, shop: DemoShop) -> None:
    async with processes(company.place) as (first, _):
        assert (await first.job.run_now().finished()).ok
        assert shop.served
    await asyncio.sleep(0)
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert not {name for name in names if name.startswith(("prestashop", "schedule", "run "))}
    left = await company.ask(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert left == []
    assert await company.ask("SELECT 1 FROM prestashop_places") == []
    assert await company.ask("SELECT 1 FROM prestashop_claims WHERE holder <> ''") == []


async def test_the_interval_is_half_an_hour() -> None:
    """What the tests above shorten."""
    assert timedelta(minutes=30) == module.EVERY

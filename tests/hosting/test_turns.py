"""Jobs whose turns several processes share."""

import asyncio
from datetime import timedelta
from random import Random

import attrs
import pytest

from thulium_plugin_prestashop.contract.tasks import (
    PeriodicTask,
    Progress,
    ReportProgress,
    RunContext,
    RunResult,
    Trigger,
)
from thulium_plugin_prestashop.hosting import ManualClock, RunSlots, Scheduler, settle
from thulium_plugin_prestashop.hosting.testing import both

EVERY = timedelta(minutes=30)
DONE_HERE = RunResult(ok=True, message=both("here"), figures={})
DONE_THERE = RunResult(ok=True, message=both("there"), figures={}, ran=False, retry_in=timedelta(minutes=29))
ELSEWHERE = RunResult(ok=True, message=both("busy"), figures={}, ran=False, retry_in=timedelta(seconds=20))


@attrs.define(eq=False)
class Elsewhere:
    """Another process, as a test wants it: it has the turn as long as ``busy``."""

    clock: ManualClock
    busy: bool = False
    asked: int = 0
    cancels: int = 0
    runs: list[tuple[float, Trigger]] = attrs.field(factory=list)
    bell: asyncio.Event = attrs.field(factory=asyncio.Event)
    finished: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def run(self, context: RunContext) -> RunResult:
        self.runs.append(((self.clock.now() - ManualClock().now()).total_seconds(), context.trigger))
        return ELSEWHERE if self.busy else DONE_HERE

    async def due_in(self) -> timedelta | None:
        return None

    async def request(self) -> None:
        self.asked += 1

    async def called(self) -> None:
        await self.bell.wait()
        self.bell.clear()

    async def follow(self, report: ReportProgress) -> RunResult | None:
        if not self.busy:
            return None
        report(Progress("orders", both("Orders"), 7, 9))
        await self.finished.wait()
        return DONE_THERE

    async def cancel(self) -> bool:
        self.cancels += 1
        return self.busy


@pytest.fixture
def elsewhere(clock: ManualClock) -> Elsewhere:
    return Elsewhere(clock)


def scheduler(clock: ManualClock, slots: RunSlots | None = None) -> Scheduler:
    return Scheduler(clock, sleep=clock.sleep, random=Random(7), slots=slots)  # noqa: S311 - jitter, not a secret


def task(elsewhere: Elsewhere) -> PeriodicTask:
    return PeriodicTask("synchronise", both("Synchronise"), EVERY, timedelta(), elsewhere.run, elsewhere)


async def test_a_turn_of_another_process_is_asked_for_again_when_it_said_and_leaves_no_trace(
    clock: ManualClock, elsewhere: Elsewhere
) -> None:
    drive = scheduler(clock)
    (job,) = drive.add("shop", [task(elsewhere)])
    elsewhere.busy = True
    await clock.advance(EVERY + timedelta(seconds=30))
    assert elsewhere.runs == [(1800, Trigger.SCHEDULE), (1820, Trigger.SCHEDULE)]
    assert job.snapshot().last is None
    elsewhere.busy = False
    await clock.advance(timedelta(seconds=10))
    last = job.snapshot().last
    assert last is not None
    assert last.result == DONE_HERE
    await drive.aclose()


async def test_who_asks_here_sees_the_run_elsewhere_and_what_came_of_it(
    clock: ManualClock, elsewhere: Elsewhere
) -> None:
    drive = scheduler(clock)
    (job,) = drive.add("shop", [task(elsewhere)])
    elsewhere.busy = True
    run = job.run_now()
    await settle()
    progress = job.snapshot().progress
    assert progress is not None
    assert (progress.done, progress.total) == (7, 9)
    elsewhere.finished.set()
    assert (await run.finished()).result == DONE_THERE
    assert elsewhere.asked == 1
    last = job.snapshot().last
    assert last is not None
    assert last.result == DONE_THERE
    await drive.aclose()


async def test_who_has_no_free_place_lets_another_process_do_it(
    clock: ManualClock, elsewhere: Elsewhere
) -> None:
    slots = RunSlots(1)
    drive = scheduler(clock, slots)
    (job,) = drive.add("shop", [task(elsewhere)])
    elsewhere.busy = True
    async with slots.taken("another", clock.now()):
        run = job.run_now()
        await settle()
        elsewhere.finished.set()
        assert (await run.finished()).result == DONE_THERE
    assert elsewhere.runs == []
    assert slots.busy == 0
    await drive.aclose()


async def test_a_call_from_another_process_is_answered_at_once(
    clock: ManualClock, elsewhere: Elsewhere
) -> None:
    drive = scheduler(clock)
    drive.add("shop", [task(elsewhere)])
    await clock.advance(timedelta(minutes=1))
    elsewhere.bell.set()
    await settle()
    assert elsewhere.runs == [(60, Trigger.SCHEDULE)]
    await drive.aclose()


async def test_cancelling_reaches_the_run_elsewhere_and_stopping_does_not(
    clock: ManualClock, elsewhere: Elsewhere
) -> None:
    drive = scheduler(clock)
    (job,) = drive.add("shop", [task(elsewhere)])
    assert not await job.cancel()
    elsewhere.busy = True
    run = job.run_now()
    await settle()
    assert await job.cancel()
    assert (await run.finished()).cancelled
    assert elsewhere.cancels == 2
    again = job.run_now()
    await settle()
    await drive.aclose()
    assert (await again.finished()).cancelled
    assert elsewhere.cancels == 2

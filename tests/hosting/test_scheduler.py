"""Periodic tasks on a clock that moves when told."""

import asyncio
import logging
from datetime import timedelta
from random import Random

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thulium_plugin_prestashop.contract.tasks import PeriodicTask, Progress, RunContext, RunResult, Trigger
from thulium_plugin_prestashop.hosting import Job, JobSnapshot, JobState, ManualClock, Scheduler, settle
from thulium_plugin_prestashop.hosting.testing import both

EVERY = timedelta(minutes=30)
JITTER = timedelta(minutes=3)
A_MINUTE = timedelta(minutes=1)


def done(*, retry_in: timedelta | None = None) -> RunResult:
    return RunResult(ok=True, message=both("done"), figures={}, retry_in=retry_in)


@attrs.define
class Work:
    """A task's work: notes when it ran, and how many of it ran at the same time."""

    clock: ManualClock
    takes: timedelta = timedelta()
    result: RunResult = attrs.field(factory=done)
    error: Exception | None = None
    starts: list[float] = attrs.field(factory=list)
    triggers: list[Trigger] = attrs.field(factory=list)
    now: int = 0
    most: int = 0

    async def __call__(self, context: RunContext) -> RunResult:
        self.starts.append((self.clock.now() - ManualClock().now()).total_seconds() / 60)
        self.triggers.append(context.trigger)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            for step in range(2):
                context.report(Progress("orders", both("Orders"), step, 2))
                await self.clock.sleep(self.takes.total_seconds() / 2)
        finally:
            self.now -= 1
        if self.error is not None:
            raise self.error
        return self.result


def task(work: Work, *, jitter: timedelta = timedelta(), key: str = "synchronise") -> PeriodicTask:
    return PeriodicTask(key, both("Synchronise"), EVERY, jitter, work)


@pytest.fixture
def scheduler(clock: ManualClock) -> Scheduler:
    return Scheduler(clock, sleep=clock.sleep, random=Random(7))  # noqa: S311 - jitter, not a secret


async def test_runs_every_half_hour_after_the_end_of_the_last_run(
    clock: ManualClock, scheduler: Scheduler
) -> None:
    work = Work(clock, takes=timedelta(minutes=10))
    scheduler.add("shop", [task(work)])
    await clock.advance(timedelta(hours=2))
    assert work.starts == [30, 70, 110]
    assert set(work.triggers) == {Trigger.SCHEDULE}
    await scheduler.aclose()


async def test_a_task_that_ran_before_keeps_its_rhythm_over_a_restart(
    clock: ManualClock, scheduler: Scheduler
) -> None:
    recent, long_ago = Work(clock), Work(clock)
    scheduler.add("recent", [task(recent)], last_run=clock.now() - timedelta(minutes=20))
    scheduler.add("long ago", [task(long_ago)], last_run=clock.now() - timedelta(days=9))
    await clock.advance(timedelta(minutes=15))
    assert recent.starts == [10]
    assert long_ago.starts == [0]
    await scheduler.aclose()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(), minutes=st.integers(1, 30), count=st.integers(1, 4))
def test_pauses_lie_within_the_jitter_and_runs_never_overlap(seed: int, minutes: int, count: int) -> None:
    async def scenario() -> None:
        clock = ManualClock()
        scheduler = Scheduler(clock, sleep=clock.sleep, random=Random(seed), limit=2)  # noqa: S311 - as above
        works = [Work(clock, takes=timedelta(minutes=minutes)) for _ in range(count)]
        for index, work in enumerate(works):
            scheduler.add(f"shop {index}", [task(work, jitter=JITTER)])
        await clock.advance(timedelta(hours=4))
        for work in works:
            assert work.most <= 1
            pauses = [
                later - sooner - minutes for sooner, later in zip(work.starts, work.starts[1:], strict=False)
            ]
            assert all(pause >= 30 for pause in pauses)
            if count <= 2:
                # With no more tasks than places nobody waits for a place.
                assert all(pause <= 33 for pause in pauses)
        await scheduler.aclose()

    asyncio.run(scenario())


async def test_run_now_starts_at_once_and_joins_the_run_under_way(
    clock: ManualClock, scheduler: Scheduler
) -> None:
    work = Work(clock, takes=timedelta(minutes=4))
    (job,) = scheduler.add("shop", [task(work)])
    first = job.run_now()
    second = job.run_now()
    assert first is second
    await clock.advance(timedelta(minutes=5))
    assert (await second.finished()).result == done()
    assert work.starts == [0]
    assert work.triggers == [Trigger.PERSON]
    await clock.advance(EVERY)
    assert work.starts == [0, 34], "the next turn is counted from the end of the run that somebody started"
    await scheduler.aclose()


async def test_who_joins_may_leave_without_ending_the_run(clock: ManualClock, scheduler: Scheduler) -> None:
    (job,) = scheduler.add("shop", [task(Work(clock, takes=timedelta(minutes=4)))])
    run = job.run_now()
    waiting = asyncio.create_task(run.finished())
    await settle()
    waiting.cancel()
    await clock.advance(timedelta(minutes=5))
    assert (await run.finished()).ok
    await scheduler.aclose()


@pytest.mark.parametrize(("asked", "next_run"), [(timedelta(hours=2), 120), (timedelta(minutes=1), 30)])
async def test_patience_that_a_shop_asks_for_only_lengthens_a_pause(
    clock: ManualClock, scheduler: Scheduler, asked: timedelta, next_run: float
) -> None:
    work = Work(clock, result=done(retry_in=asked))
    (job,) = scheduler.add("shop", [task(work)])
    job.run_now()
    await clock.advance(timedelta(hours=3))
    assert work.starts[1] == next_run
    await scheduler.aclose()


async def test_a_failing_run_is_logged_and_the_schedule_goes_on(
    clock: ManualClock, scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(clock, error=ZeroDivisionError("oh"))
    (job,) = scheduler.add("shop", [task(work)])
    await clock.advance(timedelta(minutes=61))
    assert work.starts == [30, 60]
    last = job.snapshot().last
    assert last is not None
    assert (last.ok, last.error) == (False, "ZeroDivisionError: oh")
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    await scheduler.aclose()


@pytest.mark.parametrize("let_it_begin", [True, False])
async def test_cancelling_a_run_leaves_the_schedule(
    clock: ManualClock,
    scheduler: Scheduler,
    let_it_begin: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    work = Work(clock, takes=timedelta(minutes=5))
    (job,) = scheduler.add("shop", [task(work)])
    run = job.run_now()
    if let_it_begin:
        await clock.advance(A_MINUTE)
    assert await job.cancel()
    assert (await run.finished()).cancelled
    assert job.snapshot().state is JobState.WAITING
    assert not await job.cancel()
    await clock.advance(timedelta(minutes=31))
    assert work.triggers[-1] is Trigger.SCHEDULE
    await scheduler.aclose()


async def test_at_most_four_run_at_the_same_time_and_the_fifth_waits_its_turn(
    clock: ManualClock, scheduler: Scheduler
) -> None:
    works = [Work(clock, takes=timedelta(minutes=2)) for _ in range(6)]
    jobs = [scheduler.add(f"shop {index}", [task(work)])[0] for index, work in enumerate(works)]
    for job in jobs:
        job.run_now()
    await clock.advance(A_MINUTE)
    assert [job.snapshot().state for job in jobs] == [JobState.RUNNING] * 4 + [JobState.QUEUED] * 2
    await clock.advance(A_MINUTE * 2)
    assert [len(work.starts) for work in works] == [1] * 6
    assert [work.starts[0] for work in works] == [0, 0, 0, 0, 2, 2]
    await scheduler.aclose()


async def test_progress_is_seen_by_every_watcher_and_remembered(
    clock: ManualClock, scheduler: Scheduler
) -> None:
    (job,) = scheduler.add("shop", [task(Work(clock, takes=timedelta(minutes=2)))])
    seen: list[list[JobSnapshot]] = [[], []]

    async def watch(place: int) -> None:
        async for snapshot in job.watch():
            seen[place].append(snapshot)

    watchers = [asyncio.create_task(watch(place)) for place in (0, 1)]
    await settle()
    job.run_now()
    await clock.advance(timedelta(minutes=3))
    assert seen[0] == seen[1]
    assert seen[0][0].state is JobState.WAITING
    steps = [
        snapshot.progress.done for snapshot in seen[0] if snapshot.progress is not None and snapshot.busy
    ]
    assert steps == sorted(steps)
    assert set(steps) == {0, 1}
    after = job.snapshot()
    assert after.state is JobState.WAITING
    assert after.progress == Progress("orders", both("Orders"), 1, 2)
    await scheduler.remove("shop")
    await asyncio.gather(*watchers)
    assert seen[0][-1].state is JobState.STOPPED


async def test_a_slow_watcher_gets_the_newest(scheduler: Scheduler) -> None:
    async def busy(context: RunContext) -> RunResult:
        for step in range(1000):
            context.report(Progress("orders", both("Orders"), step))
        return done()

    (job,) = scheduler.add("shop", [PeriodicTask("t", both("t"), EVERY, JITTER, busy)])
    watcher = job.watch()
    await anext(watcher)
    job.run_now()
    await settle()
    newest = await anext(watcher)
    assert newest.progress is not None
    assert newest.progress.done == 999
    await watcher.aclose()
    await scheduler.aclose()


async def test_stopping_cancels_runs_and_leaves_no_task(clock: ManualClock, scheduler: Scheduler) -> None:
    works = [Work(clock, takes=timedelta(hours=1)) for _ in range(6)]
    jobs: list[Job] = []
    for index, work in enumerate(works):
        jobs += scheduler.add(f"shop {index}", [task(work), task(Work(clock), key="sweep")])
    for job in jobs:
        job.run_now()
    await clock.advance(A_MINUTE)
    await scheduler.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert all(work.now == 0 for work in works)
    with pytest.raises(RuntimeError):
        jobs[0].run_now()


async def test_one_owner_goes_and_the_others_stay(clock: ManualClock, scheduler: Scheduler) -> None:
    gone, stays = Work(clock), Work(clock)
    scheduler.add("gone", [task(gone)])
    scheduler.add("stays", [task(stays)])
    await scheduler.remove("gone")
    await clock.advance(timedelta(hours=1))
    assert gone.starts == []
    assert len(stays.starts) == 2
    assert [job.owner for job in scheduler.jobs()] == ["stays"]
    with pytest.raises(KeyError):
        scheduler.job("gone", "synchronise")
    await scheduler.aclose()


async def test_a_key_may_be_given_once_to_an_owner(clock: ManualClock, scheduler: Scheduler) -> None:
    scheduler.add("shop", [task(Work(clock))])
    with pytest.raises(ValueError, match="synchronise"):
        scheduler.add("shop", [task(Work(clock))])
    await scheduler.aclose()


async def test_a_clock_that_jumps_ahead_is_noticed_within_a_minute() -> None:
    clock = ManualClock()
    sleeps: list[float] = []

    async def sleep(seconds: float) -> None:
        sleeps.append(seconds)
        await clock.sleep(seconds)

    scheduler = Scheduler(clock, sleep=sleep, random=Random(1))  # noqa: S311 - as above
    scheduler.add("shop", [task(Work(clock))])
    await clock.advance(timedelta(minutes=29))
    assert max(sleeps) == 60
    await scheduler.aclose()

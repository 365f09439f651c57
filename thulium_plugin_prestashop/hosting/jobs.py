"""One periodic task at work: when it runs, what it is doing, and what came of it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Hashable
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from random import Random
from typing import Any

import attrs

from thulium_plugin_prestashop.contract.host import Clock
from thulium_plugin_prestashop.contract.tasks import (
    PeriodicTask,
    Progress,
    RunContext,
    RunResult,
    Trigger,
    Turns,
)
from thulium_plugin_prestashop.hosting.broadcast import Broadcast
from thulium_plugin_prestashop.hosting.clock import Sleep
from thulium_plugin_prestashop.hosting.slots import RunSlots
from thulium_plugin_prestashop.hosting.spawner import cancel_and_wait

log = logging.getLogger(__name__)

LONGEST_SLEEP = 60.0
"""Seconds after which a waiting job looks at the clock again, so that a clock that jumped (a laptop that slept, a
corrected time) delays a run by a minute at most."""


class JobState(Enum):
    """What a job is doing."""

    WAITING = "waiting"
    """For its next turn."""
    QUEUED = "queued"
    """Its turn has come, and the host runs as many tasks as it may."""
    RUNNING = "running"
    CANCELLING = "cancelling"
    STOPPED = "stopped"
    """It was removed; it never runs again."""


@attrs.frozen
class FinishedRun:
    """How a run ended: with a ``result``, cancelled, or with an ``error`` (text for the log, not for people)."""

    trigger: Trigger
    started: datetime
    finished: datetime
    result: RunResult | None = None
    cancelled: bool = False
    error: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it did its work."""
        return self.result is not None and self.result.ok


@attrs.frozen
class JobSnapshot:
    """A job at one moment. ``progress`` is that of the run under way, or the last one of the run before."""

    owner: str
    key: str
    state: JobState
    progress: Progress | None
    started: datetime | None
    next_due: datetime | None
    last: FinishedRun | None

    @property
    def busy(self) -> bool:
        """Whether a run is under way or about to be."""
        return self.state in {JobState.QUEUED, JobState.RUNNING, JobState.CANCELLING}


class Run:
    """One run under way or ended."""

    def __init__(self, trigger: Trigger, started: datetime) -> None:
        self.trigger = trigger
        self.started = started
        self.state = JobState.QUEUED
        self.progress: Progress | None = None
        self._finished: asyncio.Future[FinishedRun] = asyncio.get_running_loop().create_future()

    async def finished(self) -> FinishedRun:
        """Wait for its end. Cancelling who waits does not cancel the run."""
        return await asyncio.shield(self._finished)

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._finished.done()

    def finish(self, outcome: FinishedRun) -> None:
        """Say how it ended."""
        self._finished.set_result(outcome)


class Job:
    """Drives one periodic task: never twice at the same time, every pause lengthened by a random jitter."""

    def __init__(
        self,
        owner: str,
        task: PeriodicTask,
        *,
        clock: Clock,
        sleep: Sleep,
        random: Random,
        slots: RunSlots,
        company: Hashable,
        first_due: datetime,
        by_itself: bool = True,
    ) -> None:
        self.owner = owner
        self.task = task
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._slots = slots
        self._company = company
        self._next_due = first_due
        self._by_itself = by_itself
        self._last: FinishedRun | None = None
        self._progress: Progress | None = None
        self._run: Run | None = None
        self._run_task: asyncio.Task[RunResult] | None = None
        self._closed = False
        self._changed = Broadcast()
        self._driver = asyncio.create_task(self._drive(), name=f"schedule {owner}/{task.key}")

    @property
    def key(self) -> str:
        """Key of the task."""
        return self.task.key

    def run_now(self, trigger: Trigger = Trigger.PERSON) -> Run:
        """Start a run at once, or join the one under way. Raises ``RuntimeError`` after the job was removed."""
        if self._closed:
            raise RuntimeError(f"{self.owner}/{self.key} no longer runs")
        if self._run is not None:
            return self._run
        self._run = run = Run(trigger, self._clock.now())
        self._run_task = task = asyncio.create_task(self._execute(run), name=f"run {self.owner}/{self.key}")
        task.add_done_callback(lambda ended: self._ended(run, ended))
        self._changed.ring()
        return run

    async def cancel(self) -> bool:
        """Cancel the run under way, here or in another process, and wait until it has ended here; false when there is
        none.
        """
        turns = self.task.turns
        elsewhere = turns is not None and await turns.cancel()
        return await self._cancel_here() or elsewhere

    async def _cancel_here(self) -> bool:
        run, task = self._run, self._run_task
        if run is None or task is None:
            return False
        run.state = JobState.CANCELLING
        self._changed.ring()
        await cancel_and_wait(task)
        return True

    def snapshot(self) -> JobSnapshot:
        """The job as it is now."""
        run = self._run
        state = JobState.STOPPED if self._closed else JobState.WAITING
        return JobSnapshot(
            owner=self.owner,
            key=self.key,
            state=state if run is None else run.state,
            progress=self._progress if run is None else run.progress,
            started=None if run is None else run.started,
            next_due=None if self._closed else self._next_due,
            last=self._last,
        )

    async def watch(self) -> AsyncGenerator[JobSnapshot, None]:
        """The job now, and again after every change, until it is removed. A slow reader gets the newest only."""
        while True:
            bell = self._changed.next()
            snapshot = self.snapshot()
            yield snapshot
            if snapshot.state is JobState.STOPPED:
                return
            await bell.wait()

    async def aclose(self) -> None:
        """Cancel everything and wait until it has ended."""
        self._closed = True
        await cancel_and_wait(self._driver)
        # The run may go on in another process: it is only this one that ends.
        await self._cancel_here()
        self._changed.ring()

    async def _drive(self) -> None:
        while True:
            if self._run is not None:
                await self._run.finished()
            elif not self._by_itself:
                await self._changed.next().wait()
            elif (pause := (self._next_due - self._clock.now()).total_seconds()) > 0:
                await self._wait(min(pause, LONGEST_SLEEP))
            else:
                self.run_now(Trigger.SCHEDULE)

    async def _wait(self, seconds: float) -> None:
        """Sleep, or wake early because somebody started a run here, or asked for one in another process."""
        bell = self._changed.next()
        waking = {asyncio.ensure_future(self._sleep(seconds)), asyncio.ensure_future(bell.wait())}
        called = None if self.task.turns is None else asyncio.ensure_future(self.task.turns.called())
        if called is not None:
            waking.add(called)
        try:
            await asyncio.wait(waking, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waking:
                each.cancel()
            await asyncio.gather(*waking, return_exceptions=True)
        if called is not None and _succeeded(called) and self._run is None:
            self.run_now(Trigger.SCHEDULE)

    async def _execute(self, run: Run) -> RunResult:
        turns = self.task.turns
        if turns is None or run.trigger is not Trigger.PERSON:
            return await self._here(run)
        await turns.request()
        if (result := await self._here_or_elsewhere(run, turns)).ran:
            return result
        return await turns.follow(partial(self._report, run)) or result

    async def _here_or_elsewhere(self, run: Run, turns: Turns) -> RunResult:
        """Wait for a place here; should another process be free first, for the end of the run there."""
        here = asyncio.ensure_future(self._here(run))
        there = asyncio.ensure_future(turns.follow(partial(self._report, run)))
        try:
            await asyncio.wait({here, there}, return_when=asyncio.FIRST_COMPLETED)
            if run.state is JobState.QUEUED and _succeeded(there) and (found := there.result()) is not None:
                return found
            there.cancel()
            return await here
        finally:
            await cancel_and_wait(here, there)

    async def _here(self, run: Run) -> RunResult:
        async with self._slots.taken(self._company, self._next_due, urgent=run.trigger is Trigger.PERSON):
            run.state = JobState.RUNNING
            run.started = self._clock.now()
            self._changed.ring()
            return await self.task.run(RunContext(run.trigger, partial(self._report, run)))

    def _ended(self, run: Run, task: asyncio.Task[RunResult]) -> None:
        """The run's task has ended, perhaps cancelled before its first step."""
        outcome = FinishedRun(run.trigger, run.started, self._clock.now(), cancelled=task.cancelled())
        if task.cancelled():
            self._end(run, outcome)
        elif (failure := task.exception()) is not None:
            # A run that fails is a bug of the plugin, which answers with a RunResult for all it expects. The
            # schedule goes on: the next run may find what this one stumbled over repaired.
            log.error("%s/%s failed", self.owner, self.key, exc_info=failure)
            self._end(run, attrs.evolve(outcome, error=f"{type(failure).__name__}: {failure}"))
        else:
            self._end(run, attrs.evolve(outcome, result=task.result()))

    def _end(self, run: Run, outcome: FinishedRun) -> None:
        result = outcome.result
        pause = self.task.every + self.task.jitter * self._random.random()
        if result is not None and result.retry_in is not None:
            pause = max(pause, result.retry_in) if result.ran else result.retry_in
        self._next_due = outcome.finished + pause
        # A turn that was another process's is no run of this one; but who asked for it sees what came of it.
        if result is None or result.ran or not result.ok or run.trigger is Trigger.PERSON:
            self._last = outcome
            self._progress = run.progress
        self._run = self._run_task = None
        run.finish(outcome)
        self._changed.ring()

    def _report(self, run: Run, progress: Progress) -> None:
        run.progress = progress
        self._changed.ring()


def _succeeded(task: "asyncio.Future[Any]") -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def first_due(now: datetime, task: PeriodicTask, last_run: datetime | None, random: Random) -> datetime:
    """When a task that starts now should run: a whole interval after its last run, as if the host had never stopped,
    or within its jitter if that has passed. A task that never ran waits one interval: its first run is somebody's.
    """
    jitter: timedelta = task.jitter * random.random()
    return max(now, (now if last_run is None else last_run) + task.every) + jitter

"""Drives the periodic tasks of all integrations on the host's event loop."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from random import Random, SystemRandom

from thulium_plugin_prestashop.contract.host import Clock
from thulium_plugin_prestashop.contract.tasks import PeriodicTask
from thulium_plugin_prestashop.hosting.clock import Sleep, SystemClock
from thulium_plugin_prestashop.hosting.jobs import Job, first_due
from thulium_plugin_prestashop.hosting.slots import RunSlots

RUNS_AT_ONCE = 4


class Scheduler:
    """Jobs by owner (an integration's id) and key. ``limit`` runs at most at the same time, or as many as ``slots`` that
    are shared with other schedulers let in; who has been due longest is next.

    With ``by_itself`` false tasks only run when somebody runs them, as a command line does.
    Clock, sleep and random are injected, so that tests move time without waiting.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        sleep: Sleep = asyncio.sleep,
        random: Random | None = None,
        limit: int = RUNS_AT_ONCE,
        slots: RunSlots | None = None,
        by_itself: bool = True,
    ) -> None:
        self._clock = SystemClock() if clock is None else clock
        self._sleep = sleep
        # Jitter spreads load and hides nothing; the system's source only needs no seed.
        self._random = SystemRandom() if random is None else random
        self._slots = RunSlots(limit) if slots is None else slots
        self._by_itself = by_itself
        self._jobs: dict[str, dict[str, Job]] = defaultdict(dict)

    def add(
        self, owner: str, tasks: Iterable[PeriodicTask], *, last_run: datetime | None = None
    ) -> list[Job]:
        """Drive ``tasks`` from now on. ``last_run`` is when they last ran, if the owner remembers.

        Raises ``ValueError`` for a key the owner already has.
        """
        added = []
        for task in tasks:
            if task.key in self._jobs[owner]:
                raise ValueError(f"{owner} already has a task called {task.key}")
            job = Job(
                owner,
                task,
                clock=self._clock,
                sleep=self._sleep,
                random=self._random,
                slots=self._slots,
                company=self,
                first_due=first_due(self._clock.now(), task, last_run, self._random),
                by_itself=self._by_itself,
            )
            self._jobs[owner][task.key] = job
            added.append(job)
        return added

    def job(self, owner: str, key: str) -> Job:
        """One job. Raises ``KeyError``."""
        return self._jobs.get(owner, {})[key]

    def jobs(self, owner: str | None = None) -> list[Job]:
        """The jobs of one owner in the order it declared them, or all."""
        if owner is not None:
            return list(self._jobs.get(owner, {}).values())
        return [job for jobs in self._jobs.values() for job in jobs.values()]

    async def remove(self, owner: str) -> None:
        """Cancel and forget the owner's jobs; returns when their runs have ended."""
        jobs = self._jobs.pop(owner, {})
        await asyncio.gather(*(job.aclose() for job in jobs.values()))

    async def aclose(self) -> None:
        """Cancel and forget all jobs; leaves no task."""
        await asyncio.gather(*(self.remove(owner) for owner in tuple(self._jobs)))

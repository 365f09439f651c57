"""Runs that are cut off between two transactions, or inside one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.sync.job import SyncJob
from thulium_plugin_prestashop.sync.report import SyncReport
from thulium_plugin_prestashop.sync.run import run_sync


class SteppedMirror(Mirror):
    """A mirror with a step before, inside and after every transaction that writes."""

    step: Callable[[], None]

    @classmethod
    def of(cls, mirror: Mirror, step: Callable[[], None]) -> "SteppedMirror":
        """The same database, with steps."""
        stepped = cls(mirror.engine, mirror.path, mirror.linking)
        stepped.step = step
        return stepped

    @asynccontextmanager
    async def writing(self, *integrations: str) -> AsyncIterator[AsyncConnection]:
        self.step()
        async with super().writing(*integrations) as connection:
            yield connection
            self.step()
        self.step()


async def cut_off(job: SyncJob, after: int, *, storing: bool = True) -> SyncReport | None:
    """Run until so many steps are done, of transactions or (``storing`` off) of progress, and end there as a process
    that is stopped does. The report when the run was done before; what it raised, if it was something else.
    """
    steps = iter(range(after))

    def step(_: object = None) -> None:
        if next(steps, None) is None:
            task.cancel()

    if storing:
        job = attrs.evolve(job, mirror=SteppedMirror.of(job.mirror, step))
    task = asyncio.create_task(run_sync(job, (lambda _: None) if storing else step))
    try:
        return await task
    except asyncio.CancelledError:
        return None

"""Database calls that a cancellation does not cut in half.

A page that is left, or a run that is stopped, cancels its task at any await. When that hits a statement on its way to
the driver's thread, driver and pool clean up and are cancelled in turn, and a ``BEGIN IMMEDIATE`` that nobody remembers
keeps SQLite's write lock. So each call is waited for, the milliseconds it takes, and the cancellation is passed on then.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sqlalchemy import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Await ``work`` however often this task is cancelled meanwhile, then raise the cancellation."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        # Asked for, so that asyncio does not complain that nobody did; who is leaving has no use for it.
        task.exception()
        raise cancelled
    return task.result()


class PatientConnection(AsyncConnection):
    """A connection whose calls are always waited for. Made and ended by :mod:`.database` alone."""

    async def execute(self, *args: Any, **kwargs: Any) -> CursorResult[Any]:  # noqa: ANN401 - AsyncConnection's own
        """See :class:`sqlalchemy.ext.asyncio.AsyncConnection`."""
        return await to_the_end(super().execute(*args, **kwargs))

    async def exec_driver_sql(self, *args: Any, **kwargs: Any) -> CursorResult[Any]:  # noqa: ANN401 - as above
        """See :class:`sqlalchemy.ext.asyncio.AsyncConnection`."""
        return await to_the_end(super().exec_driver_sql(*args, **kwargs))

    async def run_sync(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:  # noqa: ANN401 - as above
        """See :class:`sqlalchemy.ext.asyncio.AsyncConnection`."""
        return await to_the_end(super().run_sync(fn, *args, **kwargs))

    async def take(self, **options: Any) -> None:  # noqa: ANN401 - SQLAlchemy's execution options
        """Check a connection out of the pool and begin a transaction, or leave nothing of either."""
        await to_the_end(self._take(options))

    async def give_back(self, *, commit: bool) -> None:
        """End the transaction and give the connection back, whatever has begun of either."""
        await to_the_end(self._give_back(commit=commit))

    async def _take(self, options: dict[str, Any]) -> None:
        await self.start()
        await self.execution_options(**options)
        await self.begin()

    async def _give_back(self, *, commit: bool) -> None:
        try:
            if commit:
                await self.commit()
        finally:
            # Closing rolls back what is still open; one that could not be opened has nothing to close.
            if self.sync_connection is not None:
                await self.close()

"""Statements that a cancellation cannot cut in half.

A task may be cancelled at any await, also twice. When that happens while a statement is on its way to the database,
driver and pool each try to clean up and are cancelled in turn: a ``BEGIN IMMEDIATE`` that nobody remembers then holds
SQLite's write lock until the garbage collector comes by. So every call is waited for, for the milliseconds it takes,
and only then is the cancellation passed on. Nothing below this module ever sees one.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sqlalchemy import CursorResult
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Await ``work`` however often this task is cancelled meanwhile, then pass the cancellation on."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        # How the work ended is of no interest to somebody who is leaving; asked for, so that nobody complains.
        task.exception()
        raise cancelled
    return task.result()


class PatientConnection(AsyncConnection):
    """A connection whose calls are always waited for. Made and ended by :mod:`.engine` alone."""

    async def execute(self, *args: Any, **kwargs: Any) -> CursorResult[Any]:  # noqa: ANN401 - AsyncConnection's own
        """See :class:`sqlalchemy.ext.asyncio.AsyncConnection`."""
        return await to_the_end(super().execute(*args, **kwargs))

    async def exec_driver_sql(self, *args: Any, **kwargs: Any) -> CursorResult[Any]:  # noqa: ANN401 - as above
        """See :class:`sqlalchemy.ext.asyncio.AsyncConnection`."""
        return await to_the_end(super().exec_driver_sql(*args, **kwargs))

    async def run_sync(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:  # noqa: ANN401 - as above
        """See :class:`sqlalchemy.ext.asyncio.AsyncConnection`."""
        return await to_the_end(super().run_sync(fn, *args, **kwargs))

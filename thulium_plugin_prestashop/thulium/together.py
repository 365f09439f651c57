"""Work that is finished before anything else is said: several things at the same time, and things not to interrupt."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def together(work: Iterable[Awaitable[T]]) -> list[T]:
    """The results in order. Unlike a bare ``gather``, a failure leaves nothing running behind: the first one is
    raised when all have ended, so that no write goes on while its caller is already told otherwise.
    """
    results = await asyncio.gather(*work, return_exceptions=True)
    finished: list[T] = []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        finished.append(result)
    return finished


def undisturbed(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let calls run to their end even if who awaits them is cancelled; the cancellation is raised after that.

    For short work on a database: a transaction that is torn off keeps its lock until its connection is collected.
    """

    @functools.wraps(function)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.ensure_future(function(*args, **kwargs))
        cancelled: asyncio.CancelledError | None = None
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError as error:  # it may come more than once
                cancelled = error
        if cancelled is not None:
            if not task.cancelled():
                task.exception()  # looked at, so that asyncio does not complain that nobody did
            raise cancelled
        return task.result()

    return call


class UnderWay:
    """Counts work that closing has to wait for."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count one more while it lasts."""
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()

    async def none(self) -> None:
        """Wait until all of it has ended."""
        await self._none.wait()

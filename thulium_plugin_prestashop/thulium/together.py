"""Several things at the same time, all of them finished before anything is said."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

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

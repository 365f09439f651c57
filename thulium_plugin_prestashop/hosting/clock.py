"""Clocks: the system's, and one that moves when a test tells it to."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Sleep: TypeAlias = Callable[[float], Awaitable[object]]
"""Waits for so many seconds, as :func:`asyncio.sleep` does."""

START = datetime(2026, 1, 1, tzinfo=UTC)
SETTLING_TURNS = 50


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock for tests: :meth:`advance` moves it, and whoever sleeps until then wakes in order."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been advanced by ``seconds``."""
        future = asyncio.get_running_loop().create_future()
        entry = (self._now + timedelta(seconds=seconds), future)
        self._sleepers.append(entry)
        try:
            await future
        finally:
            self._sleepers.remove(entry)

    async def advance(self, by: timedelta) -> None:
        """Move on by ``by``, stopping at every moment somebody sleeps until, so that what they do happens then."""
        target = self._now + by
        await settle()
        while due := sorted(
            {moment for moment, future in self._sleepers if moment <= target and not future.done()}
        ):
            self._now = max(self._now, due[0])
            for moment, future in tuple(self._sleepers):
                if moment <= self._now and not future.done():
                    future.set_result(None)
            await settle()
        self._now = target
        await settle()


async def settle() -> None:
    """Let everything that is ready to go on do so; enough for chains of a few dozen awaits without real I/O."""
    for _ in range(SETTLING_TURNS):
        await asyncio.sleep(0)

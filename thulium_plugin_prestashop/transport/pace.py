"""How fast one remote system is asked: requests in flight, pauses it wishes, page sizes it can bear."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import monotonic
from typing import Protocol

import attrs

from thulium_plugin_prestashop.transport.errors import TimeWillTell


@attrs.define
class Budget:
    """What one run may spend; ``None`` is without limit. Checked before each request."""

    requests: int | None = None
    seconds: float | None = None
    clock: Callable[[], float] = monotonic
    spent: int = attrs.field(default=0, init=False)
    _started: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._started = self.clock()

    def take(self) -> None:
        """Count one request.

        Raises:
            TimeWillTell: ``run.budget_spent`` when requests or seconds are used up; the next run goes on.

        """
        if self.requests is not None and self.spent >= self.requests:
            raise TimeWillTell("run.budget_spent", requests=self.spent)
        if self.seconds is not None and self.clock() - self._started >= self.seconds:
            raise TimeWillTell("run.budget_spent", requests=self.spent, seconds=round(self.seconds))
        self.spent += 1


@attrs.define
class PageSize:
    """How many rows to ask for at once, by the time and size of the last answers.

    ``Execution-Time`` leaves out more than half of what a shop really spends, so the time measured here decides.
    """

    size: int = 250
    smallest: int = 10
    largest: int = 500
    target_seconds: float = 0.5
    target_bytes: int = 2_000_000

    def observe(self, rows: int, seconds: float, size: int) -> None:
        """Learn from an answer of ``rows`` rows: towards the target, at most doubling, at most halving."""
        if rows < self.size // 2 or rows == 0:
            return  # a short page says little about what a full one costs
        by_time = rows * self.target_seconds / max(seconds, 0.001)
        by_bytes = rows * self.target_bytes / max(size, 1)
        wanted = min(by_time, by_bytes, self.size * 2)
        self.size = self._clamp(int(max(wanted, self.size / 2)))

    def halve(self) -> None:
        """The remote system could not answer a page of this size."""
        self.size = self._clamp(self.size // 2)

    def _clamp(self, size: int) -> int:
        return max(self.smallest, min(size, self.largest))


class Slots(Protocol):
    """Places for requests in flight, shared with whoever else talks to the same system."""

    def one(self) -> AbstractAsyncContextManager[None]:
        """Wait for a place and hold it for one request."""
        ...


class OwnSlots:
    """Places that only this process shares."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """See :class:`Slots`."""
        async with self._free:
            yield


class Pace:
    """Shared by everyone who talks to one shop: at most ``in_flight`` requests (or as many as ``slots`` let through),
    and the pauses it asked for.
    """

    def __init__(
        self, *, in_flight: int = 2, clock: Callable[[], float] = monotonic, slots: Slots | None = None
    ) -> None:
        self._clock = clock
        self._slots = OwnSlots(in_flight) if slots is None else slots
        self._not_before = 0.0
        self._sizes: dict[str, PageSize] = {}
        self._in_flight = 0
        self.peak_in_flight = 0

    def page_size(self, resource: str) -> PageSize:
        """The page size that is being learned for one resource."""
        return self._sizes.setdefault(resource, PageSize())

    def pause(self, seconds: float) -> None:
        """Nobody sends another request for this long (``Retry-After``, 429, 503)."""
        self._not_before = max(self._not_before, self._clock() + seconds)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a free slot and for the end of a pause, then hold the slot."""
        async with self._slots.one():
            # A pause may be prolonged while we sleep, so it is looked at again.
            while (wait := self._not_before - self._clock()) > 0:  # noqa: ASYNC110 - waits for a moment, not a flag
                await asyncio.sleep(wait)
            self._in_flight += 1
            self.peak_in_flight = max(self.peak_in_flight, self._in_flight)
            try:
                yield
            finally:
                self._in_flight -= 1

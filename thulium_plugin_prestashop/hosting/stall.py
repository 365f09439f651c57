"""How long the event loop was held."""

import asyncio
import math
from types import TracebackType
from typing import Self

BUCKETS_PER_DOUBLING = 8
FLOOR_MS = 0.01


class StallMeter:
    """Measures how late a short timer fires, which is how long something else held the event loop.

    A stall is seen up to ``interval`` seconds too short, never too long. Counts are kept in logarithmic buckets
    (9 % wide), so a meter that runs for days needs no more memory than one that runs for a second. The timer costs
    about 1 % of one core at 2 ms::

        async with StallMeter() as meter: ...
        meter.longest_ms, meter.percentile(99.9)
    """

    def __init__(self, interval: float = 0.002) -> None:
        self._interval = interval
        self._buckets: dict[int, int] = {}
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.longest_ms = 0.0
        """The longest stall so far, in milliseconds."""
        self.samples = 0
        """How many times the timer fired."""

    async def __aenter__(self) -> Self:
        self._arm()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # One more turn of the loop, so that a stall that has just ended is seen by the timer that it delayed.
        await asyncio.sleep(0)
        self._measure()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def percentile(self, percent: float) -> float:
        """The lateness, in milliseconds, that ``percent`` of all samples do not exceed; 0.0 without samples."""
        wanted = math.ceil(self.samples * percent / 100)
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= wanted:
                return min(FLOOR_MS * 2 ** ((bucket + 1) / BUCKETS_PER_DOUBLING), self.longest_ms)
        return 0.0

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        self._due = loop.time() + self._interval
        self._timer = loop.call_at(self._due, self._fire)

    def _fire(self) -> None:
        self._measure(always=True)
        self._arm()

    def _measure(self, *, always: bool = False) -> None:
        late_ms = (asyncio.get_running_loop().time() - self._due) * 1000
        if late_ms <= 0 and not always:
            return
        late_ms = max(late_ms, 0.0)
        self.samples += 1
        self.longest_ms = max(self.longest_ms, late_ms)
        bucket = math.floor(math.log2(max(late_ms, FLOOR_MS) / FLOOR_MS) * BUCKETS_PER_DOUBLING)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1

"""How many runs go on at once in one process, and who is next."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from datetime import datetime

import attrs


@attrs.define(eq=False)
class _Waiting:
    company: Hashable
    urgent: bool
    due: datetime
    arrived: int
    turn: asyncio.Future[None]


class RunSlots:
    """At most ``limit`` runs at once. One process that serves several companies gives the same object to the host of
    each, and so bounds all of them together.

    A free place goes to a company with the fewest runs under way; within it to somebody who waits in person; then to
    the run that has been due longest.
    """

    def __init__(self, limit: int) -> None:
        """Raises ``ValueError`` for a limit that lets nobody in."""
        if limit < 1:
            raise ValueError("at least one run at once")
        self._limit = limit
        self._running: Counter[Hashable] = Counter()
        self._waiting: list[_Waiting] = []
        self._arrived = 0

    @property
    def busy(self) -> int:
        """How many runs are under way."""
        return self._running.total()

    @asynccontextmanager
    async def taken(self, company: Hashable, due: datetime, *, urgent: bool = False) -> AsyncIterator[None]:
        """Wait for a place and hold it."""
        await self._take(company, due, urgent=urgent)
        try:
            yield
        finally:
            self._give_back(company)

    async def _take(self, company: Hashable, due: datetime, *, urgent: bool) -> None:
        self._arrived += 1
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(company, urgent, due, self._arrived, turn)
        self._waiting.append(waiting)
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            else:
                # It was let in at the very moment it was cancelled.
                self._give_back(company)
            raise

    def _give_back(self, company: Hashable) -> None:
        self._running[company] -= 1
        if not self._running[company]:
            del self._running[company]
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self.busy < self._limit:
            chosen = min(
                self._waiting,
                key=lambda each: (self._running[each.company], not each.urgent, each.due, each.arrived),
            )
            self._waiting.remove(chosen)
            self._running[chosen.company] += 1
            chosen.turn.set_result(None)

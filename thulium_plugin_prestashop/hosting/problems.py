"""The list of problems an administrator sees, kept in memory and, if the host wants, somewhere that lasts."""

import builtins
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeAlias

import attrs

from thulium_plugin_prestashop.contract.host import Clock
from thulium_plugin_prestashop.contract.problems import Problem, Severity

ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@attrs.frozen
class RaisedProblem:
    """A problem and when it was first raised."""

    problem: Problem
    since: datetime


class ProblemStorage(Protocol):
    """Where problems outlive the process."""

    async def load(self) -> list[RaisedProblem]:
        """All that were saved."""
        ...

    async def save(self, raised: RaisedProblem) -> None:
        """Store or replace the problem of this integration and key."""
        ...

    async def delete(self, integration: str, key: str) -> None:
        """Forget it."""
        ...


Listener: TypeAlias = Callable[[], None]


class ProblemList:
    """The contract's ``Problems``, with what a host needs to show them."""

    def __init__(self, clock: Clock, storage: ProblemStorage | None = None) -> None:
        self._clock = clock
        self._storage = storage
        self._raised: dict[tuple[str, str], RaisedProblem] = {}
        self._listeners: builtins.list[Listener] = []

    async def open(self) -> None:
        """Read what was saved before."""
        if self._storage is not None:
            for raised in await self._storage.load():
                self._raised[raised.problem.integration, raised.problem.key] = raised

    async def raise_problem(self, problem: Problem) -> None:
        """Show the problem, or refresh it; it keeps the moment it was first raised."""
        place = problem.integration, problem.key
        known = self._raised.get(place)
        if known is not None and known.problem == problem:
            return
        raised = RaisedProblem(problem, self._clock.now() if known is None else known.since)
        self._raised[place] = raised
        if self._storage is not None:
            await self._storage.save(raised)
        self._tell()

    async def resolve(self, integration: str, key: str) -> None:
        """Take the problem away; nothing happens if it is not there."""
        if self._raised.pop((integration, key), None) is None:
            return
        if self._storage is not None:
            await self._storage.delete(integration, key)
        self._tell()

    async def resolve_all(self, integration: str) -> None:
        """Take every problem of one integration away, because it is gone."""
        for owner, key in tuple(self._raised):
            if owner == integration:
                await self.resolve(owner, key)

    def list(self, integration: str | None = None) -> builtins.list[RaisedProblem]:
        """What is wrong now: errors first, then the oldest."""
        return sorted(
            (raised for (owner, _), raised in self._raised.items() if integration in (None, owner)),
            key=lambda raised: (ORDER[raised.problem.severity], raised.since, raised.problem.key),
        )

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` after every change; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()

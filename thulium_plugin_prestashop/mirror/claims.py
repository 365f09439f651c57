"""One run per integration, whoever is alive: runs are claimed in the mirror's database.

A claim has a *holder* (one process), a *lease* (until when it holds without being renewed), and a *fence*, a number that
grows with every claim of that integration. Whoever holds a claim renews it while it works. When it is not heard of
until the lease ends (it was killed, it stalls, it lost the database), another process claims the run with a higher
fence; and since every write transaction of a run begins with :meth:`Claims.guard`, under the lock of its integration
(:meth:`.engine.Mirror.writing`) that a new claim takes as well, nothing of a run that was overtaken is written.

All moments are the *database's*: processes never compare clocks of their own, and a clock that is wrong on one machine
harms nobody. On SQLite, where the database is a file of one machine, the host's clock may stand for it.
"""

from collections.abc import Callable
from typing import Any, Final

import attrs
from sqlalchemy import Float, case, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.moments import now_of
from thulium_plugin_prestashop.mirror.processes import is_gone, process_token
from thulium_plugin_prestashop.mirror.tables import claims

LEASE_SECONDS: Final = 30.0
"""How long a process may not be heard of before another takes its runs over. Longer than any pause of a healthy process
(garbage collection, a slow disk, a busy database: seconds), short enough that nobody notices at three in the morning.
"""
PROGRESS_LENGTH: Final = 2_000


class OvertakenError(Exception):
    """Another process has claimed this run: this one was not heard of for a lease, and may not write any more."""

    def __init__(self, integration: str) -> None:
        super().__init__(f"the run of integration {integration} was taken over by another process")
        self.integration = integration


@attrs.frozen
class Claim:
    """The right to do one run."""

    integration: str
    fence: int
    requested: bool
    """A person asked for it."""


@attrs.frozen
class Refusal:
    """Why there is nothing to do here now, and how long until asking again makes sense."""

    running: bool
    """Another process does it; otherwise it is not due."""
    seconds: float


@attrs.frozen
class Turn:
    """An integration's run as the database knows it."""

    fence: int = 0
    running: bool = False
    mine: bool = False
    """The process that asks does it."""
    since: float | None = None
    """When it was claimed; epoch seconds."""
    progress: str = ""
    """JSON of its holder's making; seconds old."""
    requested: bool = False
    """Somebody wants a run that nobody has begun yet."""
    due_in: float | None = None
    """Seconds until it is due, negative when it has been for a while; ``None`` before the first."""
    left: float = 0.0
    """Seconds that the lease still has."""
    cancelling: bool = False


class Claims:
    """Claims of one process. Safe to use from any number of tasks."""

    def __init__(
        self,
        mirror: Mirror,
        *,
        clock: Callable[[], float] | None = None,
        holder: str | None = None,
        lease: float | None = None,
    ) -> None:
        """``clock`` (epoch seconds) stands for the database's own, which is used without it; ``lease`` in seconds,
        :data:`LEASE_SECONDS` unless it is given.
        """
        self._mirror = mirror
        self._clock = clock
        self.holder = process_token() if holder is None else holder
        self.lease = LEASE_SECONDS if lease is None else lease

    async def claim(self, integration: str, *, at_once: bool = False) -> Claim | Refusal:
        """Claim the run if it is due or wanted (or ``at_once``) and nobody does it."""
        if self._mirror.shared:
            # Most who ask come too late: they need no lock to learn that.
            refusal = self._refusal(await self.look(integration), at_once=at_once)
            if refusal is not None:
                return refusal
        async with self._mirror.writing(integration, _name(integration)) as connection:
            await _make(connection, integration)
            row = await self._row(connection, integration)
            turn = self._turn(row)
            refusal = self._refusal(turn, at_once=at_once)
            if refusal is not None:
                return refusal
            now: float = row["now"]
            overdue = turn.due_in is not None and turn.due_in <= 0
            await connection.execute(
                update(claims)
                .where(claims.c.integration == integration)
                .values(
                    holder=self.holder,
                    fence=turn.fence + 1,
                    until=now + self.lease,
                    since=now,
                    # Due until it has been done: should this process die, the next one need not be asked.
                    due_at=row["due_at"] if overdue else now,
                    requested_at=None,
                    cancelling=False,
                    progress="",
                )
            )
        return Claim(integration, turn.fence + 1, turn.requested)

    def _refusal(self, turn: Turn, *, at_once: bool) -> Refusal | None:
        if turn.running:
            return Refusal(running=True, seconds=max(turn.left, 0.0))
        if at_once or turn.requested or turn.due_in is None or turn.due_in <= 0:
            return None
        return Refusal(running=False, seconds=turn.due_in)

    async def renew(self, claim: Claim, progress: str | None = None) -> bool:
        """Hold it for another lease; whether somebody wants it cancelled.

        Raises:
            OvertakenError: Another process has it.

        """
        kept: dict[str, Any] = {} if progress is None else {"progress": progress[:PROGRESS_LENGTH]}
        async with self._mirror.writing(_name(claim.integration)) as connection:
            done = await connection.execute(
                update(claims)
                .where(*self._mine(claim))
                .values(until=self._now(connection) + self.lease, **kept)
                .returning(claims.c.cancelling)
            )
            row = done.first()
        if row is None:
            raise OvertakenError(claim.integration)
        return bool(row[0])

    async def release(self, claim: Claim, due_in: float, *, cancelled: bool = False) -> None:
        """Give it back; the next run is due in so many seconds. One that was ``cancelled`` is due at once, for whoever
        is free, unless it was a person's will (:meth:`cancel`) and not a process that ends.

        Raises:
            OvertakenError: Another process has it.

        """
        async with self._mirror.writing(_name(claim.integration)) as connection:
            now = self._now(connection)
            due = case((claims.c.cancelling, now + due_in), else_=now) if cancelled else now + due_in
            done = await connection.execute(
                update(claims)
                .where(*self._mine(claim))
                .values(holder="", until=None, cancelling=False, progress="", due_at=due)
            )
        if done.rowcount != 1:
            raise OvertakenError(claim.integration)

    async def request(self, integration: str) -> int:
        """Ask for a run now, by whichever process is free first; one under way will do. The fence at this moment: a
        higher one is a run that was begun since.
        """
        async with self._mirror.writing(_name(integration)) as connection:
            await _make(connection, integration)
            turn = self._turn(await self._row(connection, integration))
            if turn.running:
                return turn.fence - 1
            await connection.execute(
                update(claims)
                .where(claims.c.integration == integration)
                .values(requested_at=self._now(connection))
            )
        return turn.fence

    async def cancel(self, integration: str) -> bool:
        """Nobody asks for a run any more, and whoever does one learns at its next renewal that it is to end. False when
        there is neither.
        """
        async with self._mirror.writing(_name(integration)) as connection:
            turn = self._turn(await self._row(connection, integration))
            if turn.running or turn.requested:
                await connection.execute(
                    update(claims)
                    .where(claims.c.integration == integration)
                    .values(cancelling=turn.running, requested_at=None)
                )
        return turn.running or turn.requested

    async def look(self, integration: str) -> Turn:
        """How the run stands."""
        async with self._mirror.reading() as connection:
            return self._turn(await self._row(connection, integration))

    async def requested(self) -> list[str]:
        """Integrations of which somebody wants a run that nobody has begun."""
        async with self._mirror.reading() as connection:
            found = await connection.execute(
                select(claims.c.integration)
                .where(claims.c.requested_at.is_not(None))
                .order_by(claims.c.requested_at)
            )
            return list(found.scalars())

    async def guard(self, connection: AsyncConnection, claim: Claim) -> None:
        """Make sure, inside a transaction that holds the integration's lock, that the claim still is the newest.

        Raises:
            OvertakenError: It is not; the transaction must not be committed.

        """
        found = await connection.execute(
            select(claims.c.fence).where(claims.c.integration == claim.integration)
        )
        if found.scalar() != claim.fence:
            raise OvertakenError(claim.integration)

    def fenced(self, claim: Claim) -> Mirror:
        """The mirror as this run may use it: each write transaction begins with :meth:`guard`."""

        async def guard(connection: AsyncConnection) -> None:
            await self.guard(connection, claim)

        return self._mirror.guarded(guard)

    def _mine(self, claim: Claim) -> tuple[ColumnElement[bool], ...]:
        return (
            claims.c.integration == claim.integration,
            claims.c.holder == self.holder,
            claims.c.fence == claim.fence,
        )

    def _now(self, connection: AsyncConnection) -> ColumnElement[float]:
        return now_of(connection) if self._clock is None else literal(self._clock(), Float())

    async def _row(self, connection: AsyncConnection, integration: str) -> Any:  # noqa: ANN401 - a mapping or nothing
        now = select(self._now(connection).label("now")).subquery()
        found = await connection.execute(
            select(now.c.now, claims).select_from(
                now.join(claims, claims.c.integration == integration, isouter=True)
            )
        )
        return found.mappings().one()

    def _turn(self, row: Any) -> Turn:  # noqa: ANN401 - see _row
        if row["integration"] is None:
            return Turn()
        now: float = row["now"]
        until: float | None = row["until"]
        running = until is not None and until > now and not is_gone(row["holder"])
        return Turn(
            fence=row["fence"],
            running=running,
            mine=running and row["holder"] == self.holder,
            since=row["since"] if running else None,
            progress=row["progress"] if running else "",
            requested=row["requested_at"] is not None,
            due_in=None if row["due_at"] is None else row["due_at"] - now,
            left=until - now if running and until is not None else 0.0,
            cancelling=running and bool(row["cancelling"]),
        )


async def _make(connection: AsyncConnection, integration: str) -> None:
    """Make the integration's row if it is missing."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    await connection.execute(insert(claims).values(integration=integration).on_conflict_do_nothing())


def _name(integration: str) -> str:
    """The claim's own lock: renewing must not wait for long write transactions of the run itself."""
    return f"{integration}:claim"

"""The lock under which customers are matched: in this process, and on PostgreSQL in all processes of the database.

It is held from reading customers to saving their links, across calls to the host, so that two integrations that meet
the same new person, or a run and an agent's refresh, never create that person twice. On PostgreSQL it is a session's
advisory lock on a connection of its own, not a transaction that would be idle meanwhile. A process that stalls loses
it after :data:`LEASE_SECONDS` and is told so by :meth:`Linking.still_held` before it writes.
"""

import asyncio
from types import TracebackType
from typing import Any, Final

import attrs
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from thulium_plugin_prestashop.mirror import postgresql
from thulium_plugin_prestashop.mirror.patience import to_the_end

LEASE_SECONDS: Final = 30.0
"""A process that has not been heard of for so long no longer holds the lock."""
_BEATS: Final = 4
"""How often within a lease the holder lets the server hear of it."""
_LOCK_TIMEOUT: Final = "55P03"
"""PostgreSQL's code for having waited as long as ``lock_timeout`` allows."""

_KEY: Final = "hashtextextended(current_schema() || '/prestashop-linking', 0)"
_LOCK: Final = text(f"SELECT pg_advisory_lock({_KEY})")
# Whatever this connection holds: a lock that is granted in the very moment its waiting times out is kept in spite of the error,
# and counted twice when it is asked for again.
_UNLOCK: Final = text(f"SELECT pg_advisory_unlock({_KEY}), pg_advisory_unlock_all()")
_ALIVE: Final = text("SELECT 1")


class LinkingLostError(Exception):
    """This process was not heard of for too long, or lost the database: another one may be matching by now."""

    def __init__(self) -> None:
        super().__init__(
            "the lock for matching customers was lost; the customers at hand are matched by the next run"
        )


class Linking:
    """Use it with ``async with``; one at a time in this process, in the order of asking."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> None:
        await self._turn.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._turn.release()

    async def still_held(self) -> None:
        """Ask just before something is written that could not be taken back.

        Raises:
            LinkingLostError: The lock is no longer held.

        """

    async def close(self) -> None:
        """Close the connection, if there is one."""


@attrs.define(eq=False)
class _Held:
    """A connection that holds the lock. Its statements take turns: the beat comes at any time."""

    connection: AsyncConnection
    asking: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    async def ask(self, statement: Any) -> Any:  # noqa: ANN401 - any statement and its value
        async with self.asking:
            return await to_the_end(self.connection.scalar(statement))

    async def beat(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self.ask(_ALIVE)


class SharedLinking(Linking):
    """The same among all processes on a PostgreSQL database (and schema)."""

    def __init__(self, address: URL, lease: float = LEASE_SECONDS) -> None:
        super().__init__()
        self._lease = lease
        self._engine: AsyncEngine = postgresql.create_lock_engine(address, lease)
        self._held: _Held | None = None
        self._beat: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        await super().__aenter__()
        try:
            connection = AsyncConnection(self._engine)
            try:
                await to_the_end(connection.start())
                # Waiting in short turns at the server lets a cancellation through between them.
                while not await to_the_end(_locked(connection)):
                    pass
            except BaseException:
                await to_the_end(_discard(connection))
                raise
        except BaseException:
            self._turn.release()
            raise
        self._held = _Held(connection)
        self._beat = asyncio.create_task(self._held.beat(self._lease / _BEATS), name="prestashop-linking")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await to_the_end(self._release(failing=error is not None))
        finally:
            await super().__aexit__(kind, error, trace)

    async def _release(self, *, failing: bool) -> None:
        held, beat = self._held, self._beat
        assert held is not None  # noqa: S101 - entered before
        assert beat is not None  # noqa: S101 - entered before
        self._held = self._beat = None
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)
        try:
            unlocked = await held.connection.scalar(_UNLOCK)
            await held.connection.close()
        except Exception as error:
            await _discard(held.connection)
            if not failing:
                raise LinkingLostError from error
        else:
            if not unlocked and not failing:
                raise LinkingLostError

    async def still_held(self) -> None:
        """See :meth:`Linking.still_held`. An advisory lock lives and dies with its session, so one answer is enough."""
        if self._held is None:
            raise LinkingLostError
        try:
            await self._held.ask(_ALIVE)
        except (DBAPIError, OSError) as error:
            raise LinkingLostError from error

    async def close(self) -> None:
        """See :meth:`Linking.close`."""
        await self._engine.dispose()


async def _locked(connection: AsyncConnection) -> bool:
    try:
        await connection.execute(_LOCK)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_TIMEOUT:
            return False
        raise
    return True


async def _discard(connection: AsyncConnection) -> None:
    """End the session, and with it every lock it may hold."""
    if connection.sync_connection is not None:
        await connection.invalidate()
        await connection.close()

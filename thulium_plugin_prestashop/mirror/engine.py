"""Opening the mirror: an asynchronous engine over SQLite (a file of the plugin's own) or the host's PostgreSQL.

A mirror is opened once per host and shared by all its integrations. Who writes an integration is its only writer until
the transaction ends: on SQLite because the file has one writer at a time, on PostgreSQL because of locks that hold in
all processes (see :mod:`.postgresql`). In this process writers queue in turn before they take a connection, so nobody
spins on a busy database and no integration starves another. Readers never wait for a writer. No transaction is ever
open while the network is waited for.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from copy import copy
from pathlib import Path
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

import attrs
from sqlalchemy.engine import URL
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.mirror import postgresql, sqlite
from thulium_plugin_prestashop.mirror.address import database_address
from thulium_plugin_prestashop.mirror.linking import Linking, SharedLinking
from thulium_plugin_prestashop.mirror.migrate import WRITE, is_current, upgrade
from thulium_plugin_prestashop.mirror.newer import refuse_newer
from thulium_plugin_prestashop.mirror.patience import PatientConnection, to_the_end

Guard: TypeAlias = Callable[[AsyncConnection], Awaitable[None]]
FILE_NAME: Final = "prestashop.db"
_POOL: Final = {"pool_size": 4, "max_overflow": 4, "pool_timeout": 60, "pool_use_lifo": True}
"""Four connections (eight for a moment) serve any number of integrations: each is held for one transaction only. The
one used last is used next, so that the cache of one is filled, and not those of all in turn.
"""

CLOSING_SECONDS: Final = 10.0
"""How long closing waits for transactions under way; they take milliseconds."""


@attrs.define(eq=False)
class _Transactions:
    """Those under way in this process, so that closing leaves no connection to one of them."""

    closed: bool = False
    _count: int = 0
    _none: asyncio.Event = attrs.field(factory=asyncio.Event)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count one. Raises InvalidRequestError once the mirror is closed: a connection made then would stay open."""
        if self.closed:
            raise InvalidRequestError("the mirror has been closed")
        self._count += 1
        self._none.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()

    async def end(self) -> None:
        """Let no other begin, and wait for those under way."""
        self.closed = True
        if self._count:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._none.wait(), CLOSING_SECONDS)


@attrs.define(eq=False)
class Mirror:
    """The open database. Close it with :meth:`close`."""

    engine: AsyncEngine
    path: Path | None
    """The SQLite file, if it is one."""
    linking: Linking = attrs.field(factory=Linking)
    """Held while customers are matched, from reading them to saving their links: two integrations that meet the same
    new person, or a run and an agent's refresh, must not create that person twice.
    """
    _writers: WeakValueDictionary[str, asyncio.Lock] = attrs.field(
        factory=WeakValueDictionary, init=False, repr=False
    )
    _guard: Guard | None = attrs.field(default=None, init=False, repr=False)
    _transactions: _Transactions = attrs.field(factory=_Transactions, init=False, repr=False)

    @property
    def shared(self) -> bool:
        """Whether other processes, on other machines too, may work on it at the same time: PostgreSQL."""
        return self.engine.dialect.name == "postgresql"

    @asynccontextmanager
    async def writing(self, *integrations: str) -> AsyncIterator[AsyncConnection]:
        """One write transaction: committed at the end, rolled back by an error or a cancellation.

        What it reads of ``integrations`` nobody else changes until it ends. Without any, nobody else writes at all.
        """
        async with AsyncExitStack() as turns:
            for name in sorted(set(integrations)) if self.shared else [""]:
                await turns.enter_async_context(self._writers.setdefault(name, asyncio.Lock()))
            connection = await turns.enter_async_context(self._transaction(WRITE))
            if self.shared:
                await postgresql.lock_integrations(connection, integrations)
            if self._guard is not None:
                await self._guard(connection)
            yield connection

    def guarded(self, guard: Guard) -> "Mirror":
        """The same mirror for somebody who may lose the right to write: each write transaction begins with ``guard``,
        once it holds its locks, and is rolled back by the guard's error.
        """
        view = copy(self)
        view._guard = guard  # noqa: SLF001 - of the same class
        return view

    async def check(self) -> None:
        """Let the guard speak, just before something is written elsewhere that could not be rolled back."""
        if self._guard is not None:
            async with self.reading() as connection:
                await self._guard(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view for several queries."""
        async with self._transaction("BEGIN") as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncIterator[AsyncConnection]:
        with self._transactions.one():
            connection = PatientConnection(self.engine)
            try:
                await to_the_end(_begin(connection, begin))
                yield connection
            except BaseException:
                # What it is rolled back for says more than that this failed too; and a cancellation must stay one.
                with suppress(SQLAlchemyError, OSError):
                    await to_the_end(_end(connection, commit=False))
                raise
            else:
                await to_the_end(_end(connection, commit=True))

    async def vacuum(self) -> None:
        """Give freed space back and leave no remnant of deleted rows, in the file or in its write-ahead log.

        PostgreSQL does that by itself (autovacuum), and its administrator decides how long its log is kept.
        """
        await self._outside_transactions(sqlite.VACUUM, sqlite.CHECKPOINT)

    async def checkpoint(self) -> None:
        """Empty SQLite's write-ahead log, which still holds earlier versions of changed pages."""
        await self._outside_transactions(sqlite.CHECKPOINT)

    async def _outside_transactions(self, *statements: str) -> None:
        if self.shared:
            return
        async with self._writers.setdefault("", asyncio.Lock()), self._transaction("") as connection:
            for statement in statements:
                (await connection.exec_driver_sql(statement)).close()

    async def close(self) -> None:
        """Close every connection and its thread, once the transactions under way have ended."""
        try:
            await self.linking.close()
        finally:
            await to_the_end(self._close())

    async def _close(self) -> None:
        await self._transactions.end()
        await self.engine.dispose()


async def _begin(connection: AsyncConnection, begin: str) -> None:
    """Check a connection out and begin a transaction by this statement of SQLite; none with ``""``."""
    await connection.start()
    if connection.dialect.name == "postgresql":
        if begin != WRITE:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    else:
        await connection.execution_options(mirror_begin=begin)
    await connection.begin()


async def _end(connection: AsyncConnection, *, commit: bool) -> None:
    """End the transaction and give the connection back, whatever has begun of either."""
    try:
        if commit:
            await connection.commit()
    finally:
        # Closing rolls back what is still open; one that could not be opened has nothing to close.
        if connection.sync_connection is not None:
            try:
                await connection.close()
            except Exception:
                # The server has gone or ended it: nothing is left to roll back, and nobody shall get it again.
                if not connection.closed:
                    await connection.invalidate()
                    await connection.close()
                if commit:
                    raise


async def open_mirror(host: HostContext) -> Mirror:
    """The mirror of this host, brought to the newest schema.

    Raises:
        AddressError: The host's ``database_url`` is no address of SQLite or PostgreSQL.
        NewerSchemaError: A later version of the plugin has used the database.
        sqlalchemy.exc.SQLAlchemyError, OSError: The database cannot be reached, opened or upgraded.

    """
    return await open_database(host.database_url or host.data_directory / FILE_NAME)


async def open_database(where: str | Path) -> Mirror:
    """The mirror in a file, or at an address (see :func:`.address.database_address`), with all tables."""
    mirror = connect(where)
    try:
        if mirror.path is not None:
            await asyncio.to_thread(sqlite.switch_to_wal, mirror.path)
        await refuse_newer(mirror.engine)
        if not await is_current(mirror.engine):
            await _upgrade(mirror, database_address(where))
    except BaseException:
        await mirror.close()
        raise
    return mirror


def connect(where: str | Path) -> Mirror:
    """The mirror there, of whatever schema or none: nothing has been asked of the database yet."""
    address = database_address(where)
    return _on_postgresql(address) if address.drivername.startswith("postgresql") else _on_sqlite(address)


def _on_sqlite(address: URL) -> Mirror:
    return Mirror(sqlite.create_engine(address, **_POOL), Path(address.database or ""))


def _on_postgresql(address: URL) -> Mirror:
    return Mirror(postgresql.create_engine(address, **_POOL), None, SharedLinking(address))


async def _upgrade(mirror: Mirror, address: URL) -> None:
    if not mirror.shared:
        await upgrade(mirror.engine)
        return
    engine = postgresql.create_patient_engine(address)
    try:
        await upgrade(engine, before=postgresql.lock_schema)
    finally:
        await engine.dispose()

"""Opening the mirror: an asynchronous engine over SQLite (a file of the plugin's own) or the host's PostgreSQL.

A mirror is opened once per host and shared by all its integrations. SQLite has one writer at a time; in this process
writers queue for :meth:`Mirror.writing` in turn, so nobody spins on a busy database and no integration starves
another. Readers never wait for a writer (WAL). No connection is ever held while the network is waited for.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import attrs
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.mirror.migrate import WRITE, upgrade
from thulium_plugin_prestashop.mirror.newer import refuse_newer
from thulium_plugin_prestashop.mirror.patience import PatientConnection, to_the_end

FILE_NAME: Final = "prestashop.db"

_PRAGMAS: Final = (
    # Readers go on while somebody writes; a killed process leaves a consistent database.
    "PRAGMA journal_mode=WAL",
    # With WAL a crash of the program loses nothing; a power cut may lose the last page, which is then read again.
    "PRAGMA synchronous=NORMAL",
    # Another process (the command line on the same directory) may be writing.
    "PRAGMA busy_timeout=10000",
    "PRAGMA foreign_keys=ON",
    # What is deleted or overwritten is zeroed: an erased person leaves no text in free pages.
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
    # 4 MiB a connection: the upper levels of the indexes. With 16 MiB a million orders are imported no faster.
    "PRAGMA cache_size=-4096",
)

_CONNECT: Final = {"cached_statements": 16}
"""Prepared statements a connection keeps. Lists of ids make a statement of their own for each length, of up to 100 kB:
of the usual 128 on each of four connections, a large import kept 5 MB for nothing.
"""


@attrs.define(eq=False)
class Mirror:
    """The open database. Close it with :meth:`close`."""

    engine: AsyncEngine
    path: Path | None
    """The SQLite file, if it is one."""
    _writer: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False, repr=False)
    linking: asyncio.Lock = attrs.field(factory=asyncio.Lock, init=False, repr=False)
    """Held while customers are matched, from reading them to saving their links: two integrations that meet the same
    new person, or a run and an agent's refresh, must not create that person twice.
    """

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One write transaction: committed at the end, rolled back by an error or a cancellation."""
        async with self._writer, self._transaction(WRITE) as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """One consistent view for several queries."""
        async with self._transaction("BEGIN") as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncIterator[AsyncConnection]:
        connection = PatientConnection(self.engine)
        try:
            await to_the_end(_begin(connection, begin))
            yield connection
        except BaseException:
            await to_the_end(_end(connection, commit=False))
            raise
        else:
            await to_the_end(_end(connection, commit=True))

    async def vacuum(self) -> None:
        """Give freed space back and leave no remnant of deleted rows, in the file or in its write-ahead log."""
        await self._outside_transactions("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")

    async def checkpoint(self) -> None:
        """Empty the write-ahead log, which still holds earlier versions of changed pages."""
        await self._outside_transactions("PRAGMA wal_checkpoint(TRUNCATE)")

    async def _outside_transactions(self, *statements: str) -> None:
        if self.path is None:
            return
        async with self._writer, self._transaction("") as connection:
            for statement in statements:
                (await connection.exec_driver_sql(statement)).close()

    async def close(self) -> None:
        """Close every connection and its thread."""
        await self.engine.dispose()


async def _begin(connection: AsyncConnection, begin: str) -> None:
    """Check a connection out and begin a transaction by this statement; none with ``""``."""
    await connection.start()
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
            await connection.close()


async def open_mirror(host: HostContext) -> Mirror:
    """The mirror of this host, brought to the newest schema.

    Raises:
        NewerSchemaError: A later version of the plugin has used the database.
        sqlalchemy.exc.SQLAlchemyError: The database cannot be opened or upgraded.

    """
    return await open_database(host.database_url or host.data_directory / FILE_NAME)


async def open_database(where: str | Path) -> Mirror:
    """The mirror in a file, or at a SQLAlchemy address with an asynchronous driver."""
    # Four connections serve any number of integrations: each is held for one transaction only. The one used last is
    # used next, so that the cache of one is filled, and not those of all in turn.
    pool: dict[str, Any] = {"pool_size": 4, "max_overflow": 4, "pool_timeout": 60, "pool_use_lifo": True}
    if isinstance(where, Path):
        path: Path | None = where
        engine = create_async_engine(
            URL.create("sqlite+aiosqlite", database=str(where)), connect_args=_CONNECT, **pool
        )
        _prepare_sqlite(engine)
    else:
        path = None
        engine = create_async_engine(where, **pool)
    mirror = Mirror(engine, path)
    try:
        await refuse_newer(engine)
        await upgrade(engine)
    except BaseException:
        await mirror.close()
        raise
    return mirror


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own, wrapped by SQLAlchemy
        # The driver's implicit BEGIN comes too late for SELECT and DDL; transactions are begun below instead.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy's Connection or its stand-in
        # A writer takes the write lock at once: upgrading a read transaction later can fail without a retry.
        begin = connection.get_execution_options().get("mirror_begin", "BEGIN")
        if begin:
            connection.exec_driver_sql(begin)

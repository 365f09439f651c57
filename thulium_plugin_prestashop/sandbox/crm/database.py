"""The sandbox's SQLite file: opened, checked, written by one at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.errors import IncompatibleDatabase
from thulium_plugin_prestashop.sandbox.crm.patience import PatientConnection, to_the_end

BUSY_MS = 10_000
CONNECTIONS = 4
CLOSING_SECONDS: Final = 10.0
"""How long closing waits for transactions under way; they take milliseconds."""
PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # With WAL a crash of the process loses nothing, a crash of the machine at most the last transactions.
    "PRAGMA synchronous=NORMAL",
    f"PRAGMA busy_timeout={BUSY_MS}",
    "PRAGMA foreign_keys=ON",
    # What is erased is overwritten, not only marked as free.
    "PRAGMA secure_delete=ON",
)


class Database:
    """Connections to one file. Readers don't wait; writers take turns here, and with other processes in SQLite."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writing = asyncio.Lock()
        self._under_way = 0
        self._ended = asyncio.Event()

    @classmethod
    async def open(cls, path: Path) -> "Database":
        """Open the file, making it if it is missing. Raises :class:`IncompatibleDatabase`."""
        engine = create_async_engine(
            sa.URL.create("sqlite+aiosqlite", database=str(path)),
            pool_size=CONNECTIONS,
            max_overflow=CONNECTIONS,
            # The connection used last is used next: one page cache is filled, not those of all in turn.
            pool_use_lifo=True,
        )
        event.listen(engine.sync_engine, "connect", _prepare)
        event.listen(engine.sync_engine, "begin", _begin)
        database = cls(engine)
        try:
            await database._check(path)
        except BaseException:
            await database.aclose()
            raise
        return database

    async def aclose(self) -> None:
        """Close every connection and end its thread, once the transactions under way have ended."""
        await to_the_end(self._close())

    async def _close(self) -> None:
        if self._under_way:
            # A connection that came back later would be nobody's, and stay open.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), CLOSING_SECONDS)
        await self._engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one moment of the database."""
        async with self._transaction(write=False) as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: all or nothing, and nobody else writes meanwhile."""
        async with self._writing, self._transaction(write=True) as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, *, write: bool) -> AsyncIterator[AsyncConnection]:
        connection = PatientConnection(self._engine)
        self._under_way += 1
        self._ended.clear()
        try:
            try:
                await connection.take(thulium_write=write)
                yield connection
            except BaseException:
                await connection.give_back(commit=False)
                raise
            else:
                await connection.give_back(commit=True)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._ended.set()

    async def truncate_log(self) -> None:
        """Move everything from the write-ahead log into the file and empty the log, so that erased text is in
        neither.
        """
        async with self._writing:
            await to_the_end(self._truncate_log())

    async def _truncate_log(self) -> None:
        async with self._engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            if raw is not None:
                await (await raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")).close()

    async def _check(self, path: Path) -> None:
        async with self.write() as connection:
            version = (await connection.exec_driver_sql("PRAGMA user_version")).scalar_one()
            if version == schema.VERSION:
                return
            tables = (await connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")).scalar_one()
            if tables:
                raise IncompatibleDatabase(
                    f"{path.name} is of version {version}, and this sandbox needs version {schema.VERSION}: "
                    "take another directory, or remove this one and synchronise again"
                )
            await connection.run_sync(schema.metadata.create_all)
            await connection.exec_driver_sql(f"PRAGMA user_version={schema.VERSION}")


def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - SQLAlchemy's adapted DBAPI connection has no public type
    # Transactions are begun here, by name, not by the driver when it sees the first INSERT.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    # A writer takes its lock at once: upgrading a reader's transaction would fail when somebody wrote meanwhile.
    immediate = connection.get_execution_options().get("thulium_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

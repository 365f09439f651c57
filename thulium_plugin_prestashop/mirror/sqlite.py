"""The mirror in a SQLite file: one writer at a time, readers that never wait for it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

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

VACUUM: Final = "VACUUM"
CHECKPOINT: Final = "PRAGMA wal_checkpoint(TRUNCATE)"


_SWITCHING_SECONDS: Final = 10.0


def switch_to_wal(path: Path) -> None:
    """Put the file into WAL mode, which it stays in. Blocks: to be called in a thread, before anybody else connects.

    Two who switch a new file at once may each wait for the other; SQLite then refuses one without asking its busy
    time-out (https://sqlite.org/c3ref/busy_handler.html), so it is tried again here. What else is wrong with the file
    the first query says better.
    """
    until = monotonic() + _SWITCHING_SECONDS
    while True:
        try:
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY or monotonic() >= until:
                return
        else:
            return
        sleep(0.01)


def create_engine(address: URL, **pool: Any) -> AsyncEngine:  # noqa: ANN401 - options of SQLAlchemy's pool
    """An engine on the file, whose transactions begin as the execution option ``mirror_begin`` says."""
    engine = create_async_engine(address, connect_args=_CONNECT, **pool)

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

    return engine

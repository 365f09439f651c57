"""The mirror in PostgreSQL: what keeps several processes from working on the same rows.

Reading sees one snapshot (``REPEATABLE READ``, read only). Writing is ``READ COMMITTED`` under advisory locks that the
transaction holds: one for each integration it writes, so that whatever a transaction has read of its integration stays
true until it is committed, in any number of processes, exactly as with SQLite's single writer; other integrations go
on meanwhile. Locks are named by the schema, so mirrors in two schemas of one database never wait for one another.
"""

import asyncio
from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import TextClause, pool, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from thulium_plugin_prestashop.mirror.patience import to_the_end

STATEMENT_SECONDS: Final = 60
"""The longest statement; the usual ones take milliseconds."""
LOCK_SECONDS: Final = 20
"""The longest wait for a lock, above :data:`IDLE_SECONDS`: who waits outlives a holder that has stalled."""
IDLE_SECONDS: Final = 15
"""A transaction in which nothing happens for so long belongs to a process that has stalled: the server ends it, and
with it the connection and its locks. No transaction waits for the network, so none is ever idle for a second.
"""
_GRACE: Final = 10
"""How many seconds longer than the server the client waits: a connection that is dead without a word ends too."""
_CONNECT_SECONDS: Final = 10

_EVERYBODY: Final = "hashtextextended(current_schema() || '/prestashop', 0)"
_ONE: Final = "hashtextextended(current_schema() || '/prestashop/' || CAST(:name AS text), 0)"
_LOCK_ALL: Final = text(f"SELECT pg_advisory_xact_lock({_EVERYBODY})")
_LOCK_ONE: Final = text(f"SELECT pg_advisory_xact_lock_shared({_EVERYBODY}), pg_advisory_xact_lock({_ONE})")


def create_engine(address: URL, **options: Any) -> AsyncEngine:  # noqa: ANN401 - options of SQLAlchemy's pool
    """An engine whose connections give up in time, whatever happens to the server or the network."""
    return _engine(
        address,
        {
            "statement_timeout": STATEMENT_SECONDS * 1000,
            "lock_timeout": LOCK_SECONDS * 1000,
            "idle_in_transaction_session_timeout": IDLE_SECONDS * 1000,
        },
        STATEMENT_SECONDS + _GRACE,
        # A connection that a restart of the server has cut is replaced before somebody stumbles over it.
        pool_pre_ping=True,
        **options,
    )


def create_patient_engine(address: URL) -> AsyncEngine:
    """An engine for changes to the schema, which may take as long as they need."""
    return _engine(address, {}, None, poolclass=pool.NullPool)


def create_lock_engine(address: URL, idle_seconds: float) -> AsyncEngine:
    """An engine of one connection for locks that outlive transactions: the server takes them from a process that has
    stalled for ``idle_seconds``.
    """
    settings = {"idle_session_timeout": round(idle_seconds * 1000), "lock_timeout": 250}
    return _engine(
        address,
        settings,
        _GRACE,
        pool_size=1,
        max_overflow=0,
        pool_pre_ping=True,
        isolation_level="AUTOCOMMIT",
    )


def _engine(
    address: URL,
    settings: dict[str, int],
    command_seconds: float | None,
    **options: Any,  # noqa: ANN401 - options of SQLAlchemy's pool
) -> AsyncEngine:
    return create_async_engine(
        address,
        connect_args={
            "timeout": _CONNECT_SECONDS,
            "command_timeout": command_seconds,
            "server_settings": {
                "application_name": "thulium-prestashop",
                # Every statement is a short look-up; compiling one would take longer than running it.
                "jit": "off",
                **{name: str(value) for name, value in settings.items()},
            },
        },
        **options,
    )


async def lock_integrations(connection: AsyncConnection, integrations: Collection[str]) -> None:
    """Wait until this transaction is the only one that writes these integrations; all of them if none is named.

    Always in the same order, so that two that want the same ones never wait for each other. A cancellation ends the
    waiting, and the connection with it.
    """
    if not integrations:
        await _wait(connection, _LOCK_ALL, {})
    for name in sorted(set(integrations)):
        await _wait(connection, _LOCK_ONE, {"name": name})


async def lock_schema(connection: AsyncConnection) -> None:
    """Wait until no other process makes or changes the tables."""
    await _wait(connection, _LOCK_ALL, {})


async def _wait(connection: AsyncConnection, lock: TextClause, parameters: dict[str, str]) -> None:
    driver = (await connection.get_raw_connection()).driver_connection
    waiting = asyncio.ensure_future(connection.execute(lock, parameters))
    try:
        await asyncio.wait([waiting])
    except asyncio.CancelledError:
        if not waiting.done():
            assert driver is not None  # noqa: S101 - a connection that is open has one
            driver.terminate()
        await to_the_end(asyncio.wait([waiting]))
        # How it ended is of no interest to somebody who is leaving; asked for, so that nobody complains.
        waiting.exception()
        raise
    await waiting

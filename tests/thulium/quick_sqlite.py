"""SQLite without threads, and with its statements compiled once: they do the same, in half of the CPU time.

Only for the walks through all combinations, of which there are 31,104 with two or more databases each; everything else
uses the driver as it is.
"""

# ruff: noqa: SLF001 - what two libraries keep to themselves is changed here

import asyncio
from collections.abc import Callable, Generator
from typing import Any

from aiosqlite import core
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.engine import Engine

Work = Callable[[], Any]


class _AtOnce:
    """Stands in for the queue to the thread."""

    def put_nowait(self, item: "tuple[asyncio.Future[Any] | None, Work]") -> None:
        future, work = item
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - as the thread does, whatever it is goes to who asked
            if future is not None:
                future.set_exception(error)
        else:
            if future is not None:
                future.set_result(result)


async def _execute(connection: core.Connection, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - aiosqlite's own signature
    if not connection._running or connection._connection is None:
        raise ValueError("Connection closed")
    return work(*args, **kwargs)


def _open(connection: core.Connection) -> Generator[Any, None, core.Connection]:
    # No thread is started.
    return connection._connect().__await__()


def make_sqlite_quick() -> None:
    """For the rest of this process."""
    compiled: dict[Any, Any] = {}
    for owner, name, value in (
        (core, "SimpleQueue", _AtOnce),
        (core.Connection, "_execute", _execute),
        (core.Connection, "__await__", _open),
        # The cache of compiled statements is each engine's own, and its keys hold the dialect, also the engine's own.
        (Engine, "_compiled_cache", property(lambda _: compiled, lambda _engine, _own: None)),
        (SQLiteDialect_aiosqlite, "__eq__", lambda one, other: type(one) is type(other)),
        (SQLiteDialect_aiosqlite, "__hash__", lambda one: hash(type(one))),
    ):
        setattr(owner, name, value)

"""The data directory: there, ours to write to, and with one writer at a time."""

import asyncio
import errno
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from thulium_plugin_prestashop.thulium.words import MESSAGES, CannotStartError

LOCK_NAME: Final = "bridge.lock"


async def prepare(directory: Path) -> None:
    """Make it if it is missing, readable for nobody else. Raises :class:`.words.CannotStartError`."""
    await asyncio.to_thread(_prepare, directory)


@asynccontextmanager
async def sole_writer(directory: Path) -> AsyncIterator[None]:
    """Two bridges on one directory would each create the cards that the other is about to create.

    The lock is SQLite's: it works the same everywhere, and a process that is killed does not leave it behind. Raises
    :class:`.words.CannotStartError` when another bridge holds it.
    """
    connection = await asyncio.to_thread(_lock, directory)
    try:
        yield
    finally:
        connection.close()


def _prepare(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _no_directory(directory, error.strerror or str(error)) from error
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        raise _no_directory(directory, os.strerror(errno.EACCES))


def _lock(directory: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        directory / LOCK_NAME, timeout=0, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        raise CannotStartError(MESSAGES.text("start.in_use", directory=directory)) from error
    return connection


def _no_directory(directory: Path, reason: str) -> CannotStartError:
    return CannotStartError(MESSAGES.text("start.no_directory", directory=directory, reason=reason))

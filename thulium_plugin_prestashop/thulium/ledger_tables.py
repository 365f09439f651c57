"""The tables of the :mod:`ledger <.ledger>`."""

import secrets
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, Index, Integer, MetaData, String, Table
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.thulium.words import MESSAGES, CannotStartError

SCHEMA_VERSION: Final = 1
SALT: Final = "salt"

metadata = MetaData()

written = Table(
    "written",
    metadata,
    Column("customer", Integer, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True),
    Index("written_key", "key"),
)
rows = Table(
    "rows",
    metadata,
    Column("integration", String, primary_key=True),
    Column("customer", Integer, primary_key=True),
    Column("order", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("item", Integer),
    Column("checksum", String, nullable=False),
    Column("count_before", Integer),
)
queue = Table(
    "queue",
    metadata,
    Column("integration", String, primary_key=True),
    Column("customer", Integer, primary_key=True),
    # Grows with every telling: a customer that changes again while its rows are written stays in the queue.
    Column("number", Integer, nullable=False),
)
facts = Table(
    "facts", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False)
)


class LedgerError(CannotStartError):
    """The ledger was written by a newer version of the bridge."""


async def prepare(connection: AsyncConnection, directory: Path) -> None:
    """Make the tables if they are missing. Raises :class:`LedgerError`."""
    version = (await connection.exec_driver_sql("PRAGMA user_version")).scalar_one()
    if version > SCHEMA_VERSION:
        raise LedgerError(MESSAGES.text("start.newer", directory=directory))
    await connection.run_sync(metadata.create_all)
    await connection.execute(
        insert(facts).values(key=SALT, value=secrets.token_hex(32)).on_conflict_do_nothing()
    )
    await connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")


def set_up(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own, wrapped by SQLAlchemy
    """Settings of each new connection: nothing that was noted is lost with the power."""
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()

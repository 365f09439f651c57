"""Bringing the mirror's schema to the newest revision, with Alembic, inside the package.

A mirror that is up to date (every start but the first after an update) is recognised by one query, and a new one is
made from :mod:`.tables` as they are: neither loads Alembic, which takes 200 ms and 11 MB that the process never gives
back. Tests hold that both ways lead to the same schema.
"""

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, TypeAlias

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from thulium_plugin_prestashop.mirror.tables import metadata

HEAD: Final = "0001"
"""The newest revision in ``migrations/versions``; a test holds the two together."""
WRITE: Final = "BEGIN IMMEDIATE"
"""How SQLite begins a transaction that writes."""
VERSION_TABLE: Final = "prestashop_schema"
"""Alembic's own table, under a name that cannot meet the host's in a shared database."""
VERSION: Final = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))


Before: TypeAlias = Callable[[AsyncConnection], Awaitable[None]]


async def is_current(engine: AsyncEngine) -> bool:
    """Whether there is nothing to do."""
    async with engine.connect() as connection:
        return await connection.run_sync(_is_current)


async def _nothing(_connection: AsyncConnection) -> None:
    """SQLite's way of beginning keeps others out already."""


async def upgrade(engine: AsyncEngine, before: Before = _nothing) -> None:
    """Make what is missing, in one transaction that ``before`` opens. The loop goes on while Alembic is imported."""
    async with engine.connect() as connection:
        writer = await connection.execution_options(mirror_begin=WRITE)
        async with writer.begin():
            await before(writer)
            if await writer.run_sync(_make_new):
                return
    command, config = await asyncio.to_thread(_alembic)
    with as_file(files(__package__) / "migrations") as folder:
        async with engine.connect() as connection:
            writer = await connection.execution_options(mirror_begin=WRITE)
            async with writer.begin():
                await before(writer)
                await writer.run_sync(_upgrade, command, config, folder)


def _is_current(connection: Connection) -> bool:
    if not inspect(connection).has_table(VERSION_TABLE):
        return False
    return connection.execute(VERSION.select()).scalars().all() == [HEAD]


def _make_new(connection: Connection) -> bool:
    """Make all tables where there is none of a mirror yet; whether nothing is left to do."""
    if inspect(connection).has_table(VERSION_TABLE):
        # Somebody else may have been faster; then there is nothing left to do either.
        return _is_current(connection)
    metadata.create_all(connection)
    VERSION.create(connection)
    connection.execute(VERSION.insert().values(version_num=HEAD))
    return True


def _alembic() -> tuple[Any, Any]:
    import_module("alembic.autogenerate.api")
    return import_module("alembic.command"), import_module("alembic.config").Config


def _upgrade(connection: Connection, command: Any, config_class: Any, folder: Path) -> None:  # noqa: ANN401 - late import
    config = config_class()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

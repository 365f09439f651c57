"""Bringing the mirror's schema to the newest revision, with Alembic, inside the package.

A mirror that is up to date (every start but the first after an update) is recognised by one query, without loading
Alembic at all.
"""

import asyncio
from importlib import import_module
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

HEAD: Final = "0001"
"""The newest revision in ``migrations/versions``; a test holds the two together."""
WRITE: Final = "BEGIN IMMEDIATE"
"""How SQLite begins a transaction that writes."""
VERSION_TABLE: Final = "prestashop_schema"
"""Alembic's own table, under a name that cannot meet the host's in a shared database."""


async def upgrade(engine: AsyncEngine) -> None:
    """Apply what is missing, in one transaction. The loop goes on while Alembic is being imported."""
    async with engine.connect() as connection:
        current = await connection.run_sync(_current)
    if current == HEAD:
        return
    # Alembic and its templates take some 200 ms to import, once in the life of an installation.
    command, config = await asyncio.to_thread(_alembic)
    with as_file(files(__package__) / "migrations") as folder:
        async with engine.connect() as connection:
            writer = await connection.execution_options(mirror_begin=WRITE)
            async with writer.begin():
                await writer.run_sync(_upgrade, command, config, folder)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608 - a constant
    return str(found) if found is not None else None


def _alembic() -> tuple[Any, Any]:
    import_module("alembic.autogenerate.api")
    return import_module("alembic.command"), import_module("alembic.config").Config


def _upgrade(connection: Connection, command: Any, config_class: Any, folder: Path) -> None:  # noqa: ANN401 - late import
    config = config_class()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

"""Refusing a database that a later version of the plugin has used: what its tables mean here can't be known."""

from typing import Final

from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from thulium_plugin_prestashop.mirror.migrate import HEAD, VERSION_TABLE

COPYING: Final = "copying "
"""What stands in place of the revision, before a mark of the source, while a copy is not finished."""


class NewerSchemaError(Exception):
    """The database was last used by a later version of the plugin; nothing in it was touched."""

    def __init__(self, found: str) -> None:
        super().__init__(f"the database has schema {found}, this version of the plugin knows {HEAD}")
        self.found = found


class UnfinishedCopyError(NewerSchemaError):
    """The database is the target of a copy that has not been finished (see :mod:`.copying`)."""


async def refuse_newer(engine: AsyncEngine) -> None:
    """Raise :class:`NewerSchemaError` if the database has a revision above :data:`.migrate.HEAD`, and
    :class:`UnfinishedCopyError` if it has but a part of another one's rows.

    Revisions are numbered with leading zeros, so that a later one is known as such without its script.
    """
    async with engine.connect() as connection:
        found = await connection.run_sync(revision)
    if found.startswith(COPYING):
        raise UnfinishedCopyError(found)
    if found > HEAD:
        raise NewerSchemaError(found)


def revision(connection: Connection) -> str:
    """The schema that the database has; ``""`` when it has none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return ""
    return str(connection.exec_driver_sql(f"SELECT max(version_num) FROM {VERSION_TABLE}").scalar() or "")  # noqa: S608 - a constant

"""Moving a mirror from one database to another: in slices, to be continued after any interruption, and verified.

The source is only read. While the copy is not complete, the target carries a mark in place of its schema's revision:
no plugin opens it, and only a copy of the same source goes on with it. Rows are written in the order of their keys, so
the highest key of a table in the target says where to go on. Nobody may use either database meanwhile; if somebody
does, the verification finds it.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, TypeAlias

import attrs
from sqlalchemy import Select, Table, func, insert, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.mirror.address import database_address, shown
from thulium_plugin_prestashop.mirror.engine import Mirror, connect, open_database
from thulium_plugin_prestashop.mirror.migrate import HEAD, VERSION, is_current
from thulium_plugin_prestashop.mirror.newer import COPYING, revision
from thulium_plugin_prestashop.mirror.tables import metadata

SLICE: Final = 500
"""Rows in one transaction: some milliseconds of the event loop."""

Key: TypeAlias = tuple[Any, ...]
Told: TypeAlias = Callable[[str, int, int], None]
"""Called with the table (or ``"verify"``), how many of its rows were done by now, and about how many there are."""


class CopyError(Exception):
    """Why nothing was copied, or what differs; ``reason`` is a stable key.

    ``source_missing``, ``source_schema``, ``same``, ``target_holds_data``, ``other_copy``, ``differs``.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


@attrs.frozen
class Copied:
    """What the target holds now; both databases have been read whole and are equal."""

    rows: dict[str, int]
    """By table."""
    integrations: int
    written: int
    """Rows that were not there before."""


@attrs.define
class _Sums:
    """Counts and checksums by table and integration."""

    of: dict[tuple[str, str], tuple[int, Any]] = attrs.field(factory=dict)

    def add(self, table: str, row: Key) -> None:
        """Count a row in; rows come in the order of their keys, of which the first is the integration."""
        count, digest = self.of.get((table, row[0]), (0, None))
        digest = digest or blake2b(digest_size=16)
        digest.update(repr(row).encode())
        self.of[table, row[0]] = (count + 1, digest)

    def plain(self) -> dict[tuple[str, str], tuple[int, str]]:
        """As they can be compared."""
        return {key: (count, digest.hexdigest()) for key, (count, digest) in self.of.items()}


async def copy_mirror(source: str | Path, target: str | Path, told: Told = lambda *_: None) -> Copied:
    """Make ``target`` equal to ``source``; each is a SQLite file or a database address.

    Interrupted anywhere it can be called again, and goes on. A target that is equal already is only verified.

    Raises:
        AddressError: One of the addresses cannot be read.
        CopyError: See there.
        sqlalchemy.exc.SQLAlchemyError, OSError: One of the databases cannot be reached or written.

    """
    if database_address(source) == database_address(target):
        raise CopyError("same")
    async with _source(source) as here, _target(target, source) as (there, complete):
        written = 0
        if not complete:
            for table in metadata.sorted_tables:
                written += await _copy_table(here, there, table, told)
        try:
            rows, integrations = await _verify(here, there, told)
        except CopyError:
            if complete:
                # Nothing of it comes from here.
                raise CopyError("target_holds_data") from None
            raise
        if not complete:
            await _finish(there)
    return Copied(rows, integrations, written)


@asynccontextmanager
async def _source(where: str | Path) -> AsyncIterator[Mirror]:
    path = where if isinstance(where, Path) else None
    address = database_address(where)
    if address.drivername.startswith("sqlite"):
        path = Path(address.database or "")
    if path is not None and not path.is_file():
        raise CopyError("source_missing", str(path))
    mirror = connect(where)
    try:
        if not await is_current(mirror.engine):
            raise CopyError("source_schema", HEAD)
        yield mirror
    finally:
        await mirror.close()


@asynccontextmanager
async def _target(where: str | Path, source: str | Path) -> AsyncIterator[tuple[Mirror, bool]]:
    """The open target, and whether it looks complete: it holds rows and no mark."""
    mark = COPYING + blake2b(shown(source).encode(), digest_size=8).hexdigest()
    mirror = connect(where)
    try:
        async with mirror.engine.connect() as connection:
            found = await connection.run_sync(revision)
        if found.startswith(COPYING):
            if found != mark:
                raise CopyError("other_copy")
            yield mirror, False
            return
        await (await open_database(where)).close()
        complete = await _holds_rows(mirror)
        if not complete:
            async with mirror.writing() as connection:
                await connection.execute(update(VERSION).values(version_num=mark))
        yield mirror, complete
    finally:
        await mirror.close()


async def _holds_rows(mirror: Mirror) -> bool:
    async with mirror.reading() as connection:
        for table in metadata.sorted_tables:
            if (await connection.execute(select(table.c.integration).limit(1))).first() is not None:
                return True
    return False


async def _copy_table(here: Mirror, there: Mirror, table: Table, told: Told) -> int:
    async with there.reading() as connection:
        after = await _highest(connection, table)
    async with here.reading() as connection:
        total = await _count(connection, table)
    written = 0
    names = table.c.keys()
    async for rows in _slices(here, table, after):
        async with there.writing() as connection:
            await connection.execute(insert(table), [dict(zip(names, row, strict=True)) for row in rows])
        written += len(rows)
        told(table.name, written, total)
    return written


async def _count(connection: AsyncConnection, table: Table) -> int:
    """How many rows there are, for the progress alone: PostgreSQL's estimate, because counting a large table is slow."""
    if connection.dialect.name == "postgresql":
        estimate = text("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = CAST(:name AS regclass)")
        return int(await connection.scalar(estimate, {"name": str(table.name)}) or 0)
    return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


async def _highest(connection: AsyncConnection, table: Table) -> Key | None:
    key = list(table.primary_key)
    found = (
        await connection.execute(select(*key).order_by(*(column.desc() for column in key)).limit(1))
    ).first()
    return None if found is None else tuple(found)


async def _slices(mirror: Mirror, table: Table, after: Key | None = None) -> AsyncIterator[list[Key]]:
    """All rows above a key, in the order of their keys; text as every database can keep it."""
    places = [list(table.c).index(column) for column in table.primary_key]
    while True:
        async with mirror.reading() as connection:
            found = await connection.execute(_next(table, after))
            rows = [tuple(_kept(value) for value in row) for row in found]
        if not rows:
            return
        yield rows
        after = tuple(rows[-1][place] for place in places)


def _next(table: Table, after: Key | None) -> Select[Any]:
    key = list(table.primary_key)
    statement = select(table).order_by(*key).limit(SLICE)
    return (
        statement
        if after is None
        else statement.where(tuple_(*key) > tuple_(*after, types=[column.type for column in key]))
    )


def _kept(value: Any) -> Any:  # noqa: ANN401 - values of any column
    """Bytes in one type, and no NUL in text: the first mirrors in SQLite may hold some, PostgreSQL refuses them."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    return bytes(value) if isinstance(value, memoryview) else value


async def _verify(here: Mirror, there: Mirror, told: Told) -> tuple[dict[str, int], int]:
    wanted, found = await _sums(here, lambda *_: None), await _sums(there, told)
    if wanted != found:
        different = sorted(key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key))
        table, integration = different[0]
        raise CopyError("differs", f"{table}, {integration}" + (", …" if len(different) > 1 else ""))
    rows = {str(table.name): 0 for table in metadata.sorted_tables}
    for (name, _), (count, _) in wanted.items():
        rows[name] += count
    return rows, len({integration for _, integration in wanted})


async def _sums(mirror: Mirror, told: Told) -> dict[tuple[str, str], tuple[int, str]]:
    sums = _Sums()
    for table in metadata.sorted_tables:
        async with mirror.reading() as connection:
            total = await _count(connection, table)
        done = 0
        async for rows in _slices(mirror, table):
            for row in rows:
                sums.add(table.name, row)
            done += len(rows)
            told("verify", done, total)
    return sums.plain()


async def _finish(there: Mirror) -> None:
    async with there.writing() as connection:
        await connection.execute(update(VERSION).values(version_num=HEAD))
        if there.shared:
            # What the planner must know of tables that were filled at once.
            for table in metadata.sorted_tables:
                await connection.execute(text(f"ANALYZE {table.name}"))
    await there.checkpoint()

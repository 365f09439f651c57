"""Writing rows of the shop: only what is new or changed, many at once, in the caller's transaction."""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any, Final

import attrs
from sqlalchemy import Insert, Table, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.mirror.among import among
from thulium_plugin_prestashop.mirror.rows import Row
from thulium_plugin_prestashop.mirror.tables import addresses, customers, lookups, orders, skipped

TABLES: Final[dict[str, Table]] = {"customers": customers, "addresses": addresses, "orders": orders}
"""The three resources that are paged, with their tables."""
MOST_PARAMETERS: Final = 500
"""Ids in one statement: SQLite takes 32,766, but a statement of this size is compiled once and reused."""


@attrs.define
class Stored:
    """What came of storing rows."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0

    def add(self, other: "Stored") -> None:
        """Count another page in."""
        self.created += other.created
        self.changed += other.changed
        self.unchanged += other.unchanged


def chunks(ids: Iterable[int], size: int = MOST_PARAMETERS) -> Iterable[list[int]]:
    """Ids in lists of at most ``size``, without repetition, in order."""
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


@cache
def upsert(dialect: str, table: Table) -> Insert:
    """``INSERT … ON CONFLICT DO UPDATE`` of every column outside the key, for SQLite and PostgreSQL."""
    statement: Any = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    key = {column.name for column in table.primary_key}
    return statement.on_conflict_do_update(  # type: ignore[no-any-return] # both dialects return their Insert
        index_elements=list(table.primary_key),
        set_={column.name: statement.excluded[column.name] for column in table.c if column.name not in key},
    )


async def store(
    connection: AsyncConnection, integration: str, resource: str, rows: Sequence[Row], *, fresh: bool = False
) -> Stored:
    """Write the new and the changed ones of ``rows``, and mark the customers they belong to as pending.

    ``fresh`` says that none of these ids can be in the mirror yet, which saves looking.
    """
    if not rows:
        return Stored()
    table = TABLES[resource]
    known = {} if fresh else await _checksums(connection, integration, table, [row["id"] for row in rows])
    stored = Stored()
    touched: list[Row] = []
    for row in rows:
        before = known.get(row["id"])
        if before == row["checksum"]:
            stored.unchanged += 1
            continue
        if before is None:
            stored.created += 1
        else:
            stored.changed += 1
        touched.append({"integration": integration, **row})
    if touched:
        await _write(connection, insert(table) if fresh else upsert(connection.dialect.name, table), touched)
        if resource != "customers":
            await mark_pending(connection, integration, {row["id_customer"] for row in touched})
    return stored


async def _write(connection: AsyncConnection, statement: Insert, rows: Sequence[Row]) -> None:
    """Insert rows with the same columns. Their values are what the drivers take, so they go past SQLAlchemy's own
    handling of every single one, which takes half the time that the event loop is held by a page.
    """
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    names = compiled.positiontup or ()
    await connection.exec_driver_sql(str(compiled), [tuple(row[name] for name in names) for row in rows])


async def _checksums(
    connection: AsyncConnection, integration: str, table: Table, ids: Collection[int]
) -> dict[int, int]:
    found: dict[int, int] = {}
    for some in chunks(ids):
        answer = await connection.execute(
            select(table.c.id, table.c.checksum).where(
                table.c.integration == integration, among(connection, table.c.id, some)
            )
        )
        found.update((row_id, checksum) for row_id, checksum in answer)
    return found


async def mark_pending(connection: AsyncConnection, integration: str, ids: Collection[int]) -> None:
    """Let the link phase look at these customers (those of them that the mirror holds)."""
    for some in chunks(ids):
        await connection.execute(
            update(customers)
            .where(
                customers.c.integration == integration,
                among(connection, customers.c.id, some),
                ~customers.c.pending,
            )
            .values(pending=True)
        )


async def existing(
    connection: AsyncConnection, integration: str, resource: str, ids: Collection[int]
) -> set[int]:
    """Which of these ids the mirror holds."""
    return set(await _checksums(connection, integration, TABLES[resource], ids))


async def store_lookups(
    connection: AsyncConnection, integration: str, kind: str, records: dict[int, bytes]
) -> int:
    """Replace one small table (currencies, countries, order states, shops); how many rows changed. Rows that the
    shop no longer lists are kept: old orders still name them.
    """
    answer = await connection.execute(
        select(lookups.c.id, lookups.c.data).where(
            lookups.c.integration == integration, lookups.c.kind == kind
        )
    )
    known = {row_id: bytes(data) for row_id, data in answer}
    changed = [
        {"integration": integration, "kind": kind, "id": row_id, "data": data}
        for row_id, data in records.items()
        if known.get(row_id) != data
    ]
    if changed:
        await connection.execute(upsert(connection.dialect.name, lookups), changed)
    return len(changed)


async def load_lookups(connection: AsyncConnection, integration: str, kind: str) -> dict[int, bytes]:
    """One small table: id to JSON."""
    answer = await connection.execute(
        select(lookups.c.id, lookups.c.data).where(
            lookups.c.integration == integration, lookups.c.kind == kind
        )
    )
    return {row_id: bytes(data) for row_id, data in answer}


async def skip(
    connection: AsyncConnection,
    integration: str,
    resource: str,
    ids: Collection[int],
    reason: str = "settings",
) -> None:
    """Remember rows that the settings leave out, or (``"erased"``) whose person the host has erased."""
    if not ids:
        return
    statement: Any = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(
        skipped
    )
    await connection.execute(
        statement.on_conflict_do_nothing(),
        [
            {"integration": integration, "resource": resource, "id": row_id, "reason": reason}
            for row_id in sorted(set(ids))
        ],
    )


async def erased(
    connection: AsyncConnection, integration: str, resource: str, ids: Collection[int]
) -> set[int]:
    """Which of these rows belong to somebody whom the host has erased."""
    found: set[int] = set()
    for some in chunks(ids):
        answer = await connection.execute(
            select(skipped.c.id).where(
                skipped.c.integration == integration,
                skipped.c.resource == resource,
                among(connection, skipped.c.id, some),
                skipped.c.reason == "erased",
            )
        )
        found.update(answer.scalars())
    return found


async def remove_rows(
    connection: AsyncConnection, integration: str, resource: str, ids: Collection[int], at: int
) -> int:
    """Follow rows that vanished from the shop at ``at`` (epoch seconds): customers and addresses go, orders are
    marked and shown no more. A vanished customer's links stay as long as orders of it do.
    """
    count = 0
    table = TABLES[resource]
    for some in chunks(ids):
        here = (table.c.integration == integration, among(connection, table.c.id, some))
        if resource == "orders":
            # The checksum goes, so that the order is written again should it come back.
            done = await connection.execute(
                update(orders).where(*here, orders.c.removed_at.is_(None)).values(removed_at=at, checksum=0)
            )
        else:
            if resource == "addresses":
                owners = await connection.execute(select(addresses.c.id_customer).where(*here))
                await mark_pending(connection, integration, set(owners.scalars()))
            done = await connection.execute(delete(table).where(*here))
        count += done.rowcount
        await connection.execute(
            delete(skipped).where(
                skipped.c.integration == integration,
                skipped.c.resource == resource,
                among(connection, skipped.c.id, some),
            )
        )
    return count


async def unskip(connection: AsyncConnection, integration: str, resource: str, ids: Collection[int]) -> None:
    """Let these rows in again."""
    for some in chunks(ids):
        await connection.execute(
            delete(skipped).where(
                skipped.c.integration == integration,
                skipped.c.resource == resource,
                among(connection, skipped.c.id, some),
            )
        )

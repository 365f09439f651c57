"""Records set aside: what could not be read, why, and when to try again."""

from collections.abc import Collection
from typing import Final

import attrs
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.mirror.among import among
from thulium_plugin_prestashop.mirror.store import upsert
from thulium_plugin_prestashop.mirror.tables import set_aside

FIRST_PAUSE: Final = 6 * 3600
"""Seconds until a record is tried again after its first failure; doubled by every further one, up to a week."""
LONGEST_PAUSE: Final = 7 * 86_400


@attrs.frozen
class Aside:
    """One record that could not be read; times in UTC epoch seconds."""

    resource: str
    id: str
    reason: str
    """Stable key of the reason."""
    detail: str
    """Where in the record, without personal data."""
    first_seen: int
    last_tried: int
    tries: int
    next_try: int


async def put_aside(
    connection: AsyncConnection, integration: str, found: Collection[tuple[str, str, str, str]], now: int
) -> None:
    """Keep (resource, id, reason, detail) records. One that is met again before its time (a window's overlap) is
    not counted as another try.
    """
    for resource, row_id, reason, detail in found:
        answer = await connection.execute(
            select(set_aside).where(
                set_aside.c.integration == integration,
                set_aside.c.resource == resource,
                set_aside.c.id == row_id,
            )
        )
        before = answer.mappings().first()
        if before is not None and before["next_try"] > now and before["reason"] == reason:
            continue
        tries = (before["tries"] if before is not None else 0) + 1
        await connection.execute(
            upsert(connection.dialect.name, set_aside),
            {
                "integration": integration,
                "resource": resource,
                "id": row_id,
                "reason": reason,
                "detail": detail,
                "first_seen": before["first_seen"] if before is not None else now,
                "last_tried": now,
                "tries": tries,
                "next_try": now + min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE),
            },
        )


async def take_back(
    connection: AsyncConnection, integration: str, resource: str, ids: Collection[str]
) -> int:
    """Forget records that could be read after all, or that the shop no longer holds; how many there were."""
    if not ids:
        return 0
    done = await connection.execute(
        delete(set_aside).where(
            set_aside.c.integration == integration,
            set_aside.c.resource == resource,
            among(connection, set_aside.c.id, sorted(ids)),
        )
    )
    return int(done.rowcount)


async def list_aside(
    connection: AsyncConnection, integration: str, limit: int = 100, *, due: int | None = None
) -> list[Aside]:
    """Records set aside, newest first; with ``due`` only those whose next try is not after it."""
    query = select(set_aside).where(set_aside.c.integration == integration)
    if due is not None:
        query = query.where(set_aside.c.next_try <= due)
    answer = await connection.execute(
        query.order_by(set_aside.c.last_tried.desc(), set_aside.c.resource, set_aside.c.id).limit(limit)
    )
    return [
        Aside(**{key: value for key, value in row.items() if key != "integration"})
        for row in answer.mappings()
    ]


async def count_aside(connection: AsyncConnection, integration: str) -> int:
    """How many there are."""
    answer = await connection.execute(
        select(func.count()).select_from(set_aside).where(set_aside.c.integration == integration)
    )
    return int(answer.scalar_one())


async def retry_all(connection: AsyncConnection, integration: str) -> int:
    """Let the next run try all of them at once; how many there are."""
    done = await connection.execute(
        update(set_aside).where(set_aside.c.integration == integration).values(next_try=0)
    )
    return int(done.rowcount)

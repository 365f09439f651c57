"""What views and administrators ask of a shop as a whole: its small tables, how fresh it is, how much there is."""

from typing import Any

import attrs
import orjson
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.mirror.tables import (
    customers,
    lookups,
    orders,
    runs,
    set_aside,
    shops_state,
)


@attrs.frozen
class Freshness:
    """When the shop was last read in whole, and how the newest finished run ended. Epoch seconds."""

    last_success: int | None
    last_run: int | None
    outcome: str
    error: str
    message: str


@attrs.frozen
class Volumes:
    """How much of one shop the mirror holds."""

    customers: int
    orders: int
    set_aside: int


async def lookup_rows(connection: AsyncConnection, integration: str) -> list[tuple[str, int, Any]]:
    """All small tables of a shop: kind, id and the record as plain JSON data."""
    found = await connection.execute(
        select(lookups.c.kind, lookups.c.id, lookups.c.data).where(lookups.c.integration == integration)
    )
    return [(row[0], row[1], orjson.loads(row[2])) for row in found]


async def freshness(connection: AsyncConnection, integration: str) -> Freshness:
    """How old what is shown is."""
    success = await connection.scalar(
        select(shops_state.c.last_success).where(shops_state.c.integration == integration)
    )
    newest = (
        await connection.execute(
            select(runs.c.finished, runs.c.outcome, runs.c.error, runs.c.message)
            .where(runs.c.integration == integration, runs.c.finished.is_not(None))
            .order_by(runs.c.started.desc())
            .limit(1)
        )
    ).first()
    if newest is None:
        return Freshness(success, None, "", "", "")
    return Freshness(success, newest.finished, newest.outcome, newest.error, newest.message)


async def volumes(connection: AsyncConnection, integration: str) -> Volumes:
    """Numbers for the list of integrations."""
    counts = [
        await connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0
        for table, conditions in (
            (customers, (customers.c.integration == integration,)),
            (orders, (orders.c.integration == integration, orders.c.removed_at.is_(None))),
            (set_aside, (set_aside.c.integration == integration,)),
        )
    ]
    return Volumes(*counts)

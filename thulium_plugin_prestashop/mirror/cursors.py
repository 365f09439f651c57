"""How far each resource has been read; saved in the same transaction as the rows it speaks of."""

from datetime import datetime

import attrs
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.mirror.rows import wall_text, wall_time
from thulium_plugin_prestashop.mirror.store import upsert
from thulium_plugin_prestashop.mirror.tables import cursors, skipped


@attrs.frozen
class Window:
    """A closed window of ``date_upd``, walked by ascending id: naive shop times, both ends inclusive."""

    lower: datetime
    upper: datetime
    after: int = 0
    """Rows of the window up to this id are in the mirror."""
    floor: int = 0
    """Only ids above it are asked for; 0 is all."""


@attrs.frozen
class Cursor:
    """How far one resource of one integration has been read."""

    imported_to: int = 0
    """First import: every id up to this one is in the mirror."""
    imported: bool = False
    watermark: datetime | None = None
    """Every change up to this moment of the shop's wall clock is in the mirror."""
    recent_watermark: datetime | None = None
    """The same for the highest ids only; never behind ``watermark`` when it is set."""
    reached_shop: int | None = None
    """The shop's clock, epoch seconds, when ``recent_watermark`` was first reached; ``reached_host`` is the host's."""
    reached_host: int | None = None
    settled: datetime | None = None
    """A watermark at and before which no row can change any more unless the shop's clock is set back."""
    window: Window | None = None
    highest_id: int = 0
    full_window_at: int | None = None
    """Epoch seconds of the last window without a floor."""


async def load_cursor(connection: AsyncConnection, integration: str, resource: str) -> Cursor:
    """The cursor, or a new one."""
    answer = await connection.execute(
        select(cursors).where(cursors.c.integration == integration, cursors.c.resource == resource)
    )
    row = answer.mappings().first()
    if row is None:
        return Cursor()
    lower, upper = wall_time(row["window_lower"]), wall_time(row["window_upper"])
    window = (
        Window(lower, upper, after=row["window_after"] or 0, floor=row["window_floor"] or 0)
        if lower is not None and upper is not None
        else None
    )
    return Cursor(
        imported_to=row["imported_to"],
        imported=bool(row["imported"]),
        watermark=wall_time(row["watermark"]),
        recent_watermark=wall_time(row["recent_watermark"]),
        reached_shop=row["reached_shop"],
        reached_host=row["reached_host"],
        settled=wall_time(row["settled"]),
        window=window,
        highest_id=row["highest_id"],
        full_window_at=row["full_window_at"],
    )


async def save_cursor(connection: AsyncConnection, integration: str, resource: str, cursor: Cursor) -> None:
    """Keep the cursor."""
    window = cursor.window
    await connection.execute(
        upsert(connection.dialect.name, cursors),
        {
            "integration": integration,
            "resource": resource,
            "imported_to": cursor.imported_to,
            "imported": cursor.imported,
            "watermark": wall_text(cursor.watermark),
            "recent_watermark": wall_text(cursor.recent_watermark),
            "reached_shop": cursor.reached_shop,
            "reached_host": cursor.reached_host,
            "settled": wall_text(cursor.settled),
            "window_lower": wall_text(window.lower) if window else None,
            "window_upper": wall_text(window.upper) if window else None,
            "window_after": window.after if window else None,
            "window_floor": window.floor if window else None,
            "highest_id": cursor.highest_id,
            "full_window_at": cursor.full_window_at,
        },
    )


async def forget_cursors(connection: AsyncConnection, integration: str) -> None:
    """Read everything again from the start: the settings now ask for other rows. What is stored stays and is
    compared by checksum.
    """
    await connection.execute(delete(cursors).where(cursors.c.integration == integration))
    await connection.execute(
        delete(skipped).where(skipped.c.integration == integration, skipped.c.reason == "settings")
    )

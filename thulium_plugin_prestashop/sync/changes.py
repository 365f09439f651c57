"""What a changed setting means for what is in the mirror already."""

import asyncio
from typing import Final

from sqlalchemy import ColumnElement, bindparam, delete, select, update

from thulium_plugin_prestashop.mirror.cursors import forget_cursors
from thulium_plugin_prestashop.mirror.links import set_all_pending
from thulium_plugin_prestashop.mirror.rows import epoch, wall_time
from thulium_plugin_prestashop.mirror.tables import orders
from thulium_plugin_prestashop.sync.job import Working

_OF_CARDS: Final = ("id_field", "guests", "existing_customers", "login_pattern", "login_field")
"""Settings that decide what goes on a card, or who gets one."""
_OF_ROWS: Final = ("shops", "since")
"""Settings that decide which rows are read."""
SLICE: Final = 2_000


async def apply_changes(work: Working, wanted: dict[str, object]) -> None:
    """Compare the settings with those of the last run, and do what the difference asks for.

    A new time zone moves the moments of stored orders; another choice of shops or days reads everything again (rows
    that are there already are compared, not written); anything that concerns cards looks at all customers again.
    """
    before = work.state.settings
    if not before:
        return
    changed = {name for name, value in wanted.items() if before.get(name) != value}
    if "time_zone" in changed:
        await _move_moments(work)
    if changed & set(_OF_ROWS):
        async with work.mirror.writing(work.integration) as connection:
            await forget_cursors(connection, work.integration)
        await _drop_unwanted(work)
    if changed & set(_OF_CARDS):
        async with work.mirror.writing(work.integration) as connection:
            await set_all_pending(connection, work.integration)


async def _move_moments(work: Working) -> None:
    """Convert the wall-clock times of all orders again, in the new zone, in slices."""
    after = 0
    zone = work.settings.time_zone
    change = (
        update(orders)
        .where(orders.c.integration == work.integration, orders.c.id == bindparam("order_id"))
        .values(placed_at=bindparam("moment"))
    )
    while True:
        async with work.mirror.writing(work.integration) as connection:
            answer = await connection.execute(
                select(orders.c.id, orders.c.date_add)
                .where(orders.c.integration == work.integration, orders.c.id > after)
                .order_by(orders.c.id)
                .limit(SLICE)
            )
            found = [(row_id, date_add) for row_id, date_add in answer]
            if not found:
                return
            moments = [
                {"order_id": row_id, "moment": epoch(wall_time(date_add), zone)} for row_id, date_add in found
            ]
            await connection.execute(change, moments)
        after = found[-1][0]
        await asyncio.sleep(0)


async def _drop_unwanted(work: Working) -> None:
    """Delete orders that the settings no longer want; their owners and links stay as they are."""
    chosen, since = work.settings.shops, work.settings.since
    unwanted: list[ColumnElement[bool]] = []
    if chosen:
        unwanted.append(orders.c.id_shop.not_in(sorted(chosen)))
    if since is not None:
        unwanted.append(orders.c.date_add < since.isoformat())
    for condition in unwanted:
        async with work.mirror.writing(work.integration) as connection:
            await connection.execute(
                delete(orders).where(orders.c.integration == work.integration, condition)
            )

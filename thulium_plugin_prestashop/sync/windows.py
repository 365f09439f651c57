"""What changed since the last run, of one resource: a closed window of ``date_upd``, then ids above the highest.

The ids above the highest known one are asked for apart because rows can carry dates that no window meets: zero, or
years away.
"""

from typing import Any, Final

import attrs

from thulium_plugin_prestashop.mirror.cursors import Cursor, Window, load_cursor
from thulium_plugin_prestashop.sync.cursor import FLOOR_FROM, close_window, floor_of, next_window
from thulium_plugin_prestashop.sync.intake import Batch, take_in
from thulium_plugin_prestashop.sync.job import Working
from thulium_plugin_prestashop.sync.probes import ask_clock, newest_change, set_back
from thulium_plugin_prestashop.transport.errors import OurFault
from thulium_plugin_prestashop.webservice.pages import SetAside
from thulium_plugin_prestashop.webservice.query import IdAbove, Query, Scope, UpdatedBetween
from thulium_plugin_prestashop.webservice.resources import Resource

ROWS: Final = 500


async def update_resource(
    work: Working, resource: Resource[Any], scope: Scope, key: str, *, full: bool
) -> None:
    """Bring the mirror up to date with one resource. ``full``: look at all ids however large the shop is."""
    async with work.mirror.reading() as connection:
        cursor = await load_cursor(connection, work.integration, key)
    if cursor.window is not None:
        # The last run was cut off inside a window; it is walked to its end before a new one is opened.
        await ask_clock(work, resource, scope)
        cursor = await _walk(work, resource, scope, key, cursor)
    if cursor.watermark is not None:
        floor = floor_of(cursor, work.now(), full=full)
        unread: list[SetAside] = []
        ceiling = await newest_change(work, resource, scope, floor=floor, unread=unread)
        step = set_back(work, cursor)
        if floor and step:
            # This run alone knows of the step: low ids are looked at now, not by a later window over all ids.
            floor = 0
            ceiling = await newest_change(work, resource, scope, unread=unread)
        if ceiling is not None:
            window = next_window(cursor, ceiling, work.settings.time_zone, floor=floor, set_back=step)
            if window is not None:
                cursor = attrs.evolve(cursor, window=window)
                cursor = await _walk(work, resource, scope, key, cursor, expected=True)
            elif not floor and cursor.highest_id > FLOOR_FROM:
                # Remembered only where it matters: on a large shop the next windows may have a floor again.
                cursor = attrs.evolve(cursor, full_window_at=work.now())
                await take_in(work, Batch(resource.name, (), ()), key, cursor)
        # The ceiling is below them, so no window met them; some day one will, but people are told today.
        if beyond := [entry for entry in unread if (entry.resource, str(entry.id)) not in work.aside]:
            await take_in(work, Batch(resource.name, (), beyond), None, None)
    await _newest_ids(work, resource, scope, key, cursor)


async def _walk(
    work: Working, resource: Resource[Any], scope: Scope, key: str, cursor: Cursor, *, expected: bool = False
) -> Cursor:
    """Read the cursor's window by ascending id. ``expected``: the shop has just shown a row in it."""
    window = cursor.window
    done = 0
    while window is not None:
        where = [UpdatedBetween(window.lower, window.upper)]
        page = await work.client.fetch(
            Query(
                resource,
                (*where, IdAbove(window.after)) if window.after else tuple(where),
                limit=ROWS,
                scope=scope,
            )
        )
        if expected and not done and not page.count and await _still_there(work, resource, scope, window):
            raise OurFault("answer.lie", resource=resource.name)
        done += page.count
        if page.is_last or page.last_id is None:
            clocks = await ask_clock(work, resource, scope)
            cursor = close_window(cursor, clocks, work.settings.time_zone, work.now(), whole=expected)
            window = None
        else:
            window = attrs.evolve(window, after=page.last_id)
            cursor = attrs.evolve(cursor, window=window)
        await take_in(work, Batch(resource.name, page.records, page.set_aside), key, cursor)
        work.progress(resource.name, done)
    return cursor


async def _still_there(work: Working, resource: Resource[Any], scope: Scope, window: Window) -> bool:
    """Whether the shop still shows a row inside a window that it answered with nothing: then the answer is a lie
    (a failed query looks like an empty table), and the window is asked again by the next run.
    """
    newest = await newest_change(work, resource, scope, floor=window.floor)
    return newest is not None and window.lower <= newest <= window.upper


async def _newest_ids(work: Working, resource: Resource[Any], scope: Scope, key: str, cursor: Cursor) -> None:
    # The highest known row is asked for again: an answer that does not even hold that one needs a second look,
    # which spares a confirming question for every empty answer.
    after = max(cursor.highest_id - 1, 0)
    while True:
        page = await work.client.fetch(Query(resource, (IdAbove(after),), limit=ROWS, scope=scope))
        highest = max(cursor.highest_id, page.last_id or 0)
        if not page.count:
            highest = await work.client.highest_id(resource, scope) or 0
        grown = attrs.evolve(cursor, highest_id=highest)
        if page.count or grown != cursor:
            await take_in(work, Batch(resource.name, page.records, page.set_aside), key, grown)
        cursor = grown
        if page.is_last or page.last_id is None:
            return
        after = page.last_id

"""The first import of one resource: all ids from the cheap bare list, then the rows range by range.

The bare list costs a shop 0.004 ms a row where the row itself costs 0.2 to 0.8, and it tells three things in advance:
how many rows there are, ranges that hold exactly a page each (so that two of them can be read at the same time), and
which rows an answer must contain. Pages are stored in ascending order, each with the cursor, so a run that was cut
off goes on behind the last stored page.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

import attrs

from thulium_plugin_prestashop.mirror.cursors import Cursor, load_cursor, save_cursor
from thulium_plugin_prestashop.sync.cursor import BEGINNING, Clocks, watermark_after
from thulium_plugin_prestashop.sync.intake import Batch, take_in
from thulium_plugin_prestashop.sync.job import Working
from thulium_plugin_prestashop.sync.probes import ask_clock, newest_change, set_back
from thulium_plugin_prestashop.webservice.pages import SetAside
from thulium_plugin_prestashop.webservice.query import (
    MOST_IDS,
    IdBetween,
    IdIn,
    Query,
    Scope,
)
from thulium_plugin_prestashop.webservice.resources import Resource

ROWS: Final = 500
"""Rows of a range: above that nothing is gained, and one request passes half a second on a real shop."""
LISTED: Final = 10_000
"""Ids of one bare list: 65 ms and 22 MB for the shop; one answer for all would need half a gigabyte."""
AHEAD: Final = 2
"""Ranges read at the same time: two in flight are as fast as four, and twice as fast as one."""


async def import_resource(work: Working, resource: Resource[Any], scope: Scope, key: str) -> None:
    """Read all rows of ``resource`` that the cursor ``key`` has not seen yet, and mark it imported."""
    cursor = await _begin(work, resource, scope, key)
    done = 0
    while True:
        ids = await work.client.ids(
            resource, after=cursor.imported_to, limit=LISTED, scope=scope, where=work.within(resource)
        )
        total = done + len(ids) if len(ids) < LISTED else None
        work.progress(resource.name, done, total)
        async for part, batch in _ranges(work, resource, scope, ids):
            cursor = attrs.evolve(cursor, imported_to=part[-1], highest_id=max(cursor.highest_id, part[-1]))
            await take_in(work, batch, key, cursor)
            done += len(part)
            work.progress(resource.name, done, total)
        if len(ids) < LISTED:
            break
    cursor = attrs.evolve(cursor, imported=True, full_window_at=work.now())
    async with work.mirror.writing(work.integration) as connection:
        await save_cursor(connection, work.integration, key, cursor)


async def _begin(work: Working, resource: Resource[Any], scope: Scope, key: str) -> Cursor:
    """The cursor to go on from. Before the very first page the ceiling is read: what changes while the import runs
    is newer, and the first window afterwards begins there.
    """
    async with work.mirror.reading() as connection:
        cursor = await load_cursor(connection, work.integration, key)
    if cursor.watermark is None:
        newest = await newest_change(work, resource, scope)
        clocks = await ask_clock(work, resource, scope)
        watermark = BEGINNING
        if newest is not None:
            watermark = watermark_after(newest, clocks.wall(work.settings.time_zone))
        cursor = _reached(cursor, watermark, clocks)
    else:
        # What changed since among the rows that were read before the run was cut off may be dated earlier.
        clocks = await ask_clock(work, resource, scope)
        if not (step := set_back(work, cursor)):
            return cursor
        cursor = _reached(cursor, max(cursor.watermark - step, BEGINNING), clocks)
    async with work.mirror.writing(work.integration) as connection:
        await save_cursor(connection, work.integration, key, cursor)
    return cursor


def _reached(cursor: Cursor, watermark: datetime, clocks: Clocks) -> Cursor:
    return attrs.evolve(
        cursor,
        watermark=watermark,
        recent_watermark=watermark,
        reached_shop=clocks.shop,
        reached_host=clocks.host,
    )


async def _ranges(
    work: Working, resource: Resource[Any], scope: Scope, ids: Sequence[int]
) -> AsyncIterator[tuple[Sequence[int], Batch]]:
    """Ranges in ascending order, the next ones being read while the last is stored."""
    waiting: deque[tuple[Sequence[int], asyncio.Task[Batch]]] = deque()
    position = 0
    try:
        while position < len(ids) or waiting:
            while position < len(ids) and len(waiting) < AHEAD:
                size = min(ROWS, work.client.page_size(resource))
                part = ids[position : position + size]
                position += len(part)
                task = asyncio.create_task(_read_range(work, resource, scope, part))
                waiting.append((part, task))
            part, task = waiting[0]
            batch = await task
            waiting.popleft()
            yield part, batch
    finally:
        for _, task in waiting:
            task.cancel()
        await asyncio.gather(*(task for _, task in waiting), return_exceptions=True)


async def _read_range(work: Working, resource: Resource[Any], scope: Scope, part: Sequence[int]) -> Batch:
    records: list[Any] = []
    aside: list[SetAside] = []
    first, last = part[0], part[-1]
    while first <= last:
        page = await work.client.fetch(
            Query(resource, (IdBetween(first, last), *work.within(resource)), limit=ROWS, scope=scope)
        )
        records += page.records
        aside += page.set_aside
        if page.is_last or page.last_id is None:
            break
        first = page.last_id + 1
    # The list promised more: asked for by id, a row is either there or was deleted in the meantime.
    got = {record.id for record in records} | {entry.id for entry in aside}
    missing = [row_id for row_id in part if row_id not in got]
    for start in range(0, len(missing), MOST_IDS):
        page = await work.client.fetch(
            Query(resource, (IdIn(missing[start : start + MOST_IDS]),), limit=MOST_IDS, scope=scope)
        )
        records += page.records
        aside += page.set_aside
    return Batch(resource.name, records, aside)

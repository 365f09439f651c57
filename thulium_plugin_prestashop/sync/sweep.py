"""The sweep: all ids of the shop, from the cheap bare lists, against those of the mirror.

It finds what no date tells: rows deleted without a trace, and rows that came with an odd date. A missing row is
confirmed by a second question before it is followed. When implausibly many are missing, none is: a revoked right, a
wrong scope of shops and a lying empty page look the same, and a person has to look.
"""

from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.mirror.links import drop_links_without_orders
from thulium_plugin_prestashop.mirror.quarantine import take_back
from thulium_plugin_prestashop.mirror.store import TABLES, chunks, remove_rows
from thulium_plugin_prestashop.mirror.tables import orders, skipped
from thulium_plugin_prestashop.sync.job import Working
from thulium_plugin_prestashop.sync.needed import PAGED, fetch_by_id
from thulium_plugin_prestashop.webservice.query import CUSTOMERS, MOST_IDS, IdIn
from thulium_plugin_prestashop.webservice.resources import Resource

LISTED: Final = 10_000
_DAY: Final = 86_400
_NIGHT: Final = range(1, 5)
"""Hours of the shop's night in which a sweep is preferred."""
FEW, MANY = 5, 50
"""Up to ``FEW`` removals are always followed; above, at most half of the rows; above ``MANY``, at most a twentieth."""


def due(work: Working) -> bool:
    """Whether to sweep: asked for, or a night has passed since the last time."""
    if work.job.sweep is not None:
        return work.job.sweep
    last = work.state.last_sweep
    if last is None or work.clocks is None:
        return False
    age = work.now() - last
    return age >= _DAY * 1.25 or (age >= _DAY * 0.8 and _hour(work, work.settings.time_zone) in _NIGHT)


def _hour(work: Working, zone: ZoneInfo) -> int:
    return work.clocks.wall(zone).hour if work.clocks else 0


def implausible(vanished: int, known: int) -> bool:
    """Whether so many rows cannot just have been deleted."""
    return (vanished > FEW and vanished * 2 > known) or (vanished > MANY and vanished * 20 > known)


async def sweep(work: Working) -> None:
    """Compare all three tables; fetch what is missing here, follow what is missing there."""
    for resource in PAGED.values():
        if resource.name in work.report.unavailable:
            continue
        missing, vanished, known = await _compare(work, resource)
        await fetch_by_id(work, resource, missing)
        await follow(work, resource, vanished, known)
    work.report.swept = True


async def _compare(work: Working, resource: Resource[Any]) -> tuple[set[int], set[int], int]:
    """Ids that only the shop has, ids that only the mirror has, and how many the mirror holds; block by block, so
    that no list of all ids ever exists.
    """
    aside = {int(row_id) for name, row_id in work.aside if name == resource.name and row_id.isdecimal()}
    missing: set[int] = set()
    vanished: set[int] = set()
    known = compared = after = 0
    end = False
    while not end:
        lists = [
            await work.client.ids(
                resource, after=after, limit=LISTED, scope=scope, where=work.within(resource)
            )
            for scope in work.scopes_of(resource)
        ]
        # Full lists go on behind their last id; up to the smallest of these everything is known.
        upper = min((ids[-1] for ids in lists if len(ids) == LISTED), default=None)
        theirs = {row_id for ids in lists for row_id in ids if upper is None or row_id <= upper}
        async with work.mirror.reading() as connection:
            ours = await _ours(connection, work.integration, resource.name, after, upper)
            passed_over = await _passed_over(connection, work.integration, resource.name, after, upper)
        missing |= theirs - ours - passed_over - aside
        vanished |= ours - theirs
        known += len(ours)
        compared += len(theirs)
        work.progress("sweep", compared)
        end, after = upper is None, upper or after
    return missing, vanished, known


async def _ours(
    connection: AsyncConnection, integration: str, resource: str, after: int, upper: int | None
) -> set[int]:
    table = TABLES[resource]
    query = select(table.c.id).where(table.c.integration == integration, table.c.id > after)
    if resource == "orders":
        query = query.where(orders.c.removed_at.is_(None))
    if upper is not None:
        query = query.where(table.c.id <= upper)
    return set((await connection.execute(query)).scalars())


async def _passed_over(
    connection: AsyncConnection, integration: str, resource: str, after: int, upper: int | None
) -> set[int]:
    query = select(skipped.c.id).where(
        skipped.c.integration == integration, skipped.c.resource == resource, skipped.c.id > after
    )
    if upper is not None:
        query = query.where(skipped.c.id <= upper)
    return set((await connection.execute(query)).scalars())


async def follow(work: Working, resource: Resource[Any], vanished: set[int], known: int) -> None:
    """Remove from the mirror what the shop, asked for these very ids, does not have either; ``known`` are all it holds."""
    confirmed = set(vanished)
    for scope in work.scopes_of(resource):
        for some in chunks(confirmed, MOST_IDS):
            confirmed -= set(await work.client.ids(resource, where=(IdIn(some),), scope=scope))
    if not work.job.accept_removals and implausible(len(confirmed), known):
        work.report.implausible[resource.name] = len(confirmed)
        return
    async with work.mirror.writing(work.integration) as connection:
        count = await remove_rows(connection, work.integration, resource.name, confirmed, work.now())
        await take_back(connection, work.integration, resource.name, [str(row_id) for row_id in confirmed])
        if resource is CUSTOMERS:
            await drop_links_without_orders(connection, work.integration, confirmed)
    name = f"{resource.name}_removed"
    setattr(work.report, name, getattr(work.report, name) + count)

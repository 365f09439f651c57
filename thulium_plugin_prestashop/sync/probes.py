"""Small questions that tell where a shop stands: its clock, and what changed last."""

from datetime import datetime
from typing import Any

from thulium_plugin_prestashop.sync.cursor import BEGINNING, Clocks, newest_believed
from thulium_plugin_prestashop.sync.job import Working
from thulium_plugin_prestashop.webservice.query import IdAbove, Query, Scope, Sort, UpdatedBetween
from thulium_plugin_prestashop.webservice.resources import Resource


async def newest_change(
    work: Working, resource: Resource[Any], scope: Scope, *, floor: int = 0
) -> datetime | None:
    """The newest ``date_upd`` above id ``floor`` that can be believed, as the shop tells it; ``None`` without any.

    The first answer of a run also tells the shop's clock.
    """
    where = (IdAbove(floor),) if floor else ()
    page = await work.client.fetch(Query(resource, where, Sort.BY_UPDATED_DESC, limit=1, scope=scope))
    if work.clocks is None:
        # A server that hides its clock is taken to run like ours: the bound for odd dates is a day wide anyway.
        shop = int(page.access_time.timestamp()) if page.access_time else work.now()
        work.clocks = Clocks(shop, work.now())
    bound = newest_believed(work.clocks, work.settings.time_zone)
    found: datetime | None = page.records[0].date_upd if page.records else None
    if found is not None and found <= bound:
        return found
    if not page.count:
        return None
    # The newest row is dated in the future, or cannot be read: ask for the newest one within reason.
    where_believed = (*where, UpdatedBetween(BEGINNING, bound))
    page = await work.client.fetch(
        Query(resource, where_believed, Sort.BY_UPDATED_DESC, limit=1, scope=scope)
    )
    if page.records:
        return page.records[0].date_upd  # type: ignore[no-any-return] # dated resources all have it
    stamp = await work.client.latest_update(resource, scope, not_after=bound)
    return stamp.date_upd if stamp is not None else None

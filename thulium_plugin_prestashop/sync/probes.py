"""Small questions that tell where a shop stands: its clock, and what changed last."""

from datetime import datetime, timedelta
from typing import Any, Final

import attrs

from thulium_plugin_prestashop.mirror.cursors import Cursor
from thulium_plugin_prestashop.sync.cursor import BEGINNING, Clocks, newest_believed
from thulium_plugin_prestashop.sync.job import Working
from thulium_plugin_prestashop.transport.errors import OurFault, TimeWillTell
from thulium_plugin_prestashop.webservice.isolation import ISOLATABLE
from thulium_plugin_prestashop.webservice.pages import Page, SetAside
from thulium_plugin_prestashop.webservice.query import IdAbove, Query, Scope, Sort, UpdatedBetween
from thulium_plugin_prestashop.webservice.resources import Resource

_NEIGHBOURS: Final = 10
"""Rows asked for where the newest one alone cannot be read."""


async def newest_change(
    work: Working,
    resource: Resource[Any],
    scope: Scope,
    *,
    floor: int = 0,
    unread: list[SetAside] | None = None,
) -> datetime | None:
    """The newest ``date_upd`` above id ``floor`` that can be believed, as the shop tells it; ``None`` without any.

    The first answer of a run also tells the shop's clock. Newer rows that cannot be read are put into ``unread``.
    """
    unread = [] if unread is None else unread
    where = (IdAbove(floor),) if floor else ()
    page = await _newest(work, Query(resource, where, Sort.BY_UPDATED_DESC, limit=1, scope=scope), unread)
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
    page = await _newest(
        work, Query(resource, where_believed, Sort.BY_UPDATED_DESC, limit=1, scope=scope), unread
    )
    if page.records:
        return page.records[0].date_upd  # type: ignore[no-any-return] # dated resources all have it
    stamp = await work.client.latest_update(resource, scope, not_after=bound)
    return stamp.date_upd if stamp is not None else None


async def ask_clock(work: Working, resource: Resource[Any], scope: Scope) -> Clocks:
    """The clocks at the beginning of this run; asks the shop unless that has been done."""
    if work.clocks is None:
        await newest_change(work, resource, scope)
    return work.clocks or Clocks(work.now(), work.now())


def set_back(work: Working, cursor: Cursor) -> timedelta:
    """By how much the shop's clock was set back since the last run that ended well; before the first of these, since
    the cursor's watermark was reached.
    """
    state = work.state
    shop, host = state.shop_clock, state.host_clock
    if shop is None or host is None:
        shop, host = cursor.reached_shop, cursor.reached_host
    if work.clocks is None or shop is None or host is None:
        return timedelta()
    return work.clocks.set_back_since(Clocks(shop, host))


async def _newest(work: Working, query: Query[Any], unread: list[SetAside]) -> Page[Any]:
    """The row that changed last; where the shop stumbles over it, those that changed before it.

    Otherwise one broken row would stop the whole table until a later one is changed.
    """
    try:
        return await work.client.fetch(query)
    except (OurFault, TimeWillTell) as error:
        if error.key not in ISOLATABLE:
            raise
        page = await work.client.fetch(attrs.evolve(query, limit=_NEIGHBOURS))
        if not page.records:
            raise
        unread += page.set_aside
        return page

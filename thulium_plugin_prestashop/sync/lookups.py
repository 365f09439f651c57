"""The small tables: shops, currencies, countries and order states. They have no dates, so they are read whole, and
only when something suggests that they changed.
"""

from collections.abc import Iterable
from typing import Any, Final

import attrs
import orjson

from thulium_plugin_prestashop.contract.tasks import Trigger
from thulium_plugin_prestashop.mirror.store import load_lookups, store_lookups
from thulium_plugin_prestashop.sync.job import Working
from thulium_plugin_prestashop.sync.together import together
from thulium_plugin_prestashop.transport.errors import AdministratorMustAct, OurFault
from thulium_plugin_prestashop.webservice.query import (
    COUNTRIES,
    CURRENCIES,
    DEFAULT_SCOPE,
    ORDER_STATES,
    SHOPS,
    IdAbove,
    OneShop,
    Query,
    Scope,
    ShopGroup,
)
from thulium_plugin_prestashop.webservice.resources import Resource

EVERY_SECONDS: Final = 6 * 3600
"""How often they are read again without any reason: a state may have got another colour."""
FRESH_SECONDS: Final = 600
"""Younger than this they are not read again because a person asked: pressing twice must not ask the shop twice."""
ROWS: Final = 1_000


async def read_lookups(work: Working, resources: Iterable[Resource[Any]]) -> None:
    """Read small tables whole and store what changed. One that may not be read is reported; the others are read."""
    await together(*(_read_one(work, resource) for resource in resources))


async def _read_one(work: Working, resource: Resource[Any]) -> None:
    # Countries and currencies are shown only as far as a shop uses them; a group shows those of all its shops.
    scopes = work.scopes if resource in (COUNTRIES, CURRENCIES) else (DEFAULT_SCOPE,)
    found: dict[int, bytes] = {}
    try:
        for scope in scopes:
            found |= await _whole(work, resource, scope)
    except (AdministratorMustAct, OurFault) as error:
        work.report.note(resource.name, error)
        return
    async with work.mirror.writing(work.integration) as connection:
        await store_lookups(connection, work.integration, resource.name, found)


async def _whole(work: Working, resource: Resource[Any], scope: Scope) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    after = 0
    while True:
        where = (IdAbove(after),) if after else ()
        page = await work.client.fetch(Query(resource, where, limit=ROWS, scope=scope))
        for record in page.records:
            found[record.id] = orjson.dumps(attrs.asdict(record), option=orjson.OPT_NON_STR_KEYS)
        if page.is_last or page.last_id is None:
            return found
        after = page.last_id


def due(work: Working) -> bool:
    """Whether all small tables should be read: never read, or too long ago for who asks."""
    last = work.state.last_lookups
    patience = FRESH_SECONDS if work.job.trigger is Trigger.PERSON else EVERY_SECONDS
    return last is None or work.now() - last >= patience


async def choose_scopes(work: Working) -> None:
    """Decide which shops are asked, by what the shop says of itself.

    A single shop is asked plainly. Of a multistore the groups of the chosen shops are asked, because without a
    parameter only the shop of the address answers; rows of other shops of a group are left out one by one.
    """
    async with work.mirror.reading() as connection:
        rows = [
            orjson.loads(data)
            for data in (await load_lookups(connection, work.integration, SHOPS.name)).values()
        ]
    active = [row for row in rows if row["active"] and not row["deleted"]]
    chosen = [row for row in active if not work.settings.shops or row["id"] in work.settings.shops]
    if len(active) <= 1 or not chosen:
        return
    if work.settings.shops:
        work.shops = frozenset(row["id"] for row in chosen)
    groups = sorted({row["id_shop_group"] for row in chosen})
    scopes: tuple[Scope, ...] = tuple(ShopGroup(group) for group in groups)
    work.scopes = (OneShop(chosen[0]["id"]),) if len(chosen) == 1 else scopes


async def unknown(work: Working) -> list[Resource[Any]]:
    """Small tables of which a row stored in this run names an id that is not known: they have grown."""
    found: list[Resource[Any]] = []
    async with work.mirror.reading() as connection:
        for resource in (CURRENCIES, ORDER_STATES, COUNTRIES):
            named = work.named.get(resource.name, set()) - {0}
            if named and named - set(await load_lookups(connection, work.integration, resource.name)):
                found.append(resource)
    return found


async def country_codes(work: Working) -> dict[int, str]:
    """ISO codes by country id."""
    async with work.mirror.reading() as connection:
        found = await load_lookups(connection, work.integration, COUNTRIES.name)
    return {row_id: orjson.loads(data)["iso_code"] for row_id, data in found.items()}

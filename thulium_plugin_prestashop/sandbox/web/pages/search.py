"""Search from anywhere: customers by what the CRM knows, orders by what plugins know."""

from urllib.parse import quote, urlencode

import attrs
from aiohttp import web

from thulium_plugin_prestashop.contract.views import Row, SearchHit
from thulium_plugin_prestashop.sandbox.crm import Card, NotFound
from thulium_plugin_prestashop.sandbox.web import colours
from thulium_plugin_prestashop.sandbox.web.visit import Visit

ORDERS = 20
CUSTOMERS = 20
SUGGESTED = 6
_SHORTEST = 2


@attrs.frozen
class Hit:
    """An order that was found, and where it is shown."""

    title: str
    person: str
    address: str
    row: Row


async def search(visit: Visit) -> web.Response:
    """The page of results; if there is only one, an order or a customer, it is opened at once."""
    text = visit.query("q")
    found = await visit.crm.host.search_orders(text, visit.viewer, ORDERS) if text else []
    hits = [await _hit(visit, hit) for hit in found]
    page = await visit.crm.listing.page(text, limit=CUSTOMERS) if text else None
    people: tuple[Card, ...] = page.rows if page else ()
    total = page.total if page else 0
    if len(hits) == 1 and not total:
        return visit.go(hits[0].address)
    if total == 1 and not hits:
        return visit.go(f"/customers/{quote(people[0].id)}")
    return visit.render(
        "search.html",
        query_text=text,
        hits=hits,
        people=people,
        total=total,
        colors=colours.used_in(*found),
    )


async def suggestions(visit: Visit) -> web.Response:
    """A few results as a piece of a page, while somebody types."""
    text = visit.query("q")
    if len(text) < _SHORTEST:
        return visit.render("suggestions.html", hits=[], people=[])
    found = await visit.crm.host.search_orders(text, visit.viewer, SUGGESTED)
    people = await visit.crm.listing.suggest(text, limit=SUGGESTED)
    return visit.render("suggestions.html", hits=[await _hit(visit, hit) for hit in found], people=people)


async def _hit(visit: Visit, hit: SearchHit) -> Hit:
    try:
        person = (await visit.crm.cards.get(hit.customer)).title
    except NotFound:
        # Erased a moment ago; the plugin has not been told yet.
        person = ""
    opened = urlencode({"opened": hit.row.key})
    address = f"/customers/{quote(hit.customer)}/tabs/{quote(hit.integration, safe='')}?{opened}"
    return Hit(title=hit.title, person=person, address=address, row=hit.row)

"""Tabs of plugins on the customer card, drawn from their data; refresh, and ties between customers."""

from urllib.parse import quote, urlencode

from aiohttp import web

from thulium_plugin_prestashop.contract.forms import FieldError
from thulium_plugin_prestashop.contract.integration import Integration
from thulium_plugin_prestashop.contract.problems import Severity
from thulium_plugin_prestashop.contract.views import TabQuery
from thulium_plugin_prestashop.sandbox.crm import Card
from thulium_plugin_prestashop.sandbox.web.pages.card import load_card, load_tabs, show_card
from thulium_plugin_prestashop.sandbox.web.visit import Visit

_LONGEST = 200


async def tab(visit: Visit) -> web.Response:
    """One tab: a page of its rows, narrowed by status and text."""
    card = await load_card(visit)
    return await _show(visit, card)


async def refresh(visit: Visit) -> web.Response:
    """Ask the shop for this customer only."""
    card = await load_card(visit)
    refreshed = await _integration(visit).refresh(card.id)
    visit.say(refreshed.message, None if refreshed.ok else Severity.WARNING)
    return visit.go(_address(visit, card))


async def link(visit: Visit) -> web.Response:
    """Tie the customer to a shop's customer with the typed e-mail or number."""
    card = await load_card(visit)
    typed = await visit.field("typed")
    error = await _integration(visit).link(card.id, typed)
    if error is None:
        visit.say(visit.words("tab.linked"))
        return visit.go(_address(visit, card))
    visit.address = _address(visit, card)
    return await _show(visit, card, typed, error)


async def unlink(visit: Visit) -> web.Response:
    """Take a tie back."""
    card = await load_card(visit)
    number = await visit.field("shop_customer")
    if not number.isascii() or not number.isdigit():
        raise web.HTTPBadRequest
    await _integration(visit).unlink(card.id, int(number))
    visit.say(visit.words("tab.unlinked"))
    return visit.go(_address(visit, card))


def _integration(visit: Visit) -> Integration:
    """The running integration that the address names. Raises 404."""
    try:
        entry = visit.crm.host.integrations.entry(visit.path("integration"))
    except KeyError:
        raise web.HTTPNotFound from None
    if entry.integration is None:
        raise web.HTTPNotFound
    return entry.integration


def _address(visit: Visit, card: Card) -> str:
    return f"/customers/{card.id}/tabs/{quote(visit.path('integration'), safe='')}"


async def _show(visit: Visit, card: Card, typed: str = "", error: FieldError | None = None) -> web.Response:
    query = TabQuery(
        offset=visit.number("offset"),
        status=visit.query("status")[:_LONGEST],
        search=visit.query("search")[:_LONGEST],
        opened=visit.query("opened")[:_LONGEST],
    )
    tabs = await load_tabs(visit, card)
    wanted = visit.path("integration")
    # The row of tabs has read the first page of each already.
    found = tabs if query == TabQuery() else []
    view = next((tab for tab in found if tab.integration == wanted), None)
    if view is None:
        view = next(iter(await visit.crm.host.load_tabs(card.id, visit.viewer, query, wanted)), None)
    if view is None:
        return _without_tab(visit, card, error)
    address = _address(visit, card)
    kept = {name: value for name, value in (("search", query.search), ("status", query.status)) if value}
    return show_card(
        visit,
        "tab.html",
        card,
        tabs,
        view.integration,
        view,
        status=422 if error else 200,
        view=view,
        query=query,
        filtered=bool(query.search or query.status),
        address=address,
        page_address=f"{address}?{urlencode(kept)}&" if kept else f"{address}?",
        link_error=visit.words.say(error.message) if error else "",
        link_typed=typed,
    )


def _without_tab(visit: Visit, card: Card, error: FieldError | None) -> web.Response:
    """The shop does not know this customer (any more): the card itself says so and offers to link."""
    if error is not None:
        visit.say(error.message, Severity.ERROR)
    elif not visit.flashes.waiting(visit.secret):
        visit.say(visit.words("tab.gone"), Severity.INFO)
    return visit.go(f"/customers/{card.id}")

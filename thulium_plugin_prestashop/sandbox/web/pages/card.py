"""The customer card: its frame with the tabs, details, changes by agents and how to take them back."""

from collections.abc import Sequence

from aiohttp import web

from thulium_plugin_prestashop.contract.problems import Severity
from thulium_plugin_prestashop.contract.views import CustomerTab, HistorySection
from thulium_plugin_prestashop.sandbox.crm import Card, CrmError
from thulium_plugin_prestashop.sandbox.web import colours
from thulium_plugin_prestashop.sandbox.web.pages.card_form import read_card, show_card_form
from thulium_plugin_prestashop.sandbox.web.visit import Visit

CHANGES_SHOWN = 20


async def load_card(visit: Visit) -> Card:
    """The card that the address names. Raises ``NotFound``; an id that was merged leads to the one that was kept."""
    asked = visit.path("customer")
    card = await visit.crm.cards.get(asked)
    if card.id != asked and visit.request.method == "GET":
        raise web.HTTPFound(visit.request.path.replace(f"/customers/{asked}", f"/customers/{card.id}", 1))
    return card


async def load_tabs(visit: Visit, card: Card) -> list[CustomerTab]:
    """All tabs that plugins have for this customer, each with its first page."""
    return await visit.crm.host.load_tabs(card.id, visit.viewer)


def show_card(
    visit: Visit,
    template: str,
    card: Card,
    tabs: Sequence[CustomerTab],
    tab: str,
    *views: CustomerTab | HistorySection,
    status: int = 200,
    **values: object,
) -> web.Response:
    """A page in the frame of one customer. ``views`` are those whose colours it needs."""
    initials = "".join(word[0] for word in card.title.split()[:2] if word[0].isalnum()).upper()
    return visit.render(
        template,
        status=status,
        card=card,
        tabs=tabs,
        tab=tab,
        initials=initials,
        colors=colours.used_in(*views),
        **values,
    )


async def details(visit: Visit) -> web.Response:
    """All that the CRM itself knows of the customer."""
    card = await load_card(visit)
    tabs = await load_tabs(visit, card)
    shown = {tab.integration for tab in tabs}
    return show_card(
        visit,
        "details.html",
        card,
        tabs,
        "details",
        changes=await visit.crm.cards.changes(card.id, limit=CHANGES_SHOWN),
        linkable=[
            entry.config
            for entry in visit.crm.host.integrations.entries()
            if entry.integration is not None and entry.config.id not in shown
        ],
    )


async def edit_form(visit: Visit) -> web.Response:
    """The card as a form."""
    card = await load_card(visit)
    return await show_card_form(visit, card, card.content, {})


async def edit(visit: Visit) -> web.Response:
    """Save what an agent changed."""
    card = await load_card(visit)
    typed = await read_card(visit, card.content)
    try:
        change = await visit.crm.cards.edit(card.id, typed, visit.actor)
    except CrmError as error:
        visit.address = f"/customers/{card.id}/edit"
        return await show_card_form(visit, card, typed, {error.field or "": error.message})
    visit.say(visit.words("card.saved" if change else "card.unchanged"))
    return visit.go(f"/customers/{card.id}")


async def undo(visit: Visit) -> web.Response:
    """Take a change back, if nothing has changed the same since."""
    card = await load_card(visit)
    change = visit.path("change")
    if not change.isascii() or not change.isdigit():
        raise web.HTTPNotFound
    try:
        await visit.crm.cards.undo(int(change), visit.actor)
    except CrmError as error:
        visit.say(error.message, Severity.ERROR)
    else:
        visit.say(visit.words("card.undone"))
    return visit.go(f"/customers/{card.id}")


async def merge(visit: Visit) -> web.Response:
    """Take another customer into this one, because both are the same person."""
    card = await load_card(visit)
    other = (await visit.field("other")).lstrip("#")
    try:
        await visit.crm.cards.merge(card.id, [other], visit.actor)
    except CrmError as error:
        visit.say(error.message, Severity.ERROR)
    else:
        visit.say(visit.words("card.merged", id=other))
    return visit.go(f"/customers/{card.id}")


async def erase(visit: Visit) -> web.Response:
    """Erase the customer for good, here and in every plugin."""
    card = await load_card(visit)
    if await visit.field("sure") != "yes":
        visit.say(visit.words("card.erase_unsure"), Severity.WARNING)
        return visit.go(f"/customers/{card.id}")
    await visit.crm.cards.erase(card.id, visit.actor)
    visit.say(visit.words("card.erased"))
    return visit.go("/customers")

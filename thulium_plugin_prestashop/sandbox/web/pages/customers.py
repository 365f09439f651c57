"""The Customers tab: the list with its search, a new customer, and the actions that plugins add."""

from aiohttp import web

from thulium_plugin_prestashop.contract.problems import Severity
from thulium_plugin_prestashop.hosting import IntegrationState
from thulium_plugin_prestashop.sandbox.crm import CardEdit, CrmError
from thulium_plugin_prestashop.sandbox.web.pages.card_form import read_card, show_card_form
from thulium_plugin_prestashop.sandbox.web.pages.runs import runs_for
from thulium_plugin_prestashop.sandbox.web.visit import Visit

PAGE = 50


async def customers(visit: Visit) -> web.Response:
    """A page of the list."""
    text, offset = visit.query("q"), visit.number("offset")
    page = await visit.crm.listing.page(text, offset=offset, limit=PAGE)
    if not page.rows and offset and page.total:
        # The list has become shorter since the address was made.
        offset = (page.total - 1) // PAGE * PAGE
        page = await visit.crm.listing.page(text, offset=offset, limit=PAGE)
    return visit.render(
        "customers.html",
        page=page,
        q=text,
        offset=offset,
        limit=PAGE,
        runs=runs_for(visit),
        actions=visit.crm.host.customers_actions() if visit.is_admin else [],
        can_start=any(
            entry.state is IntegrationState.RUNNING for entry in visit.crm.host.integrations.entries()
        ),
    )


async def start_action(visit: Visit) -> web.Response:
    """Run the synchronisation of every running integration of the action's type; runs under way are joined."""
    key = visit.path("key")
    action = next((one for one in visit.crm.host.customers_actions() if one.key == key), None)
    if action is None:
        raise web.HTTPNotFound
    entries = [
        entry
        for entry in visit.crm.host.integrations.entries()
        if entry.config.type == action.integration_type
    ]
    running = [entry for entry in entries if entry.state is IntegrationState.RUNNING]
    if not running:
        visit.say(
            visit.words("customers.none_runs" if entries else "customers.none_configured"), Severity.WARNING
        )
        return visit.go("/administration/integrations")
    for entry in running:
        try:
            await visit.crm.desk.run_now(entry.config.id, visit.actor)
        except CrmError as error:
            visit.say(error.message, Severity.ERROR)
    return visit.go("/customers")


async def new_customer(visit: Visit) -> web.Response:
    """The form for a customer whom no shop knows."""
    return await show_card_form(visit, None, CardEdit(), {})


async def create_customer(visit: Visit) -> web.Response:
    """Create one by hand."""
    edit = await read_card(visit, CardEdit())
    try:
        card = await visit.crm.cards.create(edit, visit.actor)
    except CrmError as error:
        visit.address = "/customers/new"
        return await show_card_form(visit, None, edit, {error.field or "": error.message})
    visit.say(visit.words("card.created"))
    return visit.go(f"/customers/{card.id}")

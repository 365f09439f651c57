"""Everything a host can call, on one screen.

The module has no state: what the plugin keeps for a host lies in ``host.state["prestashop"]``, put there at start-up
and taken away at shutdown, and what it keeps for a shop is the running integration, which the host holds.

Importing it loads the contract and little else, so that a host may list its plugins for free. What does the work
(SQLAlchemy, aiohttp, Babel: some 300 ms) is loaded at start-up, in a thread, while the host's loop goes on.
"""

# ruff: noqa: PLC0415 - the imports inside the hooks, for the reason above

import asyncio
from collections.abc import Awaitable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from thulium_plugin_prestashop.contract.customers import CustomerId
from thulium_plugin_prestashop.contract.hookspecs import hookimpl
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.integration import IntegrationType
from thulium_plugin_prestashop.contract.orders import Caller
from thulium_plugin_prestashop.contract.surfaces import CustomersAction, CustomerTabs, HistorySections
from thulium_plugin_prestashop.contract.views import SearchHit, Viewer

if TYPE_CHECKING:
    from thulium_plugin_prestashop.admin.integration import PrestaShopIntegration
    from thulium_plugin_prestashop.agent.shop import ShopViews

_WORK = (
    "thulium_plugin_prestashop.admin.integration_type",
    "thulium_plugin_prestashop.admin.runtime",
    "thulium_plugin_prestashop.agent.callers",
    "thulium_plugin_prestashop.agent.search",
    "thulium_plugin_prestashop.agent.surfaces",
    "thulium_plugin_prestashop.sync.forget",
)


def _load() -> None:
    """Import what the hooks below need, so that none of them holds the loop when it is called."""
    for module in _WORK:
        import_module(module)


def _running(host: HostContext) -> "list[PrestaShopIntegration]":
    from thulium_plugin_prestashop.admin.integration import TYPE_ID, PrestaShopIntegration

    running = host.integrations.running(TYPE_ID)
    return [integration for integration in running if isinstance(integration, PrestaShopIntegration)]


def _shops(host: HostContext) -> "list[ShopViews]":
    return [integration.views for integration in _running(host)]


@hookimpl
async def thulium_startup(host: HostContext) -> None:
    """Open the mirror, upgraded to the newest schema."""
    await asyncio.to_thread(_load)
    from thulium_plugin_prestashop.admin.runtime import open_runtime

    await open_runtime(host)


@hookimpl
async def thulium_shutdown(host: HostContext) -> None:
    """Close the mirror."""
    from thulium_plugin_prestashop.admin.runtime import close_runtime

    await close_runtime(host)


@hookimpl
def thulium_integration_types(host: HostContext) -> Sequence[IntegrationType]:  # noqa: ARG001 - the same for every host
    """PrestaShop, in the section E-commerce."""
    from thulium_plugin_prestashop.admin.integration_type import PrestaShopType

    return [PrestaShopType()]


@hookimpl
def thulium_customer_tabs(host: HostContext) -> Sequence[CustomerTabs]:
    """The tab PrestaShop, one per shop that knows the customer."""
    from thulium_plugin_prestashop.agent.surfaces import customer_tabs

    return [customer_tabs(lambda: _running(host))]


@hookimpl
def thulium_history_sections(host: HostContext) -> Sequence[HistorySections]:
    """ORDERS, over all shops of the customer."""
    from thulium_plugin_prestashop.agent.surfaces import history_sections

    return [history_sections(lambda: _shops(host))]


@hookimpl
def thulium_customers_actions(host: HostContext) -> Sequence[CustomersAction]:  # noqa: ARG001 - the same for every host
    """Start Synchronization with PrestaShop."""
    from thulium_plugin_prestashop.admin.integration import TYPE_ID
    from thulium_plugin_prestashop.locale import MESSAGES

    return [
        CustomersAction(
            key="prestashop.synchronise",
            title=MESSAGES.text("admin.action.title"),
            description=MESSAGES.text("admin.action.description"),
            integration_type=TYPE_ID,
        )
    ]


@hookimpl
def thulium_search_orders(
    host: HostContext, query: str, viewer: Viewer, limit: int
) -> Awaitable[Sequence[SearchHit]]:
    """Orders by reference or number, in all running shops."""
    from thulium_plugin_prestashop.agent.search import find_orders

    return find_orders(_shops(host), query, viewer, limit)


@hookimpl
def thulium_find_by_phone(host: HostContext, phone: str) -> Awaitable[Sequence[Caller]]:
    """Who has this telephone number, in all running shops, in the company's language."""
    from thulium_plugin_prestashop.agent.callers import find_callers

    return find_callers(_shops(host), phone, Viewer(host.locale, host.time_zone))


@hookimpl
async def thulium_customers_merged(host: HostContext, kept: CustomerId, merged: Sequence[CustomerId]) -> None:
    """Links follow the customer that is kept."""
    from thulium_plugin_prestashop.admin.runtime import runtime_of
    from thulium_plugin_prestashop.sync.forget import follow_merge

    await follow_merge(runtime_of(host).mirror, kept, merged)


@hookimpl
async def thulium_customers_erased(host: HostContext, customers: Sequence[CustomerId]) -> None:
    """Every trace of the customers goes, in all shops, running or not."""
    from thulium_plugin_prestashop.admin.runtime import runtime_of
    from thulium_plugin_prestashop.sync.forget import forget_customers

    await forget_customers(runtime_of(host).mirror, customers)

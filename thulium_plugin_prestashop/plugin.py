"""Everything a host can call, on one screen.

The module has no state: what the plugin keeps for a host lies in ``host.state["prestashop"]``, put there at start-up
and taken away at shutdown, and what it keeps for a shop is the running integration, which the host holds.
"""

from collections.abc import Awaitable, Sequence

from thulium_plugin_prestashop.admin.integration import TYPE_ID, PrestaShopIntegration
from thulium_plugin_prestashop.admin.integration_type import PrestaShopType
from thulium_plugin_prestashop.admin.runtime import close_runtime, open_runtime, runtime_of
from thulium_plugin_prestashop.agent.callers import find_callers
from thulium_plugin_prestashop.agent.search import find_orders
from thulium_plugin_prestashop.agent.shop import ShopViews
from thulium_plugin_prestashop.agent.surfaces import customer_tabs, history_sections
from thulium_plugin_prestashop.contract.customers import CustomerId
from thulium_plugin_prestashop.contract.hookspecs import hookimpl
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.integration import IntegrationType
from thulium_plugin_prestashop.contract.orders import Caller
from thulium_plugin_prestashop.contract.surfaces import CustomersAction, CustomerTabs, HistorySections
from thulium_plugin_prestashop.contract.views import SearchHit, Viewer
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.sync.forget import follow_merge, forget_customers


def _running(host: HostContext) -> list[PrestaShopIntegration]:
    running = host.integrations.running(TYPE_ID)
    return [integration for integration in running if isinstance(integration, PrestaShopIntegration)]


def _shops(host: HostContext) -> list[ShopViews]:
    return [integration.views for integration in _running(host)]


@hookimpl
def thulium_startup(host: HostContext) -> Awaitable[None]:
    """Open the mirror, upgraded to the newest schema."""
    return open_runtime(host)


@hookimpl
def thulium_shutdown(host: HostContext) -> Awaitable[None]:
    """Close the mirror."""
    return close_runtime(host)


@hookimpl
def thulium_integration_types(host: HostContext) -> Sequence[IntegrationType]:  # noqa: ARG001 - the same for every host
    """PrestaShop, in the section E-commerce."""
    return [PrestaShopType()]


@hookimpl
def thulium_customer_tabs(host: HostContext) -> Sequence[CustomerTabs]:
    """The tab PrestaShop, one per shop that knows the customer."""
    return [customer_tabs(lambda: _running(host))]


@hookimpl
def thulium_history_sections(host: HostContext) -> Sequence[HistorySections]:
    """ORDERS, over all shops of the customer."""
    return [history_sections(lambda: _shops(host))]


@hookimpl
def thulium_customers_actions(host: HostContext) -> Sequence[CustomersAction]:  # noqa: ARG001 - the same for every host
    """Start Synchronization with PrestaShop."""
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
    return find_orders(_shops(host), query, viewer, limit)


@hookimpl
def thulium_find_by_phone(host: HostContext, phone: str) -> Awaitable[Sequence[Caller]]:
    """Who has this telephone number, in all running shops, in the company's language."""
    return find_callers(_shops(host), phone, Viewer(host.locale, host.time_zone))


@hookimpl
async def thulium_customers_merged(host: HostContext, kept: CustomerId, merged: Sequence[CustomerId]) -> None:
    """Links follow the customer that is kept."""
    await follow_merge(runtime_of(host).mirror, kept, merged)


@hookimpl
async def thulium_customers_erased(host: HostContext, customers: Sequence[CustomerId]) -> None:
    """Every trace of the customers goes, in all shops, running or not."""
    await forget_customers(runtime_of(host).mirror, customers)

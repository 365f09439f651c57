"""The hooks of a Thulium plugin. pluggy project ``thulium``, entry-point group ``thulium.plugins``.

Hooks that do I/O return an awaitable, which the host awaits. A plugin implements what it needs.
"""

from collections.abc import Awaitable, Sequence

import pluggy

from thulium_plugin_prestashop.contract.customers import CustomerId
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.integration import IntegrationType
from thulium_plugin_prestashop.contract.orders import Caller
from thulium_plugin_prestashop.contract.surfaces import CustomersAction, CustomerTabs, HistorySections
from thulium_plugin_prestashop.contract.views import SearchHit, Viewer

PROJECT = "thulium"
ENTRY_POINT_GROUP = "thulium.plugins"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def thulium_startup(host: HostContext) -> Awaitable[None] | None:
    """The host starts: open what all integrations share. Awaited before any integration is created."""


@hookspec
def thulium_shutdown(host: HostContext) -> Awaitable[None] | None:
    """The host stops: close it again. Awaited after all integrations have stopped."""


@hookspec
def thulium_integration_types(host: HostContext) -> Sequence[IntegrationType] | None:
    """Integration types for Administration → Advanced → Integrations."""


@hookspec
def thulium_customer_tabs(host: HostContext) -> Sequence[CustomerTabs] | None:
    """Tabs of the customer card."""


@hookspec
def thulium_history_sections(host: HostContext) -> Sequence[HistorySections] | None:
    """Sections of the contact history."""


@hookspec
def thulium_customers_actions(host: HostContext) -> Sequence[CustomersAction] | None:
    """Actions of the Customers tab, such as *Start Synchronization with PrestaShop*."""


@hookspec
def thulium_search_orders(
    host: HostContext, query: str, viewer: Viewer, limit: int
) -> Awaitable[Sequence[SearchHit]] | None:
    """Orders whose reference or number is ``query``, newest first, at most ``limit``."""


@hookspec
def thulium_find_by_phone(host: HostContext, phone: str) -> Awaitable[Sequence[Caller]] | None:
    """Who has this telephone number (E.164), best known first; from the mirror alone, well under 20 ms."""


@hookspec
def thulium_customers_merged(
    host: HostContext, kept: CustomerId, merged: Sequence[CustomerId]
) -> Awaitable[None] | None:
    """The host merged customers into one: everything known of ``merged`` now belongs to ``kept``."""


@hookspec
def thulium_customers_erased(host: HostContext, customers: Sequence[CustomerId]) -> Awaitable[None] | None:
    """The host erased customers: every trace of them must go."""

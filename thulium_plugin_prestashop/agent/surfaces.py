"""The tab and the section as the host's pages take them: over all shops that run."""

from collections.abc import Callable, Sequence

import attrs

from thulium_plugin_prestashop.agent import history
from thulium_plugin_prestashop.agent.shop import ShopViews
from thulium_plugin_prestashop.contract.customers import CustomerId
from thulium_plugin_prestashop.contract.integration import Integration
from thulium_plugin_prestashop.contract.surfaces import CustomerTabs, HistorySections
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.contract.views import CustomerTab, HistorySection, TabQuery, Viewer

TAB = "prestashop"
TITLE = "PrestaShop"


def customer_tabs(running: Callable[[], Sequence[Integration]]) -> CustomerTabs:
    """One tab per shop that knows the customer; when none does, those of all shops, which say how to link.

    With several shops a tab's title names its shop.
    """

    async def load(
        customer: CustomerId, viewer: Viewer, query: TabQuery, integration: str | None
    ) -> list[CustomerTab]:
        shops = running()
        asked = query if integration is not None else attrs.evolve(query, offset=0, status="", search="")
        tabs = [
            attrs.evolve(tab, title=TITLE if len(shops) == 1 else f"{TITLE} · {shop.config.name}")
            for shop in shops
            if integration in {None, shop.id} and (tab := await shop.tab(customer, viewer, asked)) is not None
        ]
        if integration is not None:
            return tabs
        return [tab for tab in tabs if tab.matches] or tabs

    return CustomerTabs(TAB, LocalizedText(en=TITLE, pl=TITLE), load)


def history_sections(shops: Callable[[], Sequence[ShopViews]]) -> HistorySections:
    """The section ORDERS over all shops."""

    async def load(customer: CustomerId, viewer: Viewer, limit: int) -> HistorySection | None:
        return await history.orders_section(shops(), customer, viewer, limit)

    return HistorySections(history.KEY, history.title(), load)

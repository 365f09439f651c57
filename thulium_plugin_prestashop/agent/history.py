"""The section ORDERS of the contact history: the newest orders of a customer over all their shops."""

import heapq
from collections.abc import Sequence

from thulium_plugin_prestashop.agent import cells
from thulium_plugin_prestashop.agent.shop import ShopViews
from thulium_plugin_prestashop.contract.customers import CustomerId
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.contract.views import Column, HistorySection, Row, Viewer
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.mirror.reads import linked_customers, order_ids, tallies

KEY = "orders"
MOST_ENTRIES = 100


def title() -> LocalizedText:
    """What the section is called."""
    return MESSAGES.text("agent.history.title")


async def _newest(
    shop: ShopViews, customer: CustomerId, viewer: Viewer, limit: int
) -> tuple[tuple[Column, ...], tuple[Row, ...], int]:
    reader = shop.reader(viewer)
    async with shop.mirror.reading() as connection:
        columns = cells.columns(reader, await shop.lookups(connection))
        owners = [owner.id for owner in await linked_customers(connection, shop.integration, customer)]
        if not owners:
            return columns, (), 0
        counted = await tallies(connection, shop.integration, owners, shop.hidden)
        ids = await order_ids(connection, shop.integration, owners, shop.hidden, limit=limit)
        rows = await shop.rows(connection, ids, reader)
    return columns, rows, sum(tally.count for tally in counted)


async def orders_section(
    shops: Sequence[ShopViews], customer: CustomerId, viewer: Viewer, limit: int
) -> HistorySection | None:
    """The section, newest first, at most ``limit`` entries; ``None`` when no shop has an order of the customer."""
    limit = min(max(limit, 1), MOST_ENTRIES)
    found = [await _newest(shop, customer, viewer, limit) for shop in shops]
    total = sum(count for _, _, count in found)
    if not total:
        return None
    columns = {column.key: column for shop_columns, _, _ in found for column in shop_columns}
    reader = shops[0].reader(viewer)
    if len(shops) > 1:
        columns["shop"] = Column("shop", reader.phrase("column.shop"))
    entries = heapq.nlargest(limit, (row for _, rows, _ in found for row in rows), key=lambda row: row.at)
    return HistorySection(
        key=KEY,
        title=title().for_locale(viewer.locale),
        columns=tuple(columns.values()),
        details=cells.details(reader),
        entries=tuple(entries),
        total=total,
    )

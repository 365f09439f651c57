"""Orders by reference or number, from anywhere in the host."""

import heapq
import re
from collections.abc import Sequence

from thulium_plugin_prestashop.agent.shop import ShopViews
from thulium_plugin_prestashop.contract.views import SearchHit, Viewer
from thulium_plugin_prestashop.mirror.reads import search_orders

MOST_HITS = 50
_NUMBER = re.compile(r"#?0*([1-9][0-9]{0,17})")
_REFERENCE = re.compile(r"#?\s*(.{1,64})")


async def _hits(shop: ShopViews, query: str, viewer: Viewer, limit: int) -> list[SearchHit]:
    typed = query.strip()
    reference, number = _REFERENCE.fullmatch(typed), _NUMBER.fullmatch(typed)
    reader = shop.reader(viewer)
    async with shop.mirror.reading() as connection:
        found = []
        if reference:
            found += await search_orders(
                connection, shop.integration, shop.hidden, limit, reference=reference[1].upper()
            )
        if number:
            found += await search_orders(
                connection, shop.integration, shop.hidden, limit, number=int(number[1])
            )
        owners = {order.id: owner for owner, order in found}
        orders = {order.id: order for _, order in found}
        rows = await shop.rows_of(connection, list(orders.values()), reader)
    return [
        SearchHit(
            customer=owners[order.id],
            row=row,
            title=reader.phrase("search.hit", reference=order.reference, id=order.id, shop=shop.name),
            integration=shop.integration,
        )
        for order, row in zip(orders.values(), rows, strict=True)
    ]


async def find_orders(shops: Sequence[ShopViews], query: str, viewer: Viewer, limit: int) -> list[SearchHit]:
    """Orders whose reference or number is ``query``, in all shops, newest first, at most ``limit``.

    References are compared without case. An order that belongs to no card is no hit: it would lead nowhere.
    """
    limit = min(max(limit, 1), MOST_HITS)
    found = [hit for shop in shops for hit in await _hits(shop, query, viewer, limit)]
    return heapq.nlargest(limit, found, key=lambda hit: hit.row.at)

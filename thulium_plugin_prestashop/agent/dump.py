"""Every order of a shop, for export."""

from collections.abc import AsyncIterator

from thulium_plugin_prestashop.agent.shop import ShopViews
from thulium_plugin_prestashop.contract.views import Row, Viewer
from thulium_plugin_prestashop.mirror.reads import ID_CHUNK, owned_orders_after


async def all_orders(shop: ShopViews, viewer: Viewer) -> AsyncIterator[tuple[str | None, Row]]:
    """The host's customer (``None`` for nobody) and the row of every order, by id, also in states that the tab hides.

    Read in chunks, each from one state of the database, so that memory stays small and no writer waits.
    """
    after = 0
    while True:
        reader = shop.reader(viewer)
        async with shop.mirror.reading() as connection:
            found = await owned_orders_after(connection, shop.integration, after, ID_CHUNK)
            rows = await shop.rows_of(connection, [order for _, order in found], reader)
        if not found:
            return
        for (owner, _), row in zip(found, rows, strict=True):
            yield owner, row
        after = found[-1][1].id

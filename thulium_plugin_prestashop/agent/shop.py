"""One shop of the mirror as its views see it."""

from collections.abc import Collection

import attrs
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.agent.cells import RowMaker
from thulium_plugin_prestashop.agent.lookups import Lookups
from thulium_plugin_prestashop.agent.reader import Reader
from thulium_plugin_prestashop.contract.host import Clock
from thulium_plugin_prestashop.contract.views import Row, Viewer
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.overview import lookup_rows
from thulium_plugin_prestashop.mirror.reads import MirroredOrder, addresses_by_id, orders_by_id


@attrs.define(eq=False)
class ShopViews:
    """What all views of one integration share. The small tables are kept until :meth:`forget_lookups`.

    ``hidden`` are order states that are not shown.
    """

    mirror: Mirror
    integration: str
    name: str
    clock: Clock
    hidden: frozenset[int] = frozenset()
    _lookups: Lookups | None = attrs.field(default=None, init=False, repr=False)

    def forget_lookups(self) -> None:
        """A synchronisation may have changed the small tables: read them again when next needed."""
        self._lookups = None

    async def lookups(self, connection: AsyncConnection) -> Lookups:
        """The small tables of the shop."""
        if self._lookups is None:
            self._lookups = Lookups.from_rows(await lookup_rows(connection, self.integration))
        return self._lookups

    def reader(self, viewer: Viewer) -> Reader:
        """How the viewer reads, now."""
        return Reader.of(viewer, self.clock.now())

    async def rows(self, connection: AsyncConnection, ids: list[int], reader: Reader) -> tuple[Row, ...]:
        """Rows of the orders with these ids, in this order."""
        return await self.rows_of(connection, await orders_by_id(connection, self.integration, ids), reader)

    async def rows_of(
        self, connection: AsyncConnection, orders: Collection[MirroredOrder], reader: Reader
    ) -> tuple[Row, ...]:
        """Rows of orders that were read already."""
        wanted = {order.id_address_delivery for order in orders} | {
            order.id_address_invoice for order in orders
        }
        addresses = await addresses_by_id(connection, self.integration, wanted - {0})
        maker = RowMaker(self.integration, await self.lookups(connection), reader)
        return tuple(maker.row(order, addresses) for order in orders)

"""The PrestaShop tab of the customer card: summary, orders, how fresh, and why this customer has them."""

import asyncio
from collections.abc import Sequence

import attrs
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.agent import cells, summary
from thulium_plugin_prestashop.agent.notices import Age, notices
from thulium_plugin_prestashop.agent.plain import folded
from thulium_plugin_prestashop.agent.reader import Reader
from thulium_plugin_prestashop.agent.shop import ShopViews
from thulium_plugin_prestashop.contract.customers import CustomerId
from thulium_plugin_prestashop.contract.views import (
    CustomerTab,
    Match,
    Row,
    Table,
    TabQuery,
    Viewer,
)
from thulium_plugin_prestashop.mirror.overview import freshness
from thulium_plugin_prestashop.mirror.reads import (
    ID_CHUNK,
    LinkedCustomer,
    OrderLine,
    Tally,
    linked_customers,
    order_ids,
    order_lines,
    products_of,
    tallies,
)

KEY = "prestashop"
MOST_ROWS = 100
"""Rows of one page at most, whatever is asked for."""
SLICE = 100
"""Orders whose products are looked through in one go, some milliseconds: the host's loop comes first."""
BASES = frozenset({"id_field", "link", "login", "masked_email", "email", "created", "manual"})


async def customer_tab(
    shop: ShopViews, customer: CustomerId, viewer: Viewer, query: TabQuery, *, refreshed: int | None = None
) -> CustomerTab:
    """The tab of one shop. A customer that is not linked gets one without matches that says how to link.

    ``refreshed`` is when this customer alone was last read from the shop (epoch s).
    """
    reader = shop.reader(viewer)
    async with shop.mirror.reading() as connection:
        linked = await linked_customers(connection, shop.integration, customer)
        owners = [owner.id for owner in linked]
        age = Age(await freshness(connection, shop.integration), refreshed)
        counted = await tallies(connection, shop.integration, owners, shop.hidden) if owners else []
        lookups = await shop.lookups(connection)
        page = await _Page(shop, connection, owners, counted, query).read(reader)
    return CustomerTab(
        key=KEY,
        integration=shop.integration,
        title="PrestaShop",
        summary=summary.facts(counted, lookups, reader),
        table=Table(
            columns=cells.columns(reader, lookups),
            details=cells.details(reader),
            rows=page.rows,
            total=page.total,
            offset=page.offset,
            limit=page.limit,
        ),
        statuses=summary.statuses(counted, lookups, reader),
        as_of=None if age.as_of is None else reader.moment(age.as_of),
        matches=tuple(_match(owner, reader) for owner in linked),
        notices=notices(age, reader),
        empty="" if page.rows else _empty(linked, counted, age, reader),
    )


def _match(owner: LinkedCustomer, reader: Reader) -> Match:
    basis = owner.basis if owner.basis in BASES else "link"
    who = reader.phrase("match.guest" if owner.is_guest else "match.customer", id=owner.id)
    why = reader.phrase(f"match.{basis}")
    return Match(customer=owner.id, basis=basis, text=f"{who}: {why}")


def _empty(linked: Sequence[LinkedCustomer], counted: Sequence[Tally], age: Age, reader: Reader) -> str:
    """Why there is no order on the page."""
    if counted:
        return reader.phrase("empty.filtered")
    if linked:
        return reader.phrase("empty.no_orders")
    if age.freshness.last_success is None:
        return reader.phrase("empty.not_synchronised")
    return reader.phrase("empty.not_linked")


@attrs.frozen
class _Rows:
    rows: tuple[Row, ...]
    total: int
    offset: int
    limit: int


@attrs.frozen
class _Page:
    """The rows a query asks for."""

    shop: ShopViews
    connection: AsyncConnection
    owners: Sequence[int]
    counted: Sequence[Tally]
    query: TabQuery

    async def read(self, reader: Reader) -> _Rows:
        limit = min(max(self.query.limit, 1), MOST_ROWS)
        offset = max(self.query.offset, 0)
        state = int(self.query.status) if self.query.status.isdecimal() else None
        total = summary.count(self.counted, state)
        wanted = folded(self.query.search.strip())
        opened = cells.order_of_key(self.shop.integration, self.query.opened)
        if not total:
            return _Rows((), 0, 0, limit)
        if not wanted and opened is None:
            ids = await self._ids(state, offset=offset, limit=limit)
        else:
            found = await self._ids(state)
            if wanted:
                found = await self._holding(found, wanted)
            if opened in found:
                offset = found.index(opened) // limit * limit
            total = len(found)
            ids = found[offset : offset + limit]
        return _Rows(await self.shop.rows(self.connection, ids, reader), total, offset, limit)

    async def _ids(self, state: int | None, *, offset: int = 0, limit: int | None = None) -> list[int]:
        return await order_ids(
            self.connection,
            self.shop.integration,
            self.owners,
            self.shop.hidden,
            state=state,
            offset=offset,
            limit=limit,
        )

    async def _holding(self, ids: Sequence[int], wanted: str) -> list[int]:
        """Those of the orders that hold a product whose name or reference contains ``wanted``, in their order."""
        hits: set[int] = set()
        # A customer with thousands of orders buys the same products again and again: each is looked at once.
        looked_at: dict[tuple[str, str], bool] = {}

        def holds(line: OrderLine) -> bool:
            product = (line.name, line.reference)
            if product not in looked_at:
                looked_at[product] = wanted in folded("\n".join(product))
            return looked_at[product]

        for start in range(0, len(ids), ID_CHUNK):
            products = await products_of(
                self.connection, self.shop.integration, ids[start : start + ID_CHUNK]
            )
            for position, (order, rows) in enumerate(products, 1):
                if any(map(holds, order_lines(rows))):
                    hits.add(order)
                if position % SLICE == 0:
                    await asyncio.sleep(0)
        return [order for order in ids if order in hits]

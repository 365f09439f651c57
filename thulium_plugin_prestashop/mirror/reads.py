"""What views and search ask the mirror: a few small questions, each answered from an index.

All functions take an open connection, so that one view reads one state of the database. Orders that vanished from
the shop are never given; ``hidden`` are the order states that the settings leave out.
"""

from collections.abc import Collection, Sequence
from typing import Any

import attrs
import orjson
from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.mirror.tables import (
    addresses,
    customers,
    links,
    orders,
)

ID_CHUNK = 500
"""Values in one ``IN``: well below the smallest limit of bound parameters of the databases."""


@attrs.frozen
class LinkedCustomer:
    """A customer of the shop that belongs to a card, and why; ``email`` and ``is_guest`` as the shop has them."""

    id: int
    basis: str
    email: str
    is_guest: bool


@attrs.frozen
class Tally:
    """Orders of one currency in one state: how many, their total in millionths, the first and last (epoch s)."""

    id_currency: int
    state: int
    count: int
    total_micro: int
    first: int | None
    last: int | None


@attrs.frozen
class MirroredOrder:
    """One order as the mirror holds it; ``rows`` is the JSON that :func:`order_lines` reads."""

    id: int
    reference: str
    id_customer: int
    id_shop: int
    id_currency: int
    state: int
    total_micro: int
    payment: str
    tracking: str
    id_address_delivery: int
    id_address_invoice: int
    gift_message: str
    note: str
    placed_at: int | None
    rows: bytes


@attrs.frozen
class MirroredAddress:
    """One address as it is shown."""

    id: int
    id_country: int
    company: str
    firstname: str
    lastname: str
    vat_number: str
    address1: str
    address2: str
    postcode: str
    city: str
    phone: str
    phone_mobile: str


@attrs.frozen
class OrderLine:
    """One product of an order; ``unit_price`` is the tax-included decimal as the shop wrote it."""

    name: str
    reference: str
    quantity: int
    unit_price: str


_ORDER = [orders.c[field.name] for field in attrs.fields(MirroredOrder)]
_ADDRESS = [addresses.c[field.name] for field in attrs.fields(MirroredAddress)]


def _visible(integration: str, hidden: Collection[int]) -> list[ColumnElement[bool]]:
    conditions = [orders.c.integration == integration, orders.c.removed_at.is_(None)]
    if hidden:
        conditions.append(orders.c.state.not_in(sorted(hidden)))
    return conditions


def _of(integration: str, owners: Collection[int], hidden: Collection[int]) -> list[ColumnElement[bool]]:
    return [*_visible(integration, hidden), orders.c.id_customer.in_(sorted(owners))]


def order_lines(rows: bytes) -> list[OrderLine]:
    """The products of an order, in the shop's order."""
    return [OrderLine(row[4], row[5], row[3], row[6]) for row in orjson.loads(rows)]


def linked_customers_statement(integration: str, crm_id: str) -> Select[Any]:
    """The shop's customers of one card."""
    return (
        select(links.c.id_customer, links.c.basis, customers.c.email, customers.c.is_guest)
        .select_from(
            links.outerjoin(
                customers,
                and_(customers.c.integration == links.c.integration, customers.c.id == links.c.id_customer),
            )
        )
        .where(links.c.integration == integration, links.c.crm_id == crm_id, links.c.blocked.is_(False))
    )


async def linked_customers(
    connection: AsyncConnection, integration: str, crm_id: str
) -> list[LinkedCustomer]:
    """The shop's customers of one card, by id."""
    found = await connection.execute(linked_customers_statement(integration, crm_id))
    # Sorted here: asked to sort, SQLite walks all links of the shop in the order of their key.
    return sorted(
        (LinkedCustomer(row[0], row[1], row[2] or "", bool(row[3])) for row in found),
        key=lambda linked: linked.id,
    )


def tallies_statement(integration: str, owners: Collection[int], hidden: Collection[int]) -> Select[Any]:
    """Count, total, first and last per currency and state."""
    return (
        select(
            orders.c.id_currency,
            orders.c.state,
            func.count(),
            func.sum(orders.c.total_micro),
            func.min(orders.c.placed_at),
            func.max(orders.c.placed_at),
        )
        .where(*_of(integration, owners, hidden))
        .group_by(orders.c.id_currency, orders.c.state)
    )


async def tallies(
    connection: AsyncConnection, integration: str, owners: Collection[int], hidden: Collection[int]
) -> list[Tally]:
    """Everything the summary of the tab is made of; empty when ``owners`` have no orders."""
    found = await connection.execute(tallies_statement(integration, owners, hidden))
    return [Tally(row[0], row[1], row[2], int(row[3]), row[4], row[5]) for row in found]


def order_ids_statement(
    integration: str,
    owners: Collection[int],
    hidden: Collection[int],
    *,
    state: int | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> Select[Any]:
    """Ids of orders, newest first; those without a date come last."""
    conditions = _of(integration, owners, hidden)
    if state is not None:
        conditions.append(orders.c.state == state)
    statement = (
        select(orders.c.id)
        .where(*conditions)
        .order_by(orders.c.placed_at.desc().nulls_last(), orders.c.id.desc())
    )
    return statement if limit is None else statement.limit(limit).offset(offset)


async def order_ids(
    connection: AsyncConnection,
    integration: str,
    owners: Collection[int],
    hidden: Collection[int],
    *,
    state: int | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> list[int]:
    """Ids of orders, newest first, without reading the orders themselves."""
    statement = order_ids_statement(integration, owners, hidden, state=state, offset=offset, limit=limit)
    return list(await connection.scalars(statement))


def orders_statement(integration: str, ids: Collection[int]) -> Select[Any]:
    """Whole orders by id."""
    return select(*_ORDER).where(orders.c.integration == integration, orders.c.id.in_(ids))


async def orders_by_id(
    connection: AsyncConnection, integration: str, ids: Sequence[int]
) -> list[MirroredOrder]:
    """The orders with these ids, in the order of ``ids``; at most :data:`ID_CHUNK`."""
    if not ids:
        return []
    found = await connection.execute(orders_statement(integration, ids))
    by_id = {order.id: order for order in (MirroredOrder(*row) for row in found)}
    return [by_id[order_id] for order_id in ids if order_id in by_id]


async def products_of(
    connection: AsyncConnection, integration: str, ids: Sequence[int]
) -> list[tuple[int, bytes]]:
    """Id and products (see :func:`order_lines`) of at most :data:`ID_CHUNK` orders, in no particular order."""
    found = await connection.execute(
        select(orders.c.id, orders.c.rows).where(orders.c.integration == integration, orders.c.id.in_(ids))
    )
    return [(row[0], row[1]) for row in found]


async def addresses_by_id(
    connection: AsyncConnection, integration: str, ids: Collection[int]
) -> dict[int, MirroredAddress]:
    """The addresses with these ids, of those the mirror has; at most :data:`ID_CHUNK`."""
    if not ids:
        return {}
    found = await connection.execute(
        select(*_ADDRESS).where(addresses.c.integration == integration, addresses.c.id.in_(sorted(ids)))
    )
    return {row.id: MirroredAddress(*row) for row in found}


def search_statement(
    integration: str, hidden: Collection[int], limit: int, *, reference: str = "", number: int = 0
) -> Select[Any]:
    """Linked orders with this reference, or with this number."""
    wanted = orders.c.id == number if number else orders.c.reference_key == reference
    return (
        select(links.c.crm_id, *_ORDER)
        .select_from(
            orders.join(
                links,
                and_(
                    links.c.integration == orders.c.integration, links.c.id_customer == orders.c.id_customer
                ),
            )
        )
        .where(
            *_visible(integration, hidden), wanted, links.c.crm_id.is_not(None), links.c.blocked.is_(False)
        )
        .order_by(orders.c.placed_at.desc().nulls_last(), orders.c.id.desc())
        .limit(limit)
    )


async def search_orders(
    connection: AsyncConnection,
    integration: str,
    hidden: Collection[int],
    limit: int,
    *,
    reference: str = "",
    number: int = 0,
) -> list[tuple[str, MirroredOrder]]:
    """The host's customer and the order, newest first, for a reference (in upper case) or else a number."""
    statement = search_statement(integration, hidden, limit, reference=reference, number=number)
    return [(row[0], MirroredOrder(*row[1:])) for row in await connection.execute(statement)]


async def owned_orders_after(
    connection: AsyncConnection, integration: str, after: int, limit: int
) -> list[tuple[str | None, MirroredOrder]]:
    """The next ``limit`` orders by id with the host's customer they belong to, ``None`` for nobody."""
    statement = (
        select(links.c.crm_id, *_ORDER)
        .select_from(
            orders.outerjoin(
                links,
                and_(
                    links.c.integration == orders.c.integration,
                    links.c.id_customer == orders.c.id_customer,
                    links.c.blocked.is_(False),
                ),
            )
        )
        .where(*_visible(integration, ()), orders.c.id > after)
        .order_by(orders.c.id)
        .limit(limit)
    )
    return [(row[0], MirroredOrder(*row[1:])) for row in await connection.execute(statement)]

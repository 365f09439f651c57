"""Forgetting: a person whom the host erased, or an integration that was removed, leaves nothing behind.

SQLite runs with ``secure_delete``, so deleted text is zeroed at once; afterwards the write-ahead log, which still
holds earlier versions of the pages, is emptied. PostgreSQL shows deleted rows to nobody, and writes over them once its
vacuum has come by. Of an erased person only bare row numbers stay, so that the next run does not bring the person back.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import ColumnElement, Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.mirror.among import among
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.links import links_of_card
from thulium_plugin_prestashop.mirror.store import chunks, skip
from thulium_plugin_prestashop.mirror.tables import (
    addresses,
    customers,
    links,
    metadata,
    orders,
    phones,
    set_aside,
)

SLICE: Final = 5_000
"""Rows deleted in one transaction when an integration goes, so that others can write in between."""


@asynccontextmanager
async def writing_cards(mirror: Mirror, crm_ids: Collection[str]) -> AsyncIterator[AsyncConnection]:
    """A transaction that writes whatever belongs to these host customers, in all integrations that know them."""
    locked: set[str] = set()
    async with mirror.reading() as connection:
        locked.update(integration for integration, _ in await links_of_card(connection, crm_ids))
    while True:
        # With "", which no integration is called, it is not all of them that wait when none is concerned.
        async with mirror.writing("", *locked) as connection:
            found = {integration for integration, _ in await links_of_card(connection, crm_ids)}
            if found <= locked:
                yield connection
                return
        # One more has come to know them meanwhile.
        locked |= found


async def erase_cards(mirror: Mirror, crm_ids: Collection[str]) -> int:
    """Erase everything known of these host customers, in all integrations; how many customers of shops that were."""
    count = 0
    async with writing_cards(mirror, crm_ids) as connection:
        owned: dict[str, set[int]] = {}
        for integration, link in await links_of_card(connection, crm_ids):
            owned.setdefault(integration, set()).add(link.id_customer)
        for integration, ids in owned.items():
            await _erase_customers(connection, integration, ids)
            count += len(ids)
    await mirror.checkpoint()
    return count


async def _erase_customers(connection: AsyncConnection, integration: str, ids: Collection[int]) -> None:
    address_ids: set[int] = set()
    order_ids: set[int] = set()
    for some in chunks(ids):
        found = await connection.execute(
            select(orders.c.id, orders.c.id_address_delivery, orders.c.id_address_invoice).where(
                orders.c.integration == integration, among(connection, orders.c.id_customer, some)
            )
        )
        for order_id, delivery, invoice in found:
            order_ids.add(order_id)
            address_ids.update((delivery, invoice))
        owned = await connection.execute(
            select(addresses.c.id).where(
                addresses.c.integration == integration, among(connection, addresses.c.id_customer, some)
            )
        )
        address_ids.update(owned.scalars())
    address_ids.discard(0)
    gone: tuple[tuple[Table, ColumnElement[int], str, Collection[int]], ...] = (
        (orders, orders.c.id, "orders", order_ids),
        (addresses, addresses.c.id, "addresses", address_ids),
        (customers, customers.c.id, "customers", ids),
        (links, links.c.id_customer, "", ids),
        (phones, phones.c.id_customer, "", ids),
    )
    for table, column, resource, row_ids in gone:
        for some in chunks(row_ids):
            await connection.execute(
                delete(table).where(table.c.integration == integration, among(connection, column, some))
            )
            if resource:
                await connection.execute(
                    delete(set_aside).where(
                        set_aside.c.integration == integration,
                        set_aside.c.resource == resource,
                        among(connection, set_aside.c.id, [str(row_id) for row_id in some]),
                    )
                )
                await skip(connection, integration, resource, some, "erased")


async def remove_integration(mirror: Mirror, integration: str) -> None:
    """Delete every row of an integration. Cancelled half-way it can be called again."""
    for table in reversed(metadata.sorted_tables):
        while True:
            async with mirror.writing(integration) as connection:
                key = list(table.primary_key)[1:]
                if key:
                    some = (
                        select(*table.primary_key)
                        .where(table.c.integration == integration)
                        .limit(SLICE)
                        .subquery()
                    )
                    matching = select(1).where(*(some.c[column.name] == column for column in key)).exists()
                    done = await connection.execute(
                        delete(table).where(table.c.integration == integration, matching)
                    )
                else:
                    done = await connection.execute(delete(table).where(table.c.integration == integration))
            if done.rowcount < SLICE:
                break
    await mirror.checkpoint()

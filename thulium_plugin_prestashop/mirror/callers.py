"""Whose telephone number it is: the questions a call asks the mirror, each answered from an index."""

from collections.abc import Collection
from typing import Any

import attrs
from sqlalchemy import Select, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.mirror.among import among
from thulium_plugin_prestashop.mirror.tables import addresses, customers, links, phones

MOST = 20
"""Customers of one number: a switchboard may have hundreds, and nobody reads them during a call."""


@attrs.frozen
class PhoneOwner:
    """A customer of the shop with a certain number, and the card it is tied to, if any."""

    id: int
    crm_id: str | None
    email: str
    firstname: str
    lastname: str
    company: str
    siret: str


@attrs.frozen
class OwnedAddress:
    """An address of such a customer."""

    id_customer: int
    id_country: int
    company: str
    vat_number: str
    address1: str
    address2: str
    postcode: str
    city: str


def owners_statement(integration: str, number: str) -> Select[Any]:
    """Customers with the number (E.164), those tied to a card first, the newest first among each."""
    return (
        select(
            customers.c.id,
            links.c.crm_id,
            customers.c.email,
            customers.c.firstname,
            customers.c.lastname,
            customers.c.company,
            customers.c.siret,
        )
        .select_from(
            phones.join(
                customers,
                and_(customers.c.integration == phones.c.integration, customers.c.id == phones.c.id_customer),
            ).outerjoin(
                links,
                and_(
                    links.c.integration == phones.c.integration, links.c.id_customer == phones.c.id_customer
                ),
            )
        )
        .where(phones.c.number == number, phones.c.integration == integration, ~customers.c.deleted)
        .order_by(links.c.crm_id.is_(None), customers.c.id.desc())
        .limit(MOST)
    )


async def owners_of_phone(connection: AsyncConnection, integration: str, number: str) -> list[PhoneOwner]:
    """See :func:`owners_statement`."""
    return [PhoneOwner(*row) for row in await connection.execute(owners_statement(integration, number))]


async def phones_of(
    connection: AsyncConnection, integration: str, owners: Collection[int]
) -> dict[int, list[str]]:
    """Numbers (E.164) by customer."""
    query = select(phones.c.id_customer, phones.c.number).where(
        phones.c.integration == integration, among(connection, phones.c.id_customer, owners)
    )
    found: dict[int, list[str]] = {}
    for customer, number in await connection.execute(query.order_by(phones.c.number)):
        found.setdefault(customer, []).append(number)
    return found


async def newest_addresses(
    connection: AsyncConnection, integration: str, owners: Collection[int]
) -> dict[int, OwnedAddress]:
    """The address each customer changed last."""
    columns = [addresses.c[field.name] for field in attrs.fields(OwnedAddress)]
    query = (
        select(*columns)
        .where(
            addresses.c.integration == integration,
            among(connection, addresses.c.id_customer, owners),
            ~addresses.c.deleted,
        )
        .order_by(addresses.c.date_upd, addresses.c.id)
    )
    return {row[0]: OwnedAddress(*row) for row in await connection.execute(query)}

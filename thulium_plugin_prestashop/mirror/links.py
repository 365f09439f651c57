"""Links from the shop's customers to the host's, and what the link phase reads to make them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, TypeAlias

import attrs
from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.mirror.among import among
from thulium_plugin_prestashop.mirror.rows import as_key
from thulium_plugin_prestashop.mirror.store import chunks, upsert
from thulium_plugin_prestashop.mirror.tables import addresses, customers, links, orders, phones

StoredRow: TypeAlias = RowMapping
"""A row of the mirror by column name."""

MOST_KEYS: Final = 500


@attrs.frozen
class Link:
    """Whose a customer of the shop is."""

    id_customer: int
    crm_id: str | None
    """The host's customer; ``None`` when it was unlinked, or when nobody could be chosen."""
    basis: str
    """Why: ``id_field``, ``link``, ``login``, ``masked_email``, ``email``, ``created``, ``manual``."""
    created_at: int
    """Epoch seconds."""
    login_key: str = ""
    masked_key: str = ""
    offered: bytes = b""
    """Hashes of the values once offered to the card."""
    blocked: bool = False
    conflict: str = ""
    """JSON ``{"reason", "candidates"}``; reasons are ``several`` (no card was chosen), ``email_elsewhere`` (another
    card holds the e-mail) and ``recycled`` (the shop gave the id to another person); ``""`` when all is well.
    """


def _link(row: StoredRow) -> Link:
    values = {key: value for key, value in row.items() if key != "integration"}
    return Link(**{**values, "offered": bytes(row["offered"]), "blocked": bool(row["blocked"])})


async def pending_customers(
    connection: AsyncConnection,
    integration: str,
    after: int,
    limit: int,
    *,
    only: Collection[int] | None = None,
) -> list[StoredRow]:
    """Customers that the link phase must look at, by ascending id, above ``after``; ``only`` some of them."""
    query = select(customers).where(
        customers.c.integration == integration, customers.c.pending, customers.c.id > after
    )
    if only is not None:
        query = query.where(among(connection, customers.c.id, sorted(only)))
    answer = await connection.execute(query.order_by(customers.c.id).limit(limit))
    return list(answer.mappings())


async def count_pending(connection: AsyncConnection, integration: str) -> int:
    """How many there are."""
    answer = await connection.execute(
        select(func.count())
        .select_from(customers)
        .where(customers.c.integration == integration, customers.c.pending)
    )
    return int(answer.scalar_one())


async def customers_by_id(
    connection: AsyncConnection, integration: str, ids: Collection[int]
) -> list[StoredRow]:
    """Customers by id."""
    found: list[StoredRow] = []
    for some in chunks(ids):
        answer = await connection.execute(
            select(customers).where(
                customers.c.integration == integration, among(connection, customers.c.id, some)
            )
        )
        found.extend(answer.mappings())
    return found


async def addresses_of(
    connection: AsyncConnection, integration: str, ids: Collection[int]
) -> dict[int, list[StoredRow]]:
    """Addresses by customer, newest first."""
    found: dict[int, list[StoredRow]] = {}
    for some in chunks(ids):
        # Sorted here: asked for in this order, SQLite walks all addresses of the shop instead of the owner's index.
        answer = await connection.execute(
            select(addresses).where(
                addresses.c.integration == integration, among(connection, addresses.c.id_customer, some)
            )
        )
        for row in sorted(answer.mappings(), key=lambda row: -row["id"]):
            found.setdefault(row["id_customer"], []).append(row)
    return found


async def order_notes(
    connection: AsyncConnection, integration: str, ids: Collection[int]
) -> dict[int, list[str]]:
    """Notes of the orders of these customers that have any, newest first. A customer with orders but without notes
    has an empty list; one without orders is absent.
    """
    found: dict[int, list[str]] = {}
    for some in chunks(ids):
        mine = (orders.c.integration == integration, among(connection, orders.c.id_customer, some))
        answer = await connection.execute(
            select(orders.c.id_customer).where(*mine, orders.c.removed_at.is_(None)).distinct()
        )
        for owner in answer.scalars():
            found[owner] = []
        # Sorted here, for the same reason.
        noted = await connection.execute(
            select(orders.c.id, orders.c.id_customer, orders.c.note).where(
                *mine, orders.c.removed_at.is_(None), orders.c.note != ""
            )
        )
        for _, owner, note in sorted(noted, key=lambda row: -row.id):
            found[owner].append(note)
    return found


async def links_of(connection: AsyncConnection, integration: str, ids: Collection[int]) -> dict[int, Link]:
    """Links by the shop's customer id, unlinked and undecided ones included."""
    found: dict[int, Link] = {}
    for some in chunks(ids):
        answer = await connection.execute(
            select(links).where(
                links.c.integration == integration, among(connection, links.c.id_customer, some)
            )
        )
        found.update((row["id_customer"], _link(row)) for row in answer.mappings())
    return found


# Links without a card are left out here, and the conditions of the partial indexes are written as they are there: with
# ``crm_id IS NOT NULL`` in the statement, SQLite walks all links of the shop by their cards.
async def _crm_ids_by(
    connection: AsyncConnection,
    query: "Select[str, str | None]",
    column: ColumnElement[str],
    keys: Collection[str],
) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    asked = {as_key(key): key for key in set(keys) - {""}}
    ordered = sorted(asked)
    for start in range(0, len(ordered), MOST_KEYS):
        answer = await connection.execute(
            query.where(among(connection, column, ordered[start : start + MOST_KEYS]))
        )
        for key, crm_id in answer:
            if crm_id is not None:
                found.setdefault(asked[key], set()).add(crm_id)
    return found


async def linked_by_login(
    connection: AsyncConnection, integration: str, keys: Collection[str]
) -> dict[str, set[str]]:
    """Host customers already linked to a buyer with one of these logins."""
    query = select(links.c.login_key, links.c.crm_id).where(
        links.c.integration == integration, text("prestashop_links.login_key <> ''"), ~links.c.blocked
    )
    return await _crm_ids_by(connection, query, links.c.login_key, keys)


async def linked_by_masked(
    connection: AsyncConnection, integration: str, keys: Collection[str]
) -> dict[str, set[str]]:
    """Host customers already linked to a buyer with one of these masked addresses (without order part)."""
    query = select(links.c.masked_key, links.c.crm_id).where(
        links.c.integration == integration, text("prestashop_links.masked_key <> ''"), ~links.c.blocked
    )
    return await _crm_ids_by(connection, query, links.c.masked_key, keys)


async def linked_by_email(
    connection: AsyncConnection, integration: str, keys: Collection[str]
) -> dict[str, set[str]]:
    """Host customers already linked to a customer of the shop with one of these e-mails."""
    query = (
        select(customers.c.email_key, links.c.crm_id)
        .join(
            links,
            (links.c.integration == customers.c.integration) & (links.c.id_customer == customers.c.id),
        )
        .where(customers.c.integration == integration, ~links.c.blocked)
    )
    return await _crm_ids_by(connection, query, customers.c.email_key, keys)


async def members(
    connection: AsyncConnection, integration: str, crm_ids: Collection[str]
) -> dict[str, dict[int, bool]]:
    """For each host customer, the shop's customers linked to it, and whether each is a registered one (not a guest,
    not deleted).
    """
    found: dict[str, dict[int, bool]] = {}
    ordered = sorted(set(crm_ids))
    for start in range(0, len(ordered), MOST_KEYS):
        answer = await connection.execute(
            select(links.c.crm_id, links.c.id_customer, customers.c.is_guest, customers.c.deleted)
            .join(
                customers,
                (links.c.integration == customers.c.integration) & (links.c.id_customer == customers.c.id),
                isouter=True,
            )
            .where(
                links.c.integration == integration,
                among(connection, links.c.crm_id, ordered[start : start + MOST_KEYS]),
            )
        )
        for crm_id, id_customer, is_guest, deleted in answer:
            registered = is_guest is not None and not is_guest and not deleted
            found.setdefault(crm_id, {})[id_customer] = registered
    return found


async def save_links(connection: AsyncConnection, integration: str, made: Sequence[Link]) -> None:
    """Write links, new and changed ones alike."""
    if made:
        await connection.execute(
            upsert(connection.dialect.name, links),
            [
                {
                    "integration": integration,
                    **attrs.asdict(link, recurse=False),
                    "login_key": as_key(link.login_key),
                    "masked_key": as_key(link.masked_key),
                }
                for link in made
            ],
        )


async def save_phones(
    connection: AsyncConnection, integration: str, numbers: Mapping[int, Collection[str]]
) -> None:
    """Replace the telephone numbers (E.164) of these customers."""
    for some in chunks(numbers):
        answer = await connection.execute(
            select(phones.c.id_customer, phones.c.number).where(
                phones.c.integration == integration, among(connection, phones.c.id_customer, some)
            )
        )
        before = {(id_customer, number) for id_customer, number in answer}
        wanted = {(id_customer, number) for id_customer in some for number in numbers[id_customer]}
        for id_customer, number in before - wanted:
            await connection.execute(
                delete(phones).where(
                    phones.c.integration == integration,
                    phones.c.id_customer == id_customer,
                    phones.c.number == number,
                )
            )
        if new := sorted(wanted - before):
            await connection.execute(
                insert(phones),
                [
                    {"integration": integration, "id_customer": id_customer, "number": number}
                    for id_customer, number in new
                ],
            )


async def clear_pending(connection: AsyncConnection, integration: str, ids: Collection[int]) -> None:
    """The link phase is done with these customers."""
    for some in chunks(ids):
        await connection.execute(
            update(customers)
            .where(
                customers.c.integration == integration,
                among(connection, customers.c.id, some),
                customers.c.pending,
            )
            .values(pending=False)
        )


async def set_all_pending(connection: AsyncConnection, integration: str) -> None:
    """A setting that decides what goes on a card has changed: look at everybody again."""
    await connection.execute(
        update(customers)
        .where(customers.c.integration == integration, ~customers.c.pending)
        .values(pending=True)
    )


async def links_of_card(
    connection: AsyncConnection, crm_ids: Collection[str], integration: str | None = None
) -> list[tuple[str, Link]]:
    """Links of these host customers as (integration, link), over all integrations unless one is named."""
    query = select(links).where(among(connection, links.c.crm_id, sorted(set(crm_ids))))
    if integration is not None:
        query = query.where(links.c.integration == integration)
    answer = await connection.execute(query.order_by(links.c.integration, links.c.id_customer))
    return [(row["integration"], _link(row)) for row in answer.mappings()]


async def list_conflicts(connection: AsyncConnection, integration: str, limit: int = 100) -> list[Link]:
    """Links that a person should look at, by the shop's customer id: see :attr:`Link.conflict`."""
    answer = await connection.execute(
        select(links)
        .where(links.c.integration == integration, links.c.conflict != "")
        .order_by(links.c.id_customer)
        .limit(limit)
    )
    return [_link(row) for row in answer.mappings()]


async def merge_cards(connection: AsyncConnection, kept: str, merged: Collection[str]) -> int:
    """The host merged customers: their links now belong to ``kept``; how many moved."""
    done = await connection.execute(
        update(links)
        .where(among(connection, links.c.crm_id, sorted(set(merged) - {kept})))
        .values(crm_id=kept)
    )
    return int(done.rowcount)


async def unlink(connection: AsyncConnection, integration: str, id_customer: int) -> bool:
    """Take a link back and let no run make it again; whether there was one."""
    done = await connection.execute(
        update(links)
        .where(links.c.integration == integration, links.c.id_customer == id_customer)
        .values(crm_id=None, blocked=True, conflict="")
    )
    return bool(done.rowcount)


async def link_manually(
    connection: AsyncConnection, integration: str, id_customer: int, crm_id: str, now: int
) -> None:
    """A person ties a customer of the shop to a host customer; also lifts what :func:`unlink` forbade."""
    before = (await links_of(connection, integration, [id_customer])).get(id_customer)
    link = Link(id_customer, crm_id, "manual", now)
    if before is not None:
        link = attrs.evolve(before, crm_id=crm_id, basis="manual", created_at=now, blocked=False, conflict="")
        if before.crm_id != crm_id:
            link = attrs.evolve(link, offered=b"")
    await save_links(connection, integration, [link])
    await connection.execute(
        update(customers)
        .where(customers.c.integration == integration, customers.c.id == id_customer)
        .values(pending=True)
    )


async def drop_links_without_orders(
    connection: AsyncConnection, integration: str, ids: Collection[int]
) -> None:
    """After customers vanished from the shop: links that lead to nothing any more go."""
    for some in chunks(ids):
        await connection.execute(
            delete(links).where(
                links.c.integration == integration,
                among(connection, links.c.id_customer, some),
                ~select(orders.c.id)
                .where(
                    orders.c.integration == links.c.integration,
                    orders.c.id_customer == links.c.id_customer,
                    orders.c.removed_at.is_(None),
                )
                .exists(),
            )
        )

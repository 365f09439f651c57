"""Taking customers into one, and apart again."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.normalise import email_key, phone_key
from thulium_plugin_prestashop.sandbox.crm.records import CardEdit, Email, Phone

OWNED = (schema.emails, schema.phones, schema.addresses, schema.custom_values)


def union(kept: CardEdit, others: Sequence[CardEdit]) -> CardEdit:
    """``kept``, with what it lacks taken from the others. E-mails and phones of all are collected, once each."""
    for other in others:
        emails: dict[str, Email] = {}
        for email in (*kept.emails, *other.emails):
            emails.setdefault(email_key(email.email), email)
        phones: dict[str, Phone] = {}
        for phone in (*kept.phones, *other.phones):
            phones.setdefault(phone_key(phone.number), phone)
        kept = CardEdit(
            name=kept.name or other.name,
            surname=kept.surname or other.surname,
            company=kept.company or other.company,
            tax_number=kept.tax_number or other.tax_number,
            note="\n\n".join(note for note in (kept.note, other.note) if note),
            emails=tuple(emails.values()),
            phones=tuple(phones.values()),
            address=kept.address or other.address,
            invoice_address=kept.invoice_address or other.invoice_address,
            custom_fields={**other.custom_fields, **kept.custom_fields},
        )
    return attrs.evolve(kept)


async def move_contacts(
    connection: AsyncConnection, sources: Sequence[int], target: int
) -> dict[int, list[int]]:
    """Give the contacts of ``sources`` to ``target``; what was whose."""
    table = schema.contacts
    rows = await connection.execute(
        sa.select(table.c.customer_id, table.c.id).where(table.c.customer_id.in_(sources))
    )
    moved: dict[int, list[int]] = {source: [] for source in sources}
    for owner, contact in rows:
        moved[owner].append(contact)
    await connection.execute(
        sa.update(table).where(table.c.customer_id.in_(sources)).values(customer_id=target)
    )
    return moved


async def fold_into(connection: AsyncConnection, sources: Sequence[int], target: int, now: datetime) -> None:
    """Empty ``sources`` and point them at ``target``."""
    for table in OWNED:
        await connection.execute(sa.delete(table).where(table.c.customer_id.in_(sources)))
    table = schema.customers
    empty = dict.fromkeys(("name", "surname", "company", "tax_number", "note", "search"), "")
    await connection.execute(
        sa.update(table).where(table.c.id.in_(sources)).values(merged_into=target, updated_at=now, **empty)
    )


async def unfold(
    connection: AsyncConnection, sources: Sequence[int], moved: Mapping[int, Sequence[int]], now: datetime
) -> None:
    """Make ``sources`` customers of their own again, empty, with the contacts they had."""
    table = schema.customers
    await connection.execute(
        sa.update(table).where(table.c.id.in_(sources)).values(merged_into=None, updated_at=now)
    )
    contacts = schema.contacts
    for source in sources:
        mine = contacts.c.id.in_(moved.get(source, ()))
        await connection.execute(sa.update(contacts).where(mine).values(customer_id=source))


async def with_merged(connection: AsyncConnection, customer: int) -> list[int]:
    """The customer and all that were merged into it, directly or by way of others."""
    table = schema.customers
    found = [customer]
    pending: Sequence[int] = found
    while pending:
        rows = await connection.execute(sa.select(table.c.id).where(table.c.merged_into.in_(pending)))
        pending = rows.scalars().all()
        found.extend(pending)
    return found

"""Reading many cards at once: five queries however many there are."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.contract.customers import PostalAddress
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.records import Card, CardEdit, Email, Phone

SLICE = 100
"""Cards built before the event loop gets its turn: about a millisecond."""


@attrs.frozen
class FieldDefinition:
    """A custom field as stored."""

    id: int
    name: str
    type: CustomFieldType


async def load_fields(connection: AsyncConnection) -> dict[str, FieldDefinition]:
    """All custom fields by display name, oldest first."""
    table = schema.custom_fields
    rows = await connection.execute(sa.select(table.c.id, table.c.name, table.c.type).order_by(table.c.id))
    return {name: FieldDefinition(number, name, CustomFieldType(kind)) for number, name, kind in rows}


async def load_cards(connection: AsyncConnection, ids: Iterable[int]) -> dict[int, Card]:
    """The cards with these ids; merged and unknown ones are absent."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    heads = await _heads(connection, wanted)
    emails = await _owned(connection, schema.emails, wanted, "email", "description")
    phones = await _owned(connection, schema.phones, wanted, "number", "description", "phone_key")
    addresses = await _owned(
        connection, schema.addresses, wanted, "kind", "street", "postcode", "city", "country"
    )
    values = await _values(connection, wanted)
    merged = await _merged(connection, wanted)
    cards: dict[int, Card] = {}
    for index, head in enumerate(heads):
        if index % SLICE == SLICE - 1:
            await asyncio.sleep(0)
        number = head.id
        by_kind = {kind: PostalAddress(*parts) for kind, *parts in addresses.get(number, ())}
        cards[number] = Card(
            id=str(number),
            content=CardEdit(
                name=head.name,
                surname=head.surname,
                company=head.company,
                tax_number=head.tax_number,
                note=head.note,
                emails=tuple(Email(*email) for email in emails.get(number, ())),
                phones=tuple(
                    Phone(typed, description, key if key.startswith("+") else "")
                    for typed, description, key in phones.get(number, ())
                ),
                address=by_kind.get("address"),
                invoice_address=by_kind.get("invoice_address"),
                custom_fields=dict(values.get(number, ())),
            ),
            created_at=head.created_at,
            updated_at=head.updated_at,
            merged=tuple(str(other) for (other,) in merged.get(number, ())),
        )
    return cards


async def follow_merges(connection: AsyncConnection, ids: Iterable[int]) -> dict[int, int]:
    """For each id that exists, the id of the customer it is today."""
    table = schema.customers
    today = {number: number for number in ids}
    pending = set(today)
    while pending:
        rows = await connection.execute(
            sa.select(table.c.id, table.c.merged_into).where(table.c.id.in_(sorted(pending)))
        )
        into = {number: target for number, target in rows}  # noqa: C416 - rows are no pairs to the type checker
        for origin, current in tuple(today.items()):
            if current in pending and current not in into:
                del today[origin]
            elif (target := into.get(current)) is not None:
                today[origin] = target
        pending = {target for target in into.values() if target is not None}
    return today


async def _heads(connection: AsyncConnection, ids: Sequence[int]) -> Sequence[Any]:
    table = schema.customers
    query = sa.select(table).where(table.c.id.in_(ids), table.c.merged_into.is_(None))
    return (await connection.execute(query)).all()


async def _owned(
    connection: AsyncConnection, table: sa.Table, ids: Sequence[int], *columns: str
) -> dict[int, list[tuple[Any, ...]]]:
    order = table.c.id if "id" in table.c else table.c.kind
    query = (
        sa.select(table.c.customer_id, *(table.c[column] for column in columns))
        .where(table.c.customer_id.in_(ids))
        .order_by(order)
    )
    return _grouped((await connection.execute(query)).all())


async def _values(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
    table, fields = schema.custom_values, schema.custom_fields
    query = (
        sa.select(table.c.customer_id, fields.c.name, table.c.value)
        .join(fields, fields.c.id == table.c.field_id)
        .where(table.c.customer_id.in_(ids))
        .order_by(table.c.field_id)
    )
    return _grouped((await connection.execute(query)).all())


async def _merged(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
    table = schema.customers
    query = (
        sa.select(table.c.merged_into, table.c.id).where(table.c.merged_into.in_(ids)).order_by(table.c.id)
    )
    return _grouped((await connection.execute(query)).all())


def _grouped(rows: Iterable[Any]) -> dict[int, list[tuple[Any, ...]]]:
    groups: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for owner, *rest in rows:
        groups[owner].append(tuple(rest))
    return groups

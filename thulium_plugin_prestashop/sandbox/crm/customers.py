"""The contract's ``Customers``: found, created and updated in batches, one transaction a batch."""

import asyncio
import builtins
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import attrs
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.contract.customers import (
    ByCustomField,
    ByEmail,
    ById,
    Customer,
    CustomerChange,
    Lookup,
    NewCustomer,
    Outcome,
)
from thulium_plugin_prestashop.contract.host import Clock
from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.database import Database
from thulium_plugin_prestashop.sandbox.crm.errors import CrmError, NotFound, Refused
from thulium_plugin_prestashop.sandbox.crm.loading import (
    FieldDefinition,
    follow_merges,
    load_cards,
    load_fields,
)
from thulium_plugin_prestashop.sandbox.crm.normalise import email_key, field_value
from thulium_plugin_prestashop.sandbox.crm.records import Card, CardEdit, Email, Phone
from thulium_plugin_prestashop.sandbox.crm.writing import CardWriter, clean, next_customer_id

BATCH = 500
"""Records in one transaction, and in one statement."""
SLICE = 25
"""Records worked on before the event loop gets its turn: phones may have to be parsed."""

T = TypeVar("T")


class CustomerBook:
    """Customers as plugins see them. Every answer has one entry per question, in the same order."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        """The customers that match each look-up, lowest id first."""
        found: list[list[Customer]] = []
        for batch in _batches(lookups):
            async with self._database.read() as connection:
                matches = await _match(connection, batch)
                cards = await load_cards(connection, {number for ids in matches for number in ids})
            customers = {number: card.customer() for number, card in cards.items()}
            found += [[customers[number] for number in sorted(ids) if number in customers] for ids in matches]
        return found

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        """Create customers; a record that is refused says why, and the others are created."""
        outcomes: list[Outcome] = []
        for batch in _batches(customers):
            async with self._database.write() as connection:
                fields = await load_fields(connection)
                number = await next_customer_id(connection)
                writer = CardWriter(fields, self._clock.now())
                for index, new in enumerate(batch):
                    if index % SLICE == SLICE - 1:
                        await asyncio.sleep(0)
                    try:
                        writer.create(number, _created(new, fields))
                    except CrmError as error:
                        outcomes.append(Outcome(new.reference, error=error.message, changed=False))
                    else:
                        outcomes.append(Outcome(new.reference, id=str(number)))
                        number += 1
                await writer.flush(connection)
        return outcomes

    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        """Apply changes; what is there already is not written again. Changes of a merged customer go to the kept
        one, whose id the outcome gives.
        """
        outcomes: list[Outcome] = []
        for batch in _batches(changes):
            async with self._database.write() as connection:
                fields = await load_fields(connection)
                today = await follow_merges(connection, _numbers(change.id for change in batch))
                contents = {
                    number: card.content
                    for number, card in (await load_cards(connection, today.values())).items()
                }
                stored = dict(contents)
                for index, change in enumerate(batch):
                    if index % SLICE == SLICE - 1:
                        await asyncio.sleep(0)
                    outcomes.append(_apply(change, today, contents, fields))
                writer = CardWriter(fields, self._clock.now())
                for number, content in contents.items():
                    writer.change(number, stored[number], content)
                await writer.flush(connection)
        return outcomes

    async def one(self, lookup: Lookup) -> Customer | None:
        """The first customer that matches, or ``None``."""
        (matches,) = await self.find([lookup])
        return matches[0] if matches else None

    async def cards(self, after: int, limit: int) -> builtins.list[Card]:
        """At most ``limit`` cards with ids above ``after``, by id."""
        table = schema.customers
        query = (
            sa.select(table.c.id)
            .where(table.c.id > after, table.c.merged_into.is_(None))
            .order_by(table.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            cards = await load_cards(connection, (await connection.execute(query)).scalars().all())
        return [cards[number] for number in sorted(cards)]


def _batches(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def _numbers(ids: Iterable[str]) -> set[int]:
    """Ids this CRM can have given; SQLite's integers end at 63 bits."""
    return {int(text) for text in ids if text.isascii() and text.isdecimal() and len(text) <= 18}  # noqa: PLR2004 - decimals of 2**63, less one


async def _match(connection: AsyncConnection, lookups: Sequence[Lookup]) -> list[set[int]]:
    by_email = await _by_email(
        connection, {email_key(each.email) for each in lookups if isinstance(each, ByEmail)}
    )
    asked = [each for each in lookups if isinstance(each, ByCustomField)]
    fields = await load_fields(connection) if asked else {}
    by_value = {
        name: await _by_value(connection, fields[name], [each.value for each in asked if each.name == name])
        for name in {each.name for each in asked if each.name in fields}
    }
    today = await follow_merges(connection, _numbers(each.id for each in lookups if isinstance(each, ById)))
    matches = []
    for lookup in lookups:
        match lookup:
            case ByEmail(email=email):
                matches.append(by_email.get(email_key(email), set()))
            case ByCustomField(name=name, value=value):
                matches.append(by_value.get(name, {}).get(value, set()))
            case ById(id=text):
                matches.append({today[number] for number in _numbers([text]) if number in today})
    return matches


async def _by_email(connection: AsyncConnection, keys: set[str]) -> dict[str, set[int]]:
    keys.discard("")
    table = schema.emails
    query = sa.select(table.c.email_key, table.c.customer_id).where(table.c.email_key.in_(sorted(keys)))
    return _grouped((await connection.execute(query)).all()) if keys else {}


async def _by_value(
    connection: AsyncConnection, field: FieldDefinition, values: Sequence[str]
) -> dict[str, set[int]]:
    kept: dict[str, str] = {}
    for value in values:
        try:
            kept[value] = field_value(field.name, field.type, value)
        except CrmError:
            continue  # No customer can have a value that the field does not take.
    table = schema.custom_values
    query = sa.select(table.c.value, table.c.customer_id).where(
        table.c.field_id == field.id, table.c.value.in_(sorted({value for value in kept.values() if value}))
    )
    found = _grouped((await connection.execute(query)).all())
    return {asked: found.get(value, set()) for asked, value in kept.items()}


def _grouped(rows: Iterable[Any]) -> dict[str, set[int]]:
    groups: dict[str, set[int]] = {}
    for key, number in rows:
        groups.setdefault(key, set()).add(number)
    return groups


def _created(new: NewCustomer, fields: Mapping[str, FieldDefinition]) -> CardEdit:
    if not new.surname.strip():
        raise Refused("customer.surname_missing")
    content = CardEdit(
        name=new.name,
        surname=new.surname,
        company=new.company,
        tax_number=new.tax_number,
        emails=tuple(Email(email) for email in new.emails),
        phones=tuple(Phone(phone) for phone in new.phones),
        address=new.address,
        invoice_address=new.invoice_address,
        custom_fields=new.custom_fields,
    )
    return clean(content, fields)


def _apply(
    change: CustomerChange,
    today: Mapping[int, int],
    contents: dict[int, CardEdit],
    fields: Mapping[str, FieldDefinition],
) -> Outcome:
    number = next((today[known] for known in _numbers([change.id]) if known in today), None)
    if number is None or number not in contents:
        error = NotFound("not_found.customer", id=change.id)
        return Outcome(change.id, error=error.message, changed=False)
    old = contents[number]
    try:
        new = clean(_changed(old, change), fields)
    except CrmError as refusal:
        return Outcome(change.id, error=refusal.message, changed=False)
    contents[number] = new
    return Outcome(change.id, id=str(number), changed=new != old)


def _changed(old: CardEdit, change: CustomerChange) -> CardEdit:
    return attrs.evolve(
        old,
        name=_given(old.name, change.name),
        surname=_given(old.surname, change.surname),
        company=_given(old.company, change.company),
        tax_number=_given(old.tax_number, change.tax_number),
        emails=(*old.emails, *(Email(email) for email in change.add_emails)),
        phones=(*old.phones, *(Phone(phone) for phone in change.add_phones)),
        address=change.address or old.address,
        invoice_address=change.invoice_address or old.invoice_address,
        custom_fields={
            **old.custom_fields,
            **{name: value for name, value in change.custom_fields.items() if value.strip()},
        },
    )


def _given(before: str, after: str | None) -> str:
    return after if after and after.strip() else before

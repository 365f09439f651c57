"""The list of customers, and finding one by whatever a person types."""

from typing import Any

import sqlalchemy as sa

from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.cards import ID_DIGITS
from thulium_plugin_prestashop.sandbox.crm.database import Database
from thulium_plugin_prestashop.sandbox.crm.loading import load_cards
from thulium_plugin_prestashop.sandbox.crm.normalise import email_key, fold, phone_query
from thulium_plugin_prestashop.sandbox.crm.records import Card, CustomerPage

WORDS = 8
"""Words of a search that count; more make it slower, not better."""


class Listing:
    """Customers as pages of cards, the newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self) -> int:
        """How many customers there are."""
        async with self._database.read() as connection:
            return int((await connection.execute(_count(_everybody()))).scalar_one())

    async def page(self, text: str = "", *, offset: int = 0, limit: int = 50) -> CustomerPage:
        """Customers that match ``text``: every word in a name, company, tax number, e-mail or custom field; a phone in
        any spelling; or the id (that customer comes first). No text: all.
        """
        condition = _everybody() if not text.strip() else sa.and_(_everybody(), _matches(text))
        table = schema.customers
        query = (
            sa.select(table.c.id)
            .where(condition)
            .order_by(*_order(text), table.c.id.desc())
            .offset(offset)
            .limit(limit)
        )
        async with self._database.read() as connection:
            total = int((await connection.execute(_count(condition))).scalar_one())
            ids = (await connection.execute(query)).scalars().all()
            cards = await load_cards(connection, ids)
        return CustomerPage(tuple(cards[number] for number in ids), total, offset, limit)

    async def suggest(self, text: str, limit: int = 8) -> list[Card]:
        """The first customers that match, for a list that opens while one types."""
        return list((await self.page(text, limit=limit)).rows) if text.strip() else []


def _everybody() -> sa.ColumnElement[bool]:
    return schema.customers.c.merged_into.is_(None)


def _count(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(schema.customers).where(condition)


def _matches(text: str) -> sa.ColumnElement[bool]:
    words = sa.and_(*(_word(word) for word in text.split()[:WORDS]))
    digits = phone_query(text)
    return words if digits is None else sa.or_(words, _owns(schema.phones, schema.phones.c.phone_key, digits))


def _word(word: str) -> sa.ColumnElement[bool]:
    customers, values = schema.customers, schema.custom_values
    conditions = [
        customers.c.search.contains(fold(word), autoescape=True),
        _owns(schema.emails, schema.emails.c.email_key, email_key(word)),
        _owns(values, values.c.value, word),
    ]
    if (number := _id(word)) is not None:
        conditions.append(customers.c.id == number)
    return sa.or_(*conditions)


def _owns(table: sa.Table, column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    return schema.customers.c.id.in_(
        sa.select(table.c.customer_id).where(column.contains(text, autoescape=True))
    )


def _order(text: str) -> list[sa.ColumnElement[bool]]:
    number = _id(text.strip())
    return [] if number is None else [(schema.customers.c.id == number).desc()]


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= ID_DIGITS else None

"""The host's customers for a dry run: read as they are, never written, and with those that would have been created."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import attrs
import orjson
from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.contract.customers import (
    ByCustomField,
    ByEmail,
    ById,
    Customer,
    CustomerChange,
    Customers,
    Lookup,
    NewCustomer,
    Outcome,
)
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.store import upsert

_PREFIX: Final = "preview:"
_MOST_KEYS: Final = 500

_metadata: Final = MetaData()
_cards: Final = Table(
    "pretended_cards",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
_keys: Final = Table(
    "pretended_keys", _metadata, Column("key", Text, primary_key=True), Column("id", Text, nullable=False)
)
"""What a created customer is found by. The one created last is found."""


@attrs.define
class PretendingCustomers:
    """The host's customers, and beside them those that a first import would have created by now.

    These are kept in the mirror that is thrown away: a large shop has more of them than fit into memory.
    """

    customers: Customers
    mirror: Mirror
    _created: int = 0

    @classmethod
    async def beside(cls, customers: Customers, mirror: Mirror) -> "PretendingCustomers":
        """Nobody has been created yet."""
        async with mirror.writing() as connection:
            await connection.run_sync(_metadata.create_all)
        return cls(customers, mirror)

    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        """See :class:`.contract.customers.Customers`."""
        found = await self.customers.find(lookups)
        asked = [_key(lookup) for lookup in lookups]
        async with self.mirror.reading() as connection:
            ids = await _selected(connection, _keys, asked)
            cards = await _selected(connection, _cards, ids.values())
        created = {key: _card(card_id, cards[card_id]) for key, card_id in ids.items()}
        return [
            [*cards_of_host, *([created[key]] if key in created else [])]
            for key, cards_of_host in zip(asked, found, strict=True)
        ]

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        """Write nothing to the host; remember them."""
        cards: list[dict[str, Any]] = []
        keys: dict[str, str] = {}
        outcomes: list[Outcome] = []
        for new in customers:
            card_id = f"{_PREFIX}{self._created}"
            self._created += 1
            content = [new.name, new.surname, new.emails, new.phones, dict(new.custom_fields)]
            cards.append({"id": card_id, "content": orjson.dumps(content)})
            lookups: list[Lookup] = [ById(card_id), *map(ByEmail, new.emails)]
            lookups += [ByCustomField(*item) for item in new.custom_fields.items()]
            keys.update((_key(lookup), card_id) for lookup in lookups)
            outcomes.append(Outcome(new.reference, card_id))
        if cards:
            async with self.mirror.writing() as connection:
                dialect = connection.dialect.name
                await connection.execute(upsert(dialect, _cards), cards)
                await connection.execute(
                    upsert(dialect, _keys), [{"key": key, "id": card_id} for key, card_id in keys.items()]
                )
        return outcomes

    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        """Write nothing; only what concerns a card of the host counts as a change."""
        return [
            Outcome(change.id, change.id, changed=not change.id.startswith(_PREFIX)) for change in changes
        ]


def _key(lookup: Lookup) -> str:
    match lookup:
        case ById(id=card_id):
            return f"id {card_id}"
        case ByEmail(email=email):
            return f"email {email.casefold()}"
        case ByCustomField(name=name, value=value):
            return f"field {orjson.dumps([name, value]).decode()}"


def _card(card_id: str, content: bytes) -> Customer:
    name, surname, emails, phones, fields = orjson.loads(content)
    return Customer(card_id, name, surname, tuple(emails), tuple(phones), custom_fields=fields)


async def _selected(connection: AsyncConnection, table: Table, keys: Iterable[str]) -> dict[str, Any]:
    """The second column by the first, for these keys."""
    key, value = table.c
    wanted = sorted(set(keys))
    found: dict[str, Any] = {}
    for start in range(0, len(wanted), _MOST_KEYS):
        query = select(key, value).where(key.in_(wanted[start : start + _MOST_KEYS]))
        found.update((row[0], row[1]) for row in await connection.execute(query))
    return found

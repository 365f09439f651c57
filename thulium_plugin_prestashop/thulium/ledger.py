"""What the bridge itself must remember: a small SQLite file beside the plugin's own.

Thulium's API cannot be asked for everything that was written (a card may show one of its e-mails, rows may not be
listed), and an answer can be lost on its way. So the bridge notes what it wrote, and what it is about to write
before it does, and a restart goes on from the note instead of writing twice.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import attrs
from sqlalchemy import delete, event, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from thulium_plugin_prestashop.thulium import ledger_tables as tables
from thulium_plugin_prestashop.thulium.together import UnderWay, undisturbed

T = TypeVar("T")

FILE_NAME: Final = "bridge.db"
CLOSING_SECONDS: Final = 10.0
"""How long closing waits for who uses a connection; it takes milliseconds."""


class Kind(Enum):
    """What was written to a card."""

    EMAIL = "email"
    PHONE = "phone"


class RowState(Enum):
    """How much is known of a row."""

    INTENDED = "intended"
    """About to be created; if the bridge finds it in this state, it does not know whether it was."""
    WRITTEN = "written"
    LOST = "lost"
    """It was created, but its id never arrived and the API does not list rows: it can't be changed any more."""


@attrs.frozen
class RowNote:
    """One order's row on one card."""

    order: str
    state: RowState
    item: int | None
    checksum: str
    count_before: int | None = None
    """How many rows the API counted on the card before this one was created."""


@attrs.frozen
class Queued:
    """A customer whose orders changed; ``number`` says since which telling."""

    integration: str
    customer: int
    number: int


class Ledger:
    """The open file; one per bridge."""

    def __init__(self, engine: AsyncEngine, salt: bytes) -> None:
        self._engine = engine
        self._salt = salt
        # SQLite has one writer; waiting here is fairer and quieter than its busy time-out.
        self._writer = asyncio.Lock()
        self._under_way = UnderWay()

    @classmethod
    @undisturbed
    async def open(cls, directory: Path) -> Self:
        """Open or create the file in ``directory``. Raises :class:`.ledger_tables.LedgerError`."""
        engine = create_async_engine(
            URL.create("sqlite+aiosqlite", database=str(directory / FILE_NAME)), pool_size=2
        )
        event.listen(engine.sync_engine, "connect", tables.set_up)
        try:
            async with engine.begin() as connection:
                await tables.prepare(connection, directory)
                salt = (
                    await connection.execute(
                        select(tables.facts.c.value).where(tables.facts.c.key == tables.SALT)
                    )
                ).scalar_one()
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine, salt.encode())

    @undisturbed
    async def aclose(self) -> None:
        """Close every connection, once nobody uses one: what came back later would stay open."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._under_way.none(), CLOSING_SECONDS)
        await self._engine.dispose()

    # E-mails and phones that were written

    @undisturbed
    async def written(self, customers: Iterable[int], kind: Kind) -> dict[int, set[str]]:
        """Fingerprints of what was written to these cards; compare with :meth:`fingerprint`."""
        found: dict[int, set[str]] = {}
        async with self._reading() as connection:
            for part in _parts(list(customers)):
                query = select(tables.written.c.customer, tables.written.c.key).where(
                    tables.written.c.customer.in_(part), tables.written.c.kind == kind.value
                )
                for customer, key in await connection.execute(query):
                    found.setdefault(customer, set()).add(key)
        return found

    @undisturbed
    async def holders(self, kind: Kind, keys: Iterable[str]) -> dict[str, set[int]]:
        """The cards to which these e-mails or phones were written, by key."""
        by_fingerprint = {self.fingerprint(key): key for key in keys}
        found: dict[str, set[int]] = {}
        async with self._reading() as connection:
            for part in _parts(list(by_fingerprint)):
                query = select(tables.written.c.customer, tables.written.c.key).where(
                    tables.written.c.key.in_(part), tables.written.c.kind == kind.value
                )
                for customer, fingerprint in await connection.execute(query):
                    found.setdefault(by_fingerprint[fingerprint], set()).add(customer)
        return found

    def fingerprint(self, key: str) -> str:
        """What stands for an e-mail or phone in the file: enough to compare, no use to who copies the file."""
        return hashlib.blake2b(key.encode(), digest_size=16, key=self._salt).hexdigest()

    @undisturbed
    async def note_written(self, kind: Kind, keys: Iterable[tuple[int, str]]) -> None:
        """Remember what a card now has, by e-mail or phone key."""
        entries = [
            {"customer": customer, "kind": kind.value, "key": self.fingerprint(key)} for customer, key in keys
        ]
        if entries:
            async with self._writing() as connection:
                await connection.execute(insert(tables.written).on_conflict_do_nothing(), entries)

    # Rows of orders

    @undisturbed
    async def rows(self, integration: str, customer: int) -> dict[str, RowNote]:
        """The rows on one card, by order."""
        query = select(tables.rows).where(
            tables.rows.c.integration == integration, tables.rows.c.customer == customer
        )
        async with self._reading() as connection:
            found = (await connection.execute(query)).all()
        return {
            row.order: RowNote(row.order, RowState(row.state), row.item, row.checksum, row.count_before)
            for row in found
        }

    @undisturbed
    async def note_row(self, integration: str, customer: int, note: RowNote) -> None:
        """Store or replace what is known of a row."""
        values = {"state": note.state.value, "item": note.item, "checksum": note.checksum}
        values["count_before"] = note.count_before
        place = {"integration": integration, "customer": customer, "order": note.order}
        statement = insert(tables.rows).values(**place, **values)
        keys = [tables.rows.c.integration, tables.rows.c.customer, tables.rows.c.order]
        async with self._writing() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))

    @undisturbed
    async def forget_row(self, integration: str, customer: int, order: str) -> None:
        """The row is gone."""
        async with self._writing() as connection:
            await connection.execute(
                delete(tables.rows).where(
                    tables.rows.c.integration == integration,
                    tables.rows.c.customer == customer,
                    tables.rows.c.order == order,
                )
            )

    # Customers whose orders changed

    @undisturbed
    async def enqueue(self, integration: str, customers: Iterable[int]) -> None:
        """Remember whose orders changed, once each."""
        async with self._writing() as connection:
            highest = select(func.coalesce(func.max(tables.queue.c.number), 0))
            number = (await connection.execute(highest)).scalar_one() + 1
            entries = [{"integration": integration, "customer": c, "number": number} for c in customers]
            if entries:
                statement = insert(tables.queue)
                await connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=[tables.queue.c.integration, tables.queue.c.customer],
                        set_={"number": statement.excluded.number},
                    ),
                    entries,
                )

    @undisturbed
    async def queued(self, limit: int = 500) -> list[Queued]:
        """The oldest entries."""
        query = (
            select(tables.queue)
            .order_by(tables.queue.c.number, tables.queue.c.integration, tables.queue.c.customer)
            .limit(limit)
        )
        async with self._reading() as connection:
            return [
                Queued(row.integration, row.customer, row.number) for row in await connection.execute(query)
            ]

    @undisturbed
    async def queue_length(self) -> int:
        """How many customers' rows are to be looked at."""
        async with self._reading() as connection:
            return int(
                (await connection.execute(select(func.count()).select_from(tables.queue))).scalar_one()
            )

    @undisturbed
    async def dequeue(self, done: Queued) -> None:
        """Its rows are as they should be, unless it changed again meanwhile."""
        async with self._writing() as connection:
            await connection.execute(
                delete(tables.queue).where(
                    tables.queue.c.integration == done.integration,
                    tables.queue.c.customer == done.customer,
                    tables.queue.c.number == done.number,
                )
            )

    # Facts

    @undisturbed
    async def fact(self, key: str) -> Any:  # noqa: ANN401 - whatever JSON was stored
        """A stored value, or ``None``."""
        async with self._reading() as connection:
            value = (
                await connection.execute(select(tables.facts.c.value).where(tables.facts.c.key == key))
            ).scalar()
        return None if value is None else json.loads(value)

    @undisturbed
    async def keep_fact(self, key: str, value: Any) -> None:  # noqa: ANN401 - anything that is JSON
        """Store or replace a value."""
        statement = insert(tables.facts).values(key=key, value=json.dumps(value))
        async with self._writing() as connection:
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[tables.facts.c.key], set_={"value": statement.excluded.value}
                )
            )

    @undisturbed
    async def forget_customers(self, customers: Sequence[int]) -> None:
        """Nothing of these cards stays."""
        async with self._writing() as connection:
            for part in _parts(customers):
                for table in (tables.written, tables.rows, tables.queue):
                    await connection.execute(delete(table).where(table.c.customer.in_(part)))

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncConnection]:
        with self._under_way.one():
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        with self._under_way.one():
            async with self._writer, self._engine.begin() as connection:
                yield connection


def _parts(items: Sequence[T], size: int = 500) -> Iterable[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))

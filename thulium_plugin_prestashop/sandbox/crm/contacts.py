"""Calls, mails and chats with customers, in time."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.database import Database
from thulium_plugin_prestashop.sandbox.crm.records import (
    Contact,
    ContactKind,
    ContactPage,
    Direction,
    NewContact,
)


class Contacts:
    """The contact history. ``customer`` is an id as :class:`Card` has it: merged ones have no contacts any more."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, contacts: Sequence[NewContact]) -> None:
        """Record contacts, all or none."""
        rows = [
            {
                "customer_id": int(contact.customer),
                "kind": contact.kind.value,
                "direction": contact.direction.value,
                "at": contact.at,
                "subject": contact.subject,
                "preview": contact.preview,
                "agent": contact.agent,
                "seconds": contact.seconds,
            }
            for contact in contacts
        ]
        if rows:
            async with self._database.write() as connection:
                await connection.execute(sa.insert(schema.contacts), rows)

    async def page(
        self, customer: str, *, before: tuple[datetime, int] | None = None, limit: int = 25
    ) -> ContactPage:
        """Contacts, newest first, older than ``before`` (from :attr:`ContactPage.older`)."""
        table = schema.contacts
        query = sa.select(table).where(table.c.customer_id == int(customer))
        if before is not None:
            at, number = before
            query = query.where(sa.or_(table.c.at < at, sa.and_(table.c.at == at, table.c.id < number)))
        query = query.order_by(table.c.at.desc(), table.c.id.desc()).limit(limit + 1)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        entries = tuple(
            Contact(
                id=row.id,
                customer=str(row.customer_id),
                kind=ContactKind(row.kind),
                direction=Direction(row.direction),
                at=row.at,
                subject=row.subject,
                preview=row.preview,
                agent=row.agent,
                seconds=row.seconds,
            )
            for row in rows[:limit]
        )
        more = len(rows) > limit
        return ContactPage(entries, (entries[-1].at, entries[-1].id) if more and entries else None)

    async def count(self, customer: str) -> int:
        """How many there are."""
        table = schema.contacts
        query = sa.select(sa.func.count()).select_from(table).where(table.c.customer_id == int(customer))
        async with self._database.read() as connection:
            return int((await connection.execute(query)).scalar_one())

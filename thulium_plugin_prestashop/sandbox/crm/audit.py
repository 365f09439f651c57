"""Who did what: important actions, for the administrator."""

from typing import Literal, TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.contract.host import Clock
from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.database import Database
from thulium_plugin_prestashop.sandbox.crm.records import AuditEntry

Action: TypeAlias = Literal[
    "account.activate",
    "account.create",
    "account.deactivate",
    "account.password",
    "allegro.start",
    "allegro.stop",
    "custom_field.create",
    "custom_field.delete",
    "customer.create",
    "customer.edit",
    "customer.erase",
    "customer.merge",
    "customer.undo",
    "integration.authenticate",
    "integration.cancel",
    "integration.preview",
    "integration.remove",
    "integration.run",
    "integration.save",
    "integration.start",
    "integration.stop",
    "sign_in",
]
"""What is written down; the first part says what its subject is."""


class Audit:
    """The log of important actions. It holds ids and names of settings, no personal data and no secret."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def note(
        self,
        actor: str,
        action: Action,
        subject: str,
        *,
        connection: AsyncConnection | None = None,
        **details: str | float | bool | None,
    ) -> None:
        """Write one entry, inside the caller's transaction if one is given."""
        row = {
            "at": self._clock.now(),
            "actor": actor,
            "action": action,
            "subject": subject,
            "details": details,
        }
        if connection is not None:
            await connection.execute(sa.insert(schema.audit), row)
            return
        async with self._database.write() as own:
            await own.execute(sa.insert(schema.audit), row)

    async def count(self) -> int:
        """How many entries there are."""
        async with self._database.read() as connection:
            return (
                await connection.execute(sa.select(sa.func.count()).select_from(schema.audit))
            ).scalar_one()

    async def page(self, *, offset: int = 0, limit: int = 50) -> list[AuditEntry]:
        """The newest entries first."""
        query = sa.select(schema.audit).order_by(schema.audit.c.id.desc()).offset(offset).limit(limit)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [AuditEntry(row.id, row.at, row.actor, row.action, row.subject, row.details) for row in rows]

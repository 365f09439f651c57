"""Telling plugins that customers were merged or erased, also when the process dies in between.

A notice is written in the transaction that merges or erases, delivered after it, and deleted once every plugin has
taken it; what is left is delivered when the sandbox opens again. So a plugin may be told twice, and never not at all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.database import Database

MERGED = "merged"
ERASED = "erased"

Merged: TypeAlias = Callable[[str, Sequence[str]], Awaitable[bool]]
Erased: TypeAlias = Callable[[Sequence[str]], Awaitable[bool]]


class Outbox:
    """Notices on their way to the plugins, in the order they were written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._merged: Merged | None = None
        self._erased: Erased | None = None
        self._delivering = asyncio.Lock()

    def connect(self, merged: Merged, erased: Erased) -> None:
        """Say who takes notices; each answers whether everybody has taken it."""
        self._merged, self._erased = merged, erased

    @staticmethod
    async def put_merged(connection: AsyncConnection, kept: str, merged: Sequence[str]) -> None:
        """To be told, if the transaction succeeds."""
        body = {"kept": kept, "customers": list(merged)}
        await connection.execute(sa.insert(schema.notices), {"kind": MERGED, "body": body})

    @staticmethod
    async def put_erased(connection: AsyncConnection, customers: Sequence[str]) -> None:
        """To be told, if the transaction succeeds."""
        await connection.execute(
            sa.insert(schema.notices), {"kind": ERASED, "body": {"customers": list(customers)}}
        )

    async def deliver(self) -> None:
        """Deliver what waits. It stops at the first notice that is not taken, so that order is kept."""
        if self._merged is None or self._erased is None:
            return
        async with self._delivering:
            async with self._database.read() as connection:
                notices = (
                    await connection.execute(sa.select(schema.notices).order_by(schema.notices.c.id))
                ).all()
            for notice in notices:
                body = notice.body
                if notice.kind == MERGED:
                    taken = await self._merged(body["kept"], body["customers"])
                else:
                    taken = await self._erased(body["customers"])
                if not taken:
                    return
                async with self._database.write() as connection:
                    await connection.execute(
                        sa.delete(schema.notices).where(schema.notices.c.id == notice.id)
                    )

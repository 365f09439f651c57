"""How often somebody may try to sign in. Kept in the database, so that a restart forgives nothing."""

import hashlib
import math
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.contract.host import Clock
from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.database import Database
from thulium_plugin_prestashop.sandbox.crm.errors import SignInRefused

WINDOW = timedelta(minutes=15)
PER_LOGIN_AND_ADDRESS = 5
PER_ADDRESS = 30
PER_LOGIN = 50
"""From all addresses together. High, so that a stranger can hardly lock somebody out."""


class Throttle:
    """Counts failures by login and address within a sliding window."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def admit(self, login: str, address: str) -> int:
        """Count an attempt before it is checked, so that many at once are counted too; its number for
        :meth:`forgive`. Raises :class:`SignInRefused` when there were too many.
        """
        login_hash = hashlib.sha256(login.encode()).hexdigest()
        now = self._clock.now()
        table = schema.sign_in_failures
        async with self._database.write() as connection:
            await connection.execute(sa.delete(table).where(table.c.at <= now - WINDOW))
            same_login, same_address = table.c.login_hash == login_hash, table.c.address == address
            for condition, limit in (
                (sa.and_(same_login, same_address), PER_LOGIN_AND_ADDRESS),
                (same_address, PER_ADDRESS),
                (same_login, PER_LOGIN),
            ):
                await self._check(connection, condition, limit)
            new = (
                sa.insert(table).values(login_hash=login_hash, address=address, at=now).returning(table.c.id)
            )
            return int((await connection.execute(new)).scalar_one())

    async def forgive(self, attempt: int) -> None:
        """The attempt succeeded: it does not count. Earlier failures do, so a guesser gains nothing by an own
        account.
        """
        table = schema.sign_in_failures
        async with self._database.write() as connection:
            await connection.execute(sa.delete(table).where(table.c.id == attempt))

    async def _check(
        self, connection: AsyncConnection, condition: sa.ColumnElement[bool], limit: int
    ) -> None:
        table = schema.sign_in_failures
        query = sa.select(table.c.at).where(condition).order_by(table.c.at.desc()).limit(limit)
        attempts = (await connection.execute(query)).scalars().all()
        if len(attempts) >= limit:
            wait = max(1, math.ceil((attempts[-1] + WINDOW - self._clock.now()).total_seconds()))
            raise SignInRefused("sign_in.too_many", retry_after=wait, count=math.ceil(wait / 60))

"""Accounts of agents and administrators, and who is signed in."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from thulium_plugin_prestashop.contract.host import Clock
from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.audit import Action, Audit
from thulium_plugin_prestashop.sandbox.crm.database import Database
from thulium_plugin_prestashop.sandbox.crm.errors import CrmError, NotFound, SignInRefused
from thulium_plugin_prestashop.sandbox.crm.passwords import SHORTEST, Passwords, new_password
from thulium_plugin_prestashop.sandbox.crm.records import Role, Session, SignedIn, User
from thulium_plugin_prestashop.sandbox.crm.throttle import Throttle

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
RENEW_AFTER = timedelta(minutes=10)


class Accounts:
    """Users, sign-in and sessions."""

    def __init__(
        self, database: Database, clock: Clock, audit: Audit, *, passwords: Passwords, time_zone: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._passwords = passwords
        self._throttle = Throttle(database, clock)
        self._time_zone = time_zone

    async def users(self) -> list[User]:
        """All accounts, oldest first."""
        async with self._database.read() as connection:
            rows = (await connection.execute(sa.select(schema.users).order_by(schema.users.c.id))).all()
        return [_user(row) for row in rows]

    async def create(
        self,
        login: str,
        name: str,
        role: Role,
        *,
        password: str | None = None,
        locale: str = "pl",
        actor: str = "system",
    ) -> str:
        """A new account; its password, made up if none is given. Raises :class:`CrmError` on its field."""
        login = login.strip()
        if not login:
            raise CrmError("account.login_missing", field="login")
        chosen = new_password() if password is None else _long_enough(password)
        row = {
            "login": login,
            "login_key": login.casefold(),
            "name": name.strip() or login,
            "password": await self._passwords.hash(chosen),
            "role": role.value,
            "locale": locale,
            "time_zone": self._time_zone,
            "created_at": self._clock.now(),
        }
        async with self._database.write() as connection:
            table = schema.users
            taken = sa.select(table.c.id).where(table.c.login_key == row["login_key"])
            if (await connection.execute(taken)).first() is not None:
                raise CrmError("account.login_taken", field="login", login=login)
            await connection.execute(sa.insert(table), row)
            await self._audit.note(actor, "account.create", login, connection=connection, role=role.value)
        return chosen

    async def set_password(self, login: str, password: str | None = None, *, actor: str = "system") -> str:
        """Replace the password (made up if none is given) and end the account's sessions; the new one."""
        chosen = new_password() if password is None else _long_enough(password)
        await self._change(login, actor, "account.password", password=await self._passwords.hash(chosen))
        return chosen

    async def set_active(self, login: str, *, active: bool, actor: str = "system") -> None:
        """Allow or refuse sign-in; a refused account's sessions end."""
        await self._change(
            login, actor, "account.activate" if active else "account.deactivate", active=active
        )

    async def set_preferences(
        self, user: int, *, locale: str | None = None, time_zone: str | None = None, theme: str | None = None
    ) -> None:
        """Change how one person sees the CRM; ``None`` leaves as it is. ``theme``: auto, light, dark."""
        given = {"locale": locale, "time_zone": time_zone, "theme": theme}
        values = {name: value for name, value in given.items() if value is not None}
        if values:
            async with self._database.write() as connection:
                await connection.execute(
                    sa.update(schema.users).where(schema.users.c.id == user).values(values)
                )

    async def sign_in(self, login: str, password: str, address: str) -> SignedIn:
        """Check login and password, from a network ``address``. Raises :class:`SignInRefused`, for a wrong password
        and an unknown login alike.
        """
        key = login.strip().casefold()
        attempt = await self._throttle.admit(key, address)
        table = schema.users
        async with self._database.read() as connection:
            row = (await connection.execute(sa.select(table).where(table.c.login_key == key))).one_or_none()
        usable = row is not None and row.active
        if (
            not await self._passwords.check(row.password if row is not None and usable else None, password)
            or row is None
        ):
            raise SignInRefused("sign_in.refused")
        await self._throttle.forgive(attempt)
        token = secrets.token_urlsafe(32)
        now = self._clock.now()
        async with self._database.write() as connection:
            sessions = schema.sessions
            await connection.execute(sa.delete(sessions).where(sessions.c.expires_at <= now))
            await connection.execute(
                sa.insert(sessions),
                {"token_hash": _hash(token), "user_id": row.id, "created_at": now, "expires_at": now + IDLE},
            )
            await self._audit.note(row.login, "sign_in", row.login, connection=connection)
        return SignedIn(token, Session(_user(row), _csrf(token), now + IDLE))

    async def session(self, token: str) -> Session | None:
        """Who holds this token, if anybody is signed in with it. Use prolongs it, up to seven days."""
        sessions, users = schema.sessions, schema.users
        now = self._clock.now()
        query = (
            sa.select(users, sessions.c.created_at.label("since"), sessions.c.expires_at)
            .join(users, users.c.id == sessions.c.user_id)
            .where(sessions.c.token_hash == _hash(token), sessions.c.expires_at > now, users.c.active)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        expires = min(now + IDLE, row.since + LONGEST)
        if expires - row.expires_at >= RENEW_AFTER:
            async with self._database.write() as connection:
                mine = sessions.c.token_hash == _hash(token)
                await connection.execute(sa.update(sessions).where(mine).values(expires_at=expires))
        return Session(_user(row), _csrf(token), max(expires, row.expires_at))

    async def sign_out(self, token: str) -> None:
        """End the session; nothing happens if there is none."""
        async with self._database.write() as connection:
            sessions = schema.sessions
            await connection.execute(sa.delete(sessions).where(sessions.c.token_hash == _hash(token)))

    async def _change(self, login: str, actor: str, action: Action, **values: str | bool) -> None:
        table = schema.users
        async with self._database.write() as connection:
            update = sa.update(table).where(table.c.login_key == login.strip().casefold()).values(values)
            number = (await connection.execute(update.returning(table.c.id))).scalar_one_or_none()
            if number is None:
                raise NotFound("not_found.user")
            await connection.execute(sa.delete(schema.sessions).where(schema.sessions.c.user_id == number))
            await self._audit.note(actor, action, login, connection=connection)


def _user(row: Any) -> User:  # noqa: ANN401 - rows are not typed by column name
    return User(row.id, row.login, row.name, Role(row.role), row.locale, row.time_zone, row.theme, row.active)


def _hash(token: str) -> str:
    # The token is 256 random bits: one round of a fast hash is enough.
    return hashlib.sha256(token.encode()).hexdigest()


def _csrf(token: str) -> str:
    """Bound to the session, and of no use for signing in."""
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()


def _long_enough(password: str) -> str:
    if len(password) < SHORTEST:
        raise CrmError("account.password_short", field="password", limit=SHORTEST)
    return password

"""Forms of integrations while they are being filled in: kept in the database, so that a restart loses nothing."""

import secrets
from datetime import datetime, timedelta

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from thulium_plugin_prestashop.contract.forms import Values
from thulium_plugin_prestashop.contract.host import Clock
from thulium_plugin_prestashop.contract.integration import Authentication, IntegrationConfig
from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.database import Database
from thulium_plugin_prestashop.sandbox.crm.errors import NotFound
from thulium_plugin_prestashop.sandbox.crm.storages import CONVERTER

LIFETIME = timedelta(hours=24)


@attrs.frozen
class Draft:
    """The two-part form of one integration: a new one, or one that is authenticated again (``existing``).

    Secrets are not in it; those of ``stored_secrets`` lie in the secret store under :meth:`secret_handle`, and their
    fields may stay empty when the form is sent again.
    """

    id: str
    type: str
    integration: str
    """Id of the integration, reserved for a new one."""
    existing: bool
    created_at: datetime
    authorization: Values = attrs.field(factory=dict)
    """As typed, or as normalised by the last authentication that succeeded; without secrets."""
    stored_secrets: tuple[str, ...] = ()
    authentication: Authentication | None = None
    """What came of the last try."""

    @property
    def authenticated(self) -> bool:
        """Whether the second part may be filled in."""
        return self.authentication is not None and self.authentication.ok

    @property
    def secret_prefix(self) -> str:
        """Under which its secrets are kept until it is saved."""
        # A new integration's secrets lie where they will stay; an existing one's stay in use until it is saved.
        return f"draft/{self.id}/" if self.existing else f"integration/{self.integration}/"

    def secret_handle(self, field: str) -> str:
        """Where the secret of this field is kept."""
        return f"{self.secret_prefix}{field}"

    def config(self, name: str, settings: Values, settings_version: int) -> IntegrationConfig:
        """The configuration it makes. Raises ``ValueError`` if it is not authenticated."""
        if self.authentication is None or not self.authentication.ok:
            raise ValueError(f"draft {self.id} is not authenticated")
        return IntegrationConfig(
            id=self.integration,
            type=self.type,
            name=name,
            authorization=dict(self.authorization),
            settings=dict(settings),
            identity=self.authentication.identity,
            facts=dict(self.authentication.facts),
            settings_version=settings_version,
        )


class Drafts:
    """Drafts by id, for a day."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, type_id: str, integration: str, *, existing: bool) -> Draft:
        """A new, empty form."""
        draft = Draft(secrets.token_urlsafe(12), type_id, integration, existing, self._clock.now())
        await self.save(draft)
        return draft

    async def get(self, draft: str) -> Draft:
        """One draft. Raises :class:`NotFound`, also when its day is over."""
        table = schema.drafts
        alive = sa.and_(table.c.id == draft, table.c.created_at > self._clock.now() - LIFETIME)
        async with self._database.read() as connection:
            body = (await connection.execute(sa.select(table.c.body).where(alive))).scalar_one_or_none()
        if body is None:
            raise NotFound("not_found.draft")
        return CONVERTER.structure(body, Draft)

    async def save(self, draft: Draft) -> None:
        """Store or replace it."""
        body = CONVERTER.unstructure(draft)
        new = insert(schema.drafts).values(id=draft.id, body=body, created_at=draft.created_at)
        replace = new.on_conflict_do_update(index_elements=["id"], set_={"body": new.excluded.body})
        async with self._database.write() as connection:
            await connection.execute(replace)

    async def delete(self, draft: str) -> None:
        """Forget it."""
        async with self._database.write() as connection:
            await connection.execute(sa.delete(schema.drafts).where(schema.drafts.c.id == draft))

    async def purge(self) -> list[Draft]:
        """Forget those whose day is over; the ones that stay."""
        table = schema.drafts
        async with self._database.write() as connection:
            await connection.execute(
                sa.delete(table).where(table.c.created_at <= self._clock.now() - LIFETIME)
            )
            bodies = (await connection.execute(sa.select(table.c.body))).scalars().all()
        return [CONVERTER.structure(body, Draft) for body in bodies]

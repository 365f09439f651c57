"""Definitions of the customers' custom fields."""

import builtins
from collections.abc import Callable, Mapping
from typing import TypeAlias

import sqlalchemy as sa

from thulium_plugin_prestashop.contract.customers import CustomField
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.host import Clock
from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.audit import Audit
from thulium_plugin_prestashop.sandbox.crm.database import Database
from thulium_plugin_prestashop.sandbox.crm.errors import CrmError, NotFound, Refused
from thulium_plugin_prestashop.sandbox.crm.loading import load_fields
from thulium_plugin_prestashop.sandbox.crm.records import FieldDetails

NAME_LIMIT = 80

Owners: TypeAlias = Callable[[], Mapping[str, str]]
"""Field name to the id, or the name, of the integration that needs it."""


class CustomFieldBook:
    """The contract's ``CustomFields``, with what an administrator needs besides."""

    def __init__(
        self, database: Database, clock: Clock, audit: Audit, *, owners: Owners, owner_names: Owners
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._owners = owners
        self._owner_names = owner_names

    async def list(self) -> builtins.list[CustomField]:
        """All definitions, oldest first."""
        owners = self._owners()
        async with self._database.read() as connection:
            fields = await load_fields(connection)
        return [CustomField(field.name, field.type, owners.get(field.name)) for field in fields.values()]

    async def details(self) -> builtins.list[FieldDetails]:
        """All definitions with how much they are used, oldest first."""
        names = self._owner_names()
        table = schema.custom_values
        query = sa.select(table.c.field_id, sa.func.count()).group_by(table.c.field_id)
        async with self._database.read() as connection:
            fields = await load_fields(connection)
            counts = {field: count for field, count in await connection.execute(query)}  # noqa: C416 - rows are no pairs to the type checker
        return [
            FieldDetails(field.name, field.type, counts.get(field.id, 0), names.get(field.name))
            for field in fields.values()
        ]

    async def create(self, name: str, kind: CustomFieldType, actor: str) -> CustomField:
        """A new field. Raises :class:`CrmError` for a name that is empty, long or taken."""
        name = " ".join(name.split())
        if not name:
            raise CrmError("field.name_missing", field="name")
        if len(name) > NAME_LIMIT:
            raise CrmError("field.name_long", field="name", limit=NAME_LIMIT)
        row = {"name": name, "name_key": name.casefold(), "type": kind.value, "created_at": self._clock.now()}
        async with self._database.write() as connection:
            table = schema.custom_fields
            taken = sa.select(table.c.id).where(table.c.name_key == row["name_key"])
            if (await connection.execute(taken)).first() is not None:
                raise CrmError("field.name_taken", field="name", name=name)
            await connection.execute(sa.insert(table), row)
            await self._audit.note(actor, "custom_field.create", name, connection=connection, type=kind.value)
        return CustomField(name, kind)

    async def ensure(self, name: str, kind: CustomFieldType, actor: str) -> CustomField:
        """The field of this name, made if it is missing. Raises :class:`Refused` if it is of another type."""
        existing = next(
            (field for field in await self.list() if field.name.casefold() == name.casefold()), None
        )
        if existing is None:
            return await self.create(name, kind, actor)
        if existing.type is not kind:
            raise Refused("field.wrong_type", name=existing.name, type=existing.type.value)
        return existing

    async def delete(self, name: str, actor: str) -> None:
        """Delete the field and all its values. Raises :class:`Refused` while an integration needs it,
        :class:`NotFound`.
        """
        names = self._owner_names()
        if name in names:
            raise Refused("field.in_use", name=name, integration=names[name])
        async with self._database.write() as connection:
            table = schema.custom_fields
            result = await connection.execute(sa.delete(table).where(table.c.name == name))
            if not result.rowcount:
                raise NotFound("not_found.custom_field", name=name)
            await self._audit.note(actor, "custom_field.delete", name, connection=connection)

"""Where the sandbox keeps what :mod:`thulium_plugin_prestashop.hosting` asks it to keep: tables of ``crm.db``."""

from datetime import datetime
from typing import Any

import cattrs
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from thulium_plugin_prestashop.contract.forms import Value
from thulium_plugin_prestashop.contract.integration import IntegrationConfig
from thulium_plugin_prestashop.contract.problems import Problem
from thulium_plugin_prestashop.hosting import RaisedProblem, StoredIntegration
from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.database import Database


def new_converter() -> cattrs.Converter:
    """Turns configurations and drafts to JSON and back; form values are JSON already and stay as they are."""
    converter = cattrs.Converter()
    converter.register_structure_hook(Value, lambda value, _: value)
    converter.register_unstructure_hook(datetime, lambda moment: moment.isoformat())
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    return converter


CONVERTER = new_converter()


class TableSecretStorage:
    """Ciphertexts in the table ``secrets``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, handle: str) -> bytes | None:
        """The ciphertext, or ``None``."""
        table = schema.secrets
        async with self._database.read() as connection:
            found = await connection.execute(sa.select(table.c.ciphertext).where(table.c.handle == handle))
            return found.scalar_one_or_none()

    async def put(self, handle: str, ciphertext: bytes) -> None:
        """Store or replace it."""
        new = insert(schema.secrets).values(handle=handle, ciphertext=ciphertext)
        replace = new.on_conflict_do_update(
            index_elements=["handle"], set_={"ciphertext": new.excluded.ciphertext}
        )
        async with self._database.write() as connection:
            await connection.execute(replace)

    async def delete(self, handle: str) -> None:
        """Forget it."""
        async with self._database.write() as connection:
            await connection.execute(sa.delete(schema.secrets).where(schema.secrets.c.handle == handle))

    async def handles(self) -> list[str]:
        """All handles."""
        async with self._database.read() as connection:
            rows = await connection.execute(sa.select(schema.secrets.c.handle))
            return list(rows.scalars())


class TableIntegrationStorage:
    """Integrations in the table ``integrations``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> list[StoredIntegration]:
        """All, oldest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                sa.select(schema.integrations).order_by(schema.integrations.c.number)
            )
            return [
                StoredIntegration(
                    CONVERTER.structure(row.config, IntegrationConfig), row.wanted, row.created_at
                )
                for row in rows
            ]

    async def new_id(self, type_id: str) -> str:
        """An id that was never given before: ``prestashop-1``, then ``prestashop-2``."""
        new = insert(schema.numbers).values(name=type_id, last=1)
        count = new.on_conflict_do_update(index_elements=["name"], set_={"last": schema.numbers.c.last + 1})
        async with self._database.write() as connection:
            number = (await connection.execute(count.returning(schema.numbers.c.last))).scalar_one()
        return f"{type_id}-{number}"

    async def save(self, stored: StoredIntegration) -> None:
        """Store or replace it."""
        values = {
            "id": stored.config.id,
            "config": CONVERTER.unstructure(stored.config),
            "wanted": stored.wanted,
            "created_at": stored.created_at,
        }
        new = insert(schema.integrations).values(values)
        replace = new.on_conflict_do_update(
            index_elements=["id"], set_={"config": new.excluded.config, "wanted": new.excluded.wanted}
        )
        async with self._database.write() as connection:
            await connection.execute(replace)

    async def delete(self, integration: str) -> None:
        """Forget it."""
        async with self._database.write() as connection:
            await connection.execute(
                sa.delete(schema.integrations).where(schema.integrations.c.id == integration)
            )


class TableProblemStorage:
    """Problems in the table ``problems``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> list[RaisedProblem]:
        """All that were saved."""
        async with self._database.read() as connection:
            rows = await connection.execute(sa.select(schema.problems))
            return [RaisedProblem(CONVERTER.structure(row.body, Problem), row.since) for row in rows]

    async def save(self, raised: RaisedProblem) -> None:
        """Store or replace it."""
        problem = raised.problem
        body = CONVERTER.unstructure(problem)
        new = insert(schema.problems).values(
            integration=problem.integration, key=problem.key, body=body, since=raised.since
        )
        replace = new.on_conflict_do_update(
            index_elements=["integration", "key"], set_={"body": new.excluded.body}
        )
        async with self._database.write() as connection:
            await connection.execute(replace)

    async def delete(self, integration: str, key: str) -> None:
        """Forget it."""
        table = schema.problems
        mine = sa.and_(table.c.integration == integration, table.c.key == key)
        async with self._database.write() as connection:
            await connection.execute(sa.delete(table).where(mine))


class Preferences:
    """Small settings of the sandbox itself, by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
        """The value, or ``None``."""
        table = schema.preferences
        async with self._database.read() as connection:
            return (
                await connection.execute(sa.select(table.c.value).where(table.c.name == name))
            ).scalar_one_or_none()

    async def put(self, name: str, value: object) -> None:
        """Store or replace it."""
        new = insert(schema.preferences).values(name=name, value=value)
        replace = new.on_conflict_do_update(index_elements=["name"], set_={"value": new.excluded.value})
        async with self._database.write() as connection:
            await connection.execute(replace)

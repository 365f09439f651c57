"""A company whose CRM runs several processes: customers that all of them share, and a host in each.

The customers live in the test's own process behind a Unix socket, so that they outlive every process that is killed.
"""

import asyncio
import pickle
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from tests.sync.bench import Allegro, Crm
from thulium_plugin_prestashop.contract.customers import (
    Customer,
    CustomerChange,
    CustomField,
    Lookup,
    NewCustomer,
    Outcome,
)
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.host import Egress
from thulium_plugin_prestashop.contract.integration import IntegrationConfig
from thulium_plugin_prestashop.hosting import (
    Host,
    HostServices,
    MemoryIntegrationStorage,
    ProblemList,
    RunSlots,
    StoredIntegration,
    SystemClock,
)

TYPE = "prestashop"
_LENGTH = 8


@attrs.frozen
class Place:
    """What a process must know of the company."""

    database: str
    customers: str
    """Path of the socket."""
    shops: Mapping[str, str]
    """Address by integration."""
    key: str
    folder: str


def id_field(integration: str) -> str:
    """Every integration has an ID field of its own."""
    return f"ID of {integration}"


@asynccontextmanager
async def served(crm: Crm, path: Path) -> AsyncIterator[None]:
    """Let other processes use these customers."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            method, arguments = pickle.loads(await _receive(reader))  # noqa: S301 - this test's own processes
            if method not in {"find", "create", "update"}:
                raise ValueError(method)
            _send(writer, await getattr(crm, method)(arguments))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            # The process that asked is no more.
            pass
        finally:
            writer.close()

    server = await asyncio.start_unix_server(answer, path)
    async with server:
        yield


def _send(writer: asyncio.StreamWriter, value: object) -> None:
    body = pickle.dumps(value)
    writer.write(len(body).to_bytes(_LENGTH) + body)


async def _receive(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(_LENGTH)))


@attrs.frozen
class RemoteCustomers:
    """See :class:`.contract.customers.Customers`; a connection for each question."""

    path: str

    async def _ask(self, method: str, arguments: Sequence[Any]) -> Any:  # noqa: ANN401 - what the method gives
        reader, writer = await asyncio.open_unix_connection(self.path)
        try:
            _send(writer, (method, list(arguments)))
            await writer.drain()
            return pickle.loads(await _receive(reader))  # noqa: S301 - the test's own answer
        finally:
            writer.close()

    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        found: list[list[Customer]] = await self._ask("find", lookups)
        return found

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        outcomes: list[Outcome] = await self._ask("create", customers)
        return outcomes

    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        outcomes: list[Outcome] = await self._ask("update", changes)
        return outcomes


@attrs.frozen
class _Fields:
    names: tuple[str, ...]

    async def list(self) -> list[CustomField]:
        return [CustomField(name, CustomFieldType.NUMERIC) for name in self.names]


@attrs.frozen
class _Key:
    key: str

    async def get(self, _handle: str) -> str | None:
        return self.key

    async def put(self, _handle: str, _secret: str) -> None:
        raise NotImplementedError

    async def delete(self, _handle: str) -> None:
        raise NotImplementedError


def host(place: Place, *, runs_at_once: int = 4, run_slots: RunSlots | None = None) -> Host:
    """The company's host in this process, with all its integrations wanted."""
    clock = SystemClock()
    storage = MemoryIntegrationStorage()
    for integration, address in place.shops.items():
        config = IntegrationConfig(
            id=integration,
            type=TYPE,
            name=integration,
            authorization={"address": address},
            settings={
                "name": integration,
                "id_field": id_field(integration),
                "time_zone": "Europe/Warsaw",
                "guests": True,
                "existing_customers": "fill",
            },
            identity=address,
        )
        storage.stored[integration] = StoredIntegration(config, wanted=True, created_at=datetime.now(UTC))
    services = HostServices(
        name="company",
        customers=RemoteCustomers(place.customers),
        custom_fields=_Fields(tuple(map(id_field, place.shops))),
        secrets=_Key(place.key),
        allegro=Allegro(),
        integrations=storage,
        data_directory=Path(place.folder),
        problems=ProblemList(clock),
        clock=clock,
        egress=Egress(allow_private=True),
        database_url=place.database,
    )
    return Host(services, runs_at_once=runs_at_once, run_slots=run_slots)

"""A host in memory, with two custom fields and nothing behind them."""

from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

from thulium_plugin_prestashop.contract.customers import CustomField
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.host import (
    AllegroIntegration,
    Egress,
    HostContext,
    RunningIntegration,
)
from thulium_plugin_prestashop.contract.integration import IntegrationConfig
from thulium_plugin_prestashop.contract.problems import Problem
from thulium_plugin_prestashop.hosting.clock import ManualClock
from thulium_plugin_prestashop.hosting.spawner import TaskSpawner

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@attrs.define
class Fields:
    fields: list[CustomField] = attrs.field(
        factory=lambda: [
            CustomField("PrestaShop ID", CustomFieldType.NUMERIC),
            CustomField("Nick", CustomFieldType.TEXT),
            CustomField("Taken", CustomFieldType.NUMERIC, used_by="prestashop-9"),
        ]
    )

    async def list(self) -> list[CustomField]:
        return self.fields


@attrs.define
class Secrets:
    kept: dict[str, str] = attrs.field(factory=dict)

    async def get(self, handle: str) -> str | None:
        return self.kept.get(handle)

    async def put(self, handle: str, secret: str) -> None:
        self.kept[handle] = secret

    async def delete(self, handle: str) -> None:
        self.kept.pop(handle, None)


@attrs.define
class Problems:
    raised: dict[str, Problem] = attrs.field(factory=dict)

    async def raise_problem(self, problem: Problem) -> None:
        self.raised[problem.key] = problem

    async def resolve(self, integration: str, key: str) -> None:
        assert integration
        self.raised.pop(key, None)


@attrs.define
class Integrations:
    names: dict[str, tuple[str, str]] = attrs.field(factory=lambda: {"Taken": ("prestashop-9", "Sklep EU")})

    def running(self, type_id: str) -> tuple[RunningIntegration, ...]:
        assert type_id
        return ()

    def fields_in_use(self, *, except_integration: str | None = None) -> dict[str, str]:
        return {field: name for field, (owner, name) in self.names.items() if owner != except_integration}


class NoCustomers:
    """The administrator's pages never ask for customers."""


class NoAllegro:
    async def integration(self) -> AllegroIntegration | None:
        return None


@pytest.fixture
def fields() -> Fields:
    return Fields()


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def problems() -> Problems:
    return Problems()


@pytest.fixture
def host(fields: Fields, secrets: Secrets, problems: Problems, tmp_path: Path) -> HostContext:
    return HostContext(
        name="test",
        customers=NoCustomers(),  # type: ignore[arg-type]  # whoever calls it fails the test
        custom_fields=fields,
        secrets=secrets,
        problems=problems,
        integrations=Integrations(),
        allegro=NoAllegro(),
        clock=ManualClock(NOW),
        spawner=TaskSpawner(),
        egress=Egress(allow_private=True),
        data_directory=tmp_path,
    )


@pytest.fixture
def config() -> IntegrationConfig:
    return IntegrationConfig(
        id="prestashop-1",
        type="prestashop",
        name="Sklep",
        authorization={},
        settings={"name": "Sklep", "id_field": "PrestaShop ID", "time_zone": "Europe/Warsaw"},
    )

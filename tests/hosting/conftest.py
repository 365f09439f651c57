"""A host of nothing but what hosting gives, and a clock that moves when told."""

from collections.abc import Callable, Sequence
from pathlib import Path

import attrs
import pytest

from thulium_plugin_prestashop.contract.customers import (
    Customer,
    CustomerChange,
    CustomField,
    Lookup,
    NewCustomer,
    Outcome,
)
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.hosting import (
    Host,
    HostServices,
    InstalledPlugin,
    ManualClock,
    MemoryIntegrationStorage,
    ProblemList,
)
from thulium_plugin_prestashop.hosting.secrets import EncryptedSecrets, MemorySecretStorage

SECRET_KEY = b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


class NoCustomers:
    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        return [[] for _ in lookups]

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        return [Outcome(new.reference, id="1") for new in customers]

    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        return [Outcome(change.id, id=change.id) for change in changes]


class TwoFields:
    async def list(self) -> list[CustomField]:
        return [CustomField("ID", CustomFieldType.NUMERIC), CustomField("Second ID", CustomFieldType.NUMERIC)]


class NoAllegro:
    async def integration(self) -> None:
        return None


@attrs.define
class Stage:
    """All that outlives one host: its clock, storage and directory."""

    clock: ManualClock
    directory: Path
    storage: MemoryIntegrationStorage = attrs.field(factory=MemoryIntegrationStorage)
    secrets: MemorySecretStorage = attrs.field(factory=MemorySecretStorage)

    def host(self, plugins: Sequence[InstalledPlugin]) -> Host:
        services = HostServices(
            name="test",
            customers=NoCustomers(),
            custom_fields=TwoFields(),
            secrets=EncryptedSecrets(self.secrets, [SECRET_KEY], "test"),
            allegro=NoAllegro(),
            integrations=self.storage,
            data_directory=self.directory,
            problems=ProblemList(self.clock),
            clock=self.clock,
        )
        return Host(services, plugins=plugins, sleep=self.clock.sleep)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def stage(clock: ManualClock, tmp_path: Path) -> Stage:
    return Stage(clock, tmp_path)


NewHost = Callable[[Sequence[InstalledPlugin]], Host]


@pytest.fixture
def new_host(stage: Stage) -> NewHost:
    return stage.host

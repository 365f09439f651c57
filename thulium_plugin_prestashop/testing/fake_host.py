"""A whole host in memory, to try a plugin in: no pages, no database of its own, no schedule unless asked for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from thulium_plugin_prestashop.contract.forms import CustomFieldType, Values
from thulium_plugin_prestashop.contract.host import Egress, HostContext
from thulium_plugin_prestashop.contract.integration import Integration
from thulium_plugin_prestashop.hosting import (
    FinishedRun,
    Host,
    HostServices,
    InstalledPlugin,
    MemoryIntegrationStorage,
    ProblemList,
    SystemClock,
    connect,
)
from thulium_plugin_prestashop.testing.memory import (
    FixedAllegro,
    MemoryCustomers,
    MemoryCustomFields,
    MemorySecrets,
)

FIELDS: Mapping[str, CustomFieldType] = {
    "PrestaShop ID": CustomFieldType.NUMERIC,
    "Text": CustomFieldType.TEXT,
    "Date": CustomFieldType.DATE,
}


class FakeHost:
    """``async with FakeHost(directory) as fake:`` loads the installed plugins, or those given.

    ``fake.customers`` and ``fake.secrets`` hold what the plugin wrote, ``fake.problems`` what it raised, and
    ``fake.host`` is the :class:`~thulium_plugin_prestashop.hosting.Host` itself.
    """

    def __init__(
        self,
        directory: Path,
        *,
        plugins: Sequence[InstalledPlugin] | None = None,
        fields: Mapping[str, CustomFieldType] = FIELDS,
        egress: Egress | None = None,
        schedule: bool = False,
    ) -> None:
        self.custom_fields = MemoryCustomFields(fields)
        self.customers = MemoryCustomers(self.custom_fields)
        self.secrets = MemorySecrets()
        self.allegro = FixedAllegro()
        clock = SystemClock()
        self.problems = ProblemList(clock)
        services = HostServices(
            name="fake",
            customers=self.customers,
            custom_fields=self.custom_fields,
            secrets=self.secrets,
            allegro=self.allegro,
            integrations=MemoryIntegrationStorage(),
            data_directory=directory,
            problems=self.problems,
            clock=clock,
            # A test's shop is on the loopback interface.
            egress=Egress(allow_private=True) if egress is None else egress,
        )
        self.host = Host(services, plugins=plugins, by_itself=schedule)

    async def __aenter__(self) -> Self:
        await self.host.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.host.aclose()

    def context(self, plugin: str = "prestashop") -> HostContext:
        """What this host hands to one plugin. Raises ``KeyError`` for a plugin that is not loaded."""
        return self.host.context(plugin)

    async def connect(self, type_id: str, authorization: Values, settings: Values) -> Integration:
        """See :func:`~thulium_plugin_prestashop.hosting.connect`."""
        return await connect(self.host, type_id, authorization, settings)

    async def run(self, integration: str) -> FinishedRun:
        """Run the integration's first task now, and wait for its end."""
        (job, *_) = self.host.scheduler.jobs(integration)
        return await job.run_now().finished()

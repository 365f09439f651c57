"""A whole host in memory, to try a plugin in: no pages, no database of its own, no schedule unless asked for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from thulium_plugin_prestashop.contract.forms import CustomFieldType, FieldError, FieldKind, Value, Values
from thulium_plugin_prestashop.contract.host import Egress, HostContext
from thulium_plugin_prestashop.contract.integration import Integration, IntegrationConfig
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.hosting import (
    FinishedRun,
    Host,
    HostServices,
    InstalledPlugin,
    MemoryIntegrationStorage,
    ProblemList,
    SystemClock,
)
from thulium_plugin_prestashop.hosting.forms import check_values, defaults
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


class RefusedFormError(Exception):
    """A form was not accepted; ``errors`` are on their fields."""

    def __init__(self, errors: Sequence[FieldError], message: LocalizedText | None) -> None:
        words = [f"{error.field}: {error.message.en}" for error in errors]
        super().__init__("; ".join(words) or (message.en if message else "refused"))
        self.errors = tuple(errors)
        self.message = message


async def connect(host: Host, type_id: str, authorization: Values, settings: Values) -> Integration:
    """What an administrator does: authenticate, fill in Other data (what is not given is suggested, or default),
    save, start.

    Raises :class:`RefusedFormError`, and ``RuntimeError`` if the integration does not start.
    """
    kind, context = host.integrations.type(type_id), host.integrations.context(type_id)
    result = await kind.authenticate(context, authorization)
    if not result.ok:
        raise RefusedFormError(result.errors, result.message)
    form = await kind.settings_form(context, result.facts)
    values: dict[str, Value] = {**defaults(form), **result.suggested, **settings}
    if errors := [*check_values(form, values), *await kind.validate(context, values)]:
        raise RefusedFormError(errors, None)
    config = IntegrationConfig(
        id=await host.integrations.new_id(type_id),
        type=type_id,
        name=str(values.get("name") or type_id),
        authorization=result.authorization,
        settings=values,
        identity=result.identity,
        facts=result.facts,
        settings_version=form.version,
    )
    for field in kind.authorization_form.fields:
        if field.kind is FieldKind.SECRET:
            await context.secrets.put(config.secret_handle(field.key), str(authorization[field.key]))
    await host.integrations.add(config)
    entry = await host.integrations.start(config.id)
    if entry.integration is None:
        raise RuntimeError(entry.message.en if entry.message else f"{config.id} does not start")
    return entry.integration


async def run(host: Host, integration: str) -> FinishedRun:
    """Run the integration's first task now, and wait for its end."""
    (job, *_) = host.scheduler.jobs(integration)
    return await job.run_now().finished()


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
        """See :func:`connect`."""
        return await connect(self.host, type_id, authorization, settings)

    async def run(self, integration: str) -> FinishedRun:
        """See :func:`run`."""
        return await run(self.host, integration)

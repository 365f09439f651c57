"""A host: loads plugins, starts them and their integrations, asks them for what they show, and stops them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self, TypeVar

import attrs

from thulium_plugin_prestashop.contract.customers import CustomerId, Customers, CustomFields
from thulium_plugin_prestashop.contract.errors import CannotStartError
from thulium_plugin_prestashop.contract.host import Allegro, Clock, Egress, HostContext, Secrets
from thulium_plugin_prestashop.contract.integration import IntegrationType
from thulium_plugin_prestashop.contract.orders import Caller, OrderSink
from thulium_plugin_prestashop.contract.problems import Problem, Severity
from thulium_plugin_prestashop.contract.surfaces import CustomersAction, CustomerTabs, HistorySections
from thulium_plugin_prestashop.contract.views import CustomerTab, HistorySection, SearchHit, TabQuery, Viewer
from thulium_plugin_prestashop.hosting.clock import Sleep, SystemClock
from thulium_plugin_prestashop.hosting.hooks import HookCalls, guarded
from thulium_plugin_prestashop.hosting.integrations import IntegrationRegistry
from thulium_plugin_prestashop.hosting.loader import (
    InstalledPlugin,
    PluginError,
    installed_plugins,
    new_manager,
    register,
)
from thulium_plugin_prestashop.hosting.locale import MESSAGES
from thulium_plugin_prestashop.hosting.problems import ProblemList
from thulium_plugin_prestashop.hosting.scheduler import RUNS_AT_ONCE, Scheduler
from thulium_plugin_prestashop.hosting.slots import RunSlots
from thulium_plugin_prestashop.hosting.spawner import TaskSpawner
from thulium_plugin_prestashop.hosting.storage import IntegrationStorage
from thulium_plugin_prestashop.hosting.threads import run_in_thread

log = logging.getLogger(__name__)

T = TypeVar("T")

VIEW_SECONDS = 10
STARTUP_SECONDS = 60
SHUTDOWN_SECONDS = 10
NOTICE_SECONDS = 60
PLUGIN_FAILED = "host.plugin_failed"


@attrs.frozen
class HostServices:
    """What the host's own product brings: the rest of the context is made here. ``data_directory`` is the folder
    under which every plugin gets one of its own.
    """

    name: str
    customers: Customers
    custom_fields: CustomFields
    secrets: Secrets
    allegro: Allegro
    integrations: IntegrationStorage
    data_directory: Path
    problems: ProblemList
    clock: Clock = attrs.field(factory=SystemClock)
    egress: Egress = attrs.field(factory=Egress)
    database_url: str | None = None
    time_zone: str = "Europe/Warsaw"
    locale: str = "pl"
    orders: OrderSink | None = None


class Host:
    """One host at work. ``async with`` starts and stops it; two hosts in one process share nothing but, if they are
    given the same ``run_slots``, how many runs go on at once.
    """

    def __init__(
        self,
        services: HostServices,
        *,
        plugins: Sequence[InstalledPlugin] | None = None,
        sleep: Sleep = asyncio.sleep,
        random: Random | None = None,
        runs_at_once: int = RUNS_AT_ONCE,
        run_slots: RunSlots | None = None,
        by_itself: bool = True,
    ) -> None:
        self.services = services
        self.problems = services.problems
        self.spawner = TaskSpawner()
        self.scheduler = Scheduler(
            services.clock,
            sleep=sleep,
            random=random,
            limit=runs_at_once,
            slots=run_slots,
            by_itself=by_itself,
        )
        self.integrations = IntegrationRegistry(
            services.integrations,
            secrets=services.secrets,
            problems=services.problems,
            scheduler=self.scheduler,
            clock=services.clock,
        )
        self._wanted = plugins
        self._manager = new_manager()
        self._contexts: dict[str, HostContext] = {}
        self.hooks = HookCalls(self._manager, self.context)
        self.plugins: list[InstalledPlugin] = []
        """Those that were loaded and started."""

    def context(self, plugin: str) -> HostContext:
        """What this host hands to one plugin. Raises ``KeyError`` for a plugin that is not loaded."""
        return self._contexts[plugin]

    # Life

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def start(self, *, run: bool = True) -> None:
        """Load the plugins and start what is configured; with ``run`` false integrations stay stopped.

        A plugin that can't be used becomes a problem, not an error.
        """
        await self.problems.open()
        plugins, failures = await self._find()
        for plugin in plugins:
            try:
                await self._load(plugin)
            except PluginError as error:
                failures.append(error)
        for failure in failures:
            await self._report(failure)
        await self.integrations.restore(run=run)

    async def aclose(self) -> None:
        """Stop everything in reverse order: runs, integrations, plugins, background tasks. Safe to repeat."""
        await self.scheduler.aclose()
        await self.integrations.aclose()
        for plugin in reversed(self.plugins):
            await self.hooks.call("thulium_shutdown", plugin=plugin.id, time_limit=SHUTDOWN_SECONDS)
        self.plugins.clear()
        await self.spawner.aclose()

    async def _find(self) -> tuple[list[InstalledPlugin], list[PluginError]]:
        if self._wanted is not None:
            return list(self._wanted), []
        return await run_in_thread(installed_plugins)

    async def _load(self, plugin: InstalledPlugin) -> None:
        folder = self.services.data_directory / plugin.id
        await run_in_thread(_make_folder, folder)
        self._contexts[plugin.id] = self._new_context(folder)
        # Importing a plugin reads dozens of files: not on the loop.
        await run_in_thread(register, self._manager, plugin)
        answers = await self.hooks.call("thulium_startup", plugin=plugin.id, time_limit=STARTUP_SECONDS)
        failure = next((answer.error for answer in answers if answer.error is not None), None)
        if failure is not None:
            self._manager.unregister(name=plugin.id)
            said = failure.message if isinstance(failure, CannotStartError) else None
            raise PluginError(
                plugin.id, f"it does not start: {str(failure) or type(failure).__name__}", said
            ) from failure
        self.plugins.append(plugin)
        await self.problems.resolve(f"plugin:{plugin.id}", PLUGIN_FAILED)
        for answer in self.hooks.ask("thulium_integration_types", plugin=plugin.id):
            for offered in answer.value or ():
                try:
                    self.integrations.offer(offered, self._contexts[plugin.id])
                except ValueError as error:
                    await self._report(PluginError(plugin.id, str(error)))
            if answer.error is not None:
                await self._report(PluginError(plugin.id, str(answer.error)))

    async def _report(self, error: PluginError) -> None:
        log.error("%s", error)
        await self.problems.raise_problem(
            Problem(
                f"plugin:{error.plugin}",
                PLUGIN_FAILED,
                Severity.ERROR,
                error.message or MESSAGES.text("plugin.failed", plugin=error.plugin, reason=error.reason),
                MESSAGES.text("plugin.failed_todo"),
            )
        )

    def _new_context(self, folder: Path) -> HostContext:
        services = self.services
        return HostContext(
            name=services.name,
            customers=services.customers,
            custom_fields=services.custom_fields,
            secrets=services.secrets,
            problems=services.problems,
            integrations=self.integrations,
            allegro=services.allegro,
            clock=services.clock,
            spawner=self.spawner,
            egress=services.egress,
            data_directory=folder,
            database_url=services.database_url,
            time_zone=services.time_zone,
            locale=services.locale,
            orders=services.orders,
        )

    # What plugins show

    def types(self) -> list[IntegrationType]:
        """Integration types for the gallery."""
        return self.integrations.types()

    def customer_tabs(self) -> list[CustomerTabs]:
        """Kinds of tabs of the customer card."""
        return self._offered("thulium_customer_tabs")

    def history_sections(self) -> list[HistorySections]:
        """Kinds of sections of the contact history."""
        return self._offered("thulium_history_sections")

    def customers_actions(self) -> list[CustomersAction]:
        """Actions of the Customers tab."""
        return self._offered("thulium_customers_actions")

    async def load_tabs(
        self,
        customer: CustomerId,
        viewer: Viewer,
        query: TabQuery | None = None,
        integration: str | None = None,
    ) -> list[CustomerTab]:
        """The tabs of one customer. A kind that fails, or takes longer than 10 s, is logged and left out."""
        asked = TabQuery() if query is None else query
        tabs: list[CustomerTab] = []
        for kind in self.customer_tabs():
            tabs += await self._view(kind.key, partial(kind.load, customer, viewer, asked, integration), ())
        return tabs

    async def load_sections(self, customer: CustomerId, viewer: Viewer, limit: int) -> list[HistorySection]:
        """The sections of one customer's contact history, with at most ``limit`` entries each."""
        sections = []
        for kind in self.history_sections():
            section = await self._view(kind.key, partial(kind.load, customer, viewer, limit), None)
            if section is not None:
                sections.append(section)
        return sections

    async def search_orders(self, query: str, viewer: Viewer, limit: int) -> list[SearchHit]:
        """Orders whose reference or number is ``query``, over all plugins."""
        answers = await self.hooks.call(
            "thulium_search_orders",
            {"query": query, "viewer": viewer, "limit": limit},
            time_limit=VIEW_SECONDS,
            lists=True,
        )
        return [hit for answer in answers for hit in answer.value or ()][:limit]

    async def find_by_phone(self, phone: str, *, time_limit: float = VIEW_SECONDS) -> list[Caller]:
        """Who has this telephone number (E.164), over all plugins."""
        answers = await self.hooks.call(
            "thulium_find_by_phone", {"phone": phone}, time_limit=time_limit, lists=True
        )
        return [caller for answer in answers for caller in answer.value or ()]

    # What plugins are told

    async def customers_merged(self, kept: CustomerId, merged: Sequence[CustomerId]) -> bool:
        """Tell every plugin; false when one of them failed and should be told again."""
        return await self._tell("thulium_customers_merged", {"kept": kept, "merged": merged})

    async def customers_erased(self, customers: Sequence[CustomerId]) -> bool:
        """Tell every plugin; false when one of them failed and should be told again."""
        return await self._tell("thulium_customers_erased", {"customers": customers})

    async def _tell(self, hook: str, arguments: Mapping[str, object]) -> bool:
        answers = await self.hooks.call(hook, arguments, time_limit=NOTICE_SECONDS)
        return all(answer.error is None for answer in answers)

    def _offered(self, hook: str) -> list[T]:
        return [kind for answer in self.hooks.ask(hook) for kind in answer.value or ()]

    async def _view(self, key: str, load: Callable[[], Awaitable[T]], absent: T) -> T:
        try:
            return await guarded(load(), VIEW_SECONDS)
        except Exception:
            log.exception("%s could not be shown", key)
            return absent


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)

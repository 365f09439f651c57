"""The bridge put together: Thulium's customers, the plugin's host, and the copying of orders."""

import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from random import Random
from types import TracebackType
from typing import Final, Self

import attrs

from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.host import Egress
from thulium_plugin_prestashop.contract.integration import Integration
from thulium_plugin_prestashop.contract.problems import Problem, Severity
from thulium_plugin_prestashop.contract.tasks import Trigger
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.contract.views import Viewer
from thulium_plugin_prestashop.hosting import (
    FinishedRun,
    Host,
    HostServices,
    InstalledPlugin,
    MemoryIntegrationStorage,
    ProblemList,
    SystemClock,
)
from thulium_plugin_prestashop.thulium.api import ThuliumApi, parse_address
from thulium_plugin_prestashop.thulium.behaviour import Behaviour, Lists
from thulium_plugin_prestashop.thulium.config import BridgeSettings, ShopSettings
from thulium_plugin_prestashop.thulium.customers import RestCustomers
from thulium_plugin_prestashop.thulium.directory import prepare
from thulium_plugin_prestashop.thulium.fields import ConfiguredFields, FieldTypes
from thulium_plugin_prestashop.thulium.find import CardFinder
from thulium_plugin_prestashop.thulium.learn import Learned, Tried, learn_by_reading, learn_by_test_card
from thulium_plugin_prestashop.thulium.ledger import Ledger
from thulium_plugin_prestashop.thulium.orders import OrderCopier, OrderQueue, OrderTargets
from thulium_plugin_prestashop.thulium.services import ConfiguredAllegro, ConfiguredSecrets
from thulium_plugin_prestashop.thulium.shops import ShopConnector, ShopRefusedError
from thulium_plugin_prestashop.thulium.targets import read_targets
from thulium_plugin_prestashop.thulium.words import MESSAGES, unavailable
from thulium_plugin_prestashop.thulium.writes import CardFields
from thulium_plugin_prestashop.transport import EgressPolicy, HttpClient, Pace, RemoteError, RetryPolicy

log = logging.getLogger(__name__)

OWNER: Final = "thulium"
"""Stands for the bridge itself in the list of problems."""
_BEHAVIOUR: Final = "behaviour"
_USABLE: Final = "usable"


@attrs.frozen
class Tuning:
    """What tests turn: waits of the client, and which plugins to load (``None``: all that are installed)."""

    retry: RetryPolicy = attrs.field(factory=RetryPolicy)
    patience: tuple[float, ...] = (1.0, 3.0)
    plugins: tuple[InstalledPlugin, ...] | None = None
    random: Random | None = None


class Bridge:
    """``async with Bridge(settings) as bridge:`` opens everything and starts no integration yet."""

    def __init__(self, settings: BridgeSettings, tuning: Tuning | None = None) -> None:
        self.settings = settings
        self._tuning = tuning or Tuning()
        self._stack = AsyncExitStack()
        self.clock = SystemClock()
        self.problems = ProblemList(self.clock)
        self.viewer = Viewer(settings.thulium.locale, settings.thulium.time_zone)

    async def __aenter__(self) -> Self:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _open(self) -> None:
        settings, thulium = self.settings, self.settings.thulium
        await prepare(settings.data)
        self.ledger = await Ledger.open(settings.data)
        self._stack.push_async_callback(self.ledger.aclose)
        http = await self._stack.enter_async_context(
            HttpClient(EgressPolicy(allow_private=settings.allow_private))
        )
        self.api = ThuliumApi(
            parse_address(thulium.address),
            thulium.user,
            thulium.password.value,
            http,
            pace=Pace(in_flight=4),
            retry=self._tuning.retry,
            language=thulium.locale,
        )
        types = FieldTypes({field.name: field.type for field in thulium.custom_fields})
        stored = await self.ledger.fact(_BEHAVIOUR)
        behaviour = Behaviour.from_json(stored) if isinstance(stored, dict) else Behaviour()
        self.finder = CardFinder(self.api, self.ledger, types, behaviour, self.clock)
        fields = CardFields(
            types, thulium.company_field, thulium.tax_number_field, thulium.country.upper(), thulium.locale
        )
        self.customers = RestCustomers(
            self.api,
            self.finder,
            self.ledger,
            fields,
            key_fields=lambda: frozenset(self._field_owners()),
            patience=self._tuning.patience,
        )
        self.queue = OrderQueue(self.ledger)
        secrets = {
            f"integration/{s.id}/{key}": text for s in settings.shops for key, text in s.secrets.items()
        }
        services = HostServices(
            name=self.api.host,
            customers=self.customers,
            custom_fields=ConfiguredFields(types, self._field_owners),
            secrets=ConfiguredSecrets(secrets),
            allegro=ConfiguredAllegro(thulium.allegro_login_field),
            integrations=MemoryIntegrationStorage(),
            data_directory=settings.data,
            problems=self.problems,
            clock=self.clock,
            egress=Egress(allow_private=settings.allow_private),
            time_zone=thulium.time_zone,
            locale=thulium.locale,
            orders=self.queue,
        )
        self.host = Host(services, plugins=self._tuning.plugins, random=self._tuning.random)
        self._stack.push_async_callback(self.host.aclose)
        await self.host.start(run=False)
        self.shops = ShopConnector(self.host, self.ledger)
        self._copier: OrderCopier | None = None

    def _field_owners(self) -> dict[str, str]:
        # Asked for when it is needed: the host is made after what asks.
        return self.host.integrations.field_owners()

    # Thulium's side

    async def learn(self) -> Learned:
        """Read how Thulium's API behaves, and remember it.

        Raises :class:`~thulium_plugin_prestashop.transport.RemoteError`.
        """
        learned = await learn_by_reading(self.api, self.finder.behaviour, self._key_fields())
        await self._remember(learned.behaviour)
        if learned.usable:
            await self.ledger.keep_fact(_USABLE, self._looked_up())
        return learned

    async def was_usable(self) -> bool:
        """Whether customers could be looked up safely when Thulium last answered, by the fields of these settings."""
        return bool(await self.ledger.fact(_USABLE) == self._looked_up())

    def _looked_up(self) -> dict[str, object]:
        return {"address": self.settings.thulium.address, "fields": sorted(self._key_fields())}

    def _key_fields(self) -> dict[str, CustomFieldType]:
        """The custom fields by which cards are looked up, as far as the settings name them well."""
        offered = {kind.id: kind for kind in self.host.integrations.types()}
        named = [
            offered[shop.type].id_field(shop.form_settings)
            for shop in self.settings.shops
            if shop.type in offered
        ]
        types = {field.name: field.type for field in self.settings.thulium.custom_fields}
        return {
            name: types[name] for name in (*named, self.settings.thulium.allegro_login_field) if name in types
        }

    async def probe(self) -> Tried:
        """Find out with a test card that is made and deleted, and remember it.

        Raises :class:`~thulium_plugin_prestashop.transport.RemoteError`.
        """
        thulium = self.settings.thulium
        tried = await learn_by_test_card(
            self.api,
            self.finder.behaviour,
            surname=MESSAGES.text("probe.surname").for_locale(thulium.locale),
            fields={field.name: field.type for field in thulium.custom_fields},
        )
        await self._remember(tried.behaviour)
        return tried

    async def _remember(self, behaviour: Behaviour) -> None:
        self.finder.behaviour = behaviour
        await self.ledger.keep_fact(_BEHAVIOUR, behaviour.to_json())

    async def order_targets(self) -> dict[str, OrderTargets]:
        """Where each shop's orders go, by the names in the settings.

        Raises :class:`.targets.OrderFieldsError`, :class:`~thulium_plugin_prestashop.transport.RemoteError`.
        """
        return await read_targets(self.api, self.settings.shops)

    # Shops

    async def start(self, shop: ShopSettings) -> bool:
        """Connect and start one shop; what is wrong becomes a problem. Whether it runs."""
        try:
            await self.shops.connect(shop)
        except ShopRefusedError as error:
            log.warning("%s", error)
            await self.problem(shop.id, "bridge.shop", error.message)
            return False
        await self.problems.resolve(shop.id, "bridge.shop")
        return (await self.host.integrations.start(shop.id)).integration is not None

    def integration(self, shop: str) -> Integration | None:
        """A running integration, unless a run is under way: what it is about to commit cannot be read yet."""
        entries = {entry.config.id: entry for entry in self.host.integrations.entries()}
        busy = any(job.snapshot().busy for job in self.host.scheduler.jobs(shop))
        return None if busy or shop not in entries else entries[shop].integration

    async def run(self, shop: str, trigger: Trigger) -> FinishedRun:
        """One synchronisation of a running shop."""
        return await self.host.scheduler.jobs(shop)[0].run_now(trigger).finished()

    # Orders

    async def copy_orders(self) -> int:
        """Bring the rows of all customers whose orders changed up to date; how many there were.

        Raises :class:`~thulium_plugin_prestashop.contract.errors.HostUnavailableError`,
        :class:`.targets.OrderFieldsError`.
        """
        if self._copier is None:
            try:
                targets = await self.order_targets()
            except RemoteError as error:
                raise unavailable(error) from error
            self._copier = OrderCopier(
                self.api,
                self.ledger,
                customers=self.customers,
                targets=targets,
                running=self.integration,
                viewer=self.viewer,
            )
        done = await self._copier.copy()
        await self._report(self._copier.refusals, done.lost)
        return done.customers

    @property
    def rows_written(self) -> int:
        """Rows written since the bridge was started."""
        return self._copier.total.rows if self._copier else 0

    async def _report(self, refusals: Sequence[LocalizedText], lost: int) -> None:
        if refusals:
            await self.problem(OWNER, "bridge.rows", refusals[0])
        else:
            await self.problems.resolve(OWNER, "bridge.rows")
        if lost:
            await self.problem(OWNER, "bridge.lost", MESSAGES.text("orders.lost", count=lost))
        if self.customers.withheld:
            text = MESSAGES.text("lists.withheld", count=self.customers.withheld)
            known = self.finder.behaviour.lists is not Lists.UNKNOWN
            key = "bridge.withheld_known" if known else "bridge.withheld"
            await self.problem(OWNER, "bridge.withheld", text, severity=Severity.INFO, todo=key)

    async def problem(
        self,
        owner: str,
        key: str,
        message: LocalizedText,
        *,
        severity: Severity = Severity.ERROR,
        todo: str | None = None,
    ) -> None:
        """Raise a problem of the bridge's own. ``todo``: what to do about it, if not what its key says."""
        what_to_do = MESSAGES.text(f"todo.{todo or key}")
        await self.problems.raise_problem(Problem(owner, key, severity, message, what_to_do))

"""The integrations of one host: configured, started, stopped, changed and removed."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

import attrs

from thulium_plugin_prestashop.contract.errors import CannotStartError
from thulium_plugin_prestashop.contract.forms import FieldKind
from thulium_plugin_prestashop.contract.host import Clock, HostContext, Secrets
from thulium_plugin_prestashop.contract.integration import Integration, IntegrationConfig, IntegrationType
from thulium_plugin_prestashop.contract.problems import Problem, Severity
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.hosting.entries import FieldClaimedError, IntegrationEntry, IntegrationState
from thulium_plugin_prestashop.hosting.hooks import guarded
from thulium_plugin_prestashop.hosting.locale import MESSAGES
from thulium_plugin_prestashop.hosting.problems import ProblemList
from thulium_plugin_prestashop.hosting.scheduler import Scheduler
from thulium_plugin_prestashop.hosting.storage import IntegrationStorage, StoredIntegration

log = logging.getLogger(__name__)

START_FAILED = "host.start_failed"
START_SECONDS = 30
STOP_SECONDS = 10


@attrs.define
class _Slot:
    """One configured integration; ``lock`` lets one thing happen to it at a time."""

    entry: IntegrationEntry
    lock: asyncio.Lock = attrs.field(factory=asyncio.Lock)


@attrs.frozen
class _Offer:
    type: IntegrationType
    context: HostContext


class IntegrationRegistry:
    """The contract's ``Integrations``, and the life of each. What one of them does wrong stops no other."""

    def __init__(
        self,
        storage: IntegrationStorage,
        *,
        secrets: Secrets,
        problems: ProblemList,
        scheduler: Scheduler,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._secrets = secrets
        self._problems = problems
        self._scheduler = scheduler
        self._clock = clock
        self._offers: dict[str, _Offer] = {}
        self._slots: dict[str, _Slot] = {}
        self._closed = False

    # Types

    def offer(self, integration_type: IntegrationType, context: HostContext) -> None:
        """Make a type known, with the context its plugin gets. Raises ``ValueError`` for a second one of that id."""
        if integration_type.id in self._offers:
            raise ValueError(f"there are two integration types called {integration_type.id}")
        self._offers[integration_type.id] = _Offer(integration_type, context)

    def types(self) -> list[IntegrationType]:
        """All types, in the order their plugins offered them."""
        return [offer.type for offer in self._offers.values()]

    def type(self, type_id: str) -> IntegrationType:
        """One type. Raises ``KeyError``."""
        return self._offers[type_id].type

    def context(self, type_id: str) -> HostContext:
        """The host context for calls of this type. Raises ``KeyError``."""
        return self._offers[type_id].context

    # What there is

    def entries(self) -> list[IntegrationEntry]:
        """All configured integrations, oldest first."""
        return [slot.entry for slot in self._slots.values()]

    def entry(self, integration: str) -> IntegrationEntry:
        """One of them. Raises ``KeyError``."""
        return self._slots[integration].entry

    def running(self, type_id: str) -> tuple[Integration, ...]:
        """Those of one type that run, oldest first."""
        return tuple(
            slot.entry.integration
            for slot in self._slots.values()
            if slot.entry.integration is not None and slot.entry.config.type == type_id
        )

    def fields_in_use(self, *, except_integration: str | None = None) -> dict[str, str]:
        """Custom fields that are the key of a configured integration: field name to integration name."""
        return {
            field: slot.entry.config.name
            for slot in self._slots.values()
            if slot.entry.config.id != except_integration
            and (field := self._id_field(slot.entry.config)) is not None
        }

    def field_owners(self) -> dict[str, str]:
        """Custom fields that are the key of a configured integration: field name to integration id."""
        return {
            field: slot.entry.config.id
            for slot in self._slots.values()
            if (field := self._id_field(slot.entry.config)) is not None
        }

    # Life

    async def restore(self, *, run: bool = True) -> None:
        """Read what is configured and, with ``run``, start all that are wanted, at the same time."""
        for stored in await self._storage.load():
            self._slots[stored.config.id] = _Slot(
                IntegrationEntry(stored.config, IntegrationState.STOPPED, stored.wanted, stored.created_at)
            )
        if run:
            wanted = [slot for slot in self._slots.values() if slot.entry.wanted]
            await asyncio.gather(*(self._locked_start(slot) for slot in wanted))

    async def new_id(self, type_id: str) -> str:
        """An id for a new integration, never given before."""
        return await self._storage.new_id(type_id)

    async def add(self, config: IntegrationConfig) -> IntegrationEntry:
        """Store a new integration, stopped. Raises :class:`FieldClaimedError`."""
        self._guard_field(config)
        entry = IntegrationEntry(config, IntegrationState.STOPPED, wanted=False, created_at=self._clock.now())
        self._slots[config.id] = slot = _Slot(entry)
        try:
            await self._save(slot)
        except BaseException:
            del self._slots[config.id]
            raise
        return entry

    async def change(self, config: IntegrationConfig) -> IntegrationEntry:
        """Store what was changed of it; if it runs, it starts anew with that. Raises :class:`FieldClaimedError`,
        ``KeyError``.
        """
        async with self._locked(config.id) as slot:
            self._guard_field(config)
            slot.entry = attrs.evolve(slot.entry, config=config)
            await self._save(slot)
            if slot.entry.wanted:
                await self._stop(slot)
                await self._start(slot)
            return slot.entry

    async def start(self, integration: str) -> IntegrationEntry:
        """Start it, now and whenever the host starts; nothing happens if it runs. Raises ``KeyError``."""
        async with self._locked(integration) as slot:
            slot.entry = attrs.evolve(slot.entry, wanted=True)
            await self._save(slot)
            if slot.entry.integration is None:
                await self._start(slot)
            return slot.entry

    async def stop(self, integration: str) -> IntegrationEntry:
        """Stop it until somebody starts it; its run is cancelled. Raises ``KeyError``."""
        async with self._locked(integration) as slot:
            slot.entry = attrs.evolve(slot.entry, wanted=False)
            await self._save(slot)
            await self._stop(slot)
            return slot.entry

    async def reload(self, integration: str) -> IntegrationEntry:
        """Stop and start it. Raises ``KeyError``."""
        async with self._locked(integration) as slot:
            await self._stop(slot)
            if slot.entry.wanted:
                await self._start(slot)
            return slot.entry

    async def remove(self, integration: str, *, keep_data: bool) -> None:
        """Stop it and forget it, its secrets and its problems; its plugin removes or keeps the data.

        Raises ``KeyError``, and whatever the plugin raises: then it is stopped, and can be removed again.
        """
        async with self._locked(integration) as slot:
            config = slot.entry.config
            slot.entry = attrs.evolve(slot.entry, wanted=False)
            await self._save(slot)
            await self._stop(slot)
            offer = self._offers.get(config.type)
            if offer is not None:
                await offer.type.remove(offer.context, config, keep_data=keep_data)
                for field in offer.type.authorization_form.fields:
                    if field.kind is FieldKind.SECRET:
                        await self._secrets.delete(config.secret_handle(field.key))
            await self._storage.delete(integration)
            del self._slots[integration]
        await self._problems.resolve_all(integration)

    async def aclose(self) -> None:
        """Stop all; those that are wanted start again with the host. From then on none can be started."""
        self._closed = True
        await asyncio.gather(*(self._locked_stop(slot) for slot in self._slots.values()))

    # Steps, taken under the slot's lock

    @asynccontextmanager
    async def _locked(self, integration: str) -> AsyncIterator[_Slot]:
        slot = self._slots[integration]
        async with slot.lock:
            # It may have been removed, or the host may have stopped, while this waited for its turn.
            if self._closed:
                raise RuntimeError("the host is stopping")
            if self._slots.get(integration) is not slot:
                raise KeyError(integration)
            yield slot

    async def _locked_start(self, slot: _Slot) -> None:
        async with slot.lock:
            await self._start(slot)

    async def _locked_stop(self, slot: _Slot) -> None:
        async with slot.lock:
            await self._stop(slot)

    async def _start(self, slot: _Slot) -> None:
        config = slot.entry.config
        offer = self._offers.get(config.type)
        if offer is None:
            await self._failed(slot, "integration.no_type", "integration.no_type_todo", type=config.type)
            return
        try:
            integration = await guarded(offer.type.create(offer.context, config), START_SECONDS)
        except TimeoutError:
            log.warning("%s did not start within %s s", config.id, START_SECONDS)
            await self._failed(
                slot, "integration.start_slow", "integration.start_failed_todo", seconds=START_SECONDS
            )
        except CannotStartError as refusal:
            log.warning("%s refuses to start: %s", config.id, refusal)
            await self._tell_failure(slot, refusal.message, "integration.start_failed_todo")
        except Exception:
            log.exception("%s could not be started", config.id)
            await self._failed(slot, "integration.start_failed", "integration.start_failed_todo")
        else:
            slot.entry = attrs.evolve(
                slot.entry, state=IntegrationState.RUNNING, integration=integration, message=None
            )
            self._scheduler.add(config.id, integration.tasks, last_run=await self._last_run(integration))
            await self._problems.resolve(config.id, START_FAILED)

    async def _last_run(self, integration: Integration) -> datetime | None:
        """When it last ran, as far as its schedule is concerned: an interval before it is due."""
        try:
            for task in integration.tasks:
                if task.turns is not None:
                    due_in = await guarded(task.turns.due_in(), STOP_SECONDS)
                    return None if due_in is None else self._clock.now() + due_in - task.every
            return (await guarded(integration.status(), STOP_SECONDS)).last_run
        except Exception:
            log.exception("%s does not say when it last ran", integration.id)
            return None

    async def _failed(self, slot: _Slot, message: str, todo: str, **values: object) -> None:
        await self._tell_failure(slot, MESSAGES.text(message, name=slot.entry.config.name, **values), todo)

    async def _tell_failure(self, slot: _Slot, text: LocalizedText, todo: str) -> None:
        config = slot.entry.config
        slot.entry = attrs.evolve(slot.entry, state=IntegrationState.FAILED, integration=None, message=text)
        await self._problems.raise_problem(
            Problem(config.id, START_FAILED, Severity.ERROR, text, MESSAGES.text(todo))
        )

    async def _stop(self, slot: _Slot) -> None:
        integration = slot.entry.integration
        await self._scheduler.remove(slot.entry.config.id)
        slot.entry = attrs.evolve(slot.entry, state=IntegrationState.STOPPED, integration=None, message=None)
        await self._problems.resolve(slot.entry.config.id, START_FAILED)
        if integration is None:
            return
        try:
            await guarded(integration.stop(), STOP_SECONDS)
        except Exception:
            log.exception("%s did not stop cleanly", integration.id)

    async def _save(self, slot: _Slot) -> None:
        entry = slot.entry
        await self._storage.save(StoredIntegration(entry.config, entry.wanted, entry.created_at))

    def _id_field(self, config: IntegrationConfig) -> str | None:
        offer = self._offers.get(config.type)
        return None if offer is None else offer.type.id_field(config.settings)

    def _guard_field(self, config: IntegrationConfig) -> None:
        field = self._id_field(config)
        owners: Mapping[str, str] = self.fields_in_use(except_integration=config.id)
        if field is not None and field in owners:
            raise FieldClaimedError(field, owners[field])

"""One configured shop at work: created at start, gone at stop. It joins what is synchronised, shown and told."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Final

import attrs
import orjson

from thulium_plugin_prestashop.admin import linking
from thulium_plugin_prestashop.admin.authentication import ADDRESS, API_KEY, egress_policy
from thulium_plugin_prestashop.admin.diagnostics import diagnostics
from thulium_plugin_prestashop.admin.explain import explained, sentence
from thulium_plugin_prestashop.admin.facts import CLIENT
from thulium_plugin_prestashop.admin.problems import Aftermath, ProblemDesk
from thulium_plugin_prestashop.admin.runtime import Runtime
from thulium_plugin_prestashop.admin.settings import Settings
from thulium_plugin_prestashop.admin.turns import RunTurns, reached
from thulium_plugin_prestashop.admin.validation import usable_id_field
from thulium_plugin_prestashop.agent.shop import ShopViews
from thulium_plugin_prestashop.agent.tab import customer_tab
from thulium_plugin_prestashop.contract.customers import CustomerId
from thulium_plugin_prestashop.contract.errors import ShopUnavailableError
from thulium_plugin_prestashop.contract.forms import FieldError
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.integration import (
    IntegrationConfig,
    LogEntry,
    Preview,
    Refreshed,
    RunState,
    SetAsideRecord,
    Status,
    UnderWay,
)
from thulium_plugin_prestashop.contract.tasks import (
    PeriodicTask,
    ReportProgress,
    RunContext,
    RunResult,
    Trigger,
)
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.contract.views import CustomerTab, TabQuery, Viewer
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.mirror.claims import Turn
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.overview import volumes
from thulium_plugin_prestashop.mirror.quarantine import count_aside, list_aside, retry_all
from thulium_plugin_prestashop.mirror.runlog import Run, list_runs
from thulium_plugin_prestashop.mirror.state import load_state
from thulium_plugin_prestashop.sync.job import SyncJob
from thulium_plugin_prestashop.sync.preview import preview
from thulium_plugin_prestashop.sync.refresh import refresh_customer
from thulium_plugin_prestashop.sync.run import run_sync
from thulium_plugin_prestashop.transport.circuit import Circuit
from thulium_plugin_prestashop.transport.errors import RemoteError
from thulium_plugin_prestashop.transport.http import HttpClient
from thulium_plugin_prestashop.transport.pace import Budget, Pace
from thulium_plugin_prestashop.webservice.address import ShopAddress
from thulium_plugin_prestashop.webservice.client import WebserviceClient

TASK: Final = "synchronise"
EVERY: Final = timedelta(minutes=30)
JITTER: Final = timedelta(minutes=3)
MOST_SECONDS: Final = 2 * 3600
"""Budget of one run; the next goes on where it stopped."""
REFRESH_SECONDS: Final = 2.5
"""An agent waits three seconds at most: half a second is left to draw the tab."""
MOST_REFRESHED: Final = 1_000
"""Customers whose own refresh is remembered; a synchronisation makes it meaningless soon."""
TYPE_ID: Final = "prestashop"


@attrs.define(eq=False)
class PrestaShopIntegration:
    """See :class:`.contract.integration.Integration`. Made by :meth:`start`."""

    host: HostContext = attrs.field(repr=False)
    config: IntegrationConfig = attrs.field(repr=False)
    settings: Settings = attrs.field(repr=False)
    runtime: Runtime = attrs.field(repr=False)
    turns: RunTurns = attrs.field(repr=False)
    http: HttpClient = attrs.field(repr=False)
    views: ShopViews = attrs.field(repr=False)
    """What agents see of this shop."""
    _pace: Pace | None = attrs.field(default=None, init=False, repr=False)
    """Shared with other integrations of this shop; held, so that what was learned stays."""
    _circuit: Circuit = attrs.field(factory=Circuit, init=False, repr=False)
    _refreshed: dict[CustomerId, int] = attrs.field(factory=dict, init=False, repr=False)
    """When customers were last refreshed alone (epoch s), the oldest first."""

    @classmethod
    async def start(
        cls, host: HostContext, config: IntegrationConfig, settings: Settings, runtime: Runtime
    ) -> "PrestaShopIntegration":
        """Make it; nothing is sent to the shop yet."""
        mirror = runtime.mirror
        views = ShopViews(mirror, config.id, config.name, host.clock, settings.hidden_states)
        turns = RunTurns(config.id, runtime.claims, mirror, every=EVERY, jitter=JITTER)
        runtime.turns[config.id] = turns
        return cls(host, config, settings, runtime, turns, HttpClient(egress_policy(host.egress)), views)

    @property
    def mirror(self) -> Mirror:
        """The plugin's database."""
        return self.runtime.mirror

    @property
    def id(self) -> str:
        """Id of its configuration."""
        return self.config.id

    @property
    def type(self) -> str:
        """``prestashop``."""
        return TYPE_ID

    @property
    def tasks(self) -> Sequence[PeriodicTask]:
        """The synchronisation, every half hour."""
        return [
            PeriodicTask(TASK, MESSAGES.text("admin.task.synchronise"), EVERY, JITTER, self.run, self.turns)
        ]

    async def stop(self) -> None:
        """Close the connections to the shop; the mirror stays open for the others."""
        if self.runtime.turns.get(self.id) is self.turns:
            del self.runtime.turns[self.id]
        await self.http.aclose()

    # Work

    async def run(self, context: RunContext) -> RunResult:
        """Synchronise once, if it is this process's turn. What it could not do is in the result and becomes a problem;
        nothing of it raises.
        """
        return await self.turns.run(context, self._synchronise)

    async def _synchronise(self, trigger: Trigger, mirror: Mirror, report: ReportProgress) -> RunResult:
        try:
            done = await run_sync(await self._job(trigger, mirror), report)
        finally:
            # Cancelled or not, the small tables may have changed.
            self.views.forget_lookups()
        async with mirror.reading() as connection:
            state = await load_state(connection, self.id)
            set_aside = await count_aside(connection, self.id)
        desk = ProblemDesk(self.host, self.id, self.config.name, self.settings.id_field)
        usable = await usable_id_field(self.host, self.settings.id_field)
        await mirror.check()
        await desk.after_run(Aftermath(done, state, set_aside, usable))
        return done.result()

    async def _job(self, trigger: Trigger, mirror: Mirror | None = None) -> SyncJob:
        """One piece of work, by a client that knows what earlier ones learned and shares their pace."""
        key = await self.host.secrets.get(self.config.secret_handle(API_KEY)) or ""
        async with self.mirror.reading() as connection:
            learned = (await load_state(connection, self.id)).facts
        address = ShopAddress.parse(str(self.config.authorization.get(ADDRESS) or ""))
        self._pace = self.runtime.pace(address, self.id)
        client = WebserviceClient(
            address,
            key.strip(),
            self.http,
            pace=self._pace,
            circuit=self._circuit,
            budget=Budget(seconds=MOST_SECONDS),
            facts=learned or orjson.loads(self.config.facts.get(CLIENT, "{}")),
            clock=self.host.clock.now,
        )
        return SyncJob(
            integration=self.id,
            client=client,
            mirror=self.mirror if mirror is None else mirror,
            host=self.host,
            settings=self.settings.for_sync(),
            trigger=trigger,
        )

    # For administrators

    async def status(self) -> Status:
        """From the newest run and what the mirror holds."""
        async with self.mirror.reading() as connection:
            newest = await list_runs(connection, self.id, 1)
            held = await volumes(connection, self.id)
            state = await load_state(connection, self.id)
        turn = await self.runtime.claims.look(self.id)
        ended = [run for run in newest if run.finished is not None]
        if ended:
            run_state = RunState.OK if ended[0].outcome == "ok" else RunState.FAILED
            message = _message(ended[0])
        else:
            run_state, message = RunState.NEVER_RUN, MESSAGES.text("admin.status.never_run")
        return Status(
            state=run_state,
            message=message,
            last_success=None if state.last_success is None else _moment(state.last_success),
            last_run=_moment(newest[0].started) if newest else None,
            customers=held.customers,
            orders=held.orders,
            set_aside=held.set_aside,
            under_way=_under_way(turn),
        )

    async def log(self, limit: int = 50) -> list[LogEntry]:
        """The newest runs, newest first; one that is under way counts as well."""
        async with self.mirror.reading() as connection:
            runs = await list_runs(connection, self.id, limit)
        return [
            LogEntry(
                id=run.id,
                started=_moment(run.started),
                finished=None if run.finished is None else _moment(run.finished),
                mode=run.mode,
                ok=run.outcome in {"ok", "running"},
                message=_message(run),
                figures=dict(run.figures),
            )
            for run in runs
        ]

    async def set_aside(self, limit: int = 100) -> list[SetAsideRecord]:
        """Records that could not be read, newest first."""
        async with self.mirror.reading() as connection:
            found = await list_aside(connection, self.id, limit)
        return [
            SetAsideRecord(
                resource=record.resource,
                id=record.id,
                reason=explained(record.reason, {"resource": record.resource, "id": record.id})[0],
                detail=record.detail,
                first_seen=_moment(record.first_seen),
                tries=record.tries,
            )
            for record in found
        ]

    async def retry_set_aside(self) -> int:
        """Let the next run try all of them again; how many there are."""
        async with self.mirror.writing(self.id) as connection:
            return await retry_all(connection, self.id)

    async def preview(self, report: ReportProgress) -> Preview:
        """What a first import would do; nothing is written, here or there."""
        try:
            return await preview(await self._job(Trigger.PERSON), report)
        except RemoteError as error:
            raise ShopUnavailableError(sentence(error.key, error.params)) from error

    async def diagnostics(self) -> dict[str, object]:
        """See :mod:`.diagnostics`."""
        async with self.mirror.reading() as connection:
            state = await load_state(connection, self.id)
            runs = await list_runs(connection, self.id, 20)
            held = await volumes(connection, self.id)
        return diagnostics(
            self.config,
            self.settings,
            state=state,
            runs=runs,
            set_aside=await self.set_aside(),
            volumes=held,
        )

    # For agents

    async def tab(self, customer: CustomerId, viewer: Viewer, query: TabQuery) -> CustomerTab | None:
        """The tab, read from the mirror alone."""
        return await customer_tab(
            self.views, customer, viewer, query, refreshed=self._refreshed.get(customer)
        )

    async def refresh(self, customer: CustomerId) -> Refreshed:
        """Ask the shop for this customer only."""
        asked = self.host.clock.now()
        refreshed = await refresh_customer(await self._job(Trigger.PERSON), customer, seconds=REFRESH_SECONDS)
        self.views.forget_lookups()
        if refreshed.ok:
            self._refreshed.pop(customer, None)
            self._refreshed[customer] = int(asked.timestamp())
            while len(self._refreshed) > MOST_REFRESHED:
                del self._refreshed[next(iter(self._refreshed))]
        return refreshed

    async def link(self, customer: CustomerId, typed: str) -> FieldError | None:
        """See :func:`.linking.link`. Somebody whom the mirror does not have is asked of the shop, with their orders,
        and the answer is there as soon as that of a refresh.
        """
        error = await linking.link(self.host, self.mirror, self.id, customer, typed)
        if error is None or error.key != linking.NOT_FOUND:
            return error
        job, started = await self._job(Trigger.PERSON), monotonic()
        error = await linking.ask_shop(job, typed, seconds=REFRESH_SECONDS)
        if error is None:
            error = await linking.link(self.host, self.mirror, self.id, customer, typed)
        if error is None:
            # Orders that do not come in time are read by the next run: the customer is in the mirror now.
            left = max(REFRESH_SECONDS - (monotonic() - started), 0)
            await refresh_customer(job, customer, seconds=left)
            self.views.forget_lookups()
        return error

    async def unlink(self, customer: CustomerId, shop_customer: int) -> None:
        """See :func:`.linking.unlink`."""
        await linking.unlink(self.host, self.mirror, self.id, customer, shop_customer)


def _moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _under_way(turn: Turn) -> UnderWay | None:
    if not turn.running or turn.since is None:
        return None
    return UnderWay(datetime.fromtimestamp(turn.since, UTC), reached(turn), here=turn.mine)


def _message(run: Run) -> LocalizedText:
    """The run's own sentence; a run that has none is under way or was killed."""
    if run.message.en:
        return run.message
    return MESSAGES.text("admin.log.running" if run.finished is None else "admin.log.interrupted")

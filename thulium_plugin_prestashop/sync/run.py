"""One synchronisation of one shop, from the first question to the line in the run log."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any, Final

import attrs

from thulium_plugin_prestashop.contract.errors import HostUnavailableError
from thulium_plugin_prestashop.contract.tasks import ReportProgress, Trigger
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.mirror.cursors import load_cursor
from thulium_plugin_prestashop.mirror.links import count_pending
from thulium_plugin_prestashop.mirror.patience import to_the_end
from thulium_plugin_prestashop.mirror.quarantine import list_aside
from thulium_plugin_prestashop.mirror.runlog import (
    Run,
    begin_run,
    end_run,
    new_run_id,
    purge_removed_orders,
)
from thulium_plugin_prestashop.mirror.state import load_state, save_state
from thulium_plugin_prestashop.sync import lookups, sweep
from thulium_plugin_prestashop.sync.changes import apply_changes
from thulium_plugin_prestashop.sync.importing import import_resource
from thulium_plugin_prestashop.sync.job import SyncJob, Working
from thulium_plugin_prestashop.sync.linker import Linker
from thulium_plugin_prestashop.sync.needed import fetch_needed, retry_set_aside
from thulium_plugin_prestashop.sync.report import SyncReport
from thulium_plugin_prestashop.sync.together import together
from thulium_plugin_prestashop.sync.windows import update_resource
from thulium_plugin_prestashop.transport.errors import RemoteError
from thulium_plugin_prestashop.webservice.query import (
    ADDRESSES,
    COUNTRIES,
    CURRENCIES,
    CUSTOMERS,
    DEFAULT_SCOPE,
    ORDER_STATES,
    ORDERS,
    SHOPS,
    Scope,
    ShopGroup,
)
from thulium_plugin_prestashop.webservice.resources import Resource

_SMALL: Final = (CURRENCIES, COUNTRIES, ORDER_STATES)


async def run_sync(job: SyncJob, tell: ReportProgress) -> SyncReport:
    """Bring mirror and cards up to date with the shop.

    The first run imports everything and can be cut off and continued anywhere; later ones read what changed. What
    cannot be read does not keep the rest from being read and linked: the report says what is missing. Nothing that
    a shop or a host does raises.

    Raises:
        asyncio.CancelledError: The task was cancelled. What was stored stays, the log says so.
        sqlalchemy.exc.SQLAlchemyError: The mirror cannot be written.

    """
    async with job.mirror.reading() as connection:
        state = await load_state(connection, job.integration)
    work = Working(job, tell, state)
    async with _logged(work):
        await _run(work)
    return work.report


@asynccontextmanager
async def _logged(work: Working) -> AsyncIterator[None]:
    """Write the run log around a run, and what the run leaves for the next one."""
    report, started = work.report, monotonic()
    now = work.job.host.clock.now().timestamp()
    run = Run(
        id=new_run_id(now),
        started=int(now),
        finished=None,
        mode=report.mode,
        trigger=work.job.trigger.value,
        outcome="running",
        error="",
        message=LocalizedText(en="", pl=""),
        figures={},
    )
    async with work.mirror.writing(work.integration) as connection:
        await begin_run(connection, work.integration, run)
    before = attrs.evolve(work.client.stats)
    repaired = sum(work.client.stats.repairs.values())
    outcome, message = "failed", MESSAGES.text("sync.failed")
    try:
        yield
        outcome, message = ("ok" if report.ok else "failed"), report.message
    except asyncio.CancelledError:
        report.ok, outcome, message = False, "cancelled", MESSAGES.text("sync.cancelled")
        raise
    finally:
        stats = work.client.stats
        report.requests = stats.requests - before.requests
        report.bytes = stats.bytes - before.bytes
        report.retries = stats.retries - before.retries
        report.repaired = sum(stats.repairs.values()) - repaired
        report.seconds = monotonic() - started
        ended = attrs.evolve(
            run,
            finished=work.now(),
            mode=report.mode,
            outcome=outcome,
            error=report.problem,
            message=message,
            figures=report.figures(),
        )
        # A few milliseconds that another cancellation must not cut off.
        await to_the_end(_conclude(work, ended))


async def _conclude(work: Working, run: Run) -> None:
    clocks = work.clocks
    state = attrs.evolve(work.state, facts=work.client.shop.export())
    if clocks is not None and work.report.ok:
        state = attrs.evolve(state, shop_clock=clocks.shop, host_clock=clocks.host)
    if work.report.ok:
        state = attrs.evolve(state, last_success=run.finished)
    if work.report.swept:
        state = attrs.evolve(state, last_sweep=run.finished)
    async with work.mirror.writing(work.integration) as connection:
        await save_state(connection, work.integration, state)
        await end_run(connection, work.integration, run)


async def _run(work: Working) -> None:
    work.progress("preparing", 0)
    allegro = await work.job.host.allegro.integration()
    login_field = allegro.login_field if allegro is not None else None
    wanted = work.settings.fingerprint(login_field)
    await apply_changes(work, wanted)
    work.state = attrs.evolve(work.state, settings=wanted)
    async with work.mirror.reading() as connection:
        aside = await list_aside(connection, work.integration, limit=10_000)
    work.aside = {(entry.resource, entry.id) for entry in aside}
    await _guarded(work, SHOPS.name, _shops(work))
    await _read_streams(work)
    await _guarded(work, "", fetch_needed(work))
    await _guarded(work, "", retry_set_aside(work))
    await _guarded(work, "", _sweep_if_due(work))
    await _guarded(work, "", _grown_tables(work))
    await _link(work, login_field)
    if work.report.swept:
        # Once a night: it walks all orders of the shop.
        async with work.mirror.writing(work.integration) as connection:
            await purge_removed_orders(connection, work.integration, work.now())


async def _guarded(work: Working, name: str, step: Awaitable[None]) -> None:
    """Do one step; what the shop does not let through is reported, and the others go on."""
    try:
        await step
    except RemoteError as error:
        work.report.note(name, error)


async def _shops(work: Working) -> None:
    if lookups.due(work):
        await lookups.read_lookups(work, (SHOPS,))
    await lookups.choose_scopes(work)


async def _small_tables(work: Working) -> None:
    async def read() -> None:
        await lookups.read_lookups(work, _SMALL)
        work.state = attrs.evolve(work.state, last_lookups=work.now())

    if lookups.due(work):
        await _guarded(work, "", read())


async def _grown_tables(work: Working) -> None:
    """Small tables that stored rows show to have grown since they were read."""
    if work.report.rows_stored and (grown := await lookups.unknown(work)):
        await lookups.read_lookups(work, grown)


def _streams(work: Working) -> Sequence[tuple[Resource[Any], Scope, str]]:
    """What is read side by side, each with a cursor of its own. Addresses are not divided by shop."""
    streams: list[tuple[Resource[Any], Scope, str]] = [(ADDRESSES, DEFAULT_SCOPE, ADDRESSES.name)]
    for resource in (CUSTOMERS, ORDERS):
        for scope in work.scopes:
            several = len(work.scopes) > 1 and isinstance(scope, ShopGroup)
            key = f"{resource.name}@{scope.id}" if several and isinstance(scope, ShopGroup) else resource.name
            streams.append((resource, scope, key))
    return streams


async def _read_streams(work: Working) -> None:
    streams = _streams(work)
    cursors = {}
    async with work.mirror.reading() as connection:
        for _, _, key in streams:
            cursors[key] = await load_cursor(connection, work.integration, key)
    if not all(cursor.imported for cursor in cursors.values()):
        work.report.mode = "first"
    full = work.job.trigger is Trigger.PERSON
    steps = [_small_tables(work)]
    for resource, scope, key in streams:
        step = (
            update_resource(work, resource, scope, key, full=full)
            if cursors[key].imported
            else import_resource(work, resource, scope, key)
        )
        steps.append(_guarded(work, resource.name, step))
    await together(*steps)
    if work.state.last_sweep is None and work.report.mode == "first" and work.report.ok:
        # A first import has just compared every id with the shop.
        work.state = attrs.evolve(work.state, last_sweep=work.now())


async def _sweep_if_due(work: Working) -> None:
    if work.report.mode != "first" and sweep.due(work):
        await sweep.sweep(work)


async def _link(work: Working, login_field: str | None) -> None:
    """Customers that changed become links and cards."""
    linker = Linker(
        integration=work.integration,
        mirror=work.mirror,
        host=work.job.host,
        settings=work.settings,
        login_field=login_field,
        countries=await lookups.country_codes(work),
    )
    async with work.mirror.reading() as connection:
        total = await count_pending(connection, work.integration)
    after: int | None = 0
    try:
        while after is not None:
            after = await linker.batch(after)
            work.progress("cards", linker.done.seen, total)
    except HostUnavailableError as error:
        work.report.ok = False
        work.report.host_message = error.message
        work.report.retry_after = error.retry_after
    finally:
        done, report = linker.done, work.report
        report.cards_created, report.cards_updated = done.created, done.updated
        report.conflicts, report.rejected, report.bases = done.conflicts, done.rejected, done.bases

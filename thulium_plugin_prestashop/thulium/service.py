"""``thulium-prestashop bridge``: the service, and its ways to be tried."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import IO, Any, Final

import attrs
from aiohttp import web

from thulium_plugin_prestashop.contract.errors import HostUnavailableError
from thulium_plugin_prestashop.contract.tasks import Trigger
from thulium_plugin_prestashop.hosting import spare_start_up
from thulium_plugin_prestashop.thulium import trials
from thulium_plugin_prestashop.thulium.bridge import OWNER, Bridge, Tuning
from thulium_plugin_prestashop.thulium.checks import Outcome, obstacles
from thulium_plugin_prestashop.thulium.config import BridgeSettings
from thulium_plugin_prestashop.thulium.configfile import ConfigError, read_settings
from thulium_plugin_prestashop.thulium.contradictions import listen_address
from thulium_plugin_prestashop.thulium.directory import prepare, sole_writer
from thulium_plugin_prestashop.thulium.logs import handler
from thulium_plugin_prestashop.thulium.lookup import LookupServer
from thulium_plugin_prestashop.thulium.status import StatusServer
from thulium_plugin_prestashop.thulium.targets import OrderFieldsError
from thulium_plugin_prestashop.thulium.words import MESSAGES, CannotStartError, explain
from thulium_plugin_prestashop.transport import RemoteError

log = logging.getLogger(__name__)

RECONNECT_SECONDS: Final = 300.0
COPY_AGAIN_SECONDS: Final = 60.0
LEFTOVERS_SECONDS: Final = 300.0
"""How often the queue is looked at even if nobody called."""
_WAYS_OUT: Final = (signal.SIGTERM, signal.SIGINT)


@attrs.frozen
class Pauses:
    """Seconds between tries; tests shorten them."""

    reconnect: float = RECONNECT_SECONDS
    copy_again: float = COPY_AGAIN_SECONDS
    leftovers: float = LEFTOVERS_SECONDS


async def run_bridge(
    config_path: Path,
    *,
    check: bool = False,
    probe: bool = False,
    once: bool = False,
    dry_run: bool = False,
    as_json: bool = False,
    out: IO[str] | None = None,
    tuning: Tuning | None = None,
    pauses: Pauses | None = None,
) -> int:
    """Run the bridge until it is told to stop, or try it.

    ``check`` tries both sides and prints findings (with ``probe`` also what only a test card shows, which is made
    and deleted); ``dry_run`` says what a first import would do; ``once`` synchronises every shop once.

    Answers the exit status: 0 done, 1 failed, 2 the administrator must change something.
    """
    says = trials.Says(out or sys.stdout, as_json)
    if check + once + dry_run > 1 or (probe and not check):
        return says.refuse(CannotStartError(MESSAGES.text("start.options")))
    try:
        settings = await asyncio.to_thread(read_settings, config_path)
    except ConfigError as error:
        return says.refuse(error)
    with _logging(settings):
        try:
            await prepare(settings.data)
            async with contextlib.AsyncExitStack() as stack:
                if not (check or dry_run):
                    await stack.enter_async_context(sole_writer(settings.data))
                bridge = await stack.enter_async_context(Bridge(settings, tuning))
                if check:
                    return says.end(await trials.check(bridge, says, probe=probe))
                if once or dry_run:
                    return says.end(
                        await _stoppable(trials.synchronise(bridge, says, dry_run=dry_run), bridge, says)
                    )
                return says.end(await _Service(bridge, pauses or Pauses()).run())
        except CannotStartError as error:
            return says.refuse(error, settings.thulium.locale)


# The service


class _Service:
    """Keeps shops connected, copies orders after every run, answers over HTTP, until SIGTERM or SIGINT."""

    def __init__(self, bridge: Bridge, pauses: Pauses) -> None:
        self._bridge = bridge
        self._pauses = pauses
        self._started = bridge.clock.now()

    async def run(self) -> Outcome:
        async with contextlib.AsyncExitStack() as stack:
            await self._listen(stack)
            spare_start_up()
            for name, work in (("connect", self._connect()), ("copy", self._copy())):
                self._bridge.host.spawner.spawn(name, work)
            log.info("the bridge works", extra={"fields": {"thulium": self._bridge.api.host}})
            await _told_to_stop()
            log.info("the bridge stops")
        return Outcome.DONE

    async def _listen(self, stack: contextlib.AsyncExitStack) -> None:
        settings, viewer = self._bridge.settings, self._bridge.viewer
        if settings.status.listen:
            host, _ = listen_address(settings.status.listen)
            await _serve(
                stack,
                StatusServer(self._bridge, self._started, frozenset({host})).app(),
                settings.status.listen,
            )
        if settings.lookup is not None:
            server = LookupServer(
                self._bridge.host,
                settings.lookup.token.value,
                country=settings.thulium.country,
                locale=viewer.locale,
            )
            await _serve(stack, server.app(), settings.lookup.listen)

    async def _connect(self) -> None:
        """Start what does not run yet, now and every few minutes; a shop that starts synchronises at once."""
        waiting = list(self._bridge.settings.shops)
        ready = False
        while waiting:
            ready = ready or await self._thulium_ready()
            if ready:
                for shop in tuple(waiting):
                    if await self._bridge.start(shop):
                        waiting.remove(shop)
                        job = self._bridge.host.scheduler.jobs(shop.id)[0]
                        self._bridge.host.spawner.spawn(f"watch {shop.id}", self._watch(shop.id))
                        job.run_now(Trigger.SCHEDULE)
            if waiting:
                await asyncio.sleep(self._pauses.reconnect)

    async def _thulium_ready(self) -> bool:
        """Whether Thulium can be used: its filters must work before anything is looked up by them. One that did so
        before and is out of reach now is enough: callers are known meanwhile, and the runs say what is wrong.
        """
        ready = False
        try:
            unusable = obstacles(await self._bridge.learn())
            if not unusable:
                await self._bridge.problems.resolve(OWNER, "bridge.thulium")
                return True
            message = unusable[0][1]
        except RemoteError as error:
            message = explain(error)
            ready = await self._bridge.was_usable()
        log.warning("%s", message)
        await self._bridge.problem(OWNER, "bridge.thulium", message)
        return ready

    async def _watch(self, shop: str) -> None:
        """Wake the copying whenever a run has ended."""
        told = None
        async for snapshot in self._bridge.host.scheduler.jobs(shop)[0].watch():
            if not snapshot.busy:
                if (
                    snapshot.last is not told
                    and snapshot.last is not None
                    and snapshot.last.result is not None
                ):
                    told, result = snapshot.last, snapshot.last.result
                    fields = {"shop": shop, "ok": result.ok, "figures": result.figures}
                    log.info("%s", result.message, extra={"fields": fields})
                self._bridge.queue.changed.set()

    async def _copy(self) -> None:
        changed = self._bridge.queue.changed
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pauses.leftovers):
                    await changed.wait()
            changed.clear()
            try:
                await self._bridge.copy_orders()
            except HostUnavailableError as error:
                log.warning("%s", error.message)
                await self._bridge.problem(OWNER, "bridge.thulium", error.message)
                await asyncio.sleep(max(self._pauses.copy_again, error.retry_after or 0))
                changed.set()
            except OrderFieldsError as error:
                for reason in error.reasons:
                    await self._bridge.problem(OWNER, "bridge.orders", reason)
                await asyncio.sleep(self._pauses.leftovers)
                changed.set()
            else:
                await self._bridge.problems.resolve(OWNER, "bridge.thulium")
                await self._bridge.problems.resolve(OWNER, "bridge.orders")


async def _serve(stack: contextlib.AsyncExitStack, app: web.Application, listen: str) -> None:
    host, port = listen_address(listen)
    # No access log: the look-up's address holds its token, and its query somebody's number.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        text = MESSAGES.text("start.no_listen", listen=listen, reason=reason)
        raise CannotStartError(text) from error


async def _told_to_stop() -> None:
    stop = asyncio.Event()
    with _signals(stop.set):
        await stop.wait()


async def _stoppable(work: Coroutine[Any, Any, Outcome], bridge: Bridge, says: trials.Says) -> Outcome:
    """Run ``work``; a signal cancels it, and what it has finished stays."""
    task = asyncio.ensure_future(work)
    with _signals(task.cancel):
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            return trials.failed(says, MESSAGES.text("run.stopped"), bridge.viewer.locale, Outcome.FAILED)


@contextlib.contextmanager
def _signals(react: Callable[[], object]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    caught = []
    for way in _WAYS_OUT:
        # Not in a thread other than the main one, and not on Windows; there the caller cancels.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(way, react)
            caught.append(way)
    try:
        yield
    finally:
        for way in caught:
            loop.remove_signal_handler(way)


@contextlib.contextmanager
def _logging(settings: BridgeSettings) -> Iterator[None]:
    root = logging.getLogger()
    before, made = root.level, handler(settings.log_level, settings.secrets)
    root.addHandler(made)
    root.setLevel(settings.log_level.upper())
    try:
        yield
    finally:
        root.removeHandler(made)
        root.setLevel(before)

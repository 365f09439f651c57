"""Synchronisations as they go: worded for the reader, as a stream of events, or asked for now and then."""

import asyncio
import contextlib
import json
from datetime import datetime, timedelta
from urllib.parse import quote

import attrs
from aiohttp import ClientConnectionResetError, web

from thulium_plugin_prestashop.contract.tasks import Progress
from thulium_plugin_prestashop.hosting import Job, JobState
from thulium_plugin_prestashop.sandbox.crm import DryRun, SandboxCrm
from thulium_plugin_prestashop.sandbox.web.visit import SESSION_COOKIE, Visit
from thulium_plugin_prestashop.sandbox.web.words import Words

LOOK_EVERY = 0.4
"""Seconds between two looks at all runs: quick for an eye, and a run that counts thousands a second costs one event."""
CHECK_SESSION_EVERY = 15.0
"""Seconds after which a stream makes sure that its reader is still signed in; it also keeps the connection alive."""
RESULT_SHOWN_FOR = timedelta(minutes=10)
MEASURED_FROM = timedelta(seconds=2)
"""A shorter time says nothing about how fast a run is."""


@attrs.frozen
class RunView:
    """One run in the reader's words; becomes JSON for the script and values for the template."""

    key: str
    title: str
    state: str
    """``idle``, ``running`` or ``done``."""
    look: str
    """``busy``, ``ok``, ``failed`` or ``idle``: the colour of its state."""
    state_text: str
    phase: str = ""
    phase_title: str = ""
    """The phase without anything that counts, to be spoken."""
    count: str = ""
    rate: str = ""
    left: str = ""
    fraction: float | None = None
    cancel: str = ""
    """Where a form that cancels it is sent."""
    result: str = ""
    """Where a piece of a page with its result is found."""


@attrs.define
class _Pace:
    """Since when a phase is under way, as far as anybody has looked, to say how fast it is."""

    started: datetime | None
    phase: str
    since: datetime
    done: int

    def rate(self, done: int, now: datetime) -> float | None:
        """Records a second, if there is something to measure."""
        passed = now - self.since
        if passed < MEASURED_FROM or done <= self.done:
            return None
        return (done - self.done) / passed.total_seconds()


class RunFeed:
    """What runs in one CRM. All windows look at the same measurements, so a reload loses nothing."""

    def __init__(self, crm: SandboxCrm) -> None:
        self._crm = crm
        self._paces: dict[str, _Pace] = {}
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End all streams: the server stops."""
        self._closing.set()

    async def closing(self, seconds: float) -> bool:
        """Wait, and say whether the server stops."""
        try:
            await asyncio.wait_for(self._closing.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def views(self, words: Words, integration: str | None = None) -> list[RunView]:
        """The synchronisation of every running integration, or of one."""
        return [
            self._view(entry.config.name, job, words)
            for entry in self._crm.host.integrations.entries()
            if integration in (None, entry.config.id)
            for job in self._crm.host.scheduler.jobs(entry.config.id)[:1]
        ]

    def dry_runs(self, words: Words) -> list[RunView]:
        """Those that are under way or can still be looked at."""
        return [self.dry_run(run, words) for run in self._crm.dry_runs]

    def dry_run(self, run: DryRun, words: Words) -> RunView:
        """A dry run in the reader's words."""
        view = RunView(
            key=f"dry/{run.subject}",
            title=words("dry_runs.title"),
            state="running",
            look="busy",
            state_text=words("runs.running"),
        )
        if run.finished is None:
            return self._counted(view, run.started, run.progress, words)
        took = words("runs.took", time=words.span(run.finished - run.started))
        if run.cancelled:
            cancelled = words("dry_runs.cancelled")
            return attrs.evolve(view, state="done", look="idle", state_text=cancelled, count=took)
        message = words.say(run.failure) if run.failure else words("dry_runs.done")
        return attrs.evolve(
            view,
            state="done",
            look="failed" if run.failure else "ok",
            state_text=words("runs.failed" if run.failure else "runs.done"),
            phase=message,
            phase_title=message,
            count=took,
            fraction=0.0 if run.failure else 1.0,
        )

    def _view(self, name: str, job: Job, words: Words) -> RunView:
        snapshot = job.snapshot()
        view = RunView(
            key=f"{snapshot.owner}/{snapshot.key}",
            title=name,
            state="idle",
            look="idle",
            state_text=words("runs.waiting"),
            cancel=f"/administration/integrations/{quote(snapshot.owner, safe='')}/cancel",
        )
        if snapshot.busy:
            state = {JobState.QUEUED: "queued", JobState.CANCELLING: "cancelling"}.get(
                snapshot.state, "running"
            )
            busy = attrs.evolve(view, state="running", look="busy", state_text=words(f"runs.{state}"))
            return self._counted(busy, snapshot.started, snapshot.progress, words)
        last = snapshot.last
        if last is None or self._crm.clock.now() - last.finished > RESULT_SHOWN_FOR:
            return view
        took = words("runs.took", time=words.span(last.finished - last.started))
        if last.cancelled:
            return attrs.evolve(view, state="done", state_text=words("runs.cancelled"), count=took)
        message = words.say(last.result.message) if last.result else words("runs.broke")
        return attrs.evolve(
            view,
            state="done",
            look="ok" if last.ok else "failed",
            state_text=words("runs.done" if last.ok else "runs.failed"),
            phase=message,
            phase_title=message,
            count=took,
            fraction=1.0 if last.ok else 0.0,
        )

    def _counted(
        self, view: RunView, started: datetime | None, progress: Progress | None, words: Words
    ) -> RunView:
        """A run under way with its counts, its rate and the time that is left."""
        if progress is None:
            return view
        rate = self._measure(view.key, started, progress)
        total = progress.total
        known = total is not None and total > 0
        shown = words.number(progress.done) if progress.done else ""
        return attrs.evolve(
            view,
            phase=words.say(progress.title),
            phase_title=words.say(progress.title),
            count=(
                words("runs.of", done=words.number(progress.done), total=words.number(total))
                if total is not None
                else shown
            ),
            rate=words("runs.rate", rate=words.number(round(rate))) if rate is not None and rate >= 1 else "",
            left=(
                words("runs.left", time=words.span(timedelta(seconds=(total - progress.done) / rate)))
                if rate and total is not None and total > progress.done
                else ""
            ),
            fraction=min(progress.done / total, 1.0) if known and total else None,
        )

    def _measure(self, key: str, started: datetime | None, progress: Progress) -> float | None:
        now = self._crm.clock.now()
        pace = self._paces.get(key)
        if pace is None or (pace.started, pace.phase) != (started, progress.phase):
            self._paces[key] = _Pace(started, progress.phase, now, progress.done)
            return None
        return pace.rate(progress.done, now)


FEED = web.AppKey("run feed", RunFeed)


def runs_for(visit: Visit, integration: str | None = None) -> list[RunView]:
    """What runs, in the visitor's words; of one integration, or of all."""
    return visit.request.app[FEED].views(visit.words, integration)


def _json(visit: Visit) -> str:
    views = runs_for(visit)
    if visit.is_admin:
        views += visit.request.app[FEED].dry_runs(visit.words)
    return json.dumps([attrs.asdict(view) for view in views], ensure_ascii=False)


async def current(visit: Visit) -> web.Response:
    """All runs as they are now, for browsers and proxies that cut streams."""
    return web.Response(text=_json(visit), content_type="application/json")


async def events(visit: Visit) -> web.StreamResponse:
    """Server-sent events: all runs at once, and again after every change, until the reader leaves or signs out."""
    feed = visit.request.app[FEED]
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await response.prepare(visit.request)
    sent, quiet = "", 0.0
    with contextlib.suppress(ClientConnectionResetError):  # the reader leaves: how most streams end
        while True:
            text = _json(visit)
            if text != sent:
                await response.write(f"data: {text}\n\n".encode())
                sent = text
            if await feed.closing(LOOK_EVERY):
                break
            quiet += LOOK_EVERY
            if quiet >= CHECK_SESSION_EVERY:
                quiet = 0.0
                if await visit.crm.accounts.session(visit.request.cookies.get(SESSION_COOKIE, "")) is None:
                    break
                await response.write(b": still here\n\n")
    return response

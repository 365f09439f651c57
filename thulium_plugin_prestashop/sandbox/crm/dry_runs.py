"""Dry runs in the background: what a first import would do, with progress, a result, and a way to stop them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta

import attrs

from thulium_plugin_prestashop.contract.errors import HostUnavailableError, ShopUnavailableError
from thulium_plugin_prestashop.contract.forms import Values
from thulium_plugin_prestashop.contract.host import Clock
from thulium_plugin_prestashop.contract.integration import Preview
from thulium_plugin_prestashop.contract.tasks import Progress, ReportProgress
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.hosting.spawner import cancel_and_wait
from thulium_plugin_prestashop.sandbox.crm.errors import CrmError, Refused

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(hours=1)
"""How long a result can be looked at again."""


@attrs.define(eq=False)
class DryRun:
    """One dry run, under way or ended: then with a ``preview``, a ``failure`` or ``cancelled``."""

    subject: str
    """The draft or the integration that it is about."""
    started: datetime
    settings: Values | None = None
    """What was typed into the form it was started from, so that the form can be shown again."""
    progress: Progress | None = None
    finished: datetime | None = None
    preview: Preview | None = None
    failure: LocalizedText | None = None
    cancelled: bool = False
    _ended: asyncio.Event = attrs.field(factory=asyncio.Event, init=False, repr=False)

    @property
    def busy(self) -> bool:
        """Whether it is under way."""
        return self.finished is None

    async def wait(self) -> None:
        """Return once it has ended, however it ended."""
        await self._ended.wait()

    def end(self, at: datetime) -> None:
        """It has ended."""
        self.finished = at
        self._ended.set()


class DryRuns:
    """At most one dry run for each subject; the newest result is kept for a while."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._runs: dict[str, DryRun] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __iter__(self) -> Iterator[DryRun]:
        """All that are under way or can still be looked at."""
        self._prune()
        return iter(tuple(self._runs.values()))

    def get(self, subject: str) -> DryRun | None:
        """The newest one of the subject."""
        self._prune()
        return self._runs.get(subject)

    async def start(
        self,
        subject: str,
        work: Callable[[ReportProgress], Awaitable[Preview]],
        settings: Values | None = None,
    ) -> DryRun:
        """Begin one; another of the subject that is under way is cancelled: its settings are no longer the ones."""
        await self.forget(subject)
        run = self._runs[subject] = DryRun(subject, self._clock.now(), settings)
        self._tasks[subject] = asyncio.create_task(self._drive(run, work), name=f"dry run {subject}")
        return run

    async def cancel(self, subject: str) -> None:
        """Cancel the one under way, if there is one, and wait for its end."""
        task = self._tasks.get(subject)
        if task is not None:
            await cancel_and_wait(task)

    async def forget(self, subject: str) -> None:
        """Cancel what is under way and drop the result: it is out of date, or its subject is gone."""
        await self.cancel(subject)
        self._runs.pop(subject, None)

    async def aclose(self) -> None:
        """Cancel all and wait for their end."""
        await cancel_and_wait(*self._tasks.values())

    async def _drive(self, run: DryRun, work: Callable[[ReportProgress], Awaitable[Preview]]) -> None:
        def report(progress: Progress) -> None:
            run.progress = progress

        try:
            run.preview = await work(report)
        except asyncio.CancelledError:
            run.cancelled = True
            raise
        except (ShopUnavailableError, HostUnavailableError, CrmError) as error:
            run.failure = error.message
        except Exception:
            # A bug of a plugin; the person who asked is told, and the log says more.
            log.exception("dry run of %s failed", run.subject)
            run.failure = Refused("integration.preview_broke").message
        finally:
            run.end(self._clock.now())
            self._tasks.pop(run.subject, None)

    def _prune(self) -> None:
        now = self._clock.now()
        for subject, run in tuple(self._runs.items()):
            if run.finished is not None and now - run.finished > KEPT_FOR:
                del self._runs[subject]

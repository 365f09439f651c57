"""What an administrator does with configured integrations."""

import asyncio
import logging
from datetime import datetime

import attrs

from thulium_plugin_prestashop.contract.integration import Integration, IntegrationType, Status
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.hosting import (
    Host,
    IntegrationEntry,
    IntegrationState,
    Job,
    JobSnapshot,
    RaisedProblem,
    Run,
)
from thulium_plugin_prestashop.sandbox.crm.audit import Audit
from thulium_plugin_prestashop.sandbox.crm.dry_runs import DryRun, DryRuns
from thulium_plugin_prestashop.sandbox.crm.errors import NotFound, Refused

log = logging.getLogger(__name__)

STATUS_SECONDS = 5


@attrs.frozen
class Overview:
    """A configured integration with all that its line in the list shows."""

    entry: IntegrationEntry
    type: IntegrationType | None
    """``None`` when its plugin is not loaded."""
    status: Status | None
    """``None`` when it does not run, or does not answer."""
    jobs: tuple[JobSnapshot, ...]
    problems: tuple[RaisedProblem, ...]

    @property
    def id(self) -> str:
        """Id of the integration."""
        return self.entry.config.id

    @property
    def name(self) -> str:
        """What the administrator calls it."""
        return self.entry.config.name

    @property
    def state(self) -> IntegrationState:
        """Whether it runs."""
        return self.entry.state

    @property
    def type_title(self) -> LocalizedText:
        """What it is in the gallery; its id when the plugin is not loaded."""
        if self.type is not None:
            return self.type.title
        return LocalizedText(self.entry.config.type, self.entry.config.type)

    @property
    def last_run(self) -> datetime | None:
        """When its first task last ran, as far as it or this host remembers."""
        finished = [job.last.finished for job in self.jobs[:1] if job.last is not None]
        return finished[0] if finished else self.status.last_run if self.status else None

    @property
    def next_run(self) -> datetime | None:
        """When its first task is due."""
        return self.jobs[0].next_due if self.jobs else None


class IntegrationDesk:
    """Configured integrations. Methods raise :class:`NotFound` for one that does not exist."""

    def __init__(self, host: Host, audit: Audit, dry_runs: DryRuns) -> None:
        self._host = host
        self._audit = audit
        self._dry_runs = dry_runs

    async def overview(self) -> list[Overview]:
        """All, oldest first."""
        return list(
            await asyncio.gather(*(self._overview(entry) for entry in self._host.integrations.entries()))
        )

    async def one(self, integration: str) -> Overview:
        """One of them."""
        return await self._overview(self._entry(integration))

    def running(self, integration: str) -> Integration:
        """The integration itself, for its log, its tab and its refresh. Raises :class:`Refused` if it does not run."""
        running = self._entry(integration).integration
        if running is None:
            raise Refused("integration.not_running")
        return running

    async def start(self, integration: str, actor: str) -> IntegrationEntry:
        """Start it, now and whenever the CRM starts. What comes of it is in the answer: running, or failed and why."""
        self._entry(integration)
        await self._audit.note(actor, "integration.start", integration)
        return await self._host.integrations.start(integration)

    async def stop(self, integration: str, actor: str) -> IntegrationEntry:
        """Stop it; a run under way is cancelled, and goes on from there when it is started again."""
        self._entry(integration)
        await self._audit.note(actor, "integration.stop", integration)
        await self._dry_runs.cancel(integration)
        return await self._host.integrations.stop(integration)

    async def run_now(self, integration: str, actor: str) -> Run:
        """Run its first task now, or join the run under way. Raises :class:`Refused` if it does not run."""
        job = self._job(integration)
        await self._audit.note(actor, "integration.run", integration)
        return job.run_now()

    async def cancel(self, integration: str, actor: str) -> bool:
        """Cancel the run under way and wait for its end; false when there was none."""
        job = self._job(integration)
        await self._audit.note(actor, "integration.cancel", integration)
        return await job.cancel()

    async def preview(self, integration: str, actor: str) -> DryRun:
        """Begin a dry run with its settings. Raises :class:`Refused` if it does not run."""
        running = self.running(integration)
        await self._audit.note(actor, "integration.preview", integration)
        return await self._dry_runs.start(integration, running.preview)

    async def remove(self, integration: str, actor: str, *, keep_data: bool) -> None:
        """Forget it and its secrets; what was read from the shop goes, or stays with ``keep_data``.

        Raises :class:`Refused` if its plugin fails to let go: then it is stopped, and can be removed again.
        """
        name = self._entry(integration).config.name
        await self._dry_runs.forget(integration)
        try:
            await self._host.integrations.remove(integration, keep_data=keep_data)
        except Exception as error:
            log.exception("%s could not be removed", integration)
            raise Refused("integration.not_removed", name=name) from error
        await self._audit.note(actor, "integration.remove", integration, name=name, keep_data=keep_data)

    def _entry(self, integration: str) -> IntegrationEntry:
        try:
            return self._host.integrations.entry(integration)
        except KeyError:
            raise NotFound("not_found.integration") from None

    def _job(self, integration: str) -> Job:
        self.running(integration)
        jobs = self._host.scheduler.jobs(integration)
        if not jobs:
            raise Refused("integration.no_task")
        return jobs[0]

    async def _overview(self, entry: IntegrationEntry) -> Overview:
        config = entry.config
        try:
            kind = self._host.integrations.type(config.type)
        except KeyError:
            kind = None
        return Overview(
            entry=entry,
            type=kind,
            status=None if entry.integration is None else await _status(entry.integration),
            jobs=tuple(job.snapshot() for job in self._host.scheduler.jobs(config.id)),
            problems=tuple(self._host.problems.list(config.id)),
        )


async def _status(integration: Integration) -> Status | None:
    try:
        async with asyncio.timeout(STATUS_SECONDS):
            return await integration.status()
    except Exception:
        log.exception("%s does not say how it is", integration.id)
        return None

"""Opening a sandbox CRM for a command, and running one of its integrations with its progress shown."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from thulium_plugin_prestashop.cli.console import CommandError, Console, trouble
from thulium_plugin_prestashop.cli.databases import database_url
from thulium_plugin_prestashop.contract.host import Egress
from thulium_plugin_prestashop.hosting import FinishedRun, spare_start_up
from thulium_plugin_prestashop.sandbox.crm import SandboxCrm

ACTOR = "cli"
TYPE = "prestashop"
DATABASE = "crm.db"


@asynccontextmanager
async def opened(
    data: Path, *, egress: Egress | None = None, must_exist: bool = False
) -> AsyncIterator[SandboxCrm]:
    """The CRM in ``data`` with its integrations started, but nothing running by itself."""
    if must_exist and not (data / DATABASE).is_file():
        raise CommandError(trouble("no_data", place="--data", data=data))
    crm = await SandboxCrm.open(data, egress=egress or Egress(), schedule=False, database_url=database_url())
    spare_start_up()
    try:
        yield crm
    finally:
        await crm.aclose()


async def run_shown(crm: SandboxCrm, integration: str, console: Console) -> FinishedRun:
    """Run the integration's synchronisation once; cancelling this cancels the run, which keeps what it finished."""
    run = await crm.desk.run_now(integration, ACTOR)
    job = crm.host.scheduler.jobs(integration)[0]
    with console.progress() as bar:

        async def watch() -> None:
            async for snapshot in job.watch():
                if snapshot.progress is not None:
                    bar.show(snapshot.progress)

        watcher = asyncio.create_task(watch())
        try:
            return await run.finished()
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)

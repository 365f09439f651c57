"""Dry runs on the pages: started from the form or from an integration, followed live, cancelled, and their result."""

from urllib.parse import quote

import attrs
from aiohttp import web

from thulium_plugin_prestashop.contract.problems import Severity
from thulium_plugin_prestashop.sandbox.crm import CrmError, NotFound
from thulium_plugin_prestashop.sandbox.web.pages.runs import FEED, RunView
from thulium_plugin_prestashop.sandbox.web.visit import Visit

INTEGRATIONS = "/administration/integrations"


def draft_address(draft: str) -> str:
    """Where the form of this draft is."""
    return f"{INTEGRATIONS}/drafts/{quote(draft, safe='')}"


def integration_address(integration: str) -> str:
    """Where the page of this integration is."""
    return f"{INTEGRATIONS}/{quote(integration, safe='')}"


def dry_run_views(visit: Visit, subject: str, address: str) -> list[RunView]:
    """The dry run of ``subject`` for the page at ``address``: none, or one."""
    run = visit.crm.dry_runs.get(subject)
    if run is None:
        return []
    view = visit.request.app[FEED].dry_run(run, visit.words)
    return [attrs.evolve(view, cancel=f"{address}/preview/cancel", result=f"{address}/preview")]


async def of_draft(visit: Visit) -> web.Response:
    """The result of a form's dry run."""
    draft = await visit.crm.setup.draft(visit.path("draft"))
    return _result(visit, draft.id, draft_address(draft.id))


async def of_integration(visit: Visit) -> web.Response:
    """The result of an integration's dry run."""
    integration = visit.crm.setup.entry(visit.path("integration")).config.id
    return _result(visit, integration, integration_address(integration))


def _result(visit: Visit, subject: str, address: str) -> web.Response:
    """A piece of the page for its script, the page itself for everybody else."""
    if not visit.partial:
        return visit.go(address)
    run = visit.crm.dry_runs.get(subject)
    return visit.render("preview.html", preview=run.preview if run else None)


async def start(visit: Visit) -> web.Response:
    """Begin the dry run of an integration."""
    integration = visit.path("integration")
    try:
        await visit.crm.desk.preview(integration, visit.actor)
    except NotFound:
        raise
    except CrmError as error:
        visit.say(error.message, Severity.ERROR)
    return visit.go(integration_address(integration))


async def cancel_of_draft(visit: Visit) -> web.Response:
    """Cancel a form's dry run."""
    draft = await visit.crm.setup.draft(visit.path("draft"))
    await visit.crm.dry_runs.cancel(draft.id)
    return visit.go(draft_address(draft.id))


async def cancel_of_integration(visit: Visit) -> web.Response:
    """Cancel an integration's dry run."""
    integration = visit.crm.setup.entry(visit.path("integration")).config.id
    await visit.crm.dry_runs.cancel(integration)
    return visit.go(integration_address(integration))

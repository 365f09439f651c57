"""The form of an integration in its two parts: authorization data with a live list of findings, then other data.

The form is kept as a draft by the CRM, so that a reload, a second window or a restart loses nothing but secrets.
"""

import asyncio
import contextlib
import json
from collections.abc import Mapping

import attrs
from aiohttp import ClientConnectionResetError, web

from thulium_plugin_prestashop.contract.forms import Form, Values
from thulium_plugin_prestashop.contract.integration import Finding, IntegrationType
from thulium_plugin_prestashop.contract.problems import Severity
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.hosting.forms import secret_fields
from thulium_plugin_prestashop.sandbox.crm import CrmError, Draft, NotFound
from thulium_plugin_prestashop.sandbox.web.pages.administration import show_admin
from thulium_plugin_prestashop.sandbox.web.pages.dry_runs import (
    INTEGRATIONS,
    draft_address,
    dry_run_views,
    integration_address,
)
from thulium_plugin_prestashop.sandbox.web.pages.form_values import (
    by_field,
    fitting,
    typed_into,
    without_secrets,
)
from thulium_plugin_prestashop.sandbox.web.visit import Visit

LINES = "application/x-ndjson"
NAMED_FACTS = frozenset({"version", "shop_name"})


@attrs.frozen
class _Typed:
    """The second part as it was posted, while it is not saved."""

    values: Values
    errors: Mapping[str, LocalizedText] = attrs.field(factory=dict)


async def begin(visit: Visit) -> web.Response:
    """Start the form of a new integration."""
    draft = await visit.crm.setup.begin(visit.path("type"))
    return visit.go(draft_address(draft.id))


async def reauthenticate(visit: Visit) -> web.Response:
    """Start the form for an integration that exists: a new key, the same shop, the same data."""
    draft = await visit.crm.setup.begin_again(visit.path("integration"))
    return visit.go(draft_address(draft.id))


async def setup(visit: Visit) -> web.Response:
    """The form as far as it is filled in."""
    return await _show(visit, await visit.crm.setup.draft(visit.path("draft")))


async def authenticate(visit: Visit) -> web.StreamResponse:
    """Try the authorization data; findings are streamed to a script, or shown with the whole page."""
    draft = await visit.crm.setup.draft(visit.path("draft"))
    values = typed_into(_type(visit, draft).authorization_form, await visit.request.post())
    if LINES in visit.request.headers.get("Accept", ""):
        return await _stream(visit, draft, values)
    draft = await visit.crm.setup.authenticate(draft.id, values, visit.actor)
    if draft.authenticated:
        return visit.go(f"{draft_address(draft.id)}#part-2")
    return await _show(visit, draft, status=422)


async def save(visit: Visit) -> web.Response:
    """Save the second part, and run the first synchronisation if asked to."""
    draft = await visit.crm.setup.draft(visit.path("draft"))
    form = await visit.crm.setup.settings_form(draft.id)
    values = typed_into(form, await visit.request.post())
    if await visit.field("then") == "preview":
        return await _preview(visit, draft, values)
    run = await visit.field("then") == "run"
    saved = await visit.crm.setup.save(draft.id, values, visit.actor, run=run)
    if saved.errors:
        return await _show(visit, draft, _Typed(values, by_field(saved.errors)), status=422)
    message = (
        "setup.saved_running" if run else "setup.reauthenticated" if draft.existing else "setup.saved_stopped"
    )
    visit.say(visit.words(message))
    return visit.go(integration_address(draft.integration))


async def _preview(visit: Visit, draft: Draft, values: Values) -> web.Response:
    """Begin a dry run with what is typed, before anything is saved."""
    begun = await visit.crm.setup.preview(draft.id, values, visit.actor)
    if begun.errors:
        return await _show(visit, draft, _Typed(values, by_field(begun.errors)), status=422)
    return visit.go(f"{draft_address(draft.id)}#dry-run")


async def create_field(visit: Visit) -> web.Response:
    """Create the custom field that a field of the second part asks for, and choose it there."""
    draft = await visit.crm.setup.draft(visit.path("draft"))
    form = await visit.crm.setup.settings_form(draft.id)
    values = typed_into(form, await visit.request.post())
    key = await visit.field("create_field")
    name = await visit.field(f"new-{key}")
    try:
        await visit.crm.setup.create_field(form, key, name, visit.actor)
    except NotFound:
        raise
    except CrmError as error:
        return await _show(visit, draft, _Typed(values, {key: error.message}), status=422)
    visit.say(visit.words("form.field_created", name=name))
    return await _show(visit, draft, _Typed({**values, key: name}))


def _type(visit: Visit, draft: Draft) -> IntegrationType:
    return visit.crm.host.integrations.type(draft.type)


async def _stream(visit: Visit, draft: Draft, values: Values) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": LINES, "X-Accel-Buffering": "no"})
    await response.prepare(visit.request)
    findings: asyncio.Queue[Finding | None] = asyncio.Queue()
    trying = asyncio.create_task(
        visit.crm.setup.authenticate(draft.id, values, visit.actor, on_finding=findings.put_nowait)
    )
    trying.add_done_callback(lambda _: findings.put_nowait(None))

    async def send(line: Mapping[str, object]) -> None:
        await response.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    try:
        with contextlib.suppress(ClientConnectionResetError):  # the administrator went elsewhere
            while (finding := await findings.get()) is not None:
                await send({"finding": visit.renderer.page(visit, "finding.html", finding=finding)})
            await send(_end(visit, await trying))
    finally:
        trying.cancel()
        await asyncio.gather(trying, return_exceptions=True)
    return response


def _end(visit: Visit, draft: Draft) -> dict[str, object]:
    """The last line of the stream: where to go on, or what is wrong with which field."""
    authentication = draft.authentication
    if authentication is None or authentication.ok:
        return {"next": f"{draft_address(draft.id)}#part-2"}
    errors = {
        field: visit.renderer.page(visit, "field_error.html", message=visit.words.say(message))
        for field, message in by_field(authentication.errors).items()
    }
    verdict = visit.words.say(authentication.message)
    shown = visit.renderer.page(visit, "verdict.html", text=verdict) if verdict else ""
    return {"errors": errors, "verdict": shown}


async def _show(
    visit: Visit,
    draft: Draft,
    typed: _Typed | None = None,
    *,
    status: int = 200,
) -> web.Response:
    kind = _type(visit, draft)
    known = draft.authentication
    ready = draft.authenticated
    settings_form = await visit.crm.setup.settings_form(draft.id) if ready else None
    entries = visit.crm.host.integrations.entries()
    existing = next((entry.config for entry in entries if entry.config.id == draft.integration), None)
    settings = await visit.crm.setup.initial_settings(draft.id) if ready else {}
    dry_run = visit.crm.dry_runs.get(draft.id) if ready else None
    if dry_run is not None:
        settings |= dict(dry_run.settings or {})
    if typed is not None:
        settings |= dict(typed.values)
    title = visit.words.say(kind.title)
    visit.address = draft_address(draft.id)
    failed = known is not None and not known.ok
    return show_admin(
        visit,
        "setup.html",
        "integrations",
        status=status,
        type=kind,
        heading=existing.name if existing else visit.words("setup.new", type=title),
        trail=[
            (visit.words("common.administration"), ""),
            (visit.words("admin.advanced"), ""),
            (visit.words("integrations.title"), INTEGRATIONS),
        ],
        address=draft_address(draft.id),
        back=integration_address(existing.id) if existing else INTEGRATIONS,
        ready=ready,
        authorization_form=kind.authorization_form,
        authorization=without_secrets(kind.authorization_form, draft.authorization),
        authorization_errors=by_field(known.errors) if known and failed else {},
        stored=secret_fields(kind.authorization_form) if draft.existing else draft.stored_secrets,
        settings_form=settings_form,
        settings=settings,
        settings_errors=typed.errors if typed else {},
        custom_fields=await _custom_fields(visit, settings_form),
        findings=known.findings if known else (),
        verdict=visit.words.say(known.message) if known else "",
        verdict_kind=Severity.ERROR.value if failed else "ok",
        runs=dry_run_views(visit, draft.id, draft_address(draft.id)) if ready else [],
        preview=dry_run.preview if dry_run else None,
        facts=public_facts(visit, known.facts) if known else [],
    )


def public_facts(visit: Visit, facts: Mapping[str, str]) -> list[tuple[str, str]]:
    """What authentication learned, without the plugin's own notes; the contract's facts by their names."""
    return [
        (visit.words(f"setup.fact_{key}") if key in NAMED_FACTS else key, value)
        for key, value in facts.items()
        if value and not key.startswith("_")
    ]


async def _custom_fields(visit: Visit, form: Form | None) -> Mapping[str, object]:
    return {} if form is None else fitting(form, await visit.crm.custom_fields.list())

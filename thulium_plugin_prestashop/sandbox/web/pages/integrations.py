"""Administration → Advanced → Integrations: the gallery, what is configured, and all that can be done with it."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from urllib.parse import quote

from aiohttp import web

from thulium_plugin_prestashop.contract.forms import CustomFieldType, FieldKind, Form, Value
from thulium_plugin_prestashop.contract.integration import (
    Integration,
    IntegrationConfig,
    IntegrationType,
)
from thulium_plugin_prestashop.contract.problems import Severity
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.hosting import IntegrationEntry
from thulium_plugin_prestashop.sandbox.crm import CrmError
from thulium_plugin_prestashop.sandbox.web.pages.administration import show_admin
from thulium_plugin_prestashop.sandbox.web.pages.dry_runs import (
    INTEGRATIONS,
    dry_run_views,
    integration_address,
)
from thulium_plugin_prestashop.sandbox.web.pages.form_values import by_field, fitting, typed_into
from thulium_plugin_prestashop.sandbox.web.pages.overview import view_of
from thulium_plugin_prestashop.sandbox.web.pages.runs import runs_for
from thulium_plugin_prestashop.sandbox.web.pages.setup import public_facts
from thulium_plugin_prestashop.sandbox.web.visit import Visit
from thulium_plugin_prestashop.sandbox.web.words import Words

CATEGORIES = {"e-commerce": "integrations.e_commerce"}
LOG_ENTRIES = 50
SET_ASIDE = 100


async def integrations(visit: Visit) -> web.Response:
    """What is wrong, what is configured, and what can be added."""
    return await _show_list(visit)


async def _show_list(visit: Visit) -> web.Response:
    types = visit.crm.host.types()
    entries = visit.crm.host.integrations.entries()
    categories = list(dict.fromkeys(kind.category for kind in types))
    fields = await visit.crm.custom_fields.list()
    return show_admin(
        visit,
        "integrations.html",
        "integrations",
        overviews=[view_of(visit, known) for known in await visit.crm.desk.overview()],
        problems=visit.crm.problems.list(),
        names={entry.config.id: entry.config.name for entry in entries},
        runs=runs_for(visit),
        gallery=[
            (
                visit.words(CATEGORIES[category]) if category in CATEGORIES else category,
                [kind for kind in types if kind.category == category],
            )
            for category in categories
        ],
        used_types={entry.config.type for entry in entries},
        allegro=visit.crm.allegro.state(),
        text_fields=[field.name for field in fields if field.type is CustomFieldType.TEXT],
    )


async def integration(visit: Visit) -> web.Response:
    """One integration."""
    return await _show_one(visit, _entry(visit))


async def _show_one(visit: Visit, entry: IntegrationEntry) -> web.Response:
    running = entry.integration
    kind = _type(visit, entry.config)
    dry_run = visit.crm.dry_runs.get(entry.config.id)
    return show_admin(
        visit,
        "integration.html",
        "integrations",
        one=view_of(visit, await visit.crm.desk.one(entry.config.id)),
        runs=runs_for(visit, entry.config.id) + dry_run_views(visit, entry.config.id, _address(entry.config)),
        log=await running.log(LOG_ENTRIES) if running else [],
        set_aside=await running.set_aside(SET_ASIDE) if running else [],
        shown_values=await _shown_values(visit, kind, entry.config),
        removal_note=kind.removal_note if kind else None,
        preview=dry_run.preview if dry_run else None,
    )


async def _act(visit: Visit, message: str, action: Callable[[str, str], Awaitable[object]]) -> web.Response:
    """Do something with the integration and go back to where it was asked for."""
    entry = _entry(visit)
    try:
        await action(entry.config.id, visit.actor)
    except CrmError as error:
        visit.say(error.message, Severity.ERROR)
    else:
        visit.say(visit.words(message))
    return visit.go(_address(entry.config))


async def run(visit: Visit) -> web.Response:
    """Synchronise now; a run under way is joined."""
    return await _act(visit, "integrations.run_started", visit.crm.desk.run_now)


async def cancel(visit: Visit) -> web.Response:
    """Cancel the run under way."""
    return await _act(visit, "integrations.cancelled", visit.crm.desk.cancel)


async def start(visit: Visit) -> web.Response:
    """Start a stopped integration."""
    return await _act(visit, "integrations.started", visit.crm.desk.start)


async def stop(visit: Visit) -> web.Response:
    """Stop a running integration."""
    return await _act(visit, "integrations.stopped", visit.crm.desk.stop)


async def remove(visit: Visit) -> web.Response:
    """Remove an integration, with what was chosen for its data."""
    entry, data = _entry(visit), await visit.field("data")
    if data not in ("keep", "delete"):
        visit.say(visit.words("integrations.remove_unsure"), Severity.WARNING)
        return visit.go(_address(entry.config))
    await visit.crm.desk.remove(entry.config.id, visit.actor, keep_data=data == "keep")
    visit.say(visit.words("integrations.removed"))
    return visit.go(INTEGRATIONS)


async def retry(visit: Visit) -> web.Response:
    """Let the next run try the records that were set aside."""
    entry = _entry(visit)
    count = await _running(entry).retry_set_aside()
    visit.say(visit.words("integrations.retried", count=count))
    return visit.go(_address(entry.config))


async def diagnostics(visit: Visit) -> web.Response:
    """The file for support."""
    entry = _entry(visit)
    body = json.dumps(await _running(entry).diagnostics(), ensure_ascii=False, indent=2, default=str)
    return web.Response(
        text=body + "\n",
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="diagnostics-{quote(entry.config.id)}.json"'},
    )


async def settings(visit: Visit) -> web.Response:
    """Other data of a configured integration."""
    entry = _entry(visit)
    return await _show_settings(visit, entry, dict(entry.config.settings), {})


async def change(visit: Visit) -> web.Response:
    """Save changed other data."""
    entry = _entry(visit)
    form = await visit.crm.setup.settings_form_of(entry.config.id)
    values = typed_into(form, await visit.request.post())
    saved = await visit.crm.setup.change(entry.config.id, values, visit.actor)
    if saved.errors:
        return await _show_settings(visit, entry, values, by_field(saved.errors))
    visit.say(visit.words("integrations.changed"))
    return visit.go(_address(entry.config))


async def _show_settings(
    visit: Visit, entry: IntegrationEntry, values: dict[str, Value], errors: dict[str, LocalizedText]
) -> web.Response:
    form = await visit.crm.setup.settings_form_of(entry.config.id)
    visit.address = f"{_address(entry.config)}/settings"
    return show_admin(
        visit,
        "integration_settings.html",
        "integrations",
        status=422 if errors else 200,
        name=entry.config.name,
        back=_address(entry.config),
        settings_form=form,
        settings=values,
        settings_errors=errors,
        custom_fields=fitting(form, await visit.crm.custom_fields.list()),
    )


async def allegro(visit: Visit) -> web.Response:
    """Switch the CRM's own Allegro integration on or off, and name its field."""
    if await visit.field("then") == "stop":
        await visit.crm.allegro.stop(visit.actor)
        visit.say(visit.words("integrations.allegro_stopped"))
        return visit.go(INTEGRATIONS)
    try:
        await visit.crm.allegro.start(await visit.field("login_field"), visit.actor)
    except CrmError as error:
        visit.say(error.message, Severity.ERROR)
    else:
        visit.say(visit.words("integrations.allegro_started"))
    return visit.go(INTEGRATIONS)


def _entry(visit: Visit) -> IntegrationEntry:
    """The integration that the address names. Raises 404."""
    try:
        return visit.crm.host.integrations.entry(visit.path("integration"))
    except KeyError:
        raise web.HTTPNotFound from None


def _running(entry: IntegrationEntry) -> Integration:
    """The integration itself. Raises 404 while it is stopped: it has nothing to say then."""
    if entry.integration is None:
        raise web.HTTPNotFound
    return entry.integration


def _type(visit: Visit, config: IntegrationConfig) -> IntegrationType | None:
    """Its type, or ``None`` when the plugin is no longer there."""
    return next((kind for kind in visit.crm.host.types() if kind.id == config.type), None)


def _address(config: IntegrationConfig) -> str:
    return integration_address(config.id)


async def _shown_values(
    visit: Visit, kind: IntegrationType | None, config: IntegrationConfig
) -> list[tuple[str, str]]:
    """Label and value of every field that is filled in, and what authentication learned."""
    facts = public_facts(visit, config.facts)
    if kind is None:
        return facts
    form = await visit.crm.setup.settings_form_of(config.id)
    return [
        *_worded(kind.authorization_form, config.authorization, visit.words),
        *_worded(form, config.settings, visit.words),
        *facts,
    ]


def _worded(form: Form, values: Mapping[str, Value], words: Words) -> Iterator[tuple[str, str]]:
    for field in form.fields:
        value = values.get(field.key)
        if field.kind is FieldKind.SECRET or value in (None, "", []):
            continue
        labels = {option.value: words.say(option.label) for option in field.options}
        if isinstance(value, bool):
            text = words("integrations.yes" if value else "integrations.no")
        elif isinstance(value, list):
            text = ", ".join(labels.get(one, one) for one in value)
        else:
            text = labels.get(str(value), str(value))
        yield words.say(field.label), text

"""``sync``: one synchronisation of a real shop into a sandbox CRM, without its pages."""

from datetime import date
from pathlib import Path
from typing import Any

import attrs

from thulium_plugin_prestashop.cli.console import CommandError, Console, Exit, Trouble
from thulium_plugin_prestashop.cli.crm import ACTOR, TYPE, opened, run_shown
from thulium_plugin_prestashop.cli.memory import peak_rss_mb
from thulium_plugin_prestashop.contract.forms import CustomFieldType, Value
from thulium_plugin_prestashop.contract.host import Egress
from thulium_plugin_prestashop.contract.integration import (
    Authentication,
    FindingState,
    Integration,
    IntegrationConfig,
)
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.hosting import FinishedRun, StallMeter
from thulium_plugin_prestashop.sandbox.crm import CrmError, SandboxCrm
from thulium_plugin_prestashop.webservice.address import InvalidAddressError, ShopAddress
from thulium_plugin_prestashop.webservice.messages import describe

MOST_SET_ASIDE = 10_000
"""Entries of ``set_aside`` that are printed; a shop with more has other troubles."""


@attrs.frozen
class Options:
    """What the command line asked for."""

    url: str
    data: Path
    since: date | None
    time_zone: str
    field: str
    allegro_field: str | None
    allow_private: bool


async def sync(console: Console, options: Options, key: str) -> Exit:
    """First time: authenticate, configure, import. Again: only what changed."""
    address = _address(options.url)
    egress = Egress(allow_private=options.allow_private)
    async with StallMeter() as meter, opened(options.data, egress=egress) as crm:
        try:
            integration = await _configured(crm, options, address, key)
            finished = await run_shown(crm, integration, console)
            result = await _result(finished, crm.desk.running(integration), console.locale)
        except CrmError as error:
            raise CommandError(Trouble(error.key, error.message, place=error.field or "")) from None
    result["longest_stall_ms"] = round(meter.longest_ms, 1)
    result["stall_p999_ms"] = round(meter.percentile(99.9), 1)
    result["peak_rss_mb"] = round(peak_rss_mb(), 1)
    if console.json:
        console.answer(result)
    else:
        _print(console, result, options.data)
    return Exit.DONE if result["ok"] else Exit.FAILED


def _address(typed: str) -> ShopAddress:
    try:
        return ShopAddress.parse(typed)
    except InvalidAddressError as error:
        words = describe(error.key)
        found = Trouble(error.key, LocalizedText(**words.text), LocalizedText(**words.hint), "URL")
        raise CommandError(found) from None


async def _configured(crm: SandboxCrm, options: Options, address: ShopAddress, key: str) -> str:
    """Id of the running integration for this shop; made, or brought up to date, where something is new."""
    await crm.ensure_custom_field(options.field, CustomFieldType.NUMERIC)
    if options.allegro_field is not None:
        await crm.ensure_custom_field(options.allegro_field, CustomFieldType.TEXT)
        await crm.allegro.start(options.allegro_field, ACTOR)
    settings = _settings(options)
    known = await _unchanged(crm, address, key, settings)
    if known is not None:
        await crm.desk.start(known, ACTOR)
        return known
    configured = await crm.configure_integration(TYPE, {"address": str(address), "api_key": key}, settings)
    if not configured.authentication.ok:
        raise _refused(configured.authentication)
    if configured.errors or configured.id is None:
        raise CommandError(
            *(Trouble(error.key, error.message, place=_option(error.field)) for error in configured.errors)
        )
    return configured.id


def _settings(options: Options) -> dict[str, Value]:
    return {
        "id_field": options.field,
        "time_zone": options.time_zone,
        "since": "" if options.since is None else options.since.isoformat(),
    }


async def _unchanged(
    crm: SandboxCrm, address: ShopAddress, key: str, settings: dict[str, Value]
) -> str | None:
    """The integration that was configured with all of this before: nothing needs to be asked of the shop for it."""
    secrets = crm.host_context(TYPE).secrets
    for entry in crm.host.integrations.entries():
        config: IntegrationConfig = entry.config
        if (
            config.type == TYPE
            and config.authorization.get("address") == str(address)
            and all((config.settings.get(name) or "") == (value or "") for name, value in settings.items())
            and await secrets.get(config.secret_handle("api_key")) == key
        ):
            return config.id
    return None


def _refused(authentication: Authentication) -> CommandError:
    """Why the shop could not be connected: the errors on the fields, and what was found besides."""
    errors = [
        Trouble(error.key, error.message, place=_option(error.field)) for error in authentication.errors
    ]
    said = {error.message for error in authentication.errors}
    findings = [
        Trouble(finding.key, finding.message, finding.hint, finding.resource or "")
        for finding in authentication.findings
        if finding.state is FindingState.ERROR and finding.message not in said
    ]
    hints = {finding.message: finding.hint for finding in authentication.findings}
    errors = [attrs.evolve(error, hint=hints.get(error.message)) for error in errors]
    passing = [describe(item.key).passing for item in (*errors, *findings)]
    status = Exit.FAILED if passing and all(passing) else Exit.CHANGE_SOMETHING
    return CommandError(*errors, *findings, status=status)


def _option(field: str) -> str:
    """What the caller of the command line can change about a field of the form."""
    options = {
        "address": "URL",
        "api_key": "PRESTASHOP_KEY",
        "id_field": "--field",
        "time_zone": "--timezone",
        "since": "--since",
    }
    return options.get(field, field)


async def _result(finished: FinishedRun, integration: Integration, locale: str) -> dict[str, Any]:
    """The shape that other programs rely on, from the run's figures."""
    result = finished.result
    if result is None:
        return _shape({}, ok=False, message="", set_aside=[])
    aside = await integration.set_aside(MOST_SET_ASIDE)
    return _shape(
        result.figures,
        ok=result.ok,
        message=result.message.for_locale(locale),
        set_aside=[
            {
                "resource": record.resource,
                "id": int(record.id) if record.id.isdecimal() else record.id,
                "reason": record.reason.for_locale(locale),
                "detail": record.detail,
            }
            for record in aside
        ],
    )


def _shape(
    figures: dict[str, int | float | str], *, ok: bool, message: str, set_aside: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "ok": ok,
        "mode": figures.get("mode", ""),
        "message": message,
        "problem": figures.get("problem", ""),
        "customers": {
            "read": figures.get("customers_read", 0),
            "created": figures.get("cards_created", 0),
            "updated": figures.get("cards_updated", 0),
            "unchanged": figures.get("customers_unchanged", 0),
        },
        "orders": {
            "read": figures.get("orders_read", 0),
            "stored": figures.get("orders_stored", 0),
            "unchanged": figures.get("orders_unchanged", 0),
            "removed": figures.get("orders_removed", 0),
        },
        "set_aside": set_aside,
        "requests": figures.get("requests", 0),
        "bytes": figures.get("bytes", 0),
        "seconds": figures.get("seconds", 0.0),
        "figures": dict(figures),
    }


def _print(console: Console, result: dict[str, Any], data: Path) -> None:
    console.out.print(result["message"] or console.word("sync.crashed"), markup=False)
    console.out.print(
        console.word(
            "sync.figures",
            customers=result["customers"]["read"],
            created=result["customers"]["created"],
            updated=result["customers"]["updated"],
            orders=result["orders"]["read"],
            stored=result["orders"]["stored"],
            requests=result["requests"],
            seconds=result["seconds"],
        ),
        markup=False,
    )
    for record in result["set_aside"]:
        console.tell(console.word("sync.set_aside", **record))
    console.tell(console.word("sync.next", data=data))

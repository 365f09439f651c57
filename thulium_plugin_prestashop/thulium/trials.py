"""The bridge's ways to be tried: a check, one synchronisation, a dry run; and what they say on standard output."""

import json
from typing import IO

import attrs

from thulium_plugin_prestashop.contract.errors import HostUnavailableError
from thulium_plugin_prestashop.contract.tasks import Trigger
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.thulium.bridge import Bridge
from thulium_plugin_prestashop.thulium.checks import Check, Outcome, obstacles
from thulium_plugin_prestashop.thulium.config import ShopSettings
from thulium_plugin_prestashop.thulium.shops import ShopRefusedError
from thulium_plugin_prestashop.thulium.targets import OrderFieldsError
from thulium_plugin_prestashop.thulium.words import MESSAGES, CannotStartError, explain
from thulium_plugin_prestashop.transport import AdministratorMustAct, RemoteError


@attrs.define
class Says:
    """What goes to standard output: lines for people, or one JSON object at the end."""

    out: IO[str]
    as_json: bool
    report: dict[str, object] = attrs.field(factory=dict)

    def line(self, text: str) -> None:
        """One line for people."""
        if not self.as_json:
            print(text, file=self.out, flush=True)

    def refuse(self, error: CannotStartError, locale: str = "pl") -> int:
        """The exit status, after the reasons why nothing was tried."""
        reasons = [reason.for_locale(error.locale or locale) for reason in error.reasons]
        for reason in reasons:
            self.line(f"✗ {reason}")
        self.report["problems"] = reasons
        return self.end(Outcome.MUST_CHANGE)

    def end(self, outcome: Outcome) -> int:
        """The exit status, after the JSON object."""
        if self.as_json:
            print(
                json.dumps({"ok": outcome is Outcome.DONE, **self.report}, ensure_ascii=False), file=self.out
            )
        return outcome.value


async def check(bridge: Bridge, says: Says, *, probe: bool) -> Outcome:
    """Try both sides and print what was found."""
    work = Check(bridge)
    outcome = await work.run(probe=probe)
    for found in work.found:
        says.line(found.line(bridge.viewer.locale))
    says.report["findings"] = [found.to_json(bridge.viewer.locale) for found in work.found]
    return outcome


async def synchronise(bridge: Bridge, says: Says, *, dry_run: bool) -> Outcome:
    """Synchronise every shop once; with ``dry_run`` only say what a first import would do."""
    locale = bridge.viewer.locale
    try:
        if unusable := obstacles(await bridge.learn()):
            for _, text in unusable:
                failed(says, text, locale, Outcome.MUST_CHANGE)
            return Outcome.MUST_CHANGE
        await bridge.order_targets()
    except RemoteError as error:
        outcome = Outcome.MUST_CHANGE if isinstance(error, AdministratorMustAct) else Outcome.FAILED
        return failed(says, explain(error), locale, outcome)
    except OrderFieldsError as error:
        return max(
            (failed(says, reason, locale, Outcome.MUST_CHANGE) for reason in error.reasons),
            key=lambda o: o.value,
        )
    outcomes = [await _shop_once(bridge, shop, says, dry_run=dry_run) for shop in bridge.settings.shops]
    problems: list[str] = []
    if not dry_run:
        try:
            await bridge.copy_orders()
        except HostUnavailableError as error:
            outcomes.append(failed(says, error.message, locale, Outcome.FAILED))
        figures = {
            "created": bridge.customers.created,
            "changed": bridge.customers.changed,
            "refused": bridge.customers.rejected,
            "rows": bridge.rows_written,
        }
        says.line(MESSAGES.phrase(locale, "run.summary", **figures))
        for raised in bridge.problems.list():
            problem = raised.problem
            words = f"{problem.message.for_locale(locale)} {problem.what_to_do.for_locale(locale)}"
            says.line(f"! {words}")
            problems.append(words)
        says.report["problems"] = problems
        says.report.update(figures, writes=bridge.api.writes, requests=bridge.api.requests)
    return max(outcomes, key=lambda outcome: outcome.value, default=Outcome.DONE)


async def _shop_once(bridge: Bridge, shop: ShopSettings, says: Says, *, dry_run: bool) -> Outcome:
    locale = bridge.viewer.locale
    try:
        await bridge.shops.connect(shop)
    except ShopRefusedError as error:
        return failed(says, error.message, locale, Outcome.FAILED if error.passing else Outcome.MUST_CHANGE)
    entry = await bridge.host.integrations.start(shop.id)
    if entry.integration is None:
        return failed(says, entry.message or MESSAGES.text("shop.refused"), locale, Outcome.FAILED)
    if dry_run:
        try:
            preview = await entry.integration.preview(lambda _: None)
        except HostUnavailableError as error:
            return failed(says, error.message, locale, Outcome.FAILED)
        figures = {
            "create": preview.create,
            "link": sum(preview.link.values()),
            "fill": preview.fill,
            "orders": preview.orders,
        }
        says.line(MESSAGES.phrase(locale, "run.preview", name=shop.name, **figures))
        for conflict in preview.conflicts:
            says.line(f"! {conflict.for_locale(locale)}")
        says.report[shop.id] = figures
        return Outcome.DONE
    ended = await bridge.run(shop.id, Trigger.SCHEDULE)
    message = ended.result.message.for_locale(locale) if ended.result else ended.error or "cancelled"
    says.line(f"{'✓' if ended.ok else '✗'} {shop.name}: {message}")
    says.report[shop.id] = {
        "ok": ended.ok,
        "message": message,
        **(ended.result.figures if ended.result else {}),
    }
    return Outcome.DONE if ended.ok else Outcome.FAILED


def failed(says: Says, message: LocalizedText, locale: str, outcome: Outcome) -> Outcome:
    """Say what went wrong; answers ``outcome``."""
    says.line(f"✗ {message.for_locale(locale)}")
    says.report["problem"] = message.for_locale(locale)
    return outcome

"""What an administrator should know after a run, gone once it is fixed.

There is a fixed set of problems, and after every run each of them is raised or resolved, so none outlives its cause,
whatever was raised before a restart. A run that could not read the shop says nothing about the others.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import attrs
from babel import Locale

from thulium_plugin_prestashop.admin.explain import explained
from thulium_plugin_prestashop.admin.zones import find_zone
from thulium_plugin_prestashop.agent.moments import moment
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.problems import Problem, Severity
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.mirror.state import ShopState
from thulium_plugin_prestashop.sync.report import SyncReport
from thulium_plugin_prestashop.transport.errors import RemoteError, TimeWillTell

SHOP: Final = "shop"
"""The shop can't be read: access, address, or it has been silent for too long."""
PERMISSIONS: Final = "permissions"
FIELD: Final = "id_field"
REJECTED: Final = "rejected"
SET_ASIDE: Final = "set_aside"
REMOVALS: Final = "removals"
CLOCK: Final = "clock"
ALL: Final = (SHOP, PERMISSIONS, FIELD, REJECTED, SET_ASIDE, REMOVALS, CLOCK)

SILENT_FOR: Final = timedelta(hours=2)
"""How long a shop may be out of reach before it is a problem: shops restart, and nothing is lost meanwhile."""
SKEW: Final = 120
"""Seconds between the shop's clock and ours that are worth a word."""

Found: TypeAlias = dict[str, Problem | None]


@attrs.frozen
class Aftermath:
    """What is known once a run has ended."""

    report: SyncReport
    state: ShopState
    set_aside: int
    """Records that are set aside now."""
    field_usable: bool | None
    """Whether the ID field is still there and numeric; ``None`` when the host could not say."""


@attrs.frozen
class ProblemDesk:
    """Raises and resolves the problems of one integration."""

    host: HostContext
    integration: str
    name: str
    id_field: str

    async def after_run(self, aftermath: Aftermath) -> None:
        """Raise what is wrong now, and resolve what is not any more."""
        for key, problem in self.found(aftermath).items():
            if problem is None:
                await self.host.problems.resolve(self.integration, key)
            else:
                await self.host.problems.raise_problem(problem)

    def found(self, aftermath: Aftermath) -> Found:
        """Every problem whose state the run could tell, with ``None`` for those that are gone."""
        report = aftermath.report
        found: Found = {
            SHOP: self._shop(report, aftermath.state),
            PERMISSIONS: self._permissions(report.unavailable),
        }
        if aftermath.field_usable is not None:
            found[FIELD] = None if aftermath.field_usable else self._field()
        if report.ok:
            found[REJECTED] = self._rejected(report)
            found[SET_ASIDE] = self._set_aside(aftermath.set_aside)
            found[REMOVALS] = self._removals(report)
            found[CLOCK] = self._clock(aftermath.state)
        return found

    def _shop(self, report: SyncReport, state: ShopState) -> Problem | None:
        error = report.error
        if error is None or error.key == "auth.permission":
            return None
        text, hint = explained(error.key, error.params)
        if not isinstance(error, TimeWillTell):
            return self._problem(SHOP, Severity.ERROR, self._named(text), hint)
        if state.last_success is None:
            return self._problem(SHOP, Severity.WARNING, self._named(text), hint)
        since = datetime.fromtimestamp(state.last_success, UTC)
        if self.host.clock.now() - since < SILENT_FOR:
            return None
        return self._problem(SHOP, Severity.ERROR, self._silent(since, text), hint)

    def _silent(self, since: datetime, reason: LocalizedText) -> LocalizedText:
        now, zone = self.host.clock.now(), find_zone(self.host.time_zone) or ZoneInfo("UTC")
        texts = {
            language: MESSAGES.phrase(
                language,
                "admin.problem.silent",
                integration=self.name,
                since=moment(since, now=now, zone=zone, locale=Locale(language)).text,
                reason=reason.for_locale(language),
            )
            for language in ("en", "pl")
        }
        return LocalizedText(**texts)

    def _permissions(self, unavailable: Mapping[str, RemoteError]) -> Problem | None:
        missing = [
            explained(error.key, {**error.params, "resource": resource})
            for resource, error in sorted(unavailable.items())
            if error.key == "auth.permission"
        ]
        if not missing:
            return None
        texts = [text for text, _ in missing]
        text = LocalizedText(en=" ".join(text.en for text in texts), pl=" ".join(text.pl for text in texts))
        return self._problem(PERMISSIONS, Severity.ERROR, self._named(text), missing[0][1])

    def _field(self) -> Problem:
        return self._problem(
            FIELD,
            Severity.ERROR,
            MESSAGES.text("admin.problem.field_deleted", name=self.id_field, integration=self.name),
            MESSAGES.text("admin.problem.field_deleted_todo"),
        )

    def _rejected(self, report: SyncReport) -> Problem | None:
        if not report.rejected:
            return None
        reason = next(iter(report.rejected.values()))
        texts = {
            language: MESSAGES.phrase(
                language,
                "admin.problem.rejected",
                integration=self.name,
                count=len(report.rejected),
                reason=reason.for_locale(language),
            )
            for language in ("en", "pl")
        }
        return self._problem(
            REJECTED, Severity.WARNING, LocalizedText(**texts), MESSAGES.text("admin.problem.rejected_todo")
        )

    def _set_aside(self, count: int) -> Problem | None:
        if not count:
            return None
        return self._problem(
            SET_ASIDE,
            Severity.INFO,
            MESSAGES.text("admin.problem.set_aside", integration=self.name, count=count),
            MESSAGES.text("admin.problem.set_aside_todo"),
        )

    def _removals(self, report: SyncReport) -> Problem | None:
        count = sum(report.implausible.values())
        if not count:
            return None
        return self._problem(
            REMOVALS,
            Severity.WARNING,
            MESSAGES.text("admin.problem.removals", integration=self.name, count=count),
            MESSAGES.text("admin.problem.removals_todo"),
        )

    def _clock(self, state: ShopState) -> Problem | None:
        if state.shop_clock is None or state.host_clock is None:
            return None
        skew = abs(state.shop_clock - state.host_clock)
        if skew <= SKEW:
            return None
        text, hint = explained("shop.clock", {"seconds": skew})
        return self._problem(CLOCK, Severity.WARNING, self._named(text), hint)

    def _named(self, text: LocalizedText) -> LocalizedText:
        return LocalizedText(en=f"{self.name}: {text.en}", pl=f"{self.name}: {text.pl}")

    def _problem(
        self, key: str, severity: Severity, message: LocalizedText, todo: LocalizedText | None
    ) -> Problem:
        return Problem(self.integration, key, severity, message, todo or LocalizedText(en="", pl=""))

"""``--check``: tries both sides and says what it found. Nothing is written, unless a test card is asked for."""

from collections.abc import Iterator, Mapping
from enum import Enum

import attrs

from thulium_plugin_prestashop.contract.integration import Finding, FindingState
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.thulium.behaviour import Behaviour, Lists
from thulium_plugin_prestashop.thulium.bridge import Bridge
from thulium_plugin_prestashop.thulium.learn import Learned, Tried
from thulium_plugin_prestashop.thulium.shops import ShopRefusedError
from thulium_plugin_prestashop.thulium.targets import OrderFieldsError
from thulium_plugin_prestashop.thulium.words import MESSAGES, explain, quoted
from thulium_plugin_prestashop.transport import AdministratorMustAct, RemoteError


class Outcome(Enum):
    """How a check ended; the values are the command's exit statuses."""

    DONE = 0
    FAILED = 1
    """Something is out of reach for the moment."""
    MUST_CHANGE = 2
    """The administrator must change something, and the findings say what."""


@attrs.frozen
class Checked:
    """One finding, and which side it is about: ``thulium`` or a shop's id."""

    side: str
    finding: Finding

    def line(self, locale: str) -> str:
        """For a terminal."""
        mark = {FindingState.OK: "✓", FindingState.WARNING: "!", FindingState.ERROR: "✗"}[self.finding.state]
        return f"{mark} {self.side}: {self.text(locale)}"

    def text(self, locale: str) -> str:
        """What was found, and what to do about it."""
        hint = f" {self.finding.hint.for_locale(locale)}" if self.finding.hint else ""
        return f"{self.finding.message.for_locale(locale)}{hint}"

    def to_json(self, locale: str) -> Mapping[str, str]:
        """For ``--json``."""
        return {
            "side": self.side,
            "key": self.finding.key,
            "state": self.finding.state.value,
            "message": self.text(locale),
        }


class Check:
    """Everything that can be found out without harm."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self.found: list[Checked] = []
        self.outcome = Outcome.DONE

    async def run(self, *, probe: bool) -> Outcome:
        """Try Thulium, then every shop; with ``probe`` also the test card."""
        if await self._thulium(probe=probe):
            await self._orders()
        for shop in self._bridge.settings.shops:
            try:
                await self._bridge.shops.connect(shop)
            except ShopRefusedError as error:
                outcome = Outcome.FAILED if error.passing else Outcome.MUST_CHANGE
                said = self._shop_findings(shop.id, outcome)
                for reason in error.reasons:
                    if reason.en not in said:
                        self._error(shop.id, "shop.refused", reason, outcome)
            else:
                # It was reached before, so the bridge would start with what it knows, and its runs would fail.
                self._shop_findings(shop.id, Outcome.FAILED)
        return self.outcome

    async def _thulium(self, *, probe: bool) -> bool:
        try:
            learned = await self._bridge.learn()
            if unusable := obstacles(learned):
                for key, text in unusable:
                    self._error("thulium", key, text, Outcome.MUST_CHANGE)
                return False
            tried = await self._bridge.probe() if probe else None
        except RemoteError as error:
            status = Outcome.MUST_CHANGE if isinstance(error, AdministratorMustAct) else Outcome.FAILED
            self._error("thulium", error.key, explain(error), status)
            return False
        self._say("thulium", "check.reached", FindingState.OK, host=self._bridge.api.host)
        for field in self._bridge.settings.thulium.custom_fields:
            self._field(field.name, learned, tried)
        for key, state in _behaviour(tried.behaviour if tried else learned.behaviour):
            self._say("thulium", key, state)
        return True

    def _field(self, name: str, learned: Learned, tried: Tried | None) -> None:
        if tried is not None and name not in tried.kept_fields:
            words = tried.refused_fields.get(name)
            key = "check.field_dropped" if words is None else "check.field_rejected"
            text = MESSAGES.text(key, field=name, words=quoted(words or ""))
            self._error("thulium", key, text, Outcome.MUST_CHANGE)
        elif tried is not None or name in learned.field_names:
            self._say("thulium", "check.field", FindingState.OK, field=name)
        else:
            # Cards that name other fields but not this one: it may be that empty ones are left out.
            key = "check.field_unseen" if learned.field_names else "check.field_unknown"
            self._say("thulium", key, FindingState.WARNING, field=name)

    async def _orders(self) -> None:
        try:
            targets = await self._bridge.order_targets()
        except OrderFieldsError as error:
            for reason in error.reasons:
                self._error("thulium", "check.orders", reason, Outcome.MUST_CHANGE)
        except RemoteError as error:
            self._error("thulium", error.key, explain(error), Outcome.MUST_CHANGE)
        else:
            if any(target.rows for target in targets.values()):
                self._say("thulium", "check.orders", FindingState.OK)

    def _shop_findings(self, shop: str, outcome: Outcome) -> set[str]:
        """Tell what authentication found; errors among it make the check end so. Answers what was said, in English."""
        found = [Checked(shop, finding) for finding in self._bridge.shops.findings.get(shop, ())]
        self.found += found
        if any(checked.finding.state is FindingState.ERROR for checked in found):
            self._worse(outcome)
        return {checked.text("en") for checked in found}

    def _say(self, side: str, key: str, state: FindingState, **values: object) -> None:
        self.found.append(Checked(side, Finding(key, state, MESSAGES.text(key, **values))))

    def _error(self, side: str, key: str, message: LocalizedText, outcome: Outcome) -> None:
        self.found.append(Checked(side, Finding(key, FindingState.ERROR, message)))
        self._worse(outcome)

    def _worse(self, outcome: Outcome) -> None:
        self.outcome = max(self.outcome, outcome, key=lambda state: state.value)


def obstacles(learned: Learned) -> list[tuple[str, LocalizedText]]:
    """Why customers cannot be looked up in this Thulium, each by its key: then nothing may be written either."""
    keys: list[tuple[str, dict[str, str]]] = []
    if not learned.filters_work:
        keys.append(("check.filters_broken", {}))
    keys += [
        ("check.field_refused", {"field": field, "words": quoted(words)})
        for field, words in learned.refused_fields.items()
    ]
    keys += [("check.field_ignored", {"field": field}) for field in sorted(learned.ignored_fields)]
    return [(key, MESSAGES.text(key, **values)) for key, values in keys]


def _behaviour(behaviour: Behaviour) -> Iterator[tuple[str, FindingState]]:
    """What is known of the API's undocumented sides, and what follows from what is not."""
    if behaviour.lists is Lists.UNKNOWN:
        yield "check.lists_unknown", FindingState.WARNING
    elif behaviour.lists is Lists.REPLACES and behaviour.shows_all_emails is False:
        yield "check.lists_withheld", FindingState.WARNING
    else:
        yield f"check.lists_{behaviour.lists.value}", FindingState.OK
    if behaviour.email_filter_exact is None:
        yield "check.filter_unknown", FindingState.WARNING
    elif behaviour.email_filter_exact:
        yield "check.filter_exact", FindingState.OK
    else:
        yield "check.filter_contains", FindingState.OK
    if behaviour.email_filter_ignores_case is False:
        yield "check.filter_case", FindingState.OK

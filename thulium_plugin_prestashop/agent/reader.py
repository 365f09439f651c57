"""How one viewer reads: language, region, time zone, and what time it is for them."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs
from babel import Locale, UnknownLocaleError

from thulium_plugin_prestashop.agent.moments import from_epoch, moment
from thulium_plugin_prestashop.agent.money import from_micro, money
from thulium_plugin_prestashop.contract.views import MomentCell, MoneyCell, Viewer
from thulium_plugin_prestashop.locale import MESSAGES

FALLBACK_ZONE = "UTC"


def _locale(tag: str) -> Locale:
    """The viewer's own region where the plugin speaks their language (``en_GB``), otherwise English."""
    try:
        found = Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")
    return found if found.language in {"en", "pl"} else Locale("en")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(FALLBACK_ZONE)


@attrs.frozen
class Reader:
    """Turns values into cells for one viewer at one moment. ``language`` is ``"pl"`` or ``"en"``."""

    locale: Locale
    zone: ZoneInfo
    now: datetime

    @classmethod
    def of(cls, viewer: Viewer, now: datetime) -> "Reader":
        """An unknown language reads English, an unknown zone UTC: a view is never refused for that."""
        return cls(_locale(viewer.locale), _zone(viewer.time_zone), now)

    @property
    def language(self) -> str:
        """``"pl"`` or ``"en"``."""
        return self.locale.language

    def phrase(self, key: str, **values: object) -> str:
        """A message of the ``agent`` catalogue in the viewer's language."""
        return MESSAGES.phrase(self.language, f"agent.{key}", **values)

    def money(self, amount: Decimal, currency: str) -> MoneyCell:
        """An amount as it is; ``currency`` may be ``""`` while it is unknown."""
        return money(amount, currency, self.locale)

    def micro(self, millionths: int, currency: str) -> MoneyCell:
        """An amount of the mirror."""
        return money(from_micro(millionths, currency), currency, self.locale)

    def moment(self, epoch: int) -> MomentCell:
        """A moment of the mirror."""
        return moment(from_epoch(epoch, self.zone), now=self.now, zone=self.zone, locale=self.locale)

    def country(self, iso_code: str) -> str:
        """The name of a country in the viewer's language, or ``""``."""
        return str(self.locale.territories.get(iso_code.upper(), ""))

"""What a page says to one reader: phrases, dates, numbers and spans of time in their language and time zone."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import attrs
from babel import Locale
from babel.dates import format_date, format_time, format_timedelta, get_timezone
from babel.numbers import format_decimal

from thulium_plugin_prestashop.contract.catalogue import Catalogue
from thulium_plugin_prestashop.contract.text import LocalizedText

LANGUAGES = ("pl", "en")

MESSAGES = Catalogue.read(files("thulium_plugin_prestashop.sandbox.web") / "locale")
"""The pages' own words, read once; nothing changes them."""

_CLDR = {"pl": Locale("pl"), "en": Locale("en")}
_A_MINUTE = timedelta(minutes=1)


@attrs.frozen
class Words:
    """One reader's language and time zone."""

    locale: str
    """``"pl"`` or ``"en"``."""
    time_zone: ZoneInfo

    @classmethod
    def of(cls, locale: str, time_zone: str) -> "Words":
        """Words for a user's settings; unknown ones fall back to English and UTC."""
        language = "pl" if locale.lower().startswith("pl") else "en"
        try:
            zone = ZoneInfo(time_zone)
        except (KeyError, ValueError, OSError):
            zone = ZoneInfo("UTC")
        return cls(language, zone)

    def __call__(self, key: str, **values: object) -> str:
        """The phrase called ``key``. Raises ``KeyError`` for one that the catalogue does not have."""
        return MESSAGES.phrase(self.locale, key, **values)

    def say(self, text: LocalizedText | str | None) -> str:
        """What a plugin or the CRM says, in the reader's language."""
        if text is None:
            return ""
        return text if isinstance(text, str) else text.for_locale(self.locale)

    def moment(self, at: datetime) -> str:
        """``Nov 24, 2026, 08:15`` in the reader's time zone; hours up to 24 in both languages."""
        return f"{format_date(at.astimezone(self.time_zone).date(), 'medium', locale=self._cldr)}, {self.time(at)}"

    def day(self, at: datetime) -> str:
        """The date with its day of the week."""
        return format_date(at.astimezone(self.time_zone).date(), "full", locale=self._cldr)

    def time(self, at: datetime) -> str:
        """``08:15`` in the reader's time zone."""
        return format_time(at, "HH:mm", tzinfo=get_timezone(self.time_zone), locale=self._cldr)

    def number(self, value: float) -> str:
        """A number with the language's separators."""
        return format_decimal(value, locale=self._cldr)

    def span(self, length: timedelta) -> str:
        """About how long: ``12 seconds``, ``3 minutes``."""
        return format_timedelta(max(length, timedelta(seconds=1)), threshold=1.5, locale=self._cldr)

    def seconds(self, count: int) -> str:
        """How long a call took: ``4:05``, or ``1:02:03`` from an hour on."""
        minutes, rest = divmod(count, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

    def ago(self, at: datetime, now: datetime) -> str:
        """How long ago, or in how long: ``5 minutes ago``, ``in 20 minutes``."""
        distance = at.astimezone(UTC) - now.astimezone(UTC)
        if abs(distance) < _A_MINUTE:
            return self("common.just_now") if distance <= timedelta() else self("common.any_moment")
        return format_timedelta(distance, add_direction=True, threshold=1.5, locale=self._cldr)

    @property
    def _cldr(self) -> Locale:
        return _CLDR[self.locale]

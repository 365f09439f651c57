"""Moments: in the viewer's zone and language, and how long ago."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time, format_timedelta

from thulium_plugin_prestashop.contract.views import MomentCell


def from_epoch(seconds: int, zone: ZoneInfo) -> datetime:
    """UTC epoch seconds as an aware moment in ``zone``."""
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone)


def moment(at: datetime, *, now: datetime, zone: ZoneInfo, locale: Locale) -> MomentCell:
    """The cell of an aware moment: ``3 lis 2026, 08:05`` and ``2 godziny temu``.

    Seconds are left out, and the day is always named: a call centre works around midnight too. The offset of
    ``at`` is the viewer's own.
    """
    local = at.astimezone(zone)
    text = f"{format_date(local, 'medium', locale=locale)}, {format_time(local, 'HH:mm', locale=locale)}"
    relative = format_timedelta(at - now, add_direction=True, locale=locale)
    return MomentCell(at=local, text=text, relative=relative)

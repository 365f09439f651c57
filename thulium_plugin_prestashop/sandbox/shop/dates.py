"""Moments of the made-up data: naive wall-clock texts, as PrestaShop writes them."""

from datetime import datetime, timedelta

import attrs

_NIGHT_ENDS = 6
_OCTOBER = 10


@attrs.frozen
class Calendar:
    """Dates before ``until``, a naive wall-clock time in the shop's zone."""

    until: datetime

    def ago(self, seconds: float) -> str:
        """The moment that long before the end. People sleep: nothing happens from midnight to six.

        So no moment falls into the hour that spring skips, which a real shop cannot write either.
        """
        moment = self.until - timedelta(seconds=int(seconds))
        if moment.hour < _NIGHT_ENDS:
            moment = min(moment + timedelta(hours=_NIGHT_ENDS), self.until)
        return moment.isoformat(sep=" ", timespec="seconds")

    @property
    def twice(self) -> str:
        """A moment in the hour that happened twice, on the last Sunday of October before the end."""
        year = self.until.year
        while True:
            last = datetime(year, _OCTOBER, 31, 2, 30)  # noqa: DTZ001 - wall-clock times have no zone
            sunday = last - timedelta(days=(last.weekday() + 1) % 7)
            if sunday < self.until:
                return sunday.isoformat(sep=" ", timespec="seconds")
            year -= 1

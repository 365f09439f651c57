"""What a cursor promises, and the arithmetic of its windows. Nothing here does any I/O.

**The promise.** After a run that ended well, every row that the shop holds is in the mirror as the shop held it at
some moment of that run, provided that the row, whenever it changed, either got a ``date_upd`` no older than the
*overlap* before the watermark of the run before, or a new highest id. Rows that vanished without a trace, and rows
that changed without touching ``date_upd``, are the sweep's business (which finds the former).

How it is kept:

* A window is *closed*: ``[watermark − overlap, ceiling]``, both ends inclusive, walked by ascending id. A row that
  changes while the window is walked leaves it at the upper end, and is met again by the next one.
* The ceiling is the newest ``date_upd`` that the *shop* shows, never a clock of ours. Rows dated in the future (a
  clock that was wrong, an import) do not count beyond a day and two hours ahead of the shop's clock: more than any
  wrongly set time zone explains.
* The watermark never passes the shop's own clock, so what is dated in the future today does not hide what is
  changed tomorrow.
* Neighbouring windows overlap by ten minutes: rows become visible later than they are dated (transactions,
  replicas). Around the night when the shop's clock is set back an hour, by three hours.
* A watermark *settles* once a window that reaches back before it was walked at least one overlap (and a little)
  after it was first reached, by the shop's clock and by the host's: whatever was still to appear there has appeared.
  The next window begins right after a settled watermark, so thousands of rows that share one second (a mass update)
  are not read again by every run, and an unchanged shop has no window to walk at all.
* When the shop's clock was set back since the last run (it ran slower than the host's by more than a minute), the
  window reaches back that much further, and over all ids. So does the one after an import that was cut off before.
* Duplicates at the edges are harmless: rows are compared by checksum, and an unchanged row is not written.
"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from thulium_plugin_prestashop.mirror.cursors import Cursor, Window

OVERLAP: Final = timedelta(minutes=10)
AUTUMN_OVERLAP: Final = timedelta(hours=3)
BEGINNING: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - shop times are naive; no shop is older
"""The watermark of a table that was empty when its import began."""
FUTURE: Final = timedelta(hours=26)
"""How far ahead of the shop's clock a date may lie and still be believed."""
TOLERATED_DRIFT: Final = timedelta(minutes=1)
LONGEST_STEP: Final = timedelta(days=31)
"""No clock is taken to have been set back further than this."""
SECOND: Final = timedelta(seconds=1)
"""The resolution of PrestaShop's times."""
FLOOR_FROM: Final = 50_000
"""Above this id, frequent windows look only at the newest ids: ``date_upd`` has no index in PrestaShop."""
FLOOR_DEPTH: Final = 40_000
FULL_EVERY: Final = timedelta(hours=6)
"""How often a window without a floor is walked on a large shop."""


@attrs.frozen
class Clocks:
    """What time it is: the shop's clock and the host's, both UTC epoch seconds."""

    shop: int
    host: int

    def wall(self, zone: ZoneInfo) -> datetime:
        """The shop's clock as it hangs on the wall there."""
        return datetime.fromtimestamp(self.shop, UTC).astimezone(zone).replace(tzinfo=None)

    def set_back_since(self, before: "Clocks | None") -> timedelta:
        """By how much the shop's clock was set back since ``before``; zero when it was not."""
        if before is None:
            return timedelta()
        step = timedelta(seconds=(self.host - before.host) - (self.shop - before.shop))
        return min(step, LONGEST_STEP) if step > TOLERATED_DRIFT else timedelta()


def overlap(watermark: datetime, zone: ZoneInfo) -> timedelta:
    """How far a window reaches back before the watermark."""
    day = timedelta(days=1)
    before, after = ((watermark + step).replace(tzinfo=zone).utcoffset() for step in (-day, day))
    set_back = before is not None and after is not None and after < before
    return AUTUMN_OVERLAP if set_back else OVERLAP


def newest_believed(clocks: Clocks, zone: ZoneInfo) -> datetime:
    """The latest date that may be a ceiling."""
    return clocks.wall(zone) + FUTURE


def watermark_after(ceiling: datetime, wall: datetime) -> datetime:
    """The watermark once everything up to ``ceiling`` is read; ``wall`` is the shop's clock before reading began."""
    return min(ceiling, wall)


def floor_of(cursor: Cursor, now: int, *, full: bool) -> int:
    """The id above which the next window looks; 0 for all."""
    due = cursor.full_window_at is None or now - cursor.full_window_at >= FULL_EVERY.total_seconds()
    return 0 if full or due or cursor.highest_id <= FLOOR_FROM else cursor.highest_id - FLOOR_DEPTH


def next_window(
    cursor: Cursor, ceiling: datetime, zone: ZoneInfo, *, floor: int = 0, set_back: timedelta = timedelta()
) -> Window | None:
    """The window to walk after the cursor's watermark.

    A window with a floor goes on from the last one of either kind, a window over all ids from the last one over all
    ids. A ceiling behind the watermark (its row was deleted, the clock was set back) closes the window at the
    watermark. ``None`` when the watermark has settled and nothing is newer.
    """
    since = cursor.watermark
    if floor and cursor.recent_watermark is not None and since is not None:
        since = max(since, cursor.recent_watermark)
    if since is None:
        raise ValueError("a window follows an import")
    if since == cursor.settled and not set_back:
        return Window(since + SECOND, ceiling, floor=floor, after=floor) if ceiling > since else None
    lower = since - overlap(since, zone) - set_back
    return Window(max(lower, BEGINNING), max(ceiling, since), floor=floor, after=floor)


def close_window(cursor: Cursor, clocks: Clocks, zone: ZoneInfo, now: int, *, whole: bool) -> Cursor:
    """The cursor once its window is walked; ``clocks`` are those from before that began.

    ``whole``: all of it was walked after that moment. What was begun by an earlier run settles nothing.
    """
    window = cursor.window
    if window is None:
        return cursor
    reached = watermark_after(window.upper, clocks.wall(zone))
    cursor = attrs.evolve(
        _settle(cursor, window, reached, clocks, zone, whole=whole), window=None, recent_watermark=reached
    )
    return cursor if window.floor else attrs.evolve(cursor, watermark=reached, full_window_at=now)


def _settle(
    cursor: Cursor, window: Window, reached: datetime, clocks: Clocks, zone: ZoneInfo, *, whole: bool
) -> Cursor:
    """The cursor with what is now known of when ``reached`` was first reached and whether it has settled.

    Only a window over all ids settles anything: low ids can be late as well.
    """
    if reached != cursor.recent_watermark or cursor.reached_shop is None or cursor.reached_host is None:
        return attrs.evolve(cursor, reached_shop=clocks.shop, reached_host=clocks.host, settled=None)
    wait = overlap(reached, zone)
    elapsed = min(clocks.shop - cursor.reached_shop, clocks.host - cursor.reached_host)
    covers = whole and not window.floor and window.lower <= reached - wait
    ripe = covers and elapsed >= (wait + 2 * TOLERATED_DRIFT).total_seconds()
    return attrs.evolve(cursor, settled=reached) if ripe else cursor

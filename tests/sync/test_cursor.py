"""The arithmetic of windows: what every one of them must cover."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thulium_plugin_prestashop.mirror.cursors import Cursor, Window
from thulium_plugin_prestashop.sync.cursor import (
    AUTUMN_OVERLAP,
    BEGINNING,
    FLOOR_DEPTH,
    OVERLAP,
    Clocks,
    close_window,
    floor_of,
    next_window,
    overlap,
    watermark_after,
)

WARSAW = ZoneInfo("Europe/Warsaw")
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001 - shop times are naive
    lambda moment: moment.replace(microsecond=0)
)
ZONES = st.sampled_from([WARSAW, ZoneInfo("UTC"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo")])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@given(MOMENTS, MOMENTS, ZONES)
def test_a_window_reaches_from_before_the_watermark_to_the_ceiling(
    watermark: datetime, ceiling: datetime, zone: ZoneInfo
) -> None:
    window = next_window(Cursor(watermark=watermark), ceiling, zone)
    assert window is not None
    assert window.lower <= watermark - OVERLAP
    assert window.upper >= max(ceiling, watermark)


def clocks_at(wall: datetime, zone: ZoneInfo, host: int = 0) -> Clocks:
    return Clocks(int(wall.replace(tzinfo=zone).timestamp()), host)


@given(MOMENTS, MOMENTS, MOMENTS, ZONES, st.booleans())
def test_windows_leave_no_gap_between_them(
    first: datetime,
    second: datetime,
    third: datetime,
    zone: ZoneInfo,
    whole: bool,  # noqa: FBT001 - drawn
) -> None:
    """Whatever the ceilings and the shop's clock do: the next window begins before this one's watermark ended."""
    cursor = Cursor(watermark=first)
    window = next_window(cursor, second, zone)
    assert window is not None
    clocks = clocks_at(third, zone)
    closed = close_window(Cursor(watermark=first, window=window), clocks, zone, 0, whole=whole)
    following = next_window(closed, third, zone)
    assert following is not None
    assert following.lower <= min(window.upper, clocks.wall(zone)) - OVERLAP


START = at("2024-06-01 12:00:00")


def walked(
    cursor: Cursor,
    minutes: float,
    host_minutes: float | None = None,
    *,
    whole: bool = True,
    upto: datetime = START,
    floor: int = 0,
) -> Cursor:
    """The cursor after a window up to ``upto``, walked so many minutes after ``START``."""
    window = next_window(cursor, upto, WARSAW, floor=floor)
    assert window is not None
    host = minutes if host_minutes is None else host_minutes
    clocks = clocks_at(START + timedelta(minutes=minutes), WARSAW, int(host * 60))
    return close_window(attrs.evolve(cursor, window=window), clocks, WARSAW, 0, whole=whole)


def test_a_watermark_settles_when_it_was_walked_again_an_overlap_later() -> None:
    first = walked(Cursor(watermark=START - timedelta(days=1)), 1)
    assert first.settled is None
    second = walked(first, 31)
    assert second.settled == START
    assert next_window(second, START, WARSAW) is None
    after = next_window(second, START + timedelta(minutes=5), WARSAW)
    assert after == Window(START + timedelta(seconds=1), START + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("minutes", "host_minutes", "whole"), [(11, 31, True), (31, 11, True), (31, 31, False)]
)
def test_nothing_settles_too_early(minutes: float, host_minutes: float, *, whole: bool) -> None:
    """By one clock alone, or when an earlier run had walked a part of the window."""
    first = walked(Cursor(watermark=START - timedelta(days=1)), 1)
    again = walked(first, minutes, host_minutes, whole=whole)
    assert again.settled is None
    window = next_window(again, START, WARSAW)
    assert window is not None
    assert window.lower == START - OVERLAP


def test_a_watermark_that_moved_on_has_to_settle_again() -> None:
    settled = walked(walked(Cursor(watermark=START - timedelta(days=1)), 1), 31)
    later = START + timedelta(minutes=60)
    moved = walked(settled, 61, upto=later)
    assert moved.settled is None
    assert walked(moved, 65, upto=later).settled is None
    assert walked(moved, 91, upto=later).settled == later


def test_a_window_that_leaves_out_low_ids_settles_nothing() -> None:
    first = walked(Cursor(watermark=START - timedelta(days=1)), 1)
    recent = walked(first, 31, floor=260_000)
    assert recent.settled is None
    assert walked(recent, 61).settled == START


def test_a_window_that_does_not_reach_back_an_overlap_settles_nothing() -> None:
    """As when the clock was set back by less than is noticed, or the overlap became longer in between."""
    first = walked(Cursor(watermark=START - timedelta(days=1)), 1)
    clocks = clocks_at(START + timedelta(minutes=31), WARSAW, 31 * 60)
    for lower, settled in ((START - OVERLAP, START), (START - OVERLAP + timedelta(seconds=1), None)):
        cursor = attrs.evolve(first, window=Window(lower, START))
        assert close_window(cursor, clocks, WARSAW, 0, whole=True).settled == settled


def test_a_settled_watermark_is_looked_behind_when_the_clock_was_set_back() -> None:
    settled = walked(walked(Cursor(watermark=START - timedelta(days=1)), 1), 31)
    window = next_window(settled, START, WARSAW, set_back=timedelta(hours=1))
    assert window is not None
    assert window.lower == START - OVERLAP - timedelta(hours=1)


@given(MOMENTS, MOMENTS)
def test_the_watermark_never_passes_the_shops_clock(ceiling: datetime, wall: datetime) -> None:
    assert watermark_after(ceiling, wall) <= wall
    assert watermark_after(ceiling, wall) <= ceiling


@pytest.mark.parametrize(
    ("watermark", "zone", "expected"),
    [
        ("2024-10-27 02:30:00", WARSAW, AUTUMN_OVERLAP),
        ("2024-10-26 12:00:00", WARSAW, AUTUMN_OVERLAP),
        ("2024-10-28 01:00:00", WARSAW, AUTUMN_OVERLAP),
        ("2024-10-25 12:00:00", WARSAW, OVERLAP),
        ("2024-03-31 02:30:00", WARSAW, OVERLAP),
        ("2024-10-27 02:30:00", ZoneInfo("Asia/Tokyo"), OVERLAP),
        ("2024-11-03 01:30:00", ZoneInfo("America/New_York"), AUTUMN_OVERLAP),
        ("2024-04-07 02:30:00", ZoneInfo("Australia/Sydney"), AUTUMN_OVERLAP),
    ],
)
def test_windows_overlap_longer_when_the_clock_is_set_back(
    watermark: str, zone: ZoneInfo, expected: timedelta
) -> None:
    assert overlap(at(watermark), zone) == expected


@given(st.integers(0, 10**6), st.integers(-(10**6), 10**6))
def test_a_clock_that_was_set_back_is_noticed(elapsed: int, step: int) -> None:
    before = Clocks(shop=10**9, host=10**9)
    after = Clocks(shop=10**9 + elapsed + step, host=10**9 + elapsed)
    back = after.set_back_since(before)
    if step < -60:
        assert back == timedelta(seconds=-step)
    else:
        assert back == timedelta()


def test_a_window_after_a_clock_set_back_reaches_as_much_further() -> None:
    cursor = Cursor(watermark=at("2024-06-01 12:00:00"))
    window = next_window(cursor, at("2024-06-01 11:30:00"), WARSAW, set_back=timedelta(hours=1))
    assert window is not None
    assert window.lower == at("2024-06-01 10:50:00")


def test_the_walls_clock_is_the_shops_zone() -> None:
    moment = datetime(2024, 6, 1, 10, 0, tzinfo=UTC)
    assert Clocks(int(moment.timestamp()), 0).wall(WARSAW) == at("2024-06-01 12:00:00")


@pytest.mark.parametrize(
    ("highest", "age", "full", "expected"),
    [
        (300_000, 60, False, 300_000 - FLOOR_DEPTH),
        (300_000, 60, True, 0),
        (300_000, 6 * 3600, False, 0),
        (300_000, None, False, 0),
        (50_000, 60, False, 0),
    ],
)
def test_frequent_windows_of_large_shops_have_a_floor(
    highest: int, age: int | None, *, full: bool, expected: int
) -> None:
    now = 10**9
    cursor = Cursor(highest_id=highest, full_window_at=None if age is None else now - age)
    assert floor_of(cursor, now, full=full) == expected


def test_a_window_with_a_floor_does_not_move_the_watermark_of_all_ids() -> None:
    start = at("2024-06-01 12:00:00")
    cursor = Cursor(watermark=start, recent_watermark=start, highest_id=300_000, full_window_at=0)
    window = next_window(cursor, at("2024-06-01 13:00:00"), WARSAW, floor=260_000)
    assert window is not None
    assert (window.floor, window.after) == (260_000, 260_000)
    clocks = clocks_at(at("2024-06-01 13:05:00"), WARSAW)
    closed = close_window(
        Cursor(watermark=start, recent_watermark=start, window=window), clocks, WARSAW, 7, whole=True
    )
    assert (closed.watermark, closed.recent_watermark, closed.full_window_at) == (
        start,
        at("2024-06-01 13:00:00"),
        None,
    )
    # The next one over all ids begins where the last one over all ids ended.
    whole = next_window(closed, at("2024-06-01 14:00:00"), WARSAW)
    recent = next_window(closed, at("2024-06-01 14:00:00"), WARSAW, floor=260_000)
    assert whole is not None
    assert recent is not None
    assert whole.lower == start - OVERLAP
    assert recent.lower == at("2024-06-01 13:00:00") - OVERLAP


def test_a_table_that_was_empty_is_read_from_the_beginning() -> None:
    window = next_window(Cursor(watermark=BEGINNING), at("2024-06-01 13:00:00"), WARSAW)
    assert window == Window(BEGINNING, at("2024-06-01 13:00:00"))

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from thulium_plugin_prestashop.agent.moments import from_epoch, moment
from thulium_plugin_prestashop.agent.reader import Reader
from thulium_plugin_prestashop.contract.views import Viewer

WARSAW = ZoneInfo("Europe/Warsaw")
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_a_moment_reads_in_the_viewers_zone_and_language() -> None:
    placed = datetime(2026, 11, 3, 23, 5, 40, tzinfo=UTC)
    polish = moment(placed, now=NOW, zone=WARSAW, locale=Locale("pl"))
    english = moment(placed, now=NOW, zone=ZoneInfo("America/New_York"), locale=Locale("en"))
    assert (polish.text, polish.relative) == ("4 lis 2026, 00:05", "3 tygodnie temu")
    assert (english.text, english.relative) == ("Nov 3, 2026, 18:05", "3 weeks ago")
    assert polish.at.isoformat() == "2026-11-04T00:05:40+01:00"
    assert english.at.isoformat() == "2026-11-03T18:05:40-05:00"


def test_the_hour_that_happens_twice_keeps_its_offset() -> None:
    first = moment(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), now=NOW, zone=WARSAW, locale=Locale("pl"))
    second = moment(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), now=NOW, zone=WARSAW, locale=Locale("pl"))
    assert first.text == second.text == "25 paź 2026, 02:30"
    assert [cell.at.isoformat() for cell in (first, second)] == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
    ]


@given(
    st.integers(0, 4_102_444_800),
    st.sampled_from(["Europe/Warsaw", "UTC", "America/St_Johns", "Pacific/Kiritimati", "no/such zone"]),
    st.sampled_from(["pl", "en", "pl_PL", "en-GB", "de", "rubbish!", ""]),
)
def test_every_viewer_sees_the_same_moment(epoch: int, zone: str, locale: str) -> None:
    cell = Reader.of(Viewer(locale, zone), NOW).moment(epoch)
    assert cell.at == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=epoch)
    assert cell.at.utcoffset() is not None
    assert cell.text
    assert cell.relative


def test_epoch_seconds_are_utc() -> None:
    assert from_epoch(0, WARSAW).isoformat() == "1970-01-01T01:00:00+01:00"

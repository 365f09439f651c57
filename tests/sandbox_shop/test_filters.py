"""The filter language against a model in plain Python."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thulium_plugin_prestashop.sandbox.shop.data import Specification, populate
from thulium_plugin_prestashop.sandbox.shop.errors import WebserviceError, closest
from thulium_plugin_prestashop.sandbox.shop.filters import ZERO_MOMENT, fold, moment, number
from thulium_plugin_prestashop.sandbox.shop.params import Params
from thulium_plugin_prestashop.sandbox.shop.profiles import PROFILES
from thulium_plugin_prestashop.sandbox.shop.query import list_query
from thulium_plugin_prestashop.sandbox.shop.records import Scope, listed
from thulium_plugin_prestashop.sandbox.shop.store import Store

UNTIL = datetime(2026, 11, 23)  # noqa: DTZ001 - shops write wall-clock times
SCOPE = Scope((1, 2), (1, 2))


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    filled = Store(PROFILES["9.1.4"])
    populate(filled, Specification(UNTIL, 150, 150, multistore=True))
    yield filled
    filled.close()


def ids(store: Store, query: str, resource: str = "customers") -> list[int]:
    found = list_query(store.resource(resource), store.profile, Params.parse(query), one_shop=False)
    return listed(store, found, SCOPE).idents


def matching(
    store: Store, column: str, test: Callable[[str], bool], resource: str = "customers"
) -> list[int]:
    return [int(str(row["id"])) for row in store.all_rows(resource) if test(str(row[column]))]


operands = st.integers(-5, 200)


@given(operands, operands, st.lists(operands, min_size=2, max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_filters_by_id_select_what_they_say(store: Store, low: int, high: int, several: list[int]) -> None:
    everything = matching(store, "id", lambda _: True)
    expected = {
        f">[{low}]": [ident for ident in everything if ident > low],
        f"<[{low}]": [ident for ident in everything if ident < low],
        f"![{low}]": [ident for ident in everything if ident != low],
        f"[{low}]": [ident for ident in everything if ident == low],
        f"{low}": [ident for ident in everything if ident == low],
        f"[{low},{high}]": [ident for ident in everything if min(low, high) <= ident <= max(low, high)],
        f"[{'|'.join(map(str, several))}]": [ident for ident in everything if ident in several],
        f"![{'|'.join(map(str, several))}]": [ident for ident in everything if ident not in several],
        f"[{low},]": [ident for ident in everything if ident == low],
        f"[{low},{high},7]": [ident for ident in everything if ident == low],
        f">=[{low}]": everything,
        f"<=[{low}]": everything,
        f"=[{low}]": everything,
    }
    for value, wanted in expected.items():
        assert ids(store, f"filter[id]={value}&sort=[id_ASC]") == wanted, value


moments = st.datetimes(UNTIL - timedelta(3_600), UNTIL + timedelta(60)).map(
    lambda at: at.replace(microsecond=0)
)


@given(moments, st.timedeltas(timedelta(), timedelta(days=900)), st.sampled_from(["", "Z", "+01:00"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_windows_include_both_ends_and_ignore_zones(
    store: Store, start: datetime, length: timedelta, zone: str
) -> None:
    low, high = (at.isoformat(sep=" ") for at in (start, start + length))
    window = f"date=1&filter[date_upd]=[{low},{high}]&sort=[id_ASC]"
    assert ids(store, window) == matching(store, "date_upd", lambda changed: low <= changed <= high)
    after = f"date=1&filter[date_upd]=>[{low.replace(' ', 'T')}{zone}]&sort=[id_ASC]".replace("+", "%2B")
    assert ids(store, after) == matching(store, "date_upd", lambda changed: changed > low)


@given(st.sampled_from(["Łęcki", "łęcki", "nowak", "KRÓL", "krol", "Lecki", "wójcik", "wojcik "]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_texts_match_without_case_and_accents(store: Store, name: str) -> None:
    expected = matching(store, "lastname", lambda text: fold(text) == fold(name))
    assert ids(store, f"filter[lastname]=[{name}]&sort=[id_ASC]") == expected


@given(st.text("abcdefgh.@", min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_percent_signs_mean_any_text(store: Store, part: str) -> None:
    start = matching(store, "email", lambda text: text.lower().startswith(part))
    inside = matching(store, "email", lambda text: part in text.lower())
    end = matching(store, "email", lambda text: text.lower().endswith(part))
    assert ids(store, f"filter[email]=[{part}]%25&sort=[id_ASC]") == start
    assert ids(store, f"filter[email]=%25[{part}]%25&sort=[id_ASC]") == inside
    assert ids(store, f"filter[email]=%25[{part}]&sort=[id_ASC]") == end


@given(st.integers(0, 170), st.integers(0, 60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_sorted_pages_are_slices_of_the_sorted_list(store: Store, offset: int, count: int) -> None:
    rows = store.all_rows("customers")
    rows.sort(key=lambda row: (str(row["date_upd"]), int(str(row["id"]))))
    everything = [row["id"] for row in rows]
    query = f"date=1&sort=[date_upd_ASC,id_ASC]&limit={offset},{count}"
    assert ids(store, query) == everything[offset : offset + count]


@given(st.integers(1, 40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=20)
def test_keyset_pages_inside_a_window_give_every_row_once(store: Store, size: int) -> None:
    window = "date=1&filter[date_upd]=[2020-01-01 00:00:00,2026-01-01 00:00:00]"
    found: list[int] = []
    while page := ids(
        store, f"{window}&filter[id]=>[{found[-1] if found else 0}]&sort=[id_ASC]&limit={size}"
    ):
        found += page
    expected = matching(
        store, "date_upd", lambda changed: "2020-01-01 00:00:00" <= changed <= "2026-01-01 00:00:00"
    )
    assert found == expected


def test_the_last_of_equal_filters_counts(store: Store) -> None:
    assert ids(store, "filter[id]=[1]&filter[id]=[3]&sort=[id_ASC]") == ids(store, "filter[id]=[3]")


def test_without_a_sort_the_order_is_not_that_of_ids(store: Store) -> None:
    unsorted = ids(store, "")
    assert sorted(unsorted) == ids(store, "sort=[id_ASC]")
    assert unsorted != sorted(unsorted)


@pytest.mark.parametrize(
    ("value", "count"), [("0", 0), ("abc", 0), ("[0,5]", 5), ("5", 5), ("3,4", 4), ("1000000,5", 0), ("", 0)]
)
def test_limits_are_read_as_php_casts_them(store: Store, value: str, count: int) -> None:
    assert len(ids(store, f"limit={value}")) == count


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("display=id", 36),
        ("display=FULL", 36),
        ("display=[id,nonsense]", 35),
        ("display=[id,groups]", 35),
        ("filter[nonsense]=[1]", 32),
        ("filter[date_upd]=>[2024-01-01]", 32),
        ("date=0&filter[date_upd]=>[2024-01-01]", 32),
        ("filter[id]=", 33),
        ("sort=[id]", 37),
        ("sort=[date_upd_ASC]", 38),
        ("sort=[id_ASC, lastname_ASC]", 38),
        ("limit=1,2,3", 39),
    ],
)
def test_rejected_queries_have_prestashops_codes(store: Store, query: str, code: int) -> None:
    with pytest.raises(WebserviceError) as caught:
        ids(store, query)
    assert [problem.code for problem in caught.value.problems] == [code]


def test_the_tracking_number_cannot_be_filtered(store: Store) -> None:
    with pytest.raises(WebserviceError) as caught:
        ids(store, "filter[shipping_number]=[1]", "orders")
    assert caught.value.problems[0].code == 34


def test_translated_names_match_in_any_language(store: Store) -> None:
    assert (
        ids(store, "filter[name]=[Polska]", "countries")
        == ids(store, "filter[name]=[poland]", "countries")
        == [14]
    )
    assert ids(store, "filter[name]=[Pol]%25", "countries") == [14]


@given(st.integers(-(10**9), 10**9), st.text("xyz ,|-:", max_size=5))
def test_texts_become_numbers_by_their_beginning(value: int, rest: str) -> None:
    assert number(f"{value}{rest}") == number(f" {value}.0{rest}") == value
    assert number(f"x{value}{rest}") == 0


def test_texts_become_moments_by_their_beginning() -> None:
    assert moment("2024-01-01T10:00:00Z") == "2024-01-01 10:00:00"
    assert moment("2024-1-1") == "2024-01-01 00:00:00"
    assert moment("yesterday") == moment(">2024-01-01") == ZERO_MOMENT


def test_of_equally_near_words_the_last_is_meant() -> None:
    assert closest("nonsense", ["id", "note", "is_guest"]) == "note"
    assert closest("ab", ["ax", "ay"]) == "ay"

"""Comparing values, and reading whatever the API may send."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thulium_plugin_prestashop.contract.customers import PostalAddress
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.thulium.batches import UNCLEAR, Verdict, read_changed, read_created
from thulium_plugin_prestashop.thulium.records import read_card, read_group, read_item
from thulium_plugin_prestashop.thulium.values import (
    country_code,
    country_name,
    email_key,
    phone_key,
    same_value,
    to_wire,
)

NUMERIC, TEXT, DATE = CustomFieldType.NUMERIC, CustomFieldType.TEXT, CustomFieldType.DATE

KEYS = [
    "customer_id",
    "id",
    "email",
    "emails",
    "phone_numbers",
    "custom_fields",
    "address",
    "fields",
    "values",
    "item_id",
    "group_id",
    "name",
    "field_id",
    "value",
    "http_status",
    "message",
    "result",
    "0",
    "1",
]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [("500 600 700", "+48500600700"), ("+48 500-600-700", "500600700"), ("0048500600700", "500 600 700")],
)
def test_spellings_of_one_number_are_one_number(one: str, other: str) -> None:
    assert phone_key(one, "PL") == phone_key(other, "PL")


def test_numbers_of_two_countries_are_two_numbers() -> None:
    assert phone_key("500600700", "PL") != phone_key("500600700", "CZ")


def test_emails_are_compared_case_folded_and_nothing_else() -> None:
    assert email_key(" Jan@Foo.PL ") == email_key("jan@foo.pl") != email_key("jan+1@foo.pl")


@pytest.mark.parametrize(
    ("kind", "one", "other", "same"),
    [
        (NUMERIC, "12", "12.0", True),
        (NUMERIC, "12", "012", True),
        (NUMERIC, "12", "112", False),
        (NUMERIC, "", "0", False),
        (TEXT, "12", "12.0", False),
        (DATE, "2026-11-24", "2026-11-24 00:00:00", True),
        (DATE, "2026-11-24", "2026-11-25", False),
    ],
)
def test_values_are_the_same_by_type(kind: CustomFieldType, one: str, other: str, same: bool) -> None:  # noqa: FBT001 - a column of the table
    assert same_value(one, other, kind) is same


def test_whole_numbers_travel_as_numbers_and_the_rest_as_it_is() -> None:
    assert to_wire("12", NUMERIC) == 12
    assert to_wire("12", TEXT) == "12"
    assert to_wire("1.5", NUMERIC) == "1.5"


@pytest.mark.parametrize("code", ["PL", "DE", "CZ", "GB", "UA"])
@pytest.mark.parametrize("locale", ["pl", "en"])
def test_a_country_comes_back_from_the_card(code: str, locale: str) -> None:
    assert country_code(country_name(code, locale)) == code


def test_the_documented_sample_is_read() -> None:
    card = read_card(
        {
            "customer_id": 273,
            "name": "Jan",
            "surname": "Kowalski",
            "phone_number": "222333444",
            "phone_numbers": ["222333444", "213443523"],
            "email": "jan.kowalski@foo.bar",
            "company_id": "",
            "custom_fields": {"ID": None, "Dodatkowe informacje": "Numer dowodu - AXX 121212"},
            "address": {
                "street": "Długa",
                "building": "5",
                "flat": "7",
                "city": "Kraków",
                "country": "Polska",
            },
        }
    )
    assert card is not None
    assert (card.id, card.name, card.surname) == (273, "Jan", "Kowalski")
    assert card.phones == ("222333444", "213443523")
    assert (card.emails, card.emails_complete, card.phones_complete) == (
        ("jan.kowalski@foo.bar",),
        False,
        True,
    )
    assert card.custom_fields == {"Dodatkowe informacje": "Numer dowodu - AXX 121212"}
    assert card.field_names == {"ID", "Dodatkowe informacje"}
    assert card.address == PostalAddress("Długa 5/7", "", "Kraków", "PL")


@given(ANY_JSON)
def test_no_answer_stops_the_reader(answer: Any) -> None:  # noqa: ANN401 - any JSON
    for read in (read_card, read_group, read_item):
        record = read(answer)
        assert record is None or isinstance(record.id, int)
    for verdict in [*read_created(answer, 2), *read_changed(answer, [13, 14])]:
        assert verdict.unclear or (verdict.error is None) == verdict.done


OK_13, OK_14 = Verdict(done=True, id=13), Verdict(done=True, id=14)


@pytest.mark.parametrize(
    ("answer", "verdicts"),
    [
        (
            {"0": {"http_status": 201, "customer_id": 13}, "1": {"http_status": 201, "customer_id": 14}},
            [OK_13, OK_14],
        ),
        ([{"customer_id": 13}, {"customer_id": "14"}], [OK_13, OK_14]),
        ({"customers": [13, 14]}, [OK_13, OK_14]),
        ([{"customer_id": 13}, {"http_status": 400, "message": "No."}], [OK_13, Verdict(error="No.")]),
        ([{"customer_id": 13}, {"errors": [{"message": "No.", "code": 1}]}], [OK_13, Verdict(error="No.")]),
        # One place more or fewer, no ids, a server error, nothing: nobody knows.
        ([{"customer_id": 13}], [UNCLEAR, UNCLEAR]),
        ({"1": {"customer_id": 13}, "2": {"customer_id": 14}}, [UNCLEAR, UNCLEAR]),
        ([{"http_status": 201}, {"http_status": 500}], [UNCLEAR, UNCLEAR]),
        (None, [UNCLEAR, UNCLEAR]),
    ],
)
def test_answers_to_a_batch_of_new_customers(answer: Any, verdicts: list[Verdict]) -> None:  # noqa: ANN401 - any JSON
    assert read_created(answer, 2) == verdicts


def test_answers_to_a_batch_of_changes_belong_to_their_cards() -> None:
    answer = {"14": {"http_status": 404, "message": "Customer not found."}, "13": {"http_status": 204}}
    assert read_changed(answer, [13, 14]) == [Verdict(done=True), Verdict(error="Customer not found.")]
    assert read_changed([{"customer_id": 14}, {"customer_id": 13}], [13, 14]) == [UNCLEAR, UNCLEAR]

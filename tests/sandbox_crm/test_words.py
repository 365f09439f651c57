"""The CRM's own words, and what phones, names and numbers have in common with their spellings."""

import re
import string
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import thulium_plugin_prestashop.sandbox.crm as package
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.sandbox.crm import CrmError
from thulium_plugin_prestashop.sandbox.crm.audit import Action
from thulium_plugin_prestashop.sandbox.crm.locale import MESSAGES
from thulium_plugin_prestashop.sandbox.crm.normalise import field_value, fold, phone_key, phone_query


def placeholders(message: object) -> set[str]:
    texts = (
        [message] if isinstance(message, str) else list(message.values()) if isinstance(message, dict) else []
    )
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things() -> None:
    english, polish = MESSAGES.messages["en"], MESSAGES.messages["pl"]
    assert english.keys() == polish.keys()
    for key in english:
        assert placeholders(english[key]) == placeholders(polish[key]), key


def test_every_message_is_used_and_every_used_message_exists() -> None:
    source = "".join(file.read_text() for file in Path(package.__path__[0]).glob("*.py"))
    literal = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', source))
    keys = set(MESSAGES.messages["en"])
    parts = {key for key in keys if key.startswith("part.")}
    assert keys - parts <= literal
    groups = {key.partition(".")[0] for key in keys}
    others = {*get_args(Action), "field.claimed"}
    assert {key for key in literal if key.partition(".")[0] in groups} - keys <= others


@pytest.mark.parametrize(
    ("spellings", "key"),
    [
        (["601234567", "601 234 567", "+48 601-234-567", "0048601234567", " +48601234567 "], "+48601234567"),
        (["22 123 45 67", "(22) 1234567"], "+48221234567"),
        (["+44 20 7946 0958"], "+442079460958"),
        (["112"], "112"),
        (["brak", "BRAK"], "brak"),
        ([""], ""),
    ],
)
def test_spellings_of_one_phone_have_one_key(spellings: list[str], key: str) -> None:
    assert {phone_key(spelling) for spelling in spellings} == {key}


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("601 234 567", "601234567"),
        ("+48 601 234", "48601234"),
        ("0601234567", "601234567"),
        ("1234", None),
        ("ul. 12", None),
    ],
)
def test_what_looks_like_a_phone(text: str, query: str | None) -> None:
    assert phone_query(text) == query


@given(st.text())
def test_keys_are_keys_of_themselves(text: str) -> None:
    assert phone_key(phone_key(text)) == phone_key(text)
    assert fold(fold(text)) == fold(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_a_number_is_kept_once_whatever_its_spelling(number: object) -> None:
    kept = field_value("n", CustomFieldType.NUMERIC, f"{number:f}")
    assert field_value("n", CustomFieldType.NUMERIC, f"{number:f}".replace(".", ",") + " ") == kept
    assert field_value("n", CustomFieldType.NUMERIC, kept) == kept
    assert float(kept) == float(str(number))


@pytest.mark.parametrize("value", ["x", "1e5", "1.2.3", "NaN", "Infinity", "٣", "1" * 31, "--1", "0x1F"])
def test_what_is_no_number(value: str) -> None:
    with pytest.raises(CrmError, match="takes a number"):
        field_value("n", CustomFieldType.NUMERIC, value)


def test_a_value_may_not_be_endless() -> None:
    with pytest.raises(CrmError, match="at most 4000"):
        field_value("n", CustomFieldType.TEXT, "x" * 4001)

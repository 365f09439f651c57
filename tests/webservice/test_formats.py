"""A record written by any version's rules decodes to the same value in both formats."""

import json
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.webservice import rendering
from tests.webservice.fake_shop import NOTICE, made_rows
from tests.webservice.rendering import VERSIONS
from thulium_plugin_prestashop.webservice import bodies, jsonbody
from thulium_plugin_prestashop.webservice.bodies import Format, Kind
from thulium_plugin_prestashop.webservice.records import Customer, Order, Record
from thulium_plugin_prestashop.webservice.resources import RESOURCES
from thulium_plugin_prestashop.webservice.structure import Structurer

STRUCTURER = Structurer()

# What people and importers put into text fields. Not here: texts that end in what looks like the end of the field
# itself ("]]></note>"), and what 1.6 itself destroys (emoji, and a literal \u0022 or \u005c, which its JSON turns
# into the escape of another character).
DIRT = st.sampled_from(
    [
        "]]>",
        "<![CDATA[",
        "]]]]>",
        "<b>&amp;</b>",
        "\x0b",
        "\x1b",
        "\x00",
        "\r\n",
        "\t",
        '"',
        "\\",
        "/",
        "ł",
        "{",
        "[]",
    ]
)
LETTERS = st.characters(
    codec="utf-8", max_codepoint=0xFFFF, exclude_characters="\ufffe\uffff", exclude_categories=["Cs"]
)
TEXT = st.lists(st.one_of(DIRT, st.text(LETTERS, max_size=8)), max_size=5).map("".join)
IDS = st.integers(min_value=0, max_value=2**31 - 1).map(str)
FLAGS = st.sampled_from(["0", "1"])
AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=6).map(lambda number: f"{number:f}")
MOMENTS = st.one_of(
    st.datetimes(min_value=datetime.fromisoformat("1980-01-01")).map(lambda at: at.isoformat(" ", "seconds")),
    st.sampled_from(["0000-00-00 00:00:00", "2024-00-10 00:00:00", "2026-10-25 02:30:00"]),
)
NUMBERS = frozenset(
    {"call_prefix", "current_state", "product_id", "product_attribute_id", "product_quantity"}
)
TRANSLATED = st.dictionaries(st.integers(1, 9), TEXT, min_size=1, max_size=3)


def _field(name: str, template: str) -> st.SearchStrategy[Any]:
    if name.startswith("date_"):
        return MOMENTS
    if name == "id" or name.startswith("id_") or name in NUMBERS:
        return st.integers(1, 10**9).map(str) if name == "id" else IDS
    if "." in template:
        return AMOUNTS
    return FLAGS if template in ("0", "1") else TEXT


@st.composite
def rows(draw: st.DrawFn, resource: str) -> dict[str, Any]:
    """One row of a resource with everything in it."""
    template = made_rows(1, resource)[0]
    row: dict[str, Any] = {}
    for name, value in template.items():
        if name == "associations":
            entry = value["order_rows"][0]
            fields = st.fixed_dictionaries({key: _field(key, entry[key]) for key in entry})
            row[name] = {"order_rows": draw(st.lists(fields, max_size=3))}
        else:
            row[name] = draw(TRANSLATED if isinstance(value, dict) else _field(name, value))
    return row


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("resource", RESOURCES)
@settings(max_examples=20)
@given(data=st.data())
def test_both_formats_decode_to_the_same_records(resource: str, version: str, data: st.DataObject) -> None:
    sent = data.draw(st.lists(rows(resource), min_size=1, max_size=3))
    as_json = bodies.read(rendering.to_json(resource, sent, version).encode(), resource)
    as_xml = bodies.read(rendering.to_xml(resource, sent, version).encode(), resource)
    assert (as_json.format, as_xml.format) == (Format.JSON, Format.XML)
    from_json, from_xml = _records(as_json.rows, resource), _records(as_xml.rows, resource)
    assert from_json == from_xml
    assert [record.id for record in from_json] == [int(row["id"]) for row in sent]
    if resource == "customers":
        # NUL is the one character that not every database can keep.
        assert [_texts(record) for record in from_xml] == [
            (row["firstname"].replace("\x00", "\ufffd"), row["company"].replace("\x00", "\ufffd"))
            for row in sent
        ]


def _records(found: list[Any], resource: str) -> list[Record]:
    return [STRUCTURER.record(row, RESOURCES[resource]) for row in found]


def _texts(record: Record) -> tuple[str, str]:
    assert isinstance(record, Customer)
    return record.firstname, record.company


@given(st.lists(st.one_of(DIRT, st.text(LETTERS, max_size=8)), max_size=8).map("".join))
def test_strict_json_is_read_as_it_is(text: str) -> None:
    repairs = Counter[str]()
    document = json.dumps({"orders": [{"id": 1, "note": text}]})
    assert jsonbody.parse(document.encode(), "orders", repairs) == orjson.loads(document)
    assert not repairs


@pytest.mark.parametrize(
    ("broken", "value", "repairs"),
    [
        ('{"orders":[{"id":1,"note":"a\x0bb"}]}', "a\x0bb", {"control_characters": 1}),
        (r'{"orders":[{"id":1,"note":"\ł"}]}', r"\u0142", {"escapes": 1}),
        (r'{"orders":[{"id":1,"note":"\\ł \" \u0142"}]}', '\\ł " ł', {}),
        ('{"orders":[{"id":1,"note":"\\\x0b"}]}', r"\u000b", {"escapes": 1}),
        ('\ufeff{"orders":[{"id":1,"note":"x"}]}', "x", {"noise": 1}),
        (NOTICE + '{"orders":[{"id":1,"note":"x"}]}', "x", {"noise": 1}),
        ('{"orders":[{"id":1,"note":"x"}]}<br />Warning: {"a":[]}', "x", {"noise": 1}),
    ],
)
def test_what_can_be_repaired_is_and_is_counted(broken: str, value: str, repairs: dict[str, int]) -> None:
    document = bodies.read(broken.encode(), "orders")
    assert document.rows == [{"id": 1, "note": value}]
    assert document.repairs == repairs


XML = rendering.to_xml("currencies", made_rows(1, "currencies"), "9.1.4")


@pytest.mark.parametrize(
    ("body", "repairs"),
    [
        (XML, {}),
        ("\n" + XML + "\n", {}),
        (XML.partition("?>")[2], {}),
        ("\ufeff" + XML, {"noise": 1}),
        (NOTICE + XML, {"noise": 1}),
        (XML + "<!-- cached -->", {"noise": 1}),
        (XML.replace("PLN", "P]]>L\x0bN"), {"cdata": 1, "control_characters": 1}),
    ],
)
def test_xml_is_repaired_and_counted_likewise(body: str, repairs: dict[str, int]) -> None:
    document = bodies.read(body.encode(), "currencies")
    assert document.rows[0]["iso_code"] == ("PLN" if "PLN" in body else "P]]>L\x0bN")
    assert document.repairs == repairs


def test_half_a_page_is_no_page_however_whole_its_orders_are() -> None:
    page = rendering.to_json("orders", made_rows(5), "9.1.4").encode()
    for cut in range(1, len(page)):
        document = bodies.read(page[:cut], "orders")
        assert document.kind in (Kind.TRUNCATED, Kind.BROKEN), cut
    xml = rendering.to_xml("orders", made_rows(2), "9.1.4").encode()
    for cut in range(1, len(xml) - 1):
        assert not bodies.read(xml[:cut], "orders").rows, cut


def test_no_document_type_is_ever_read() -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        "<prestashop><customers><customer><id>1</id><email>&b;</email></customer></customers></prestashop>"
    )
    assert bodies.read(bomb.encode(), "customers").kind is Kind.BROKEN
    inside = "<prestashop><!DOCTYPE p [<!ENTITY a 'x'>]><customers/></prestashop>"
    assert bodies.read(inside.encode(), "customers").kind is Kind.BROKEN


@pytest.mark.parametrize(
    ("row", "field", "value"),
    [
        ({"date_upd": ["2020-01-01 00:00:00", "2021-01-01 00:00:00"]}, "date_upd", "2021-01-01 00:00:00"),
        ({"date_upd": "12-04-0000"}, "date_upd", "None"),
        ({"date_add": "0000-00-00 00:00:00"}, "date_add", "None"),
        ({"date_add": None}, "date_add", "None"),
        ({"valid": True}, "valid", "True"),
        ({"valid": 0}, "valid", "False"),
        ({"id_customer": ""}, "id_customer", "0"),
        ({"id_customer": 7}, "id_customer", "7"),
        ({"total_paid": 12.5}, "total_paid", "12.5"),
        ({"total_paid": "-3.000000"}, "total_paid", "-3.000000"),
        ({"note": None}, "note", ""),
        ({"payment": [{"id": 1, "value": "Przelew"}]}, "payment", "Przelew"),
        ({"associations": {"order_rows": {"3": {"id": 4}}}}, "rows", "4"),
        ({"associations": []}, "rows", "()"),
        ({"unknown_module_column": {"a": 1}}, "id", "1"),
    ],
)
def test_oddities_of_the_wire(row: dict[str, Any], field: str, value: str) -> None:
    order = STRUCTURER.record({"id": 1, "total_paid": "1.000000", **row}, RESOURCES["orders"])
    assert isinstance(order, Order)
    assert order.total_paid_tax_incl == order.total_paid
    found = getattr(order, field)
    assert (str(found[0].id) if field == "rows" and found else str(found)) == value


@pytest.mark.parametrize("value", ["", None, "abc", "1e5", "1,50", float("nan"), float("inf"), [], "9" * 40])
def test_an_amount_is_never_guessed(value: object) -> None:
    document = {"id": 1, "total_paid": value}
    with pytest.raises(ValueError, match=r"^\.total_paid$"):
        STRUCTURER.record(document, RESOURCES["orders"])


@pytest.mark.parametrize("value", [None, "", 0, "0", -1, "abc", 1.5, [], {}, "9" * 30])
def test_a_row_without_an_id_is_no_record(value: object) -> None:
    with pytest.raises(ValueError, match=r"^\.id$"):
        STRUCTURER.record({"id": value, "iso_code": "PLN"}, RESOURCES["currencies"])


def test_amounts_keep_every_digit() -> None:
    order = STRUCTURER.record({"id": 1, "total_paid": "12.340000"}, RESOURCES["orders"])
    assert order.total_paid.as_tuple() == Decimal("12.340000").as_tuple()

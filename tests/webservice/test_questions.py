"""Addresses however they are typed, and questions that cannot be asked wrongly."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thulium_plugin_prestashop.webservice.address import InvalidAddressError, ShopAddress
from thulium_plugin_prestashop.webservice.query import (
    ADDRESSES,
    CURRENCIES,
    CUSTOMERS,
    ORDERS,
    RESOURCES,
    Condition,
    EmailIs,
    IdAbove,
    IdBetween,
    IdIn,
    OneShop,
    OwnedBy,
    Query,
    ReferenceIs,
    Resource,
    Scope,
    ShopGroup,
    Sort,
    UpdatedBetween,
)
from thulium_plugin_prestashop.webservice.records import Record

at = datetime.fromisoformat


@pytest.mark.parametrize(
    ("typed", "base"),
    [
        ("sklep.pl", "https://sklep.pl"),
        ("  HTTPS://Sklep.PL/ ", "https://sklep.pl"),
        ("http://sklep.pl/api", "http://sklep.pl"),
        ("sklep.pl/api/", "https://sklep.pl"),
        ("sklep.pl/shop/api/orders?ws_key=X&limit=1#top", "https://sklep.pl/shop"),
        ("https://sklep.pl/shop/webservice/dispatcher.php?url=orders", "https://sklep.pl/shop"),
        ("https://sklep.pl/index.php?controller=cart", "https://sklep.pl"),
        ("https://sklep.pl//shop///", "https://sklep.pl/shop"),
        ("https:/sklep.pl", "https://sklep.pl"),
        ("https:\\\\sklep.pl\\shop", "https://sklep.pl/shop"),
        ("https://sklep.pl:443", "https://sklep.pl"),
        ("http://sklep.pl:443", "http://sklep.pl:443"),
        ("sklep.pl:8443/a/b", "https://sklep.pl:8443/a/b"),
        ("https://sklep.pl.", "https://sklep.pl"),
        ("https://łódź.pl", "https://xn--d-uga0v4h.pl"),
        ("https://[::1]:8080/x", "https://[::1]:8080/x"),
        ("<https://sklep.pl>", "https://sklep.pl"),
        ("127.0.0.1:8080", "https://127.0.0.1:8080"),
    ],
)
def test_an_address_is_understood_however_it_is_typed(typed: str, base: str) -> None:
    address = ShopAddress.parse(typed)
    assert address.base_url == base
    assert address.api_url("orders") == f"{base}/api/orders"
    assert address.dispatcher_url("orders") == f"{base}/webservice/dispatcher.php?url=orders"
    assert ShopAddress.parse(address.base_url) == address


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("", "address.empty"),
        ("   ", "address.empty"),
        ("https://", "address.invalid"),
        ("ftp://sklep.pl", "address.scheme"),
        ("javascript:alert(1)", "address.invalid"),
        ("https://KEY:@sklep.pl", "address.credentials"),
        ("https://user:pass@sklep.pl", "address.credentials"),
        ("https://sklep.pl:99999", "address.invalid"),
        ("sklep!pl", "address.invalid"),
        ("https://[::1", "address.invalid"),
    ],
)
def test_what_is_no_address_is_refused_with_a_key(typed: str, key: str) -> None:
    with pytest.raises(InvalidAddressError) as caught:
        ShopAddress.parse(typed)
    assert caught.value.key == key
    assert "KEY" not in str(caught.value)


@given(st.text(max_size=60))
def test_typing_never_ends_in_another_error(typed: str) -> None:
    try:
        address = ShopAddress.parse(typed)
    except InvalidAddressError:
        return
    assert ShopAddress.parse(address.base_url) == address
    assert "@" not in address.origin


IDS = st.lists(st.integers(1, 2**31), min_size=1, max_size=300)
MOMENTS = st.datetimes(min_value=at("1970-01-01"), max_value=at("2100-01-01"))
ON_ID = st.one_of(
    st.integers(0, 2**31).map(IdAbove),
    st.tuples(st.integers(1, 2**31), st.integers(1, 2**31)).map(lambda ends: IdBetween(min(ends), max(ends))),
    IDS.map(IdIn),
)
ON_DATE = st.tuples(MOMENTS, MOMENTS).map(lambda ends: UpdatedBetween(min(ends), max(ends)))
GRAMMAR = (
    r">\[\d+\]|\[\d+,\d+\]|\[\d+(\|\d+)*\]|\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]"
)


@given(
    st.sampled_from([ORDERS, ADDRESSES]),
    st.lists(st.one_of(ON_ID, ON_DATE, IDS.map(OwnedBy)), unique_by=lambda condition: condition.field),
    st.sampled_from(Sort),
    st.integers(1, 10_000),
    st.sampled_from([OneShop(2), ShopGroup(1)]),
)
def test_whatever_can_be_asked_is_in_prestashops_grammar(
    resource: Resource[Record], where: list[Condition], sort: Sort, limit: int, scope: Scope
) -> None:
    parameters = Query(resource, tuple(where), sort, limit, scope).parameters()
    filters = {name: value for name, value in parameters.items() if name.startswith("filter[")}
    assert len(filters) == len(where)
    assert all(re.fullmatch(GRAMMAR, value) for value in filters.values())
    assert re.fullmatch(r"\[(id|date_upd)_(ASC|DESC)(,id_(ASC|DESC))?\]", parameters["sort"])
    assert parameters["limit"] == str(limit)
    by_date = "date_upd" in parameters["sort"] or "filter[date_upd]" in filters
    assert ("date" in parameters) == by_date
    assert {"id_shop", "id_group_shop"} & parameters.keys()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Query(ORDERS, (IdAbove(1), IdIn((5,)))),
        lambda: Query(ORDERS, (EmailIs("a@b.pl"),)),
        lambda: Query(CURRENCIES, (UpdatedBetween(at("2024-01-01"), at("2024-01-02")),)),
        lambda: Query(CURRENCIES, sort=Sort.BY_UPDATED),
        lambda: Query(ORDERS, limit=0),
        lambda: Query(ORDERS, limit=-1),
        lambda: Query(CUSTOMERS, (ReferenceIs("X"),)),
        lambda: IdAbove(-1),
        lambda: IdBetween(5, 4),
        lambda: IdIn(()),
        lambda: IdIn(range(1, 302)),
        lambda: IdIn((0,)),
        lambda: OwnedBy([]),
        lambda: EmailIs("a|b@c.pl"),
        lambda: EmailIs("[x]"),
        lambda: EmailIs(""),
        lambda: ReferenceIs("%"),
        lambda: UpdatedBetween(at("2024-01-02"), at("2024-01-01")),
        lambda: UpdatedBetween(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)),
        lambda: OneShop(0),
    ],
)
def test_what_would_go_wrong_cannot_be_asked(wrong: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        wrong()


@pytest.mark.parametrize(
    ("version", "noted"),
    [
        (None, True),
        ("1.6.1.25", False),
        ("1.7.7.4", False),
        ("1.7.8.0", True),
        ("8.2.4", True),
        ("9.1.4", True),
    ],
)
def test_young_fields_are_asked_of_shops_that_know_them(version: str | None, *, noted: bool) -> None:
    assert ("note" in ORDERS.display(version, ()).strip("[]").split(",")) == noted
    assert "order_rows[id,product_id," in ORDERS.display(version, ())


def test_no_secret_can_be_asked_for() -> None:
    for resource in RESOURCES.values():
        asked = unquote(resource.display(None, ()))
        assert not any(secret in asked for secret in ("passwd", "secure_key", "token", "full"))

"""The made-up data: repeatable, in the right proportions, and full of what makes real shops hard to read."""

import re
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from thulium_plugin_prestashop.sandbox.shop.data import Specification, populate
from thulium_plugin_prestashop.sandbox.shop.profiles import PROFILES
from thulium_plugin_prestashop.sandbox.shop.store import ROWS, Store

UNTIL = datetime(2026, 11, 23)  # noqa: DTZ001 - shops write wall-clock times
TABLES = ("shops", "currencies", "countries", "order_states", "customers", "addresses", "orders", ROWS)


def filled(version: str = "9.1.4", **wanted: Any) -> Store:  # noqa: ANN401 - fields of Specification
    store = Store(PROFILES[version])
    populate(store, Specification(UNTIL, **wanted))
    return store


@pytest.fixture(scope="module")
def shop() -> Iterator[Store]:
    store = filled(customers=2_000, orders=3_000, multistore=True)
    yield store
    store.close()


@pytest.mark.parametrize("version", PROFILES)
def test_the_same_seed_makes_the_same_shop(version: str) -> None:
    stores = [filled(version, customers=60, orders=90, seed=seed, multistore=True) for seed in (5, 5, 6)]
    one, same, other = ([store.all_rows(table) for table in TABLES] for store in stores)
    for store in stores:
        store.close()
    assert one == same
    assert one != other


def test_counts_are_as_asked_and_proportions_as_recorded(shop: Store) -> None:
    count = {table: len(shop.all_rows(table)) for table in TABLES}
    assert (count["customers"], count["orders"]) == (2_000, 3_000)
    assert count["addresses"] / count["customers"] == pytest.approx(1.57, abs=0.05)
    assert count[ROWS] / count["orders"] == pytest.approx(3, abs=0.1)


def test_every_link_leads_somewhere_but_for_two_orders(shop: Store) -> None:
    customers = {row["id"]: row for row in shop.all_rows("customers")}
    addresses = {row["id"]: row for row in shop.all_rows("addresses")}
    states = {row["id"] for row in shop.all_rows("order_states")}
    orders = shop.all_rows("orders")
    assert sorted({row["id_customer"] for row in orders} - customers.keys(), key=str) == [0, 999_999]
    assert {row["current_state"] for row in orders} - states == {0}
    assert {row["id_customer"] for row in addresses.values()} - customers.keys() == {0}
    for row in orders:
        if row["id_customer"] in customers:
            assert addresses[row["id_address_delivery"]]["id_customer"] == row["id_customer"]
            assert customers[row["id_customer"]]["id_shop"] == row["id_shop"]


def test_totals_are_those_of_the_rows(shop: Store) -> None:
    sums: dict[object, Decimal] = {}
    for row in shop.all_rows(ROWS):
        amount = Decimal(str(row["unit_price_tax_incl"])) * Decimal(str(row["product_quantity"]))
        sums[row["id_order"]] = sums.get(row["id_order"], Decimal(0)) + amount
    for order in shop.all_rows("orders"):
        goods, paid = Decimal(str(order["total_products_wt"])), Decimal(str(order["total_paid"]))
        assert goods == pytest.approx(sums.get(order["id"], Decimal(0)), abs=Decimal("0.005"))
        extras = Decimal(str(order["total_shipping_tax_incl"])) - Decimal(
            str(order["total_discounts_tax_incl"])
        )
        assert paid == max(Decimal(0), goods + extras)


def test_moments_exist_once_or_twice_but_never_not_at_all(shop: Store) -> None:
    zone = ZoneInfo("Europe/Warsaw")
    ambiguous = 0
    for table in ("customers", "addresses", "orders"):
        for row in shop.all_rows(table):
            for column in ("date_add", "date_upd"):
                if str(row[column]).startswith("0000"):
                    continue
                wall = datetime.fromisoformat(str(row[column]))
                assert wall <= UNTIL
                first, second = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
                ambiguous += first != second
                there_and_back = wall.replace(tzinfo=zone).astimezone(ZoneInfo("UTC")).astimezone(zone)
                assert there_and_back.replace(tzinfo=None) == wall
    assert ambiguous >= 2


def test_the_curiosities_of_real_shops_are_there(shop: Store) -> None:
    customers, addresses, orders = (shop.all_rows(table) for table in ("customers", "addresses", "orders"))
    texts = [str(value) for row in customers + addresses + orders for value in row.values() if value]
    for wanted in ("]]>", "\x0b", "\\u0142", "🌷", "🎁"):
        assert any(wanted in text for text in texts), wanted
    assert any(row["date_upd"] == "0000-00-00 00:00:00" for row in customers)
    assert Counter(row["date_upd"] for row in customers).most_common(1)[0][1] > 100
    assert Counter(row["date_upd"] for row in orders).most_common(1)[0][1] > 30
    assert {(row["deleted"], row["active"]) for row in customers} >= {(0, 0), (0, 1), (1, 1)}
    shops: dict[str, set[object]] = {}
    for row in customers:
        shops.setdefault(str(row["email"]).lower(), set()).add(row["id_shop"])
    assert {1, 2} in shops.values()
    guests = Counter(row["email"] for row in customers if row["is_guest"])
    assert guests.most_common(1)[0][1] > 1
    with_rows = {row["id_order"] for row in shop.all_rows(ROWS)}
    assert len([row for row in orders if row["id"] not in with_rows]) == 2
    assert {row["id_currency"] for row in orders} == {1, 2}
    assert any(row["shipping_number"] for row in orders)
    assert any(row["gift_message"] for row in orders)


def test_allegro_buyers_come_back_under_new_masks_with_their_login_in_the_alias(shop: Store) -> None:
    masked = [row for row in shop.all_rows("customers") if str(row["email"]).endswith("@allegromail.pl")]
    fixed = Counter(str(row["email"]).partition("+")[0] for row in masked)
    assert len(masked) > 100
    assert len({row["email"] for row in masked}) == len(masked)
    assert max(fixed.values()) > 2
    aliases: dict[object, set[str]] = {}
    for row in shop.all_rows("addresses"):
        if match := re.fullmatch(r".+ \[(.+)\]", str(row["alias"])):
            aliases.setdefault(row["id_customer"], set()).add(match[1])
    logins: dict[str, set[str]] = {}
    for row in masked:
        logins.setdefault(str(row["email"]).partition("+")[0], set()).update(aliases[row["id"]])
    assert all(len(names) == 1 for names in logins.values())


def test_tax_numbers_have_a_right_check_digit_in_several_spellings(shop: Store) -> None:
    numbers = {str(row["vat_number"]) for row in shop.all_rows("addresses") if row["vat_number"]}
    weights = (6, 5, 7, 2, 3, 4, 5, 6, 7)
    for text in numbers:
        digits = [int(char) for char in text if char.isdecimal()]
        assert sum(map(int.__mul__, weights, digits)) % 11 == digits[9]
    assert {"PL" in text for text in numbers} == {"-" in text for text in numbers} == {True, False}


def test_a_small_shop_is_possible_too() -> None:
    store = filled(customers=0, orders=3)
    assert [row["id_customer"] for row in store.all_rows("orders")] == [0, 0, 0]
    store.close()


def test_memory_does_not_grow_with_the_shop(tmp_path: Path) -> None:
    peaks = []
    for customers in (2_500, 7_500):
        store = Store(PROFILES["9.1.4"], tmp_path / f"{customers}.sqlite")
        tracemalloc.start()
        populate(store, Specification(UNTIL, customers, customers))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        store.close()
    # What is remembered of each customer for the orders is some twenty bytes, and nicknames of a tenth of them.
    assert peaks[1] - peaks[0] < 5_000 * 60 + 1_500_000


def test_changes_never_come_before_the_row(shop: Store) -> None:
    for table in ("customers", "orders"):
        early = [
            row
            for row in shop.all_rows(table)
            if str(row["date_upd"]) < str(row["date_add"]) and not str(row["date_upd"]).startswith("0000")
        ]
        assert not early
    assert timedelta(days=3_200) > UNTIL - datetime.fromisoformat(
        min(str(row["date_add"]) for row in shop.all_rows("orders"))
    )

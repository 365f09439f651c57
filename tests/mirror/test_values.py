"""Whatever a shop sends and whatever is typed is kept, and found again, alike in both databases."""

import random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.links import Link, linked_by_email, linked_by_login, save_links
from thulium_plugin_prestashop.mirror.reads import orders_by_id, search_orders, tallies
from thulium_plugin_prestashop.mirror.rows import (
    as_key,
    customer_row,
    email_key,
    order_row,
    reference_key,
)
from thulium_plugin_prestashop.mirror.store import Stored, store
from thulium_plugin_prestashop.mirror.tables import customers, orders
from thulium_plugin_prestashop.webservice.records import Order
from thulium_plugin_prestashop.webservice.resources import RESOURCES
from thulium_plugin_prestashop.webservice.structure import Structurer

WARSAW = ZoneInfo("Europe/Warsaw")


def an_order(text: str) -> Order:
    row = {
        "id": "9",
        "id_customer": "1",
        "reference": text,
        "note": text,
        "total_paid": "1",
        "current_state": "2",
    }
    order = Structurer().record(row, RESOURCES["orders"])
    assert isinstance(order, Order)
    return order


@given(st.text(min_size=490, max_size=520), st.text(min_size=490, max_size=520))
def test_keys_are_short_and_tell_long_texts_apart(one: str, two: str) -> None:
    assert len(as_key(one).encode()) <= 2_000
    assert as_key(as_key(one)) == as_key(one)
    assert (as_key(one) == as_key(two)) == (one.replace("\x00", "\ufffd") == two.replace("\x00", "\ufffd"))


NASTY = (
    "\x00",
    "a\x00b",
    "😀",
    "\u202eabc",
    "ß ſ İ ı",
    "'; DROP TABLE x; --",
    "$1 :a %s ?",
    "\\",
    "\ufeff",
    "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789ł😀", k=50_000)),  # noqa: S311 - a test's seed
)


@pytest.mark.parametrize("sent", NASTY)
async def test_any_text_is_kept_and_found_again(mirror: Mirror, sent: str) -> None:
    """As records bring it, and as somebody types it into a search; NUL alone is replaced, on both databases."""
    kept = sent.replace("\x00", "\ufffd")
    person = Structurer().record({"id": "1", "email": sent, "lastname": sent}, RESOURCES["customers"])
    order = an_order(sent)
    async with mirror.writing("1") as connection:
        await store(connection, "1", "customers", [customer_row(person)])
        await store(connection, "1", "orders", [order_row(order, WARSAW)])
        await save_links(connection, "1", [Link(1, "A", "email", 0, login_key=kept, masked_key=kept)])
    async with mirror.reading() as connection:
        found = (await connection.execute(select(customers.c.email, customers.c.lastname))).one()
        assert tuple(found) == (kept, kept)
        assert (await connection.scalar(select(orders.c.note))) == kept
        by_email = await linked_by_email(connection, "1", [email_key(sent)])
        by_login = await linked_by_login(connection, "1", [kept])
        ((card, shown),) = await search_orders(connection, "1", (), 10, reference=reference_key(sent))
        assert (by_email, by_login, card, shown.reference) == (
            {email_key(sent): {"A"}},
            {kept: {"A"}},
            "A",
            kept,
        )
    async with mirror.writing("1") as connection:
        assert await store(connection, "1", "customers", [customer_row(person)]) == Stored(unchanged=1)


async def test_the_largest_numbers_are_kept(mirror: Mirror) -> None:
    largest = 2**63 - 1
    row = {
        **order_row(an_order("A"), WARSAW),
        "id": largest,
        "id_customer": largest,
        "total_micro": -largest,
        "checksum": -largest,
    }
    async with mirror.writing("1") as connection:
        await store(connection, "1", "orders", [row])
        assert await store(connection, "1", "orders", [row]) == Stored(unchanged=1)
        (shown,) = await orders_by_id(connection, "1", [largest])
        (tally,) = await tallies(connection, "1", [largest], ())
    assert (shown.id_customer, shown.total_micro, tally.total_micro) == (largest, -largest, -largest)

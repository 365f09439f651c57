"""Storing rows: nothing unchanged is written, amounts and times are exact, indexes are used."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select, text

from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.mirror import links as links_module
from thulium_plugin_prestashop.mirror.cursors import Cursor, Window, load_cursor, save_cursor
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.links import Link, members, pending_customers, save_links
from thulium_plugin_prestashop.mirror.quarantine import list_aside, put_aside, retry_all, take_back
from thulium_plugin_prestashop.mirror.rows import (
    checksum,
    customer_row,
    email_key,
    epoch,
    micro,
    order_row,
    reference_key,
    wall_text,
    wall_time,
)
from thulium_plugin_prestashop.mirror.runlog import (
    KEPT_SECONDS,
    Run,
    begin_run,
    end_run,
    list_runs,
    new_run_id,
    purge_removed_orders,
)
from thulium_plugin_prestashop.mirror.state import ShopState, load_state, save_state
from thulium_plugin_prestashop.mirror.store import Stored, remove_rows, store, store_lookups
from thulium_plugin_prestashop.mirror.tables import customers, orders
from thulium_plugin_prestashop.webservice.records import Customer, Order, OrderRow

WARSAW = ZoneInfo("Europe/Warsaw")
PERSON = Customer(
    id=1,
    email=" Jan@Example.com",
    firstname="Jan",
    lastname="Kowalski",
    company="",
    siret="",
    is_guest=False,
    active=True,
    deleted=False,
    id_shop=1,
    id_lang=1,
    date_add=datetime(2024, 1, 2, 3, 4, 5),  # noqa: DTZ001 - shop times are naive
    date_upd=None,
)
ORDER = Order(
    id=9,
    reference=" abcdefghi ",
    id_customer=1,
    id_shop=1,
    id_currency=1,
    id_address_delivery=2,
    id_address_invoice=3,
    current_state=4,
    module="ps_wirepayment",
    payment="Przelew",
    total_paid=Decimal("61.800000"),
    total_paid_tax_incl=Decimal("61.80"),
    total_products_wt=Decimal("50.00"),
    total_shipping_tax_incl=Decimal("11.80"),
    total_discounts_tax_incl=Decimal(0),
    shipping_number="6000",
    gift_message="",
    note="",
    valid=True,
    date_add=datetime(2024, 7, 1, 12, 0),  # noqa: DTZ001 - shop times are naive
    date_upd=datetime(2024, 7, 1, 12, 0),  # noqa: DTZ001 - shop times are naive
    rows=(OrderRow(5, 6, 7, 2, "Kubek", "K-1", Decimal("25.00"), Decimal("20.33")),),
)


def test_an_order_becomes_a_row() -> None:
    row = order_row(ORDER, WARSAW)
    assert (row["reference_key"], row["total_micro"], row["state"], row["tracking"]) == (
        "ABCDEFGHI",
        61_800_000,
        4,
        "6000",
    )
    assert orjson.loads(row["rows"]) == [[5, 6, 7, 2, "Kubek", "K-1", "25.00", "20.33"]]
    assert row["placed_at"] == int(datetime.fromisoformat("2024-07-01T10:00:00+00:00").timestamp())


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_amounts_are_kept_to_the_millionth(amount: Decimal) -> None:
    assert Decimal(micro(amount)) / 1_000_000 == amount


@given(st.datetimes().map(lambda moment: moment.replace(microsecond=0)))
def test_wall_times_are_kept_as_they_are(moment: datetime) -> None:
    assert wall_time(wall_text(moment)) == moment
    assert wall_text(None) is None
    assert wall_time(None) is None


@pytest.mark.parametrize(
    ("wall", "utc"),
    [
        ("2024-01-01 12:00:00", "2024-01-01T11:00:00+00:00"),
        ("2024-07-01 12:00:00", "2024-07-01T10:00:00+00:00"),
        # The hour that happens twice is taken the first time.
        ("2024-10-27 02:30:00", "2024-10-27T00:30:00+00:00"),
        # The hour that is skipped is read as if the clock had not been moved.
        ("2024-03-31 02:30:00", "2024-03-31T01:30:00+00:00"),
    ],
)
def test_moments_by_the_shops_zone(wall: str, utc: str) -> None:
    assert epoch(datetime.fromisoformat(wall), WARSAW) == int(datetime.fromisoformat(utc).timestamp())


@given(st.text(max_size=40))
def test_keys_are_the_same_for_all_spellings(typed: str) -> None:
    assert email_key(f"  {typed} ") == email_key(typed)
    assert email_key(email_key(typed)) == email_key(typed)
    assert reference_key(f" {typed} ") == reference_key(typed)


@given(st.lists(st.one_of(st.integers(-(2**53), 2**53), st.text(max_size=5), st.none(), st.booleans())))
def test_a_checksum_fits_a_signed_column_and_tells_values_apart(values: list[Any]) -> None:
    assert -(2**63) <= checksum(values) < 2**63
    assert checksum([*values, "x"]) != checksum(values)


@pytest.mark.parametrize("change", [{"lastname": "Nowak"}, {"deleted": True}, {"email": "x@example.com"}])
def test_any_change_of_a_customer_changes_its_checksum(change: dict[str, Any]) -> None:
    assert customer_row(attrs.evolve(PERSON, **change))["checksum"] != customer_row(PERSON)["checksum"]


def test_another_zone_is_no_change_of_an_order() -> None:
    assert order_row(ORDER, ZoneInfo("UTC"))["checksum"] == order_row(ORDER, WARSAW)["checksum"]


async def test_only_new_and_changed_rows_are_written(mirror: Mirror) -> None:
    people = [customer_row(attrs.evolve(PERSON, id=number)) for number in range(1, 11)]
    statements: list[str] = []

    @event.listens_for(mirror.engine.sync_engine, "before_cursor_execute")
    def _seen(_c: Any, _u: Any, statement: str, *_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's hook
        statements.append(statement)

    async with mirror.writing() as connection:
        assert await store(connection, "1", "customers", people) == Stored(created=10)
        statements.clear()
        assert await store(connection, "1", "customers", people) == Stored(unchanged=10)
        assert not any(statement.startswith(("INSERT", "UPDATE")) for statement in statements)
        changed = [customer_row(attrs.evolve(PERSON, id=3, firstname="Ewa")), *people[3:5]]
        assert await store(connection, "1", "customers", changed) == Stored(changed=1, unchanged=2)
        assert await store(connection, "2", "customers", people[:1]) == Stored(created=1)
    async with mirror.reading() as connection:
        names = dict(
            tuple(row)
            for row in await connection.execute(
                select(customers.c.id, customers.c.firstname).where(customers.c.integration == "1")
            )
        )
    assert names == {**dict.fromkeys(range(1, 11), "Jan"), 3: "Ewa"}


async def test_an_order_that_comes_back_is_shown_again(mirror: Mirror) -> None:
    row = order_row(ORDER, WARSAW)
    async with mirror.writing() as connection:
        await store(connection, "1", "orders", [row])
        assert await remove_rows(connection, "1", "orders", [9], at=1_000) == 1
        assert await remove_rows(connection, "1", "orders", [9], at=2_000) == 0
        assert await store(connection, "1", "orders", [row]) == Stored(changed=1)
        removed_at = await connection.scalar(select(orders.c.removed_at))
        assert removed_at is None


async def test_orders_that_vanished_long_ago_go(mirror: Mirror) -> None:
    async with mirror.writing() as connection:
        await store(connection, "1", "orders", [order_row(ORDER, WARSAW)])
        await remove_rows(connection, "1", "orders", [9], at=1_000)
        assert await purge_removed_orders(connection, "1", 1_000 + KEPT_SECONDS) == 0
        assert await purge_removed_orders(connection, "1", 1_001 + KEPT_SECONDS) == 1


async def test_a_new_order_lets_the_link_phase_look_at_its_owner(mirror: Mirror) -> None:
    async with mirror.writing() as connection:
        await store(connection, "1", "customers", [customer_row(PERSON)])
        await links_module.clear_pending(connection, "1", [1])
        assert await pending_customers(connection, "1", 0, 10) == []
        await store(connection, "1", "orders", [order_row(ORDER, WARSAW)])
        assert [row["id"] for row in await pending_customers(connection, "1", 0, 10)] == [1]


async def test_small_tables_keep_what_the_shop_no_longer_lists(mirror: Mirror) -> None:
    async with mirror.writing() as connection:
        assert await store_lookups(connection, "1", "currencies", {1: b"a", 2: b"b"}) == 2
        assert await store_lookups(connection, "1", "currencies", {1: b"a"}) == 0
        assert await store_lookups(connection, "1", "currencies", {2: b"c"}) == 1


async def test_members_of_a_card_and_which_of_them_are_registered(mirror: Mirror) -> None:
    people = [
        customer_row(PERSON),
        customer_row(attrs.evolve(PERSON, id=2, is_guest=True)),
        customer_row(attrs.evolve(PERSON, id=3, deleted=True)),
    ]
    async with mirror.writing() as connection:
        await store(connection, "1", "customers", people)
        await save_links(connection, "1", [Link(number, "A", "email", 0) for number in (1, 2, 3, 4)])
        assert await members(connection, "1", ["A", "B"]) == {"A": {1: True, 2: False, 3: False, 4: False}}


async def test_a_cursor_is_kept_whole(mirror: Mirror) -> None:
    moment = datetime(2024, 1, 1, 12, 0)  # noqa: DTZ001 - shop times are naive
    cursor = Cursor(
        imported_to=7,
        imported=True,
        watermark=moment,
        recent_watermark=moment,
        reached_shop=13,
        reached_host=17,
        settled=moment,
        window=Window(moment, moment, 5, 3),
        highest_id=9,
        full_window_at=11,
    )
    async with mirror.writing() as connection:
        assert await load_cursor(connection, "1", "orders") == Cursor()
        await save_cursor(connection, "1", "orders", cursor)
        assert await load_cursor(connection, "1", "orders") == cursor
        assert await load_cursor(connection, "2", "orders") == Cursor()


async def test_a_shops_state_is_kept_whole(mirror: Mirror) -> None:
    state = ShopState({"version": "9.1.4"}, {"shops": [1]}, 1, 2, 3, 4, 5)
    async with mirror.writing() as connection:
        assert await load_state(connection, "1") == ShopState()
        await save_state(connection, "1", state)
        assert await load_state(connection, "1") == state


async def test_records_set_aside_are_tried_again_after_growing_pauses(mirror: Mirror) -> None:
    found = [("orders", "5", "row.unreadable", "$.orders[3].total_paid")]
    async with mirror.writing() as connection:
        await put_aside(connection, "1", found, 1_000)
        await put_aside(connection, "1", found, 2_000)  # met again by an overlapping window
        (entry,) = await list_aside(connection, "1")
        assert (entry.tries, entry.first_seen, entry.next_try) == (1, 1_000, 1_000 + 6 * 3600)
        assert await list_aside(connection, "1", due=2_000) == []
        await put_aside(connection, "1", found, entry.next_try)
        (entry,) = await list_aside(connection, "1")
        assert (entry.tries, entry.next_try) == (2, 1_000 + 6 * 3600 + 12 * 3600)
        assert await retry_all(connection, "1") == 1
        assert len(await list_aside(connection, "1", due=2_000)) == 1
        assert await take_back(connection, "1", "orders", ["5"]) == 1
        assert await list_aside(connection, "1") == []


async def test_runs_are_kept_for_ninety_days_and_killed_ones_closed(mirror: Mirror) -> None:
    def run(started: int) -> Run:
        nothing = LocalizedText(en="", pl="")
        return Run(new_run_id(started), started, None, "first", "person", "running", "", nothing, {})

    old, killed, new = run(10**9), run(10**9 + KEPT_SECONDS), run(10**9 + KEPT_SECONDS + 1)
    done = attrs.evolve(
        new,
        finished=2 * 10**9,
        outcome="ok",
        message=LocalizedText(en="Done.", pl="Gotowe."),
        figures={"orders": 3},
    )
    async with mirror.writing() as connection:
        for one in (old, killed, new):
            await begin_run(connection, "1", one)
        await end_run(connection, "1", done)
        found = await list_runs(connection, "1")
    assert found[0] == done
    assert [one.outcome for one in found] == ["ok", "interrupted"]


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (
            "SELECT id FROM prestashop_customers WHERE integration = '1' AND pending = 1 AND id > 5 ORDER BY id",
            "pending",
        ),
        (
            "SELECT id FROM prestashop_customers WHERE integration = '1' AND email_key IN ('a', 'b')",
            "email_key",
        ),
        (
            "SELECT id FROM prestashop_addresses WHERE integration = '1' AND id_customer IN (1, 2)",
            "id_customer",
        ),
        ("SELECT id FROM prestashop_orders WHERE integration = '1' AND id_customer IN (1, 2)", "owner"),
        (
            "SELECT id, checksum FROM prestashop_orders WHERE integration = '1' AND id IN (1, 2)",
            "sqlite_autoindex",
        ),
        ("SELECT * FROM prestashop_links WHERE crm_id IN ('a')", "customer"),
        (
            "SELECT crm_id FROM prestashop_links WHERE integration = '1' AND login_key IN ('a') AND login_key <> ''",
            "login_key",
        ),
        ("SELECT * FROM prestashop_phones WHERE number = '+48'", "number"),
    ],
)
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_what_a_run_asks_is_indexed(mirror: Mirror, query: str, index: str) -> None:
    async with mirror.reading() as connection:
        plan = " ".join(row[3] for row in await connection.execute(text(f"EXPLAIN QUERY PLAN {query}")))
    assert index in plan
    assert "SCAN" not in plan
    assert "TEMP B-TREE" not in plan

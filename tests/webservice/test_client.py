"""Pages, ids and stamps of a healthy shop."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal

import pytest

from tests.webservice.fake_shop import FakeShop
from tests.webservice.rendering import VERSIONS
from thulium_plugin_prestashop.webservice.client import Stamp, WebserviceClient
from thulium_plugin_prestashop.webservice.query import (
    CUSTOMERS,
    ORDERS,
    RESOURCES,
    EmailIs,
    IdAbove,
    IdBetween,
    OwnedBy,
    Query,
    ReferenceIs,
    Sort,
    UpdatedBetween,
)

Connect = Callable[[FakeShop], Awaitable[WebserviceClient]]
at = datetime.fromisoformat


@pytest.mark.parametrize("version", VERSIONS)
async def test_keyset_paging_reads_every_order_once(connect: Connect, version: str) -> None:
    shop = FakeShop.with_rows(orders=730)
    shop.version = version
    client = await connect(shop)
    ids: list[int] = []
    after, last = 0, False
    while not last:
        page = await client.fetch(Query(ORDERS, (IdAbove(after),)))
        ids += [order.id for order in page.records]
        after, last = page.last_id or after, page.is_last
        assert not page.set_aside
    assert ids == list(range(1, 731))
    assert client.shop.version == version
    assert ("note" in client.shop.refused["orders"]) == (version == "1.6.1.25" or version.startswith("1.7"))


async def test_a_record_holds_what_the_shop_holds(connect: Connect) -> None:
    shop = FakeShop.with_rows(orders=2)
    client = await connect(shop)
    page = await client.fetch(Query(ORDERS, (ReferenceIs("REF000002"),)))
    (order,) = page.records
    assert (order.id, order.total_paid, order.date_upd) == (2, Decimal("2.5"), at("2024-05-01 00:02"))
    assert order.rows[0].unit_price_tax_excl == Decimal("23.577236")
    assert page.access_time is not None
    assert page.access_time.timestamp() == 1_795_471_133


@pytest.mark.parametrize("name", RESOURCES)
async def test_each_of_the_seven_resources_is_read_without_a_secret(connect: Connect, name: str) -> None:
    shop = FakeShop.with_rows()
    client = await connect(shop)
    page = await client.fetch(Query(RESOURCES[name]))
    assert [record.id for record in page.records] == [1]
    (asked,) = (parameters for _, parameters in shop.asked)
    assert not {"passwd", "secure_key", "reset_password_token", "last_passwd_gen"} & set(
        asked["display"].split(",")
    )
    assert asked["sort"]


async def test_look_ups(connect: Connect) -> None:
    shop = FakeShop.with_rows(orders=30, customers=30)
    client = await connect(shop)
    by_email = await client.fetch(Query(CUSTOMERS, (EmailIs("JAN7@example.com"),)))
    owned = await client.fetch(Query(ORDERS, (OwnedBy([2, 3]),), Sort.BY_ID_DESC))
    window = UpdatedBetween(at("2024-05-01 00:10"), at("2024-05-01 00:12"))
    changed = await client.fetch(Query(ORDERS, (window, IdAbove(10)), Sort.BY_UPDATED))
    assert [customer.id for customer in by_email.records] == [7]
    assert [order.id for order in owned.records] == [30, 29, 23, 22, 16, 15, 9, 8, 2, 1]
    assert [order.id for order in changed.records] == [11, 12]


async def test_bare_ids_and_extremes(connect: Connect) -> None:
    client = await connect(FakeShop.with_rows(orders=25))
    assert await client.ids(ORDERS, after=20) == [21, 22, 23, 24, 25]
    assert await client.ids(ORDERS, limit=3) == [1, 2, 3]
    assert await client.ids(ORDERS, where=(IdBetween(4, 6),)) == [4, 5, 6]
    assert await client.highest_id(ORDERS) == 25
    assert await client.latest_update(ORDERS) == Stamp(25, at("2024-05-01 00:25"))
    assert await client.latest_update(ORDERS, not_after=at("2024-05-01 00:09")) == Stamp(
        9, at("2024-05-01 00:09")
    )


async def test_an_empty_table_is_believed_once_confirmed(connect: Connect) -> None:
    shop = FakeShop.with_rows(orders=0)
    client = await connect(shop)
    page = await client.fetch(Query(ORDERS))
    assert (page.records, page.is_last, page.last_id) == ((), True, None)
    assert await client.highest_id(ORDERS) is None
    assert await client.latest_update(ORDERS) is None


async def test_facts_survive_a_run(connect: Connect) -> None:
    shop = FakeShop.with_rows(orders=3)
    shop.rewriting = False
    shop.header_arrives = False
    client = await connect(shop)
    await client.fetch(Query(ORDERS))
    facts = client.shop.export()
    assert facts["dispatcher"]
    assert facts["key_in_query"]
    assert facts["known_ids"] == {"orders": 1}
    assert type(client.shop).restore(facts).export() == facts

from collections.abc import Callable

import pytest

from tests.agent.conftest import BRITON, OTHER_SHOP, POLE, SHOP, Filling, order_row
from thulium_plugin_prestashop.agent.history import orders_section
from thulium_plugin_prestashop.agent.search import find_orders
from thulium_plugin_prestashop.agent.shop import ShopViews

MakeViews = Callable[..., ShopViews]


@pytest.fixture
async def two_shops(filling: Filling, views: MakeViews) -> list[ShopViews]:
    for shop in (SHOP, OTHER_SHOP):
        await filling.small_tables(shop)
        await filling.customer(5, shop=shop)
        await filling.customer(6, crm_id=None, shop=shop)
    await filling.orders(
        *(order_row(number, placed_at=1_700_000_000 + number) for number in (1, 3, 5)),
        *(
            order_row(number, shop=OTHER_SHOP, placed_at=1_700_000_000 + number, reference=f"EU{number}")
            for number in (2, 3, 4)
        ),
        order_row(7, reference="NOBODY", id_customer=6),
        order_row(8, reference="HIDDEN", state=6),
        order_row(9, reference="GONE", removed_at=5),
    )
    return [views(SHOP, "Sklep", frozenset({6})), views(OTHER_SHOP, "Sklep EU", frozenset({6}))]


async def test_orders_of_all_shops_stand_newest_first(two_shops: list[ShopViews]) -> None:
    section = await orders_section(two_shops, "7", POLE, 4)
    assert section is not None
    assert [row.key for row in section.entries] == [
        f"{SHOP}:5",
        f"{OTHER_SHOP}:4",
        f"{SHOP}:3",
        f"{OTHER_SHOP}:3",
    ]
    assert (section.key, section.title, section.total) == ("orders", "ZAMÓWIENIA", 6)
    assert "shop" in {column.key for column in section.columns}
    assert {"reference", "date", "status", "total", "lines"} <= section.entries[0].cells.keys()


async def test_a_customer_without_orders_has_no_section(two_shops: list[ShopViews]) -> None:
    assert await orders_section(two_shops, "8", POLE, 5) is None
    assert await orders_section([], "7", POLE, 5) is None


async def test_the_section_is_called_orders_in_english(two_shops: list[ShopViews]) -> None:
    section = await orders_section(two_shops[:1], "7", BRITON, 5)
    assert section is not None
    assert section.title == "ORDERS"
    assert "shop" not in {column.key for column in section.columns}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ref000003", [f"{SHOP}:3"]),
        ("  REF000003 ", [f"{SHOP}:3"]),
        ("EU4", [f"{OTHER_SHOP}:4"]),
        ("3", [f"{SHOP}:3", f"{OTHER_SHOP}:3"]),
        ("#0003", [f"{SHOP}:3", f"{OTHER_SHOP}:3"]),
        ("REF", []),
        ("NOBODY", []),
        ("HIDDEN", []),
        ("GONE", []),
        ("0", []),
        ("9" * 30, []),
        ("%", []),
        ("' OR 1=1 --", []),
        ("", []),
    ],
)
async def test_an_order_is_found_by_reference_or_number(
    two_shops: list[ShopViews], query: str, found: list[str]
) -> None:
    hits = await find_orders(two_shops, query, POLE, 10)
    assert [hit.row.key for hit in hits] == found
    assert {hit.customer for hit in hits} <= {"7"}


async def test_a_hit_names_order_and_shop(two_shops: list[ShopViews]) -> None:
    hit = (await find_orders(two_shops, "EU2", BRITON, 10))[0]
    assert (hit.title, hit.integration) == ("Order EU2 (no. 2), Sklep EU", OTHER_SHOP)


async def test_orders_split_from_one_cart_are_all_found(filling: Filling, views: MakeViews) -> None:
    await filling.customer(5)
    await filling.orders(*(order_row(number, reference="SPLIT") for number in (1, 2, 3)))
    hits = await find_orders([views()], "split", POLE, 2)
    assert [hit.row.key for hit in hits] == [f"{SHOP}:3", f"{SHOP}:2"]

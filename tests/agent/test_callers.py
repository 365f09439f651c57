"""Somebody is calling: the right person, from an index, quickly."""

import time
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from tests.agent.conftest import OTHER_SHOP, SHOP, Filling, order_row
from thulium_plugin_prestashop.agent.callers import find_callers
from thulium_plugin_prestashop.agent.shop import ShopViews
from thulium_plugin_prestashop.contract.customers import PostalAddress
from thulium_plugin_prestashop.contract.views import Viewer
from thulium_plugin_prestashop.mirror import tables
from thulium_plugin_prestashop.mirror.callers import owners_statement
from thulium_plugin_prestashop.mirror.engine import Mirror

ALA = "+48500600700"


async def with_phone(fill: Filling, customer: int, number: str = ALA, *, shop: str = SHOP) -> None:
    await fill.put(tables.phones, {"integration": shop, "id_customer": customer, "number": number})


async def test_a_caller_is_shown_with_what_they_bought(
    filling: Filling, views: Callable[..., ShopViews]
) -> None:
    await filling.small_tables()
    await filling.customer(5, "7", firstname="Ala", lastname="Nowak")
    await filling.address(
        1,
        id_customer=5,
        id_country=14,
        address1="Długa 5",
        postcode="31-147",
        city="Kraków",
        vat_number="6783144527",
    )
    for number in (ALA, "+48500600701"):
        await with_phone(filling, 5, number)
    await filling.orders(*(order_row(number, id_customer=5) for number in (1, 2, 3)))
    (caller,) = await find_callers([views()], ALA, Viewer("pl"))
    assert (caller.customer, caller.integration, caller.name, caller.surname) == ("7", SHOP, "Ala", "Nowak")
    assert caller.phones == (ALA, "+48500600701")
    assert (caller.emails, caller.tax_number) == (("k5@example.com",), "6783144527")
    assert caller.address == PostalAddress("Długa 5", "31-147", "Kraków", "PL")
    assert caller.note.startswith("3 zamówienia, ostatnie ")
    (caller,) = await find_callers([views()], ALA, Viewer("en"))
    assert caller.note.startswith("3 orders, the last one ")


async def test_who_has_a_card_comes_first_and_strangers_stay_away(
    filling: Filling, views: Callable[..., ShopViews]
) -> None:
    await filling.small_tables()
    await filling.customer(5, None, lastname="Bez karty")
    await filling.customer(6, "8", lastname="Z kartą")
    await filling.customer(7, "9", lastname="Usunięta", deleted=True)
    await filling.customer(8, "10", shop=OTHER_SHOP, lastname="Inny sklep")
    for customer in (5, 6, 7):
        await with_phone(filling, customer)
    await with_phone(filling, 8, shop=OTHER_SHOP)
    assert [caller.surname for caller in await find_callers([views()], ALA, Viewer())] == [
        "Z kartą",
        "Bez karty",
    ]
    assert await find_callers([views()], "+48500600799", Viewer()) == []


async def test_the_number_is_looked_up_in_an_index(mirror: Mirror) -> None:
    compiled = owners_statement("i", ALA).compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
    )
    async with mirror.reading() as connection:
        rows = await connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))
        plan = "\n".join(row[3] for row in rows)
    assert "ix_prestashop_phones_number (number=? AND integration=?" in plan
    assert "SCAN" not in plan


async def test_an_answer_takes_less_than_20_ms(filling: Filling, views: Callable[..., ShopViews]) -> None:
    await filling.small_tables()
    people = [{"integration": SHOP, "id": number, "checksum": 0} for number in range(1, 5001)]
    await filling.put(tables.customers, *people)
    numbers = [
        {"integration": SHOP, "id_customer": number, "number": f"+48{500_000_000 + number}"}
        for number in range(1, 5001)
    ]
    await filling.put(tables.phones, *numbers)
    await find_callers([views()], "+48500000001", Viewer())
    started = time.process_time()
    for number in range(1, 51):
        assert len(await find_callers([views()], f"+48{500_000_000 + number * 90}", Viewer())) == 1
    # CPU time, so that a busy machine does not matter.
    assert (time.process_time() - started) / 50 < 0.02

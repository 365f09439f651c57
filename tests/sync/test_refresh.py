"""An agent's *Refresh*: this customer only, and in time."""

import asyncio

from tests.sync.bench import Bench
from tests.sync.truth import LINE
from thulium_plugin_prestashop.sandbox.shop import DemoShop, Fault, Trouble
from thulium_plugin_prestashop.sync.refresh import refresh_customer


async def test_a_refresh_brings_this_customer_only(bench: Bench) -> None:
    async with DemoShop(customers=100, orders=300) as shop:
        await bench.run(shop)
        link = (await bench.rows("SELECT crm_id, id_customer FROM prestashop_links ORDER BY id_customer"))[0]
        shop.insert_order([LINE], id_customer=link.id_customer, id_shop=1, reference="ODSWIEZ01")
        guest = shop.insert_customer(
            email=bench.crm.cards[link.crm_id].emails[0].upper(), is_guest=1, id_shop=1
        )
        shop.insert_order([LINE], id_customer=guest, id_shop=1, reference="GOSC00001")
        shop.served.clear()
        refreshed = await refresh_customer(bench.job(shop), link.crm_id)
        requests = len(shop.served)
    assert refreshed.ok
    assert refreshed.message.en == "Refreshed: 2 orders are new or changed."
    assert requests <= 6
    owners = await bench.rows(
        "SELECT l.crm_id FROM prestashop_orders o JOIN prestashop_links l ON l.id_customer = o.id_customer"
        " WHERE o.reference IN ('ODSWIEZ01', 'GOSC00001')"
    )
    assert {row[0] for row in owners} == {link.crm_id}


async def test_a_refresh_ends_in_time_and_says_so(bench: Bench) -> None:
    async with DemoShop(customers=20, orders=20) as shop:
        await bench.run(shop)
        crm_id = (await bench.rows("SELECT crm_id FROM prestashop_links"))[0][0]
        shop.faults.add(Fault(Trouble.LATENCY, seconds=5))
        started = asyncio.get_running_loop().time()
        refreshed = await refresh_customer(bench.job(shop), crm_id, seconds=0.2)
        assert asyncio.get_running_loop().time() - started < 1
    assert (refreshed.ok, refreshed.message.pl) == (
        False,
        "Sklep nie odpowiedział na czas. Widoczne jest to, co było wiadomo wcześniej.",
    )

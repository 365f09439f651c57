"""How little is asked of the shop, and how short the host's event loop is held. Bounds are generous: a busy machine
alone makes timers late. ``python -m tests.benchmarks`` measures how good it really is.
"""

from tests.sync.bench import Bench
from thulium_plugin_prestashop.hosting import StallMeter
from thulium_plugin_prestashop.sandbox.shop import demo_shop_process

CUSTOMERS, ORDERS = 2_000, 6_000


async def test_a_large_shop_is_asked_little_and_the_loop_goes_on(bench: Bench) -> None:
    async with demo_shop_process(customers=CUSTOMERS, orders=ORDERS) as shop:
        async with StallMeter() as meter:
            first = await bench.run(shop)
        tick = await bench.run(shop)

    assert first.ok
    assert (first.customers_read, first.orders_read) == (CUSTOMERS, ORDERS)
    assert first.requests <= 45
    assert tick.requests <= 10
    assert tick.rows_stored == 0
    # Decoding a page, converting it or writing it in one go would take 20 to 100 ms each time, all of it seconds.
    assert meter.percentile(95) < 50
    assert meter.longest_ms < 1_000

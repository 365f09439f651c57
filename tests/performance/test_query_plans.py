"""Every statement of every kind of run is answered from an index, and walks no table of the shop's rows whole."""

import re
from collections.abc import Sequence

from tests.performance.recording import Statement, recorded
from tests.sync.bench import Bench
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.sandbox.shop import DemoShop

LARGE = ("customers", "addresses", "orders", "links", "phones", "skipped")
"""Tables that grow with the shop."""
WHOLE = re.compile(
    rf"SCAN prestashop_({'|'.join(LARGE)})\b|SEARCH prestashop_({'|'.join(LARGE)}) .*\(integration=\?(?: AND crm_id>\?)?\)"
)
"""A table walked from end to end, or all of it that belongs to one shop."""
PENDING = "USING INDEX ix_prestashop_customers_pending"
"""A partial index, empty but for what a run has yet to do."""
NIGHTLY = "DELETE FROM prestashop_orders WHERE prestashop_orders.integration = ? AND prestashop_orders.removed_at < ?"
"""Part of the sweep, which looks at every id anyway."""


async def plans(mirror: Mirror, statements: Sequence[Statement]) -> dict[str, str]:
    """What SQLite does for each statement that reads, changes or deletes."""
    shown: dict[str, str] = {}
    async with mirror.reading() as connection:
        for sql, parameters in statements:
            if sql.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
                answer = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
                shown[sql] = "\n".join(detail for *_, detail in answer)
    return shown


async def test_no_run_walks_a_table_of_the_shop(bench: Bench) -> None:
    async with DemoShop(customers=60, orders=200) as shop:
        with recorded(bench.mirror) as statements:
            await bench.run(shop)
            shop.touch("orders", 20)
            shop.delete("orders", 21)
            shop.touch("customers", 3, email="another@example.com")
            shop.insert_order([], id_customer=3, id_address_delivery=0, id_address_invoice=0)
            await bench.run(shop)
            await bench.run(shop, sweep=True)

    shown = await plans(bench.mirror, statements)
    whole = {
        sql: plan
        for sql, plan in shown.items()
        if WHOLE.search(plan) and PENDING not in plan and sql != NIGHTLY
    }
    assert len(shown) > 25
    assert not whole, "\n\n".join(f"{sql}\n→ {plan}" for sql, plan in whole.items())


async def test_what_is_looked_up_by_value_has_an_index_of_its_own(bench: Bench) -> None:
    async with DemoShop(customers=60, orders=200) as shop:
        with recorded(bench.mirror) as statements:
            await bench.run(shop)
    shown = "\n".join((await plans(bench.mirror, statements)).values())
    for index, columns in (
        ("ix_prestashop_customers_pending", "integration=? AND id>?"),
        ("ix_prestashop_customers_email_key", "integration=? AND email_key=?"),
        ("ix_prestashop_addresses_id_customer", "integration=? AND id_customer=?"),
        ("ix_prestashop_orders_owner", "integration=? AND id_customer=?"),
        ("ix_prestashop_links_login_key", "integration=? AND login_key=?"),
        ("ix_prestashop_links_masked_key", "integration=? AND masked_key=?"),
    ):
        assert f"{index} ({columns})" in shown, index

"""Every question of a view is answered from an index, and the summary without reading an order at all."""

import pytest
from sqlalchemy import Select, text
from sqlalchemy.dialects import sqlite

from thulium_plugin_prestashop.mirror import reads
from thulium_plugin_prestashop.mirror.engine import Mirror

HIDDEN = frozenset({6, 7})


async def plan(mirror: Mirror, statement: Select[tuple[object, ...]]) -> str:
    compiled = statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    async with mirror.reading() as connection:
        rows = await connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))
        return "\n".join(row[3] for row in rows)


@pytest.mark.parametrize("owners", [(5,), (5, 6, 7)])
async def test_the_summary_reads_only_the_index(mirror: Mirror, owners: tuple[int, ...]) -> None:
    shown = await plan(mirror, reads.tallies_statement("i", owners, HIDDEN))
    assert "USING COVERING INDEX ix_prestashop_orders_owner (integration=? AND id_customer=?)" in shown
    assert "SCAN" not in shown


async def test_a_page_walks_the_index_in_order_and_stops(mirror: Mirror) -> None:
    shown = await plan(mirror, reads.order_ids_statement("i", (5,), HIDDEN, state=2, limit=25, offset=50))
    assert "USING COVERING INDEX ix_prestashop_orders_owner (integration=? AND id_customer=?)" in shown
    assert "TEMP B-TREE" not in shown


async def test_several_owners_are_sorted_without_reading_orders(mirror: Mirror) -> None:
    shown = await plan(mirror, reads.order_ids_statement("i", (5, 6), HIDDEN, limit=25))
    assert "USING COVERING INDEX ix_prestashop_orders_owner" in shown


async def test_orders_links_and_searches_are_looked_up(mirror: Mirror) -> None:
    orders = await plan(mirror, reads.orders_statement("i", [1, 2]))
    links = await plan(mirror, reads.linked_customers_statement("i", "7"))
    by_reference = await plan(mirror, reads.search_statement("i", HIDDEN, 10, reference="ABC"))
    by_number = await plan(mirror, reads.search_statement("i", HIDDEN, 10, number=5))
    assert "(integration=? AND id=?)" in orders
    assert "ix_prestashop_links_crm_id (integration=? AND crm_id=?)" in links
    assert "ix_prestashop_orders_reference_key (integration=? AND reference_key=?)" in by_reference
    assert "(integration=? AND id=?)" in by_number
    assert "SCAN" not in orders + links + by_reference + by_number

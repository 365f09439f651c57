"""On PostgreSQL no question of a run or of a view reads another integration's rows: what is looked at is found by an
index whose first column is the integration, so that it stays in one partition or on one node.

A table may hold every shop of a company, so all questions are asked of one with forty shops. Those that start from a
customer of the host are named in ``FROM_THE_CARD``: a merge or an erasure must find all shops that know the customer.
"""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from tests.performance.recording import Statement, recorded
from tests.sync.bench import Bench
from thulium_plugin_prestashop.mirror import callers, links, overview, quarantine, reads, runlog, state
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.forget import erase_cards, remove_integration
from thulium_plugin_prestashop.mirror.tables import metadata
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.transport.egress import EgressPolicy
from thulium_plugin_prestashop.transport.http import HttpClient

pytestmark = pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
SHOPS = 40
FROM_THE_CARD = re.compile(r"prestashop_links by ix_prestashop_links_customer \(\(?crm_id\)?(::text)? = ")
"""Merges, erasures and the tabs of a card: one look-up by the host's customer, whatever shops know them."""
OWN = re.compile(r" \(?.*\bintegration\)?(::text)? = ")


@pytest.fixture
async def crowded(tmp_path: Path, mirror: Mirror) -> AsyncIterator[Bench]:
    """A mirror with a shop of its own and forty that look like it."""
    async with HttpClient(EgressPolicy(allow_private=True)) as http:
        bench = Bench(tmp_path, mirror, http)
        async with DemoShop(customers=60, orders=200) as shop:
            await bench.run(shop)
        async with mirror.writing() as connection:
            for table in metadata.sorted_tables:
                names = [str(column.name) for column in table.c if column.name != "integration"]
                values = ", ".join(
                    "crm_id || '/' || n" if name == "crm_id" else f'"{name}"' for name in names
                )
                quoted = ", ".join(f'"{name}"' for name in names)
                await connection.execute(
                    text(
                        f"INSERT INTO {table.name} (integration, {quoted})"  # noqa: S608 - names of the schema
                        f" SELECT 'shop-' || n, {values} FROM {table.name}, generate_series(1, {SHOPS}) n"
                    )
                )
                await connection.execute(text(f"ANALYZE {table.name}"))
        yield bench


async def looks(mirror: Mirror, statements: list[Statement]) -> dict[str, list[str]]:
    """For each statement, each look at one of our tables: by which index, searched by what."""
    found: dict[str, list[str]] = {}
    async with mirror.writing() as connection:
        # Tables of a few pages would be read whole.
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        for sql, parameters in statements:
            if "prestashop_" in sql and sql.lstrip().upper().startswith(
                ("SELECT", "UPDATE", "DELETE", "WITH")
            ):
                answer = (
                    await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
                ).scalar_one()
                plan = orjson.loads(answer) if isinstance(answer, str) else answer
                found[sql] = list(_scans(plan[0]["Plan"], ""))
    return found


def _scans(node: dict[str, Any], table: str) -> Iterator[str]:
    table = node.get("Relation Name", table)
    if node["Node Type"] in {"Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan"}:
        yield f"{table} by {node.get('Index Name', 'no index')} {node.get('Index Cond', '')}"
    for below in node.get("Plans", ()):
        yield from _scans(below, table)


def of_others(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """The looks that other integrations' rows are among."""
    wrong = {
        sql: [look for look in made if not OWN.search(look) and not FROM_THE_CARD.search(look)]
        for sql, made in found.items()
    }
    return {sql: made for sql, made in wrong.items() if made}


def told(wrong: dict[str, list[str]]) -> str:
    return "\n\n".join(f"{sql}\n→ {made}" for sql, made in wrong.items())


@pytest.mark.parametrize(
    "condition",
    [
        "id = 5",
        "reference_key = 'A'",
        "id_customer = 5",
        "integration > '1'",
        "integration <> '1' AND id = 5",
    ],
)
async def test_a_question_across_integrations_would_be_noticed(crowded: Bench, condition: str) -> None:
    found = await looks(crowded.mirror, [(f"SELECT note FROM prestashop_orders WHERE {condition}", ())])  # noqa: S608 - constants
    assert of_others(found)


async def test_no_run_reads_rows_of_another_integration(crowded: Bench) -> None:
    async with DemoShop(customers=60, orders=200) as shop:
        with recorded(crowded.mirror) as statements:
            await crowded.run(shop)
            shop.touch("orders", 20)
            shop.delete("orders", 21)
            shop.touch("customers", 3, email="another@example.com")
            shop.insert_order([], id_customer=3, id_address_delivery=0, id_address_invoice=0)
            await crowded.run(shop)
            await crowded.run(shop, sweep=True)
    found = await looks(crowded.mirror, statements)
    assert len(found) > 25
    assert not of_others(found), told(of_others(found))


async def test_no_view_and_no_search_reads_rows_of_another_integration(crowded: Bench) -> None:
    ((crm_id, owner, reference, order, number),) = await crowded.rows(
        "SELECT l.crm_id, l.id_customer, o.reference_key, o.id, p.number FROM prestashop_links l"
        " JOIN prestashop_orders o ON o.integration = l.integration AND o.id_customer = l.id_customer"
        " JOIN prestashop_phones p ON p.integration = l.integration AND p.id_customer = l.id_customer"
        " WHERE l.integration = '1' ORDER BY o.id LIMIT 1"
    )
    with recorded(crowded.mirror) as statements:
        async with crowded.mirror.reading() as connection:
            assert [found.id for found in await reads.linked_customers(connection, "1", crm_id)] == [owner]
            assert await reads.tallies(connection, "1", [owner], [6])
            ids = await reads.order_ids(connection, "1", [owner], [6], limit=25)
            assert await reads.order_ids(connection, "1", [owner, 5], [6], limit=25)
            assert await reads.order_ids(connection, "1", [owner], [6], state=2, limit=25) is not None
            shown = await reads.orders_by_id(connection, "1", ids)
            assert await reads.products_of(connection, "1", ids)
            assert await reads.addresses_by_id(connection, "1", [shown[0].id_address_delivery])
            assert await reads.search_orders(connection, "1", [6], 10, reference=reference)
            assert await reads.search_orders(connection, "1", [6], 10, number=order)
            assert await reads.owned_orders_after(connection, "1", 5, 10)
            assert await callers.owners_of_phone(connection, "1", number)
            assert await callers.phones_of(connection, "1", [owner])
            assert await callers.newest_addresses(connection, "1", [owner])
            assert (await overview.freshness(connection, "1")).last_success
            assert (await overview.volumes(connection, "1")).orders
            assert await overview.lookup_rows(connection, "1")
            assert await links.list_conflicts(connection, "1") is not None
            assert await links.links_of_card(connection, [crm_id])
            assert await links.links_of_card(connection, [crm_id], "1")
            assert await quarantine.list_aside(connection, "1") is not None
            assert await runlog.list_runs(connection, "1")
            assert (await state.load_state(connection, "1")).last_success
        async with crowded.mirror.writing("1") as connection:
            assert await links.unlink(connection, "1", owner)
            await links.link_manually(connection, "1", owner, crm_id, 0)
            await links.drop_links_without_orders(connection, "1", [owner])
            await links.merge_cards(connection, "kept", [crm_id])
            await quarantine.retry_all(connection, "1")
    found = await looks(crowded.mirror, statements)
    assert len(found) > 25
    assert not of_others(found), told(of_others(found))
    from_the_card = [sql for sql, made in found.items() if any(FROM_THE_CARD.search(look) for look in made)]
    assert {sql.split()[0] for sql in from_the_card} == {"SELECT", "UPDATE"}


async def test_forgetting_reads_no_rows_of_another_integration(crowded: Bench) -> None:
    ((crm_id,),) = await crowded.rows(
        "SELECT crm_id FROM prestashop_links WHERE integration = '1' ORDER BY id_customer LIMIT 1"
    )
    with recorded(crowded.mirror) as statements:
        assert await erase_cards(crowded.mirror, [crm_id]) >= 1
        await remove_integration(crowded.mirror, "1")
    found = await looks(crowded.mirror, statements)
    assert len(found) > 15
    assert not of_others(found), told(of_others(found))

"""The statement of the mirror's README that partitions its tables, as it stands there: the mirror works on as before."""

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from tests.databases import Databases
from tests.postgresql import fetch
from tests.sync.bench import Bench
from thulium_plugin_prestashop.mirror import reads
from thulium_plugin_prestashop.mirror.engine import open_database
from thulium_plugin_prestashop.mirror.migrate import VERSION_TABLE
from thulium_plugin_prestashop.mirror.tables import metadata
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.sync.forget import forget_customers

README = Path(__file__).parents[2] / "thulium_plugin_prestashop" / "mirror" / "README.md"
TABLES = ("orders", "customers", "addresses", "links", "phones")


def statement() -> str:
    found = re.search(
        r"<!-- partition -->\n```sql\n(.+?)```\n<!-- end -->", README.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found is not None
    return found[1]


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_partitioned_tables_hold_what_plain_ones_do(bench: Bench, databases: Databases) -> None:
    address = str(await databases.new())
    await (await open_database(address)).close()
    plain = bench.mirror
    async with DemoShop(customers=80, orders=200) as shop:
        await bench.run(shop)
        expected = {table: await rows(bench, table) for table in TABLES}
        bench.mirror = await open_database(address)
        await bench.run(shop)
        # With rows in them already, as when a mirror has grown.
        await bench.mirror.close()
        await fetch(address, statement())
        bench.mirror = await open_database(address)
        assert {table: await rows(bench, table) for table in TABLES} == expected
        assert len(await bench.rows("SELECT inhrelid FROM pg_inherits")) > len(TABLES) * 64

        shop.touch("orders", 20, note="changed")
        shop.insert_order([], id_customer=3, id_address_delivery=0, id_address_invoice=0)
        shop.delete("orders", 21)
        report = await bench.run(shop, "1", sweep=True)
        assert (report.ok, report.orders_stored, report.orders_removed) == (True, 2, 1)
        assert (await bench.run(shop, "2")).orders_stored == 200

    async with bench.mirror.reading() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(
                    sync,
                    opts={
                        "version_table": VERSION_TABLE,
                        "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
                    },
                ),
                metadata,
            )
        )
        assert differences == []
        tab = reads.tallies_statement("1", [3], [6]).compile(
            dialect=connection.dialect, compile_kwargs={"literal_binds": True}
        )
        plan = " ".join(row[0] for row in await connection.execute(text(f"EXPLAIN {tab}")))
    assert len(set(re.findall(r"prestashop_orders_\d+", plan))) == 1

    ((card,),) = await bench.rows(
        "SELECT crm_id FROM prestashop_links WHERE integration = '1' AND crm_id IS NOT NULL LIMIT 1"
    )
    assert await forget_customers(bench.mirror, [card]) >= 1
    await bench.mirror.close()
    bench.mirror = plain


async def rows(bench: Bench, table: str) -> list[tuple[object, ...]]:
    """All rows of a table, but for when and how a card was found, which differs when the card is there already."""
    columns = [
        c.name for c in metadata.tables[f"prestashop_{table}"].c if c.name not in {"created_at", "basis"}
    ]
    names = ", ".join(f'"{name}"' for name in columns)
    found = await bench.rows(f"SELECT {names} FROM prestashop_{table} ORDER BY 1, 2, 3")  # noqa: S608 - names of the schema
    return [tuple(row) for row in found]

"""Erased people and removed integrations leave no text behind: on SQLite in the files themselves, on PostgreSQL in what
any query can still see (its vacuum and its administrator decide how long freed space and logs keep old bytes).
"""

from tests.sync.bench import Bench
from thulium_plugin_prestashop.mirror.forget import remove_integration
from thulium_plugin_prestashop.mirror.tables import metadata
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.sync.forget import forget_customers

SECRETS = (
    "Brzęczyszczykiewicz",
    "grzegorz.b@example.com",
    "Chrząszczyrzewoszyce",
    "Prezent dla Krystyny",
    "501777999",
    "5250001009",
)


def person(shop: DemoShop) -> tuple[int, int]:
    customer = shop.insert_customer(
        firstname="Grzegorz", lastname=SECRETS[0], email=SECRETS[1], id_shop=1, company="B. i Synowie"
    )
    address = shop.insert_address(
        customer,
        lastname=SECRETS[0],
        city=SECRETS[2],
        address1="Polna 7",
        phone_mobile=SECRETS[4],
        vat_number=SECRETS[5],
    )
    order = shop.insert_order(
        [{"product_id": 1, "product_quantity": 1, "product_name": "Kalosze", "unit_price_tax_incl": "10.00"}],
        id_customer=customer,
        id_shop=1,
        id_address_delivery=address,
        gift_message=SECRETS[3],
        reference="TAJNE0001",
    )
    return customer, order


async def found(bench: Bench) -> set[str]:
    """Strings of the person that stand anywhere in the database."""
    if bench.mirror.shared:
        content = b""
        for table in metadata.sorted_tables:
            rows = await bench.rows(f"SELECT CAST({table.name} AS text) FROM {table.name}")  # noqa: S608 - names from the schema
            content += repr([row[0] for row in rows]).encode()
    else:
        content = b"".join(path.read_bytes() for path in bench.directory.glob("prestashop.db*"))
    return {text for text in (*SECRETS, "TAJNE0001") if text.encode() in content}


async def test_an_erased_customer_leaves_nothing_and_does_not_come_back(bench: Bench) -> None:
    async with DemoShop(customers=100, orders=300) as shop:
        customer, order = person(shop)
        await bench.run(shop)
        assert await found(bench) == {*SECRETS, "TAJNE0001"}
        (link,) = await bench.rows("SELECT crm_id FROM prestashop_links WHERE id_customer = :id", id=customer)
        bench.crm.drop(link.crm_id)
        assert await forget_customers(bench.mirror, [link.crm_id]) == 1
        assert await found(bench) == set()
        await bench.mirror.vacuum()
        assert await found(bench) == set()

        shop.touch("orders", order, current_state=4)
        shop.touch("customers", customer, firstname="Grześ")
        report = await bench.run(shop, sweep=True)
        assert (report.ok, report.rows_stored, report.cards_created) == (True, 0, 0)
        assert await found(bench) == set()

        # Somebody who orders again is a customer again; what was erased stays erased.
        again = shop.insert_order([], id_customer=customer, id_shop=1, reference="ZNOWU0001")
        report = await bench.run(shop)
        assert (report.orders_stored, report.cards_created) == (1, 1)
        rows = await bench.rows("SELECT id FROM prestashop_orders WHERE id_customer = :id", id=customer)
        assert [row.id for row in rows] == [again]


async def test_a_removed_integration_leaves_nothing_and_the_other_everything(bench: Bench) -> None:
    async with DemoShop(customers=50, orders=100) as one, DemoShop(customers=30, orders=40, seed=2) as two:
        person(one)
        await bench.run(one, "1")
        await bench.run(two, "2")
        tables = [table.name for table in metadata.sorted_tables]
        assert len(tables) >= 11

        async def counts(integration: str) -> dict[str, int]:
            return {
                table: (
                    await bench.rows(
                        f"SELECT count(*) FROM {table} WHERE integration = :i",  # noqa: S608 - names from the schema
                        i=integration,
                    )
                )[0][0]
                for table in tables
            }

        kept = await counts("2")
        await remove_integration(bench.mirror, "1")
        assert set((await counts("1")).values()) == {0}
        assert await counts("2") == kept
        assert await found(bench) == set()

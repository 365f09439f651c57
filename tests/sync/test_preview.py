"""The dry run: it foretells the import, writes nothing, and remembers whom it would have created."""

from tests.sync.bench import ID_FIELD, Bench
from thulium_plugin_prestashop.contract.customers import (
    ByCustomField,
    ByEmail,
    ById,
    Customer,
    CustomerChange,
    NewCustomer,
)
from thulium_plugin_prestashop.mirror.tables import metadata
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.sync.pretending import PretendingCustomers
from thulium_plugin_prestashop.sync.preview import preview


async def test_a_preview_foretells_the_import_and_writes_nothing(bench: Bench) -> None:
    async with DemoShop(customers=300, orders=300) as shop:
        bench.crm.put(Customer("a", surname="A", emails=(str(shop.row("customers", 5)["email"]),)))  # type: ignore[index] # it is there
        foretold = await preview(bench.job(shop), bench.told.append)
        assert bench.crm.writes == 0
        async with bench.mirror.reading() as connection:
            for table in metadata.sorted_tables:
                assert (await connection.execute(table.select())).all() == [], table.name
        assert list(bench.directory.glob("preview-*")) == []
        report = await bench.run(shop)
    assert (foretold.create, foretold.orders) == (report.cards_created, report.orders_stored)
    assert foretold.link == {basis: n for basis, n in report.bases.items() if basis != "created"}


async def test_whom_a_dry_run_would_have_created_is_found_beside_the_hosts_customers(bench: Bench) -> None:
    there = Customer("a", surname="A", emails=("ewa@example.com",))
    bench.crm.put(there)
    pretending = await PretendingCustomers.beside(bench.crm, bench.mirror)
    (created,) = await pretending.create(
        [
            NewCustomer(
                "7", "Nowak", "Ewa", ("Ewa@Example.com", "en@example.com"), custom_fields={ID_FIELD: "7"}
            )
        ]
    )
    card = Customer(
        created.id or "",
        "Ewa",
        "Nowak",
        ("Ewa@Example.com", "en@example.com"),
        custom_fields={ID_FIELD: "7"},
    )
    found = await pretending.find(
        [
            ByEmail("ewa@example.com"),
            ByEmail("EN@example.com"),
            ById(card.id),
            ByCustomField(ID_FIELD, "7"),
            ByCustomField(ID_FIELD, "8"),
            ById("a"),
        ]
    )
    assert found == [[there, card], [card], [card], [card], [], [there]]
    # A run that was cut off and repeats a batch finds the ones created last.
    (again,) = await pretending.create([NewCustomer("7", "Nowak", custom_fields={ID_FIELD: "7"})])
    assert again.id != created.id
    ((latest,),) = await pretending.find([ByCustomField(ID_FIELD, "7")])
    assert latest.id == again.id
    outcomes = await pretending.update([CustomerChange("a", name="Ewa"), CustomerChange(card.id, name="E")])
    assert [outcome.changed for outcome in outcomes] == [True, False]
    assert (bench.crm.cards, bench.crm.writes) == ({"a": there}, 0)

"""Two shops in one mirror, whose rows carry the same numbers: nothing of one is taken for the other's."""

import asyncio

import attrs
import orjson

from tests.sync.bench import ID_FIELD, Bench
from thulium_plugin_prestashop.sandbox.shop import DemoShop


async def orders_in(bench: Bench, integration: str) -> dict[int, tuple[str, str]]:
    found = await bench.rows(
        "SELECT id, reference, payment FROM prestashop_orders"
        " WHERE integration = :integration AND removed_at IS NULL",
        integration=integration,
    )
    return {row.id: (row.reference, row.payment) for row in found}


def orders_of(shop: DemoShop) -> dict[int, tuple[str, str]]:
    return {
        int(row["id"] or 0): (str(row["reference"]), str(row["payment"])) for row in shop.all_rows("orders")
    }


async def test_shops_with_the_same_numbers_do_not_mix(bench: Bench) -> None:
    async with DemoShop(customers=30, orders=60) as one, DemoShop(customers=40, orders=90, seed=2) as two:
        shops = {"1": one, "2": two}
        settings = {name: attrs.evolve(bench.settings, id_field=f"{ID_FIELD} {name}") for name in shops}
        two.touch("currencies", 1, iso_code="CZK", symbol="Kč")
        two.touch("order_states", 2, color="#123456")
        reports = await asyncio.gather(
            *(bench.run(shop, name, settings=settings[name]) for name, shop in shops.items())
        )
        assert all(report.ok for report in reports)
        numbers = orders_of(one).keys() & orders_of(two).keys()
        assert len(numbers) > 30
        assert {name: await orders_in(bench, name) for name in shops} == {
            name: orders_of(shop) for name, shop in shops.items()
        }

        small = {
            (row.integration, row.kind, row.id): orjson.loads(row.data)
            for row in await bench.rows("SELECT integration, kind, id, data FROM prestashop_lookups")
        }
        assert [small[name, "currencies", 1]["iso_code"] for name in shops] == ["PLN", "CZK"]
        colours = [small[name, "order_states", 2]["color"] for name in shops]
        assert (colours[0] != colours[1], colours[1]) == (True, "#123456")

        # The number in a shop's field is that of a customer of this very shop who is linked to the card.
        for name, settled in settings.items():
            links = await bench.rows(
                "SELECT crm_id, id_customer FROM prestashop_links WHERE integration = :i", i=name
            )
            owners: dict[str, set[str]] = {}
            for link in links:
                owners.setdefault(link.crm_id, set()).add(str(link.id_customer))
            for card in bench.crm.cards.values():
                number = card.custom_fields.get(settled.id_field)
                assert (number in owners[card.id]) if card.id in owners else number is None

        # What changes in one of them, or goes, is nothing to the other, whichever is asked first.
        changed, gone, *_ = sorted(numbers)
        two.touch("orders", changed, payment="Zmieniona")
        two.delete("orders", gone)
        quiet = await bench.run(one, "1", settings=settings["1"], sweep=True)
        heard = await bench.run(two, "2", settings=settings["2"], sweep=True)
        assert (quiet.orders_stored, quiet.orders_removed) == (0, 0)
        assert (heard.orders_stored, heard.orders_removed) == (1, 1)
        assert {name: await orders_in(bench, name) for name in shops} == {
            name: orders_of(shop) for name, shop in shops.items()
        }

"""Whole runs against a demo shop: whose order it is, what goes on which card, and what an agent has decided."""

import asyncio

import attrs

from tests.sync.bench import ID_FIELD, Bench
from tests.sync.truth import LINE
from thulium_plugin_prestashop.contract.customers import Customer
from thulium_plugin_prestashop.mirror.links import links_of, list_conflicts, unlink
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.sync.forget import follow_merge

SAME = ("Ewa@example.com", "ewa@EXAMPLE.com")


async def test_two_integrations_meet_on_one_card_and_keep_their_own_fields(bench: Bench) -> None:
    async with (
        DemoShop(customers=50, orders=80, seed=1) as one,
        DemoShop(customers=50, orders=80, seed=1) as two,
    ):
        other = attrs.evolve(bench.settings, id_field="Other ID")
        await asyncio.gather(bench.run(one, "1"), bench.run(two, "2", settings=other))
    assert all({ID_FIELD, "Other ID"} <= set(card.custom_fields) for card in bench.crm.cards.values())
    emails = [email.casefold() for card in bench.crm.cards.values() for email in card.emails]
    assert len(emails) == len(set(emails))


async def test_existing_cards_are_filled_or_left_alone(bench: Bench) -> None:
    async with DemoShop(customers=0, orders=0) as shop:
        for name, email in (("Ewa", "ewa@example.com"), ("Jan", "jan@example.com")):
            customer = shop.insert_customer(firstname=name, lastname="Ze Sklepu", email=email, id_shop=1)
            shop.insert_address(customer, phone="601234567", company="Firma", city="Łódź", address1="Długa 1")
        bench.crm.put(Customer("a", surname="Z CRM", emails=("EWA@example.com",)))
        bench.crm.put(Customer("b", surname="Z CRM", emails=("jan@example.com",)))
        never = attrs.evolve(bench.settings, existing_customers="never")
        report = await bench.run(shop, settings=never)
        assert (report.cards_created, report.cards_updated) == (0, 2)
        assert bench.crm.cards["a"] == Customer(
            "a", surname="Z CRM", emails=("EWA@example.com",), custom_fields={ID_FIELD: "1"}
        )
        await bench.run(shop)
        card = bench.crm.cards["a"]
    assert (card.name, card.surname, card.company, card.phones, card.emails) == (
        "Ewa",
        "Z CRM",
        "Firma",
        ("+48601234567",),
        ("EWA@example.com",),
    )


async def test_an_agent_who_unlinks_is_respected(bench: Bench) -> None:
    async with DemoShop(customers=0, orders=0) as shop:
        customer = shop.insert_customer(email="ewa@example.com", id_shop=1)
        await bench.run(shop)
        async with bench.mirror.writing() as connection:
            assert await unlink(connection, "1", customer)
        shop.touch("customers", customer, firstname="Anna")
        report = await bench.run(shop)
        async with bench.mirror.reading() as connection:
            link = (await links_of(connection, "1", [customer]))[customer]
    assert (link.crm_id, link.blocked, report.cards_created) == (None, True, 0)


async def test_cards_that_both_match_are_a_reported_conflict(bench: Bench) -> None:
    async with DemoShop(customers=0, orders=0) as shop:
        shop.insert_customer(email="ewa@example.com", id_shop=1)
        bench.crm.put(Customer("a", surname="A", emails=("ewa@example.com",)))
        bench.crm.put(Customer("b", surname="B", emails=("ewa@example.com",)))
        report = await bench.run(shop)
        assert (report.ok, report.conflicts, report.cards_created, bench.crm.writes) == (True, 1, 0, 0)
        async with bench.mirror.reading() as connection:
            (conflict,) = await list_conflicts(connection, "1")
        assert '"candidates":["a","b"]' in conflict.conflict
        # A person merges them, and the next run decides although nothing changed in the shop.
        bench.crm.drop("b")
        bench.crm.merged["b"] = "a"
        report = await bench.run(shop)
        async with bench.mirror.reading() as connection:
            link = (await links_of(connection, "1", [1]))[1]
    assert (link.crm_id, link.conflict, report.conflicts) == ("a", "", 0)


async def test_links_follow_a_merge(bench: Bench) -> None:
    async with DemoShop(customers=0, orders=0) as shop:
        shop.insert_customer(email="ewa@example.com", id_shop=1)
        shop.insert_customer(email="jan@example.com", id_shop=1)
        await bench.run(shop)
        kept, gone = sorted(bench.crm.cards)
        bench.crm.drop(gone)
        assert await follow_merge(bench.mirror, kept, [gone]) == 1
        shop.touch("customers", 2, firstname="Anna")
        report = await bench.run(shop)
        async with bench.mirror.reading() as connection:
            links = await links_of(connection, "1", [1, 2])
    assert {link.crm_id for link in links.values()} == {kept}
    assert report.cards_created == 0


async def test_a_guest_who_registers_gives_the_card_the_registered_number(bench: Bench) -> None:
    async with DemoShop(customers=0, orders=0) as shop:
        shop.insert_customer(email="ewa@example.com", is_guest=1, id_shop=1)
        await bench.run(shop)
        (card,) = bench.crm.cards.values()
        assert card.custom_fields == {ID_FIELD: "1"}
        shop.insert_customer(email="Ewa@example.com", is_guest=0, id_shop=1)
        await bench.run(shop)
        (card,) = bench.crm.cards.values()
    assert card.custom_fields == {ID_FIELD: "2"}


async def test_a_number_given_to_another_person_is_another_card(bench: Bench) -> None:
    async with DemoShop(customers=0, orders=0) as shop:
        shop.insert_customer(
            email="ewa@example.com", lastname="Pierwsza", date_add="2020-01-01 10:00:00", id_shop=1
        )
        await bench.run(shop)
        shop.delete("customers", 1)
        shop.insert_customer(
            id=1, email="jan@example.com", lastname="Drugi", date_add="2024-01-01 10:00:00", id_shop=1
        )
        report = await bench.run(shop)
        async with bench.mirror.reading() as connection:
            link = (await links_of(connection, "1", [1]))[1]
        quiet = await bench.run(shop)
    assert sorted(card.emails for card in bench.crm.cards.values()) == [
        ("ewa@example.com",),
        ("jan@example.com",),
    ]
    assert bench.crm.cards[link.crm_id or ""].emails == ("jan@example.com",)
    assert '"recycled"' in link.conflict
    assert (report.cards_created, quiet.cards_created) == (1, 0)


async def test_what_gdpr_left_and_deleted_people_without_orders_get_no_card(bench: Bench) -> None:
    async with DemoShop(customers=0, orders=0) as shop:
        nobody = shop.insert_customer(email="anonymous@psgdpr.com", id_shop=1)
        shop.insert_order([LINE], id_customer=nobody, id_shop=1)
        shop.insert_customer(email="gone@example.com", deleted=1, id_shop=1)
        buyer = shop.insert_customer(email="bought@example.com", deleted=1, id_shop=1)
        shop.insert_order([LINE], id_customer=buyer, id_shop=1)
        report = await bench.run(shop)
    assert report.orders_stored == 2
    assert [card.emails for card in bench.crm.cards.values()] == [("bought@example.com",)]


async def test_what_an_agent_changed_survives_any_number_of_runs(bench: Bench) -> None:
    async with DemoShop(customers=0, orders=0) as shop:
        shop.insert_customer(firstname="Ewa", lastname="Nowak", email="ewa@example.com", id_shop=1)
        address = shop.insert_address(
            1, phone="601 234 567", company="Firma", city="Łódź", address1="Długa 1"
        )
        await bench.run(shop)
        (made,) = bench.crm.cards.values()
        agents = attrs.evolve(
            made, name="Ewa Maria", surname="Nowak-Lis", company="", emails=("em@example.com",), phones=()
        )
        bench.crm.put(agents)
        for run in range(4):
            shop.touch("customers", 1, firstname=f"Ewelina {run}", company="Firma")
            shop.touch("addresses", address, other=f"Zmiana {run}")
            shop.insert_order([LINE], id_customer=1, id_shop=1, id_address_delivery=address)
            report = await bench.run(shop)
            assert (report.ok, report.cards_created, report.cards_updated) == (True, 0, 0)
    assert bench.crm.cards == {made.id: agents}


async def test_another_email_in_the_shop_is_one_more_on_the_card(bench: Bench) -> None:
    async with DemoShop(customers=0, orders=0) as shop:
        shop.insert_customer(email="ewa@example.com", id_shop=1)
        await bench.run(shop)
        shop.touch("customers", 1, email="ewa.nowak@example.com")
        await bench.run(shop)
        # The old one is still hers: a guest who uses it is the same person.
        shop.insert_customer(email="EWA@example.com", is_guest=1, id_shop=1)
        report = await bench.run(shop)
    (card,) = bench.crm.cards.values()
    assert (card.emails, report.cards_created) == (("ewa@example.com", "ewa.nowak@example.com"), 0)


async def test_inactive_customers_have_a_card_and_ownerless_orders_have_none(bench: Bench) -> None:
    async with DemoShop(customers=0, orders=0) as shop:
        shop.insert_customer(email="ewa@example.com", active=0, id_shop=1)
        shop.insert_order([LINE], id_customer=1, id_shop=1)
        nobodys = [shop.insert_order([LINE], id_customer=owner, id_shop=1) for owner in (0, 999)]
        report = await bench.run(shop)
        again = await bench.run(shop)
    stored = {row.id for row in await bench.rows("SELECT id FROM prestashop_orders")}
    assert (report.ok, report.orders_stored, stored >= set(nobodys)) == (True, 3, True)
    assert [card.emails for card in bench.crm.cards.values()] == [("ewa@example.com",)]
    assert (again.rows_stored, again.cards_created) == (0, 0)


async def test_one_email_in_several_shops_of_a_multistore_is_one_card(bench: Bench) -> None:
    async with DemoShop(customers=40, orders=40, multistore=True) as shop:
        ids = [shop.insert_customer(email=email, id_shop=number) for number, email in enumerate(SAME, 1)]
        await bench.run(shop)
        async with bench.mirror.reading() as connection:
            links = await links_of(connection, "1", ids)
    cards = {link.crm_id for link in links.values()}
    assert (len(links), len(cards)) == (2, 1)
    assert bench.crm.cards[cards.pop() or ""].emails == (SAME[0],)


async def test_the_basis_of_a_link_is_kept(bench: Bench) -> None:
    """Although the ID field, which the first run filled, would name the card from then on."""
    async with DemoShop(customers=0, orders=0) as shop:
        bench.crm.put(Customer("a", surname="A", emails=("ewa@example.com",)))
        shop.insert_customer(email="ewa@example.com", id_shop=1)
        shop.insert_customer(email="jan@example.com", id_shop=1)
        bases = []
        for name in ("Ewa", "Anna", "Maria"):
            shop.touch("customers", 1, firstname=name)
            shop.touch("customers", 2, firstname=name)
            await bench.run(shop)
            async with bench.mirror.reading() as connection:
                links = await links_of(connection, "1", [1, 2])
            bases.append((links[1].basis, links[2].basis))
    assert bases == [("email", "created")] * 3

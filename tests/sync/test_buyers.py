"""Whole runs against a demo shop: marketplace buyers, their logins, and e-mails that nobody shares."""

import re

import attrs
import pytest

from tests.sync.bench import ID_FIELD, LOGIN_FIELD, Bench
from tests.sync.truth import LINE
from thulium_plugin_prestashop.contract.host import AllegroIntegration
from thulium_plugin_prestashop.sandbox.shop import DemoShop


async def test_no_two_cards_share_an_email_and_each_allegro_buyer_is_one(bench: Bench) -> None:
    """Each buyer has ordered under another masked address every time, and shows the login only sometimes."""
    bench.allegro.found = AllegroIntegration(LOGIN_FIELD)
    async with DemoShop(customers=2_000, orders=600) as shop:
        await bench.run(shop)
        customers = [row for row in shop.all_customers() if not row["deleted"]]
        addresses = shop.all_addresses()
    holders: dict[str, str] = {}
    for card in bench.crm.cards.values():
        for email in card.emails:
            assert holders.setdefault(email.casefold(), card.id) == card.id

    buyers: dict[str, set[str]] = {}
    fixed_of: dict[int, str] = {}
    for row in customers:
        email = str(row["email"]).casefold()
        local, _, domain = email.partition("@")
        if domain == "allegromail.pl":
            fixed = fixed_of[int(row["id"] or 0)] = f"{local.partition('+')[0]}@{domain}"
            buyers.setdefault(fixed, {fixed}).add(email)
    logins: dict[str, str] = {}
    for row in addresses:
        found = re.search(r"\[(.+)\]$", str(row["alias"]))
        owner = int(row["id_customer"] or 0)
        if found and owner in fixed_of:
            logins[fixed_of[owner]] = found[1]
    assert len(buyers) > 50
    assert sum(len(forms) > 2 for forms in buyers.values()) > 20  # those who came back
    assert len(logins) > 50
    for fixed, forms in buyers.items():
        card = bench.crm.cards[holders[fixed]]
        assert forms <= {email.casefold() for email in card.emails}
        assert card.custom_fields.get(LOGIN_FIELD, "") == logins.get(fixed, "")
    assert len({holders[fixed] for fixed in buyers}) == len(buyers)


async def test_the_login_pattern_of_the_settings(bench: Bench) -> None:
    bench.allegro.found = AllegroIntegration("Allegro login")
    settings = attrs.evolve(bench.settings, login_pattern=re.compile(r"Allegro: (\S+)"))
    async with DemoShop(customers=0, orders=0) as shop:
        first = shop.insert_customer(email="ab12cd34ef+1@allegromail.pl", id_shop=1)
        shop.insert_order([LINE], id_customer=first, id_shop=1, note="Allegro: ola_88 zapłacono")
        second = shop.insert_customer(email="ola@example.com", id_shop=1)
        shop.insert_address(second, other="Allegro: Ola_88")
        await bench.run(shop, settings=settings)
    (card,) = bench.crm.cards.values()
    assert card.custom_fields["Allegro login"].casefold() == "ola_88"
    assert set(card.emails) == {"ab12cd34ef+1@allegromail.pl", "ab12cd34ef@allegromail.pl", "ola@example.com"}


@pytest.mark.parametrize("runs", [True, False])
async def test_the_login_is_written_only_where_the_host_has_a_field_for_it(
    bench: Bench, *, runs: bool
) -> None:
    bench.allegro.found = AllegroIntegration(LOGIN_FIELD) if runs else None
    async with DemoShop(customers=0, orders=0) as shop:
        for order in ("1", "2"):
            buyer = shop.insert_customer(
                email=f"ab12cd34ef+{order}@allegromail.pl",
                is_guest=1,
                id_shop=1,
                firstname="Ewa",
                lastname="Lis",
            )
            shop.insert_address(buyer, firstname="Ewa", lastname="Lis", alias="Ewa Lis [ola_88]")
        await bench.run(shop)
    (card,) = bench.crm.cards.values()
    assert card.custom_fields == {ID_FIELD: "1", **({LOGIN_FIELD: "ola_88"} if runs else {})}
    assert set(card.emails) == {
        "ab12cd34ef@allegromail.pl",
        "ab12cd34ef+1@allegromail.pl",
        "ab12cd34ef+2@allegromail.pl",
    }

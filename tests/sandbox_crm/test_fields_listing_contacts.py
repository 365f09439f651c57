"""Custom fields, the list of customers, contacts in time."""

from collections import Counter
from datetime import timedelta

import pytest

from thulium_plugin_prestashop.contract.customers import CustomField, NewCustomer
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.hosting import ManualClock
from thulium_plugin_prestashop.hosting.testing import KEY
from thulium_plugin_prestashop.sandbox.crm import (
    CardEdit,
    Contact,
    ContactKind,
    CrmError,
    Direction,
    Email,
    FieldDetails,
    NewContact,
    NotFound,
    Occasion,
    Phone,
    Refused,
    SandboxCrm,
    seed_contacts,
)

NUMERIC, TEXT, DATE = CustomFieldType.NUMERIC, CustomFieldType.TEXT, CustomFieldType.DATE


async def test_fields_are_listed_with_their_use(crm: SandboxCrm) -> None:
    await crm.custom_fields.create(" PrestaShop  ID ", NUMERIC, "admin")
    await crm.custom_fields.create("Login", TEXT, "admin")
    await crm.custom_fields.create("Since", DATE, "admin")
    await crm.customers.create([NewCustomer(str(n), "K", custom_fields={"Login": str(n)}) for n in range(3)])
    configured = await crm.configure_integration(
        "scripted", {"address": "http://a", "api_key": KEY}, {"id_field": "PrestaShop ID"}
    )
    await crm.allegro.start("Login", "admin")
    assert await crm.custom_fields.list() == [
        CustomField("PrestaShop ID", NUMERIC, configured.id),
        CustomField("Login", TEXT),
        CustomField("Since", DATE),
    ]
    assert await crm.custom_fields.details() == [
        FieldDetails("PrestaShop ID", NUMERIC, 0, "Shop"),
        FieldDetails("Login", TEXT, 3, "Allegro (demo)"),
        FieldDetails("Since", DATE, 0, None),
    ]
    for needed in ("PrestaShop ID", "Login"):
        with pytest.raises(Refused, match="is the key of the integration"):
            await crm.custom_fields.delete(needed, "admin")
    await crm.allegro.stop("admin")
    await crm.custom_fields.delete("Login", "admin")
    assert (await crm.cards.get("1")).content.custom_fields == {}
    with pytest.raises(NotFound):
        await crm.custom_fields.delete("Login", "admin")


@pytest.mark.parametrize(
    ("name", "key"),
    [("  ", "field.name_missing"), ("x" * 81, "field.name_long"), ("LOGIN", "field.name_taken")],
)
async def test_a_name_that_does_not_do(crm: SandboxCrm, name: str, key: str) -> None:
    await crm.custom_fields.create("Login", TEXT, "admin")
    with pytest.raises(CrmError) as refusal:
        await crm.custom_fields.create(name, TEXT, "admin")
    assert (refusal.value.key, refusal.value.field) == (key, "name")


async def test_a_field_is_made_once_and_never_of_another_type(crm: SandboxCrm) -> None:
    made = await crm.ensure_custom_field("ID", NUMERIC)
    assert await crm.ensure_custom_field("id", NUMERIC) == made
    with pytest.raises(Refused, match="of another type"):
        await crm.ensure_custom_field("ID", TEXT)


async def test_allegro_needs_a_text_field(crm: SandboxCrm) -> None:
    await crm.ensure_custom_field("ID", NUMERIC)
    assert await crm.allegro.integration() is None
    for wrong in ("", "nothing", "ID"):
        with pytest.raises(CrmError) as refusal:
            await crm.allegro.start(wrong, "admin")
        assert refusal.value.field == "login_field"
    assert await crm.allegro.integration() is None


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", ["3", "2", "1"]),
        ("   ", ["3", "2", "1"]),
        ("żółć", ["1"]),
        ("ZOLC", ["1"]),
        ("łukasz żó", ["1"]),
        ("żó łukasz nikt", []),
        ("601234567", ["1"]),
        ("601 234 567", ["1"]),
        ("+48 (601) 234-567", ["1"]),
        ("0048601234567", ["1"]),
        ("234-567", ["1"]),
        ("LUKASZ@X.PL", ["1"]),
        ("@x.pl", ["2", "1"]),
        ("5260250274", ["2"]),
        ("allegro_buyer", ["3"]),
        ("100%", ["2"]),
        ("%", ["2"]),
        ("_", ["3"]),
        ("' OR 1=1 --", []),
        ("2", ["2"]),
        ("3", ["3"]),
        ("99999999999999999999", []),
    ],
)
async def test_people_are_found_by_what_one_types(crm: SandboxCrm, text: str, ids: list[str]) -> None:
    await crm.ensure_custom_field("Login", TEXT)
    people = [
        CardEdit(
            name="Łukasz", surname="Żółć", emails=(Email("Lukasz@x.pl"),), phones=(Phone("601-234-567"),)
        ),
        CardEdit(surname="Nowak", company="100% Bawełna", tax_number="5260250274", emails=(Email("n@x.pl"),)),
        CardEdit(surname="Kowal", custom_fields={"Login": "allegro_buyer"}, phones=(Phone("22 333 44 55"),)),
    ]
    for person in people:
        await crm.cards.create(person, "agent")
    page = await crm.listing.page(text)
    assert [card.id for card in page.rows] == ids
    assert page.total == len(ids)


async def test_pages_show_everybody_once(crm: SandboxCrm) -> None:
    await crm.customers.create([NewCustomer(str(n), f"Kowalski {n}") for n in range(23)])
    seen = [
        card.id
        for offset in range(0, 30, 10)
        for card in (await crm.listing.page(offset=offset, limit=10)).rows
    ]
    assert seen == [str(number) for number in range(23, 0, -1)]
    assert (await crm.listing.page("kowalski", offset=20, limit=10)).total == 23
    assert len(await crm.listing.suggest("kowal", limit=4)) == 4
    assert await crm.listing.suggest(" ") == []
    assert [card.id async for card in crm.iter_customers(chunk=7)] == seen[::-1]


async def test_one_customer_is_found_by_email_or_id(crm: SandboxCrm) -> None:
    await crm.customers.create([NewCustomer("a", "A", emails=("a@x.pl",)), NewCustomer("b", "B")])
    by_email, by_id, nobody = (
        await crm.find_one(email="A@X.PL"),
        await crm.find_one(id="2"),
        await crm.find_one(email="z@x.pl"),
    )
    assert by_email is not None
    assert by_id is not None
    assert (by_email.id, by_id.id, nobody) == ("1", "2", None)


async def test_contacts_are_paged_in_time_even_when_they_share_a_moment(
    crm: SandboxCrm, clock: ManualClock
) -> None:
    await crm.customers.create([NewCustomer("a", "A"), NewCustomer("b", "B")])
    moments = [clock.now() - timedelta(minutes=number // 3) for number in range(11)]
    await crm.contacts.add(
        [
            NewContact("1", ContactKind.CHAT, Direction.IN, at, f"{n}", seconds=n)
            for n, at in enumerate(moments)
        ]
    )
    await crm.contacts.add([NewContact("2", ContactKind.CALL, Direction.OUT, clock.now(), "of another")])
    seen: list[Contact] = []
    before = None
    while True:
        page = await crm.contacts.page("1", before=before, limit=4)
        seen += page.entries
        if page.older is None:
            break
        before = page.older
    assert [entry.at for entry in seen] == sorted(moments, reverse=True)
    assert sorted(int(entry.subject) for entry in seen) == list(range(11))
    assert await crm.contacts.count("1") == 11


async def test_a_demo_is_seeded_the_same_way_and_once(crm: SandboxCrm, clock: ManualClock) -> None:
    await crm.customers.create([NewCustomer(str(n), f"K {n}") for n in range(20)])
    occasions = [
        Occasion(str(n), f"REF{n}", clock.now() - timedelta(days=n * 3), "pl" if n % 2 else "en")
        for n in range(1, 21)
    ]
    written = await seed_contacts(crm, occasions)
    assert written > 20
    assert await seed_contacts(crm, occasions) == 0
    entries = [entry for n in range(1, 21) for entry in (await crm.contacts.page(str(n))).entries]
    assert len(entries) == written
    assert all(entry.at < clock.now() for entry in entries)
    assert set(Counter(entry.kind for entry in entries)) == set(ContactKind)
    assert any("REF" in entry.subject for entry in entries)

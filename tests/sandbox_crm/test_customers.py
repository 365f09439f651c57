"""Customers as plugins find, create and update them."""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from thulium_plugin_prestashop.contract.customers import (
    ByCustomField,
    ByEmail,
    ById,
    CustomerChange,
    NewCustomer,
    PostalAddress,
)
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.hosting import ManualClock
from thulium_plugin_prestashop.sandbox.crm import CardEdit, SandboxCrm

HOME = PostalAddress("Długa 1", "00-001", "Łódź", "PL")

LETTERS = st.text("abAB ŁłßżŻ'%_-", min_size=1, max_size=5).filter(str.strip)
EMAILS = st.builds("{}@{}.pl".format, st.text("abAB+", min_size=1, max_size=3), st.sampled_from("xyX"))
PEOPLE = st.lists(
    st.builds(
        NewCustomer,
        reference=st.text("r", max_size=3),
        surname=LETTERS,
        name=LETTERS,
        emails=st.lists(EMAILS, max_size=3).map(tuple),
        custom_fields=st.dictionaries(st.sampled_from(["ID"]), st.integers(0, 5).map(str)),
    ),
    max_size=12,
)


@settings(max_examples=20, deadline=None)
@given(
    people=PEOPLE,
    emails=st.lists(EMAILS, max_size=5),
    numbers=st.lists(st.integers(0, 6).map(str), max_size=5),
)
def test_what_is_found_is_what_was_created(
    people: list[NewCustomer], emails: list[str], numbers: list[str]
) -> None:
    async def scenario(directory: Path) -> None:
        async with await SandboxCrm.open(directory, plugins=[]) as crm:
            await crm.ensure_custom_field("ID", CustomFieldType.NUMERIC)
            outcomes = await crm.customers.create(people)
            assert [outcome.reference for outcome in outcomes] == [person.reference for person in people]
            ids = [outcome.id for outcome in outcomes]
            assert ids == [str(number) for number in range(1, len(people) + 1)]
            asked = [ByEmail(email) for email in emails] + [ByCustomField("ID", number) for number in numbers]
            found = await crm.customers.find([*asked, ById("1"), ById("99"), ByCustomField("no such", "1")])
            expected = [
                [
                    key
                    for key, person in zip(ids, people, strict=True)
                    if email.lower() in map(str.lower, person.emails)
                ]
                for email in emails
            ] + [
                [
                    key
                    for key, person in zip(ids, people, strict=True)
                    if person.custom_fields.get("ID") == number
                ]
                for number in numbers
            ]
            assert [[customer.id for customer in each] for each in found] == [
                *expected,
                ["1"] if people else [],
                [],
                [],
            ]
            for person, (customer,) in zip(
                people, await crm.customers.find([ById(str(key)) for key in ids]), strict=True
            ):
                assert (customer.name, customer.surname) == (
                    " ".join(person.name.split()),
                    " ".join(person.surname.split()),
                )
                assert {email.lower() for email in customer.emails} == {
                    email.lower() for email in person.emails
                }
                assert customer.custom_fields == person.custom_fields

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(scenario(Path(folder)))


async def test_one_bad_record_is_refused_and_the_others_are_written(crm: SandboxCrm) -> None:
    await crm.ensure_custom_field("ID", CustomFieldType.NUMERIC)
    await crm.ensure_custom_field("Since", CustomFieldType.DATE)
    outcomes = await crm.customers.create(
        [
            NewCustomer("good", "Kowalski", custom_fields={"ID": "7", "Since": "2026-01-31"}),
            NewCustomer("letters", "Nowak", custom_fields={"ID": "siedem"}),
            NewCustomer("no such field", "Nowak", custom_fields={"PESEL": "1"}),
            NewCustomer("no such day", "Nowak", custom_fields={"Since": "2026-02-30"}),
            NewCustomer("nameless", "  "),
            NewCustomer("good too", "Wiśniewska"),
        ]
    )
    assert [(outcome.reference, outcome.id, outcome.changed) for outcome in outcomes] == [
        ("good", "1", True),
        ("letters", None, False),
        ("no such field", None, False),
        ("no such day", None, False),
        ("nameless", None, False),
        ("good too", "2", True),
    ]
    assert [outcome.error.pl for outcome in outcomes if outcome.error] == [
        "Pole „ID” przyjmuje liczbę, a „siedem” nią nie jest.",
        "Nie ma pola specjalnego „PESEL”.",
        "Pole „Since” przyjmuje datę, na przykład 2026-01-31, a „2026-02-30” nią nie jest.",
        "Klient musi mieć nazwisko.",
    ]
    assert (
        next(outcome.error.en for outcome in outcomes if outcome.error)
        == "“ID” takes a number, and “siedem” is not one."
    )
    assert await crm.listing.count() == 2


async def test_an_update_writes_what_changes_and_says_whether_anything_did(
    crm: SandboxCrm, clock: ManualClock
) -> None:
    await crm.ensure_custom_field("ID", CustomFieldType.NUMERIC)
    await crm.customers.create(
        [
            NewCustomer(
                "a", "Kowalski", name="Jan", emails=("Jan@X.pl",), phones=("601 234 567",), address=HOME
            )
        ]
    )
    change = CustomerChange(
        "1",
        name="",
        surname=None,
        add_emails=("JAN@x.PL", "jan@work.pl"),
        add_phones=("+48 601-234-567", "0048601234567", "22 123 45 67"),
        address=HOME,
        invoice_address=PostalAddress("Krótka 2", "00-002", "Łódź", "pl"),
        custom_fields={"ID": " 7,0 ", "unknown is fine when empty": ""},
    )
    await clock.advance(timedelta(hours=1))
    written = clock.now()
    assert [(outcome.id, outcome.changed) for outcome in await crm.customers.update([change])] == [
        ("1", True)
    ]
    await clock.advance(timedelta(hours=1))
    assert [(outcome.id, outcome.changed) for outcome in await crm.customers.update([change])] == [
        ("1", False)
    ]
    card = await crm.cards.get("1")
    assert card.updated_at == written
    customer = card.customer()
    assert (customer.name, customer.surname) == ("Jan", "Kowalski")
    assert customer.emails == ("Jan@X.pl", "jan@work.pl")
    assert customer.phones == ("601 234 567", "22 123 45 67")
    assert customer.address == HOME
    assert customer.invoice_address == PostalAddress("Krótka 2", "00-002", "Łódź", "PL")
    assert customer.custom_fields == {"ID": "7"}


async def test_a_change_of_nobody_or_with_a_bad_value_touches_nothing(crm: SandboxCrm) -> None:
    await crm.ensure_custom_field("ID", CustomFieldType.NUMERIC)
    await crm.customers.create([NewCustomer("a", "Kowalski")])
    outcomes = await crm.customers.update(
        [
            CustomerChange("99", surname="X"),
            CustomerChange("no number", surname="X"),
            CustomerChange("9" * 40, surname="X"),
            CustomerChange("1", surname="Nowak", custom_fields={"ID": "x"}),
            CustomerChange("1", name="Jan"),
            CustomerChange("1", name="Jan"),
        ]
    )
    assert [outcome.changed for outcome in outcomes] == [False, False, False, False, True, False]
    assert all(outcome.error for outcome in outcomes[:4])
    assert (await crm.cards.get("1")).content == CardEdit(name="Jan", surname="Kowalski")


async def test_merged_customers_are_followed_by_every_call(crm: SandboxCrm) -> None:
    await crm.customers.create(
        [NewCustomer(str(number), f"N{number}", emails=(f"{number}@x.pl",)) for number in range(1, 4)]
    )
    await crm.cards.merge("2", ["3"], "agent")
    await crm.cards.merge("1", ["2"], "agent")
    found = await crm.customers.find([ById("3"), ByEmail("3@X.pl"), ById("1")])
    assert [[customer.id for customer in each] for each in found] == [["1"]] * 3
    (outcome,) = await crm.customers.update([CustomerChange("3", name="Jan")])
    assert (outcome.reference, outcome.id, outcome.changed) == ("3", "1", True)
    assert [card.id async for card in crm.iter_customers(chunk=1)] == ["1"]


async def test_numbers_are_compared_as_numbers(crm: SandboxCrm) -> None:
    await crm.ensure_custom_field("ID", CustomFieldType.NUMERIC)
    await crm.customers.create([NewCustomer("a", "A", custom_fields={"ID": "1 000,50"})])
    spellings = ["1000.5", "+1000,500", "01000.50"]
    found = await crm.customers.find(
        [ByCustomField("ID", spelling) for spelling in [*spellings, "x", "1000"]]
    )
    assert [len(each) for each in found] == [1, 1, 1, 0, 0]

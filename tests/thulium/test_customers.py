"""Finding, creating and changing cards: nothing wrong is matched, nothing is lost, nothing is made twice."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from thulium_plugin_prestashop.contract.customers import (
    ByCustomField,
    ByEmail,
    ById,
    CustomerChange,
    NewCustomer,
    PostalAddress,
)
from thulium_plugin_prestashop.contract.errors import HostUnavailableError
from thulium_plugin_prestashop.thulium.behaviour import Behaviour, Lists
from thulium_plugin_prestashop.thulium.standin import Fault, FaultKind, Switches

if TYPE_CHECKING:
    from tests.thulium.conftest import Bench, OpenBench

ID = "PrestaShop ID"
Put = Literal["replace", "extend", "append"]
BatchAnswer = Literal["map", "list", "empty"]
BadRecord = Literal["alone", "batch"]


def new(number: int, **values: Any) -> NewCustomer:  # noqa: ANN401 - any field of a customer
    """A customer as the plugin creates them."""
    base: dict[str, Any] = {"emails": (f"osoba{number}@foo.pl",), "custom_fields": {ID: str(number)}}
    return NewCustomer(str(number), f"Nowak-{number}", **{**base, **values})


async def ids(bench: "Bench", *lookups: ByCustomField | ByEmail | ById) -> list[list[str]]:
    """What is found, by id."""
    return [[customer.id for customer in found] for found in await bench.customers.find(lookups)]


def holding(folder: Path, *texts: bytes) -> list[Path]:
    """Files that hold one of the texts."""
    return [file for file in folder.iterdir() if any(text in file.read_bytes() for text in texts)]


# Finding


@pytest.mark.parametrize("filters", ["exact", "contains"])
async def test_only_exact_matches_count(
    benches: "OpenBench", tmp_path: Path, filters: Literal["exact", "contains"]
) -> None:
    async with benches(tmp_path, Switches(filters=filters, emails_shown="list")) as bench:
        for number, email in ((12, "jan@foo.pl"), (112, "xjan@foo.pl"), (120, "jan@foo.pl.com")):
            bench.store.add({"surname": "A", "email": [email], "custom_fields": {ID: number}})
        found = await ids(
            bench,
            ByCustomField(ID, "12"),
            ByEmail("JAN@foo.pl"),
            ById("102"),
            ById("999"),
            ById("new:1"),
            ByCustomField(ID, "1"),
            ByCustomField(ID, "12"),
        )
    assert found == [["101"], ["101"], ["102"], [], [], [], ["101"]]


async def test_many_ids_are_asked_for_in_few_requests(plain: "Bench") -> None:
    for number in range(120):
        plain.store.add({"surname": "A", "custom_fields": {ID: number}})
    before = plain.thulium.requests
    found = await ids(plain, *(ByCustomField(ID, str(number)) for number in range(130)))
    assert [len(cards) for cards in found] == [1] * 120 + [0] * 10
    assert plain.thulium.requests - before == 4


async def test_two_cards_with_one_email_are_both_found(plain: "Bench") -> None:
    for _ in range(2):
        plain.store.add({"surname": "A", "email": "jan@foo.pl"})
    assert await ids(plain, ByEmail("jan@foo.pl")) == [["101", "102"]]


async def test_a_system_that_cannot_be_used_ends_the_call_in_both_languages(plain: "Bench") -> None:
    plain.thulium.faults.append(Fault(FaultKind.UNAUTHORISED, times=9))
    with pytest.raises(HostUnavailableError) as caught:
        await plain.customers.find([ByEmail("jan@foo.pl")])
    assert "login and password" in caught.value.message.en
    assert "loginu i hasła" in caught.value.message.pl


# Creating


async def test_a_new_card_holds_everything_that_is_known(plain: "Bench") -> None:
    address = PostalAddress("Długa 5/7", "31-147", "Kraków", "PL")
    customer = new(
        7,
        name="Ala",
        emails=("ala@foo.pl", "ALA@foo.pl", "ala+1@foo.pl"),
        phones=("+48500600700", "500 600 700"),
        company="Kubki s.c.",
        tax_number="6783144527",
        address=address,
        invoice_address=address,
    )
    (outcome,) = await plain.customers.create([customer])
    assert (outcome.reference, outcome.id, outcome.error) == ("7", "101", None)
    record = plain.store.customers[101]
    assert record.texts == {"name": "Ala", "surname": "Nowak-7", "job": "Kubki s.c.", "nip": "6783144527"}
    assert record.emails == ["ala@foo.pl", "ala+1@foo.pl"]
    assert record.phones == ["+48500600700"]
    assert record.fields == {ID: "7", "Firma": "Kubki s.c."}
    ((card,),) = await plain.customers.find([ById("101")])
    assert (card.address, card.invoice_address, card.company) == (address, address, "Kubki s.c.")


@pytest.mark.parametrize("bad_record", ["alone", "batch"])
@pytest.mark.parametrize("batch_answer", ["map", "list", "empty"])
async def test_a_refusal_belongs_to_its_record_and_nobody_else_suffers(
    benches: "OpenBench", tmp_path: Path, batch_answer: BatchAnswer, bad_record: BadRecord
) -> None:
    async with benches(tmp_path, Switches(batch_answer=batch_answer, bad_record=bad_record)) as bench:
        people = [new(number) for number in range(1, 8)]
        people[3] = new(4, custom_fields={ID: "four"})
        outcomes = await bench.customers.create(people)
    assert [outcome.reference for outcome in outcomes] == [str(number) for number in range(1, 8)]
    refused = [outcome for outcome in outcomes if outcome.error is not None]
    assert [outcome.reference for outcome in refused] == ["4"]
    assert refused[0].error is not None
    assert "is not a number" in refused[0].error.pl
    held = sorted((record.fields[ID], str(number)) for number, record in bench.store.customers.items())
    assert held == sorted((outcome.reference, outcome.id) for outcome in outcomes if outcome.id)
    assert len(held) == 6


@pytest.mark.parametrize("largest_batch", [1, 3, 7])
async def test_batches_shrink_to_what_the_system_takes(
    benches: "OpenBench", tmp_path: Path, largest_batch: int
) -> None:
    async with benches(tmp_path, Switches(largest_batch=largest_batch)) as bench:
        outcomes = await bench.customers.create([new(number) for number in range(40)])
    assert sorted(record.fields[ID] for record in bench.store.customers.values()) == sorted(
        map(str, range(40))
    )
    assert all(outcome.id for outcome in outcomes)


@pytest.mark.parametrize(
    "kind", [FaultKind.RESET_AFTER, FaultKind.SERVER_AFTER, FaultKind.NOT_JSON, FaultKind.RESET]
)
@pytest.mark.parametrize("path", ["batch/customers", "customers"])
async def test_a_lost_answer_makes_no_twin(plain: "Bench", kind: FaultKind, path: str) -> None:
    plain.thulium.faults.append(Fault(kind, "POST", path, times=2))
    people = [new(number) for number in range(1 if path == "customers" else 9)]
    outcomes = await plain.customers.create(people)
    held = {record.fields[ID]: str(number) for number, record in plain.store.customers.items()}
    assert len(plain.store.customers) == len(people)
    assert {outcome.reference: outcome.id for outcome in outcomes} == held


async def test_a_record_by_which_nothing_can_be_found_is_not_sent_again(plain: "Bench") -> None:
    plain.thulium.faults.append(Fault(FaultKind.NOT_JSON, "POST"))
    (outcome,) = await plain.customers.create([NewCustomer("1", "Nowak")])
    assert outcome.error is not None
    assert "did not say" in outcome.error.en
    assert len(plain.store.customers) == 1


# Changing


async def test_a_change_sends_what_differs_and_a_second_one_nothing(plain: "Bench") -> None:
    plain.store.add(
        {"surname": "Nowak", "name": "Ala", "phone_number": ["500 600 700"], "custom_fields": {ID: "7"}}
    )
    address = PostalAddress("Długa 5", "31-147", "Kraków", "PL")
    change = CustomerChange(
        "101",
        name="Ala",
        add_phones=("+48500600700", "+48500600701"),
        address=address,
        custom_fields={ID: "7", "Uwagi": "x"},
    )
    first, second = [(await plain.customers.update([change]))[0] for _ in range(2)]
    assert (first.changed, first.error, second.changed, second.error) == (True, None, False, None)
    (write,) = plain.thulium.writes
    assert set(write.body) == {"phone_number", "address", "custom_fields", "fill_read_only_custom_fields"}
    assert write.body["custom_fields"] == {"Uwagi": "x"}
    assert plain.store.customers[101].phones == ["500 600 700", "+48500600701"]


@pytest.mark.parametrize("lists", ["replace", "extend", "append"])
async def test_two_changes_of_one_card_do_not_undo_each_other(
    benches: "OpenBench", tmp_path: Path, lists: Put
) -> None:
    behaviour = Behaviour(lists=Lists.REPLACES if lists == "replace" else Lists.EXTENDS)
    async with benches(tmp_path, Switches(lists=lists, emails_shown="list"), behaviour=behaviour) as bench:
        bench.store.add({"surname": "Nowak", "email": ["agent@foo.pl"]})
        changes = [CustomerChange("101", add_emails=(f"{name}@foo.pl",)) for name in ("a", "b", "A")]
        assert [outcome.error for outcome in await bench.customers.update(changes)] == [None] * 3
    emails = [email.casefold() for email in bench.store.customers[101].emails]
    assert emails == ["agent@foo.pl", "a@foo.pl", "b@foo.pl"]


@pytest.mark.parametrize("bad_record", ["alone", "batch"])
@pytest.mark.parametrize("batch_answer", ["map", "list", "empty"])
async def test_a_refused_change_belongs_to_its_card(
    benches: "OpenBench", tmp_path: Path, batch_answer: BatchAnswer, bad_record: BadRecord
) -> None:
    async with benches(tmp_path, Switches(batch_answer=batch_answer, bad_record=bad_record)) as bench:
        for number in range(5):
            bench.store.add({"surname": f"S{number}"})
        changes = [CustomerChange(str(101 + number), custom_fields={ID: str(number)}) for number in range(5)]
        changes[2] = CustomerChange("103", custom_fields={ID: "two"})
        outcomes = await bench.customers.update([*changes, CustomerChange("999", name="Nikt")])
    assert [outcome.error is None for outcome in outcomes] == [True, True, False, True, True, False]
    assert [record.fields.get(ID) for record in bench.store.customers.values()] == ["0", "1", None, "3", "4"]
    assert outcomes[5].error is not None
    assert outcomes[5].error.en == "The customer is no longer in Thulium."


@pytest.mark.parametrize("lists", ["replace", "extend", "append"])
@pytest.mark.parametrize(
    "kind", [FaultKind.RESET_AFTER, FaultKind.SERVER_AFTER, FaultKind.NOT_JSON, FaultKind.RESET]
)
async def test_a_lost_answer_to_a_change_adds_nothing_twice(
    benches: "OpenBench", tmp_path: Path, kind: FaultKind, lists: Put
) -> None:
    behaviour = Behaviour(lists=Lists.REPLACES if lists == "replace" else Lists.EXTENDS)
    async with benches(tmp_path, Switches(lists=lists, emails_shown="list"), behaviour=behaviour) as bench:
        for number in range(3):
            bench.store.add({"surname": f"S{number}", "email": [f"agent{number}@foo.pl"]})
        bench.thulium.faults.append(Fault(kind, "PUT", times=2))
        changes = [CustomerChange(str(101 + n), add_emails=(f"sklep{n}@foo.pl",)) for n in range(3)]
        outcomes = await bench.customers.update(changes)
    assert [outcome.error for outcome in outcomes] == [None] * 3
    held = [record.emails for record in bench.store.customers.values()]
    assert held == [[f"agent{number}@foo.pl", f"sklep{number}@foo.pl"] for number in range(3)]


# E-mails that are not shown


async def test_a_hidden_list_is_never_replaced_and_the_administrator_is_told(
    benches: "OpenBench", tmp_path: Path
) -> None:
    behaviour = Behaviour(email_filter_exact=True, lists=Lists.UNKNOWN)
    async with benches(tmp_path, Switches(lists="replace", emails_shown="one"), behaviour=behaviour) as bench:
        bench.store.add({"surname": "Nowak", "email": ["agent@foo.pl", "ukryty@foo.pl"]})
        change = CustomerChange("101", add_emails=("nowy@foo.pl", "UKRYTY@foo.pl"), custom_fields={ID: "7"})
        (outcome,) = await bench.customers.update([change])
        assert outcome.error is None
        record = bench.store.customers[101]
        assert (record.emails, record.fields) == (["agent@foo.pl", "ukryty@foo.pl"], {ID: "7"})
        assert bench.customers.withheld == 1
        # The hidden one is found all the same, and a run after that sends nothing.
        assert await ids(bench, ByEmail("ukryty@foo.pl")) == [["101"]]
        (outcome,) = await bench.customers.update([change])
        assert not outcome.changed


async def test_a_filter_that_finds_parts_links_nobody_to_a_stranger(
    benches: "OpenBench", tmp_path: Path
) -> None:
    behaviour = Behaviour(email_filter_exact=False, email_filter_ignores_case=True, shows_all_emails=False)
    async with benches(
        tmp_path, Switches(filters="contains", emails_shown="one"), behaviour=behaviour
    ) as bench:
        bench.store.add({"surname": "Obcy", "email": ["obcy@foo.pl", "xjan@foo.pl"]})
        bench.store.add({"surname": "Nowak-8", "email": ["biuro@foo.pl", "anna@foo.pl"]})
        wanted = [new(7, emails=("jan@foo.pl",)), new(8, emails=("anna@foo.pl",))]
        assert await ids(bench, ByEmail("jan@foo.pl"), ByEmail("anna@foo.pl")) == [[], []]
        stranger, known = await bench.customers.create(wanted)
        # The first may be on a card of another name: an administrator decides. The second bears the card's name.
        assert stranger.error is not None
        assert "101" in stranger.error.en
        assert known.id == "102"
        assert bench.store.customers[102].fields == {ID: "8"}
        assert bench.store.customers[102].emails == ["biuro@foo.pl", "anna@foo.pl"]
        assert await ids(bench, ByEmail("anna@foo.pl")) == [["102"]]
        assert len(bench.store.customers) == 2


async def test_what_we_wrote_is_found_even_if_the_filter_looks_at_first_emails_only(
    benches: "OpenBench", tmp_path: Path
) -> None:
    async with benches(tmp_path, Switches(emails_searched="first", emails_shown="one")) as bench:
        await bench.customers.create([new(7, emails=("pierwszy@foo.pl", "drugi@foo.pl"))])
        assert await ids(bench, ByEmail("drugi@foo.pl")) == [["101"]]


async def test_the_ledger_holds_no_email_in_clear(plain: "Bench", tmp_path: Path) -> None:
    await plain.customers.create([new(7, emails=("kanarek@foo.pl",), phones=("+48500600700",))])
    await plain.ledger.aclose()
    assert not holding(tmp_path, b"kanarek", b"500600700")

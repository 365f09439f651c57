"""Cards in the hands of agents: edited, merged, put back, erased."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thulium_plugin_prestashop.contract.customers import CustomerChange, NewCustomer, PostalAddress
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.hosting import ManualClock
from thulium_plugin_prestashop.hosting.testing import scripted_plugin
from thulium_plugin_prestashop.sandbox.crm import (
    CardEdit,
    ChangeKind,
    ContactKind,
    CrmError,
    Direction,
    Email,
    NewContact,
    NotFound,
    Phone,
    Refused,
    SandboxCrm,
)

OpenCrm = Callable[..., AbstractAsyncContextManager[SandboxCrm]]

JAN = CardEdit(
    name="Jan",
    surname="Kowalski",
    note="dzwonić po 16",
    emails=(Email("jan@x.pl", "praca"), Email("jk@y.pl")),
    phones=(Phone("601 234 567", "komórka", "+48601234567"),),
    address=PostalAddress("Długa 1", "00-001", "Łódź", "PL"),
    custom_fields={"Login": "jan_k"},
)
EWA = CardEdit(
    name="Ewa",
    surname="Nowak",
    company="Nowak sp. z o.o.",
    emails=(Email("ewa@x.pl"), Email("JAN@X.pl", "wspólny")),
    custom_fields={"Login": "ewa", "City": "Radom"},
)

WORDS = st.sampled_from(["", "Jan", "Łucja", "O'Neil", "x" * 50])
EDITS = st.builds(
    CardEdit,
    name=WORDS,
    surname=st.sampled_from(["Kowalski", "Żółw"]),
    company=WORDS,
    note=WORDS,
    emails=st.lists(
        st.sampled_from([Email("a@x.pl"), Email("A@x.pl", "d"), Email("b@x.pl", "e")]), max_size=3
    ).map(tuple),
    phones=st.lists(
        st.sampled_from([Phone("601234567"), Phone("+48 601 234 567"), Phone("112")]), max_size=2
    ).map(tuple),
    address=st.sampled_from([None, PostalAddress(), PostalAddress("Długa 1", "", "Łódź", "pl")]),
    invoice_address=st.sampled_from([None, PostalAddress(city="Łódź")]),
    custom_fields=st.dictionaries(st.sampled_from(["Login", "City"]), WORDS),
)


async def fields(crm: SandboxCrm) -> None:
    for name in ("Login", "City"):
        await crm.ensure_custom_field(name, CustomFieldType.TEXT)


def call(customer: str, number: int, clock: ManualClock) -> NewContact:
    return NewContact(
        customer, ContactKind.CALL, Direction.IN, clock.now() - timedelta(minutes=number), f"call {number}"
    )


@settings(max_examples=10, deadline=None)
@given(edits=st.lists(EDITS, min_size=1, max_size=4))
def test_undoing_edits_one_by_one_goes_all_the_way_back(edits: Sequence[CardEdit]) -> None:
    async def scenario(directory: Path) -> None:
        async with await SandboxCrm.open(directory, plugins=[]) as crm:
            await fields(crm)
            await crm.cards.create(CardEdit(surname="First"), "agent")
            states = [(await crm.cards.get("1")).content]
            changes = []
            for edit in edits:
                change = await crm.cards.edit("1", edit, "agent")
                content = (await crm.cards.get("1")).content
                assert (change is None) == (content == states[-1])
                if change is not None:
                    changes.append(change.id)
                    states.append(content)
            assert await crm.cards.edit("1", states[-1], "agent") is None
            for change_id, before in zip(reversed(changes), reversed(states[:-1]), strict=True):
                undo = await crm.cards.undo(change_id, "agent")
                assert undo.kind is ChangeKind.UNDO
                assert (await crm.cards.get("1")).content == before
                redo = await crm.cards.undo(undo.id, "agent")
                await crm.cards.undo(redo.id, "agent")
                assert (await crm.cards.get("1")).content == before

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(scenario(Path(folder)))


async def test_an_edit_says_which_parts_it_touched(crm: SandboxCrm) -> None:
    await fields(crm)
    card = await crm.cards.create(JAN, "ewa")
    assert card.content == JAN
    assert card.title == "Jan Kowalski"
    change = await crm.cards.edit(
        "1",
        CardEdit(name="Jan", surname="Kowalska", emails=JAN.emails, custom_fields=JAN.custom_fields),
        "ewa",
    )
    assert change is not None
    assert change.parts == ("surname", "note", "phones", "address")
    assert [(each.actor, each.kind) for each in await crm.cards.changes("1")] == [("ewa", ChangeKind.EDIT)]


async def test_an_undo_respects_what_came_after(crm: SandboxCrm) -> None:
    await fields(crm)
    await crm.cards.create(JAN, "agent")
    first = await crm.cards.edit("1", CardEdit(name="Johann", surname="Schmidt", emails=JAN.emails), "agent")
    assert first is not None
    await crm.customers.update(
        [CustomerChange("1", custom_fields={"City": "Łódź"}, add_emails=("new@x.pl",))]
    )
    await crm.cards.undo(first.id, "agent")
    content = (await crm.cards.get("1")).content
    assert (content.name, content.surname) == ("Jan", "Kowalski")
    assert content.custom_fields == {"Login": "jan_k", "City": "Łódź"}, (
        "what a synchronisation filled in stays"
    )
    assert content.emails == (*JAN.emails, Email("new@x.pl"))

    second = await crm.cards.edit("1", CardEdit(surname="Nowak"), "agent")
    assert second is not None
    await crm.cards.edit("1", CardEdit(surname="Wójcik"), "agent")
    with pytest.raises(Refused) as refusal:
        await crm.cards.undo(second.id, "agent")
    assert refusal.value.message.pl == "Tej zmiany nie można cofnąć: od tego czasu zmieniono nazwisko."
    assert refusal.value.message.en == "This change cannot be undone: surname changed again since."
    with pytest.raises(Refused, match="undone already"):
        await crm.cards.undo(first.id, "agent")
    with pytest.raises(NotFound):
        await crm.cards.undo(99, "agent")


async def test_a_merge_takes_everything_and_its_undo_gives_it_back(
    crm: SandboxCrm, clock: ManualClock
) -> None:
    await fields(crm)
    await crm.cards.create(JAN, "agent")
    await crm.cards.create(EWA, "agent")
    await crm.contacts.add([call("1", 1, clock), call("2", 2, clock), call("2", 3, clock)])
    change = await crm.cards.merge("1", ["2"], "agent")
    assert change.merged == ("2",)
    both = (await crm.cards.get("2")).content
    assert (await crm.cards.get("2")).id == "1"
    assert (await crm.cards.get("1")).merged == ("2",)
    assert both.name == "Jan"
    assert both.company == "Nowak sp. z o.o."
    assert [email.email for email in both.emails] == ["jan@x.pl", "jk@y.pl", "ewa@x.pl"]
    assert both.custom_fields == {"Login": "jan_k", "City": "Radom"}
    assert await crm.contacts.count("1") == 3
    assert (await crm.listing.page()).total == 1
    assert (await crm.listing.page("ewa@x.pl")).rows[0].id == "1"

    undo = await crm.cards.undo(change.id, "agent")
    assert (await crm.cards.get("1")).content == JAN
    assert (await crm.cards.get("2")).content.emails == EWA.emails
    assert [await crm.contacts.count(number) for number in ("1", "2")] == [1, 2]

    await crm.cards.undo(undo.id, "agent")
    assert (await crm.cards.get("2")).id == "1"
    assert (await crm.cards.get("1")).content == both
    assert await crm.contacts.count("1") == 3


async def test_a_merge_is_not_undone_over_a_later_merge(crm: SandboxCrm) -> None:
    for surname in ("A", "B", "C"):
        await crm.cards.create(CardEdit(surname=surname), "agent")
    first = await crm.cards.merge("1", ["2"], "agent")
    second = await crm.cards.merge("3", ["1"], "agent")
    with pytest.raises(Refused, match="merged or erased since"):
        await crm.cards.undo(first.id, "agent")
    await crm.cards.undo(second.id, "agent")
    await crm.cards.undo(first.id, "agent")
    assert [(await crm.cards.get(number)).content.surname for number in "123"] == ["A", "B", "C"]


@pytest.mark.parametrize("others", [["1"], [], ["2", "1"]])
async def test_a_customer_is_not_merged_with_itself(crm: SandboxCrm, others: list[str]) -> None:
    await crm.cards.create(JAN_ALONE, "agent")
    await crm.cards.create(JAN_ALONE, "agent")
    with pytest.raises(Refused):
        await crm.cards.merge("1", others, "agent")


JAN_ALONE = CardEdit(surname="Kowalski")


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (CardEdit(name="Jan"), "surname"),
        (CardEdit(surname="K", emails=(Email("no address"),)), "emails"),
        (CardEdit(surname="K", emails=(Email("@x.pl"),)), "emails"),
        (CardEdit(surname="K", custom_fields={"Nothing": "x"}), "Nothing"),
    ],
)
async def test_what_does_not_fit_is_said_of_its_field(crm: SandboxCrm, edit: CardEdit, field: str) -> None:
    with pytest.raises(CrmError) as refusal:
        await crm.cards.create(edit, "agent")
    assert refusal.value.field == field
    assert refusal.value.message.pl != refusal.value.message.en
    assert await crm.listing.count() == 0


@pytest.mark.parametrize("customer", ["1", "x", "", "-1", "9" * 30, "１"])
async def test_nobody_is_not_found(crm: SandboxCrm, customer: str) -> None:
    for attempt in (crm.cards.get(customer), crm.cards.erase(customer, "a"), crm.cards.changes(customer)):
        with pytest.raises(NotFound):
            await attempt


async def test_erasing_leaves_no_trace_in_any_file(
    crm: SandboxCrm, files: Callable[[], dict[str, bytes]], clock: ManualClock
) -> None:
    await fields(crm)
    await crm.cards.create(CardEdit(surname="Stays"), "agent")
    canary = CardEdit(
        surname="Znikający-Kanarek",
        emails=(Email("kanarek.znika@example.pl"),),
        note="KANAREK-NOTATKA",
        custom_fields={"Login": "kanarek_login"},
    )
    await crm.cards.create(canary, "agent")
    await crm.cards.create(CardEdit(surname="Kanarek-Drugi"), "agent")
    await crm.cards.edit("2", CardEdit(surname="Kanarek-Potem", emails=canary.emails), "agent")
    merge = await crm.cards.merge("1", ["2"], "agent")
    await crm.cards.undo(merge.id, "agent")
    await crm.cards.merge("2", ["3"], "agent")
    await crm.contacts.add([NewContact("2", ContactKind.MAIL, Direction.IN, clock.now(), "KANAREK-TEMAT")])
    await crm.cards.erase("3", "agent")
    with pytest.raises(NotFound):
        await crm.cards.get("2")
    with pytest.raises(NotFound):
        await crm.cards.get("3")
    assert (await crm.cards.get("1")).content == CardEdit(surname="Stays")
    for name, content in files().items():
        assert "kanarek" not in content.decode("utf-8", "replace").casefold(), name
    assert (await crm.customers.create([NewCustomer("new", "Next")]))[0].id == "4", (
        "ids are never given twice"
    )


async def test_plugins_are_told_of_merges_and_erasures_even_after_a_crash(open_crm: OpenCrm) -> None:
    told: list[object] = []
    deaf = [True]

    async def merged(kept: str, merged: Sequence[str]) -> None:
        if deaf[0]:
            raise OSError("not now")
        told.append((kept, tuple(merged)))

    async def erased(customers: Sequence[str]) -> None:
        told.append(tuple(customers))

    plugin = scripted_plugin(hooks={"thulium_customers_merged": merged, "thulium_customers_erased": erased})
    async with open_crm([plugin]) as crm:
        for surname in ("A", "B", "C"):
            await crm.cards.create(CardEdit(surname=surname), "agent")
        await crm.cards.merge("1", ["2", "3"], "agent")
        await crm.cards.erase("1", "agent")
        assert told == [], "what comes later waits for what came first"
    deaf[0] = False
    async with open_crm([plugin]):
        assert told == [("1", ("2", "3")), ("1", "2", "3")]
    async with open_crm([plugin]):
        assert len(told) == 2

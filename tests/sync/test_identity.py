"""Which card a customer of the shop belongs to: the order of the steps, conflicts, and who gets no card."""

import attrs
import pytest

from thulium_plugin_prestashop.contract.customers import Customer
from thulium_plugin_prestashop.mirror.links import Link
from thulium_plugin_prestashop.sync.cards import Draft, Offered, primary
from thulium_plugin_prestashop.sync.identity import Decision, Directory, decide, new_key
from thulium_plugin_prestashop.sync.profile import Profile

PERSON = Profile(
    id=7,
    name="Jan",
    surname="Kowalski",
    emails=("jan@example.com",),
    email_key="jan@example.com",
    masked_key="",
    login="",
    phones=("+48601234567",),
    company="",
    tax_number="",
    address=None,
    invoice_address=None,
    registered=True,
    guest=False,
    deleted=False,
    has_orders=False,
)
BUYER = attrs.evolve(
    PERSON,
    emails=("ab12cd34ef+order1@allegromail.pl", "ab12cd34ef@allegromail.pl"),
    email_key="ab12cd34ef+order1@allegromail.pl",
    masked_key="ab12cd34ef@allegromail.pl",
    login="Nick",
)
LINK = Link(7, "L", "email", 0)


TABLES = ("by_id_field", "by_card_id", "by_login", "by_masked", "by_email")


def directory(*empty: str) -> Directory:
    """Everybody's tables name a card of their own, so that the step which decided is seen; some may be empty."""
    made = Directory(
        by_id_field={"7": {"I"}},
        by_card_id={"L": "L"},
        by_login={"nick": {"N"}},
        by_masked={"ab12cd34ef@allegromail.pl": {"M"}},
        by_email={"ab12cd34ef+order1@allegromail.pl": {"E"}},
    )
    for table in empty:
        getattr(made, table).clear()
    return made


@pytest.mark.parametrize(
    ("empty", "expected"),
    [
        ((), Decision("I", "id_field")),
        (("by_id_field",), Decision("L", "email")),
        (("by_id_field", "by_card_id"), Decision("N", "login")),
        (("by_id_field", "by_card_id", "by_login"), Decision("M", "masked_email")),
        (("by_id_field", "by_card_id", "by_login", "by_masked"), Decision("E", "email")),
        (
            ("by_id_field", "by_card_id", "by_login", "by_masked", "by_email"),
            Decision(new_key(7), "created"),
        ),
    ],
)
def test_the_first_step_that_names_a_card_decides(empty: tuple[str, ...], expected: Decision) -> None:
    found = decide(BUYER, LINK, directory(*empty), guests=True)
    assert found == expected


@pytest.mark.parametrize("table", ["by_id_field", "by_login", "by_masked", "by_email"])
def test_several_cards_at_one_step_are_a_conflict_and_no_guess(table: str) -> None:
    book = directory(*(name for name in TABLES if name != table))
    for cards in getattr(book, table).values():
        cards.symmetric_difference_update({*cards, "B", "A"})
    found = decide(BUYER, None, book, guests=True)
    assert (found.card, found.reason, found.candidates) == (None, "several", ("A", "B"))


def test_a_link_that_was_taken_back_stays_taken_back() -> None:
    blocked = attrs.evolve(LINK, crm_id=None, blocked=True)
    assert decide(BUYER, blocked, directory(), guests=True) == Decision(None, reason="blocked")


def test_a_link_follows_a_merge() -> None:
    merged = Directory(by_card_id={"L": "kept"})
    assert decide(PERSON, LINK, merged, guests=True) == Decision("kept", "email")


def test_an_id_given_to_another_person_is_not_believed() -> None:
    unlinked = attrs.evolve(LINK, crm_id=None)
    empty = directory("by_login", "by_masked", "by_email")
    found = decide(BUYER, unlinked, empty, guests=True, recycled=True)
    assert found == Decision(new_key(7), "created")


GUEST = attrs.evolve(PERSON, guest=True, registered=False)
DELETED = attrs.evolve(PERSON, deleted=True, registered=False)


@pytest.mark.parametrize(
    ("person", "guests", "wanted"),
    [
        (PERSON, False, True),
        (GUEST, True, True),
        (GUEST, False, False),
        (DELETED, True, False),
        (attrs.evolve(DELETED, has_orders=True), True, True),
        (attrs.evolve(PERSON, email_key="anonymous@psgdpr.com"), True, False),
        (attrs.evolve(PERSON, email_key="", emails=()), True, True),
    ],
)
def test_who_becomes_a_new_card(person: Profile, *, guests: bool, wanted: bool) -> None:
    assert (decide(person, None, Directory(), guests=guests).card is not None) is wanted


def test_a_guest_without_a_card_of_its_own_still_joins_a_known_one() -> None:
    known = Directory(by_email={"jan@example.com": {"A"}})
    assert decide(GUEST, None, known, guests=False) == Decision("A", "email")


def test_within_a_batch_one_person_is_one_card() -> None:
    book = Directory()
    first = decide(PERSON, None, book, guests=True)
    assert first.card is not None
    book.learn(PERSON, first.card)
    again = attrs.evolve(PERSON, id=8, guest=True, registered=False)
    assert decide(again, None, book, guests=True) == Decision(first.card, "email")
    buyer = decide(BUYER, None, book, guests=True)
    assert buyer.card is not None
    book.learn(BUYER, buyer.card)
    other_order = attrs.evolve(
        BUYER,
        id=9,
        emails=("ab12cd34ef+order2@allegromail.pl",),
        email_key="ab12cd34ef+order2@allegromail.pl",
    )
    assert decide(other_order, None, book, guests=True).card == buyer.card
    assert decide(attrs.evolve(other_order, login=""), None, book, guests=True).card == buyer.card


@pytest.mark.parametrize(
    ("members", "first"),
    [({5: False, 9: True}, 9), ({5: False, 3: False}, 3), ({5: True, 9: True}, 5)],
)
def test_the_registered_customer_stands_in_the_id_field(members: dict[int, bool], first: int) -> None:
    assert primary(members) == first


def test_only_empty_fields_are_filled_and_only_once() -> None:
    card = Customer("1", surname="Nowak", emails=("JAN@example.com",), phones=("601 234 567",), company="")
    person = attrs.evolve(PERSON, company="Kowalski S.A.")
    offered = Offered(set())
    draft = Draft(card, new=False)
    draft.add(person, offered, person.emails)
    assert draft.change() == attrs.evolve(
        Draft(card, new=False).change(), name="Jan", company="Kowalski S.A."
    )
    # An agent clears the company and removes the e-mail: neither comes back, even when something else changes.
    cleared = Draft(Customer("1", surname="Nowak"), new=False)
    moved = attrs.evolve(person, phones=("+48601234567", "+48700000000"))
    cleared.add(moved, Offered.unpack(offered.pack()), moved.emails)
    assert cleared.change().add_phones == ("+48700000000",)
    assert cleared.change().company is None
    assert cleared.change().add_emails == ()


def test_an_own_entry_in_the_id_field_is_left_alone() -> None:
    draft = Draft(Customer("1", custom_fields={"ID": "99"}), new=False)
    draft.set_field("ID", "7", may_replace=frozenset({"5"}))
    assert draft.empty
    draft = Draft(Customer("1", custom_fields={"ID": "5"}), new=False)
    draft.set_field("ID", "7", may_replace=frozenset({"5"}))
    assert draft.change().custom_fields == {"ID": "7"}

"""Every way Thulium may behave: the same people and orders end on the same cards, and a second run writes nothing.

By default a sample runs that holds every three choices together; with ``THULIUM_ALL_SWITCHES=1`` all 31,104
combinations do (an hour of one core; ``--basetemp`` on a file system in memory spares the waiting for a disk). A run
is played here as the plugin plays one: look everybody up, change whom it finds, create the others, copy the orders.
The plugin itself goes the whole way in ``test_every_way.py`` and ``test_every_combination.py``.
"""

import itertools
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from tests.thulium.conftest import TYPES
from thulium_plugin_prestashop.contract.customers import ByCustomField, ByEmail, CustomerChange, NewCustomer
from thulium_plugin_prestashop.contract.views import Row
from thulium_plugin_prestashop.thulium.learn import learn_by_reading, learn_by_test_card
from thulium_plugin_prestashop.thulium.standin import Store, Switches
from thulium_plugin_prestashop.thulium.values import email_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.thulium.conftest import Bench, OpenBench

ID = "PrestaShop ID"
FIELDS = attrs.fields_dict(Switches)
CHOICES = {
    name: FIELDS[name].type.__args__  # type: ignore[union-attr]  # each of these is a Literal
    for name in FIELDS
    if name not in {"largest_batch", "largest_page"}
}
CHOICES["largest_batch"] = (None, 2)

EVERY = [
    Switches(**dict(zip(CHOICES, values, strict=True))) for values in itertools.product(*CHOICES.values())
]
SAMPLE = EVERY[::335]
TRIED = EVERY if os.environ.get("THULIUM_ALL_SWITCHES") else SAMPLE


def together(switches: Switches, size: int) -> set[tuple[tuple[str, str], ...]]:
    """Every ``size`` choices that it makes together."""
    chosen = [(name, str(getattr(switches, name))) for name in CHOICES]
    return set(itertools.combinations(chosen, size))


def choices(size: int) -> set[tuple[tuple[str, str], ...]]:
    """Every ``size`` choices that can be made together."""
    return {
        tuple(zip(names, map(str, values), strict=True))
        for names in itertools.combinations(CHOICES, size)
        for values in itertools.product(*(CHOICES[name] for name in names))
    }


def test_the_sample_holds_every_three_choices_together() -> None:
    assert set(CHOICES) == set(FIELDS) - {"largest_page"}
    assert len(EVERY) == math.prod(map(len, CHOICES.values())) == 31_104
    assert set().union(*(together(switches, 3) for switches in SAMPLE)) == choices(3)


@attrs.frozen
class Person:
    """A customer of the shop."""

    number: int
    surname: str
    emails: tuple[str, ...]


PEOPLE = (
    Person(1, "Ukryta", ("druga@foo.pl", "sklep1@foo.pl")),
    Person(2, "Wielka", ("wielka@foo.pl",)),
    Person(12, "Numer", ("numer@foo.pl",)),
    Person(3, "Jan", ("jan@foo.pl",)),
    Person(4, "Nowa", ("nowa@foo.pl", "nowa+1@foo.pl")),
    Person(5, "Zła", ("bez-malpy",)),
    Person(6, "Inna", ("inna@foo.pl",)),
)
AGENTS: dict[int, dict[str, Any]] = {
    101: {
        "surname": "Ukryta",
        "email": ["pierwsza@foo.pl", "druga@foo.pl"],
        "custom_fields": {"Uwagi": "VIP"},
    },
    102: {"surname": "Wielka", "email": ["Wielka@Foo.PL"], "phone_number": ["500 600 700"]},
    103: {"surname": "Numer", "email": ["stary@foo.pl"], "custom_fields": {ID: 12}},
    104: {"surname": "Pułapka", "email": ["xjan@foo.pl"], "custom_fields": {ID: 112}},
}


def agents_store(store: Store) -> None:
    """What agents entered before the first run, rows of their own included."""
    for number, data in AGENTS.items():
        assert store.add(data).id == number
    store.add_row(store.groups["Orders"][0], 102, {11: "21", 12: "wpisane ręcznie"})


async def run(bench: "Bench", new_order: "Callable[..., Row]") -> list[str]:
    """One synchronisation; the references that Thulium refused."""
    asked = [(ByCustomField(ID, str(person.number)), ByEmail(person.emails[0])) for person in PEOPLE]
    found = await bench.customers.find([lookup for pair in asked for lookup in pair])
    changes: dict[Person, CustomerChange] = {}
    created: list[Person] = []
    for person, by_id, by_email in zip(PEOPLE, found[::2], found[1::2], strict=True):
        if cards := by_id or by_email:
            assert len({card.id for card in cards}) == 1, (person, cards)
            fields = {} if cards[0].custom_fields.get(ID) else {ID: str(person.number)}
            changes[person] = CustomerChange(cards[0].id, add_emails=person.emails, custom_fields=fields)
        else:
            created.append(person)
    refused: list[str] = []
    new = [
        NewCustomer(str(p.number), p.surname, emails=p.emails, custom_fields={ID: str(p.number)})
        for p in created
    ]
    owners = {}
    outcomes: Sequence[tuple[Person, object]] = [
        *zip(created, await bench.customers.create(new), strict=True),
        *zip(changes, await bench.customers.update(list(changes.values())), strict=True),
    ]
    for person, outcome in outcomes:
        if (customer := getattr(outcome, "id", None)) is not None:
            owners[person.number] = str(customer)
        else:
            refused.append(str(person.number))
    bench.shop.orders = {
        customer: [new_order(10 * number + place) for place in range(3)]
        for number, customer in owners.items()
    }
    await bench.copy(*owners.values())
    return refused


def check(bench: "Bench", switches: Switches, refused: list[str]) -> None:
    """Nothing is twice, nothing of an agent's is lost, everybody has their orders."""
    store = bench.store
    assert refused == ["5"]
    by_number: dict[str, int] = {
        record.fields[ID]: record.id for record in store.customers.values() if ID in record.fields
    }
    # A second e-mail that is neither shown nor searched cannot be known; everybody else is who they are.
    unknowable = switches.emails_shown == "one" and switches.emails_searched == "first"
    assert (by_number["1"] == 101) is not unknowable
    assert (by_number["2"], by_number["12"], by_number["112"]) == (102, 103, 104)
    assert sorted(by_number) == sorted({"1", "2", "3", "4", "6", "12", "112"})
    assert len(store.customers) == 7 + unknowable
    for card, data in AGENTS.items():
        record = store.customers[card]
        assert set(data["email"]) <= set(record.emails)
        keys = list(map(email_key, record.emails))
        assert len(keys) == len(set(keys))
    assert store.customers[101].fields["Uwagi"] == "VIP"
    assert store.customers[102].phones == ["500 600 700"]
    for number, customer in by_number.items():
        if number == "112":
            continue
        rows = [row for row in bench.rows(customer) if row[1]]
        assert rows == [(str(10 * int(number) + place), "Opłacone") for place in range(3)]
    assert {"Numer": "21", "Referencja": "wpisane ręcznie"} in store.rows_of(102, "Orders")


@pytest.mark.parametrize("lists", CHOICES["lists"])
async def test_the_same_people_and_orders_end_on_the_same_cards(
    benches: "OpenBench", tmp_path: Path, new_order: "Callable[..., Row]", lists: str
) -> None:
    for number, switches in enumerate(switches for switches in TRIED if switches.lists == lists):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with benches(folder, switches) as bench:
            agents_store(bench.store)
            learned = await learn_by_reading(bench.api, bench.finder.behaviour)
            assert learned.filters_work
            tried = await learn_by_test_card(bench.api, learned.behaviour, surname="Test", fields=TYPES.types)
            assert tried.kept_fields == TYPES.types.keys()
            bench.finder.behaviour = tried.behaviour
            assert len(bench.store.customers) == len(AGENTS)
            check(bench, switches, await run(bench, new_order))
            bench.thulium.writes.clear()
            refused = await run(bench, new_order)
            check(bench, switches, refused)
            # The refused record is offered again by every run; nothing else is written.
            assert {
                str(write.body) for write in bench.thulium.writes if "bez-malpy" not in str(write.body)
            } == set()


@pytest.mark.parametrize("lists", CHOICES["lists"])
async def test_without_a_test_card_no_email_is_lost_either(
    benches: "OpenBench", tmp_path: Path, new_order: "Callable[..., Row]", lists: str
) -> None:
    shapes = itertools.product(CHOICES["emails_shown"], CHOICES["emails_searched"])
    for number, (shown, searched) in enumerate(shapes):
        switches = Switches(lists=lists, emails_shown=shown, emails_searched=searched)  # type: ignore[arg-type]  # of CHOICES
        folder = tmp_path / str(number)
        folder.mkdir()
        async with benches(folder, switches) as bench:
            agents_store(bench.store)
            bench.finder.behaviour = (await learn_by_reading(bench.api, bench.finder.behaviour)).behaviour
            await run(bench, new_order)
            for card, data in AGENTS.items():
                assert set(data["email"]) <= set(bench.store.customers[card].emails)

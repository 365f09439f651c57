"""Recorded answers of real shops → the plugin → the bridge → Thulium, in every way it may behave: the right people,
fields and orders arrive, what agents enter before and between runs stays, and a run without changes writes nothing.

As many combinations as it takes to have every two choices together, half of them with agents and half of them with
faults. A shorter way goes through all of them in ``test_every_combination.py``.
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.thulium.conftest import GROUP, ID_FIELD
from tests.thulium.test_flow import RECORDINGS, Way, owned, small_shop, way
from tests.thulium.test_switches import SAMPLE, choices, together
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.thulium.standin import Fault, FaultKind, Switches
from thulium_plugin_prestashop.thulium.standin.store import Record
from thulium_plugin_prestashop.thulium.values import email_key

OWN_COLUMN = 17
"""A field of the group that agents added and the bridge was not told of."""


def every_pair() -> Iterator[Switches]:
    """Combinations that hold every two choices together: each time the one that adds most."""
    missing = choices(2)
    while missing:
        best = max(SAMPLE, key=lambda switches: len(missing & together(switches, 2)))
        missing -= together(best, 2)
        yield best


PAIRS = list(every_pair())


def people(shop: DemoShop) -> dict[str, str]:
    """Number of each customer who gets a card, to the key of the e-mail."""
    return {
        str(row["id"]): email_key(str(row["email"]))
        for row in shop.all_customers()
        if str(row["deleted"]) != "1"
    }


def check_cards(here: Way) -> None:
    """Every customer of the shop is one card with name, e-mail and number, and their orders are on it."""
    here.check_nothing_twice()
    store, by_email = here.thulium.store, dict[str, Record]()
    for record in store.customers.values():
        for email in record.emails:
            assert by_email.setdefault(email_key(email), record) is record, email
    emails = people(here.shop)
    for row in here.shop.all_customers():
        if (key := emails.get(str(row["id"]))) is None:
            continue
        record = by_email[key]
        assert emails[record.fields[ID_FIELD]] in map(email_key, record.emails)
        assert record.texts["surname"]
    assert set(here.numbers()) == owned(here.shop)
    states = {str(row["id"]): row for row in here.shop.all_rows("order_states")}
    items = {item.values[11]: item for item in store.rows.values() if 11 in item.values}
    for order in here.shop.all_orders():
        if str(order["id_customer"]) not in emails:
            continue
        item = items[str(order["id"])]
        assert item.customer == by_email[emails[str(order["id_customer"])]].id
        assert item.values[12] == order["reference"]
        assert item.values[13] == str(order["date_add"])[:16]
        assert item.values[14] in str(states[str(order["current_state"])])
        digits = "".join(mark for mark in item.values[15] if mark.isdigit() or mark == ".")
        assert Decimal(digits) == round(Decimal(str(order["total_paid"])), 2)
        for line in order["rows"]:
            assert f"{line['product_quantity']} × " in item.values[16]


def enter(here: Way) -> dict[int, tuple[set[str], set[str], dict[str, str]]]:
    """What agents have on cards before the shop is connected: three of its customers, one of them by number alone."""
    store = here.thulium.store
    first, second, third, *_ = [
        row for row in here.shop.all_customers() if str(row["id"]) in people(here.shop)
    ]
    store.add(
        {"surname": "Znana", "email": [first["email"], "prywatny@foo.pl"], "phone_number": ["500600700"]}
    )
    store.add({"surname": "Wielka", "email": str(second["email"]).upper(), "custom_fields": {"Uwagi": "VIP"}})
    store.add({"surname": "Numer", "email": third["email"], "custom_fields": {ID_FIELD: str(third["id"])}})
    store.add({"surname": "Obca", "email": f"x{first['email']}", "phone_number": ["500600701"]})
    group, _ = store.groups[GROUP]
    for number in store.customers:
        store.add_row(group, number, {12: "wpisane ręcznie", 14: "pilne"})
    return kept(here)


def edit(here: Way) -> dict[int, tuple[set[str], set[str], dict[str, str]]]:
    """What agents do between two runs, to the bridge's cards and rows too."""
    store = here.thulium.store
    for record in store.customers.values():
        record.emails.append(f"dopisany{record.id}@foo.pl")
        record.phones.append(f"+4850060{record.id:04}")
        record.fields["Uwagi"] = f"uwaga {record.id}"
        record.texts["surname"] = f"{record.texts['surname']}-Zmieniona"
    group, columns = store.groups[GROUP]
    columns["Kolumna agentów"] = OWN_COLUMN
    for number in store.customers:
        store.add_row(group, number, {12: "dopisany wiersz"})
    for row in store.rows.values():
        row.values[OWN_COLUMN] = f"kolumna {row.id}"
    return kept(here)


def kept(here: Way) -> dict[int, tuple[set[str], set[str], dict[str, str]]]:
    """E-mails, phones and everything else of each card."""
    return {
        record.id: (set(record.emails), set(record.phones), {**record.texts, **record.fields})
        for record in here.thulium.store.customers.values()
    }


def check_kept(here: Way, before: dict[int, tuple[set[str], set[str], dict[str, str]]]) -> None:
    """Cards may gain, and never lose."""
    after = kept(here)
    for number, (emails, phones, texts) in before.items():
        assert emails <= after[number][0]
        assert phones <= after[number][1]
        # The date of the last order is ours to change, everything else only to fill.
        changed = {name for name, text in texts.items() if text and after[number][2].get(name) != text}
        assert changed <= {"Ostatnie"}


def foreign(here: Way) -> list[dict[int, str]]:
    """Rows that agents wrote."""
    return [row.values for row in here.thulium.store.rows.values() if 11 not in row.values]


WITH_AGENTS, WITH_TROUBLES = PAIRS[::2], PAIRS[1::2]


@pytest.mark.parametrize("number", range(len(WITH_AGENTS)))
async def test_the_whole_way_ends_the_same_and_agents_lose_nothing(tmp_path: Path, number: int) -> None:
    switches = WITH_AGENTS[number]
    shop = DemoShop.from_recordings(RECORDINGS / ("9.1.4", "1.6.1.25")[number % 2])
    async with way(tmp_path, shop, switches) as here:
        entered = enter(here)
        by_hand = foreign(here)
        assert (await here.bridge(check=True, probe=True))[0] == 0
        status, report = await here.bridge(once=True)
        assert status == 0, (switches, report)
        check_cards(here)
        check_kept(here, entered)
        assert foreign(here) == by_hand
        edited = edit(here)
        by_hand = foreign(here)
        owned_columns = len(here.thulium.store.rows)
        order = next(order for order in here.shop.all_orders() if str(order["id"]) in here.numbers())
        here.shop.touch(
            "orders", int(order["id"]), current_state=6 if int(order["current_state"]) != 6 else 5
        )
        assert (await here.bridge(once=True))[0] == 0
        here.thulium.writes.clear()
        status, report = await here.bridge(once=True)
        assert (status, here.thulium.writes) == (0, []), (switches, report)
        check_cards(here)
        check_kept(here, edited)
        assert foreign(here) == by_hand
        if switches.item_put == "merge":
            assert sum(OWN_COLUMN in row.values for row in here.thulium.store.rows.values()) == owned_columns


def troubles(number: int) -> list[Fault]:
    """Something of each kind, in another order for each number."""
    kinds = list(FaultKind)
    first, second, third, fourth = (kinds[(number + step) % len(kinds)] for step in (0, 2, 3, 5))
    return [
        Fault(first, "POST", times=2),
        Fault(second, "PUT", skip=1, times=2),
        Fault(third, "POST", "customer_field_group_items", skip=3, times=2),
        Fault(fourth, "GET", skip=9),
    ]


@pytest.mark.parametrize("number", range(len(WITH_TROUBLES)))
async def test_faults_and_refusals_lose_and_double_nothing(tmp_path: Path, number: int) -> None:
    switches = WITH_TROUBLES[number]
    async with way(tmp_path, small_shop(), switches) as here:
        store = here.thulium.store
        assert (await here.bridge(check=True, probe=True))[0] == 0
        refused = next(row for row in here.shop.all_customers() if str(row["id"]) in people(here.shop))
        store.refused_surnames = {str(refused["lastname"])}
        here.thulium.faults = troubles(number)
        for _ in range(12):
            status, report = await here.bridge(once=True)
            here.check_nothing_twice()
            if status == 0:
                break
        else:
            pytest.fail(f"it never comes to rest: {report}")
        # Whom Thulium refuses has no card; everybody else, their batch too, is there.
        emails = people(here.shop)
        there = {email_key(email) for record in store.customers.values() for email in record.emails}
        assert set(emails.values()) - there == {emails[str(refused["id"])]}
        store.refused_surnames.clear()
        for _ in range(3):
            await here.bridge(once=True)
        check_cards(here)
        here.thulium.writes.clear()
        status, report = await here.bridge(once=True)
        assert (status, here.thulium.writes) == (0, []), (switches, report)

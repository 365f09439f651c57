"""Orders as rows on a card: in place, never twice, never anybody else's."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from thulium_plugin_prestashop.contract.errors import HostUnavailableError
from thulium_plugin_prestashop.contract.views import Row
from thulium_plugin_prestashop.thulium.ledger import RowNote, RowState
from thulium_plugin_prestashop.thulium.standin import Fault, FaultKind, StandIn, Switches

if TYPE_CHECKING:
    from tests.thulium.conftest import Bench, OpenBench

ITEMS = "customer_field_group_items"
ItemsShown = Literal["values", "fields", "definition"]
SHAPES: tuple[ItemsShown, ...] = ("values", "fields", "definition")


async def test_a_row_holds_the_mapped_cells_as_text(plain: "Bench", new_order: Callable[..., Row]) -> None:
    plain.store.add({"surname": "Nowak"})
    plain.shop.orders["101"] = [new_order(3)]
    await plain.copy("101")
    assert plain.store.rows_of(101, "Orders") == [
        {
            "Numer": "3",
            "Referencja": "REF000003",
            "Data": "2026-11-04 12:30",
            "Status": "Opłacone",
            "Kwota": "12,30 zł",
            "Produkty": "2 × Kubek [KUB-1]",
        }
    ]
    assert plain.store.customers[101].fields == {"Ostatnie": "2026-11-04"}


@pytest.mark.parametrize("shown", SHAPES)
@pytest.mark.parametrize("item_put", ["merge", "replace"])
async def test_rows_change_in_place_and_a_second_copy_writes_nothing(
    benches: "OpenBench",
    tmp_path: Path,
    new_order: Callable[..., Row],
    shown: ItemsShown,
    item_put: Literal["merge", "replace"],
) -> None:
    async with benches(tmp_path, Switches(items_shown=shown, item_put=item_put)) as bench:
        bench.store.add({"surname": "Nowak"})
        bench.shop.orders["101"] = [new_order(1), new_order(2)]
        await bench.copy("101")
        before = dict(bench.store.rows)
        bench.shop.orders["101"] = [new_order(1, status="Wysłane"), new_order(2), new_order(3)]
        await bench.copy("101")
        assert bench.rows(101) == [("1", "Wysłane"), ("2", "Opłacone"), ("3", "Opłacone")]
        assert before.keys() < bench.store.rows.keys()
        bench.thulium.writes.clear()
        await bench.copy("101")
        assert bench.thulium.writes == []


@pytest.mark.parametrize("item_put", ["merge", "replace"])
async def test_foreign_rows_and_an_agents_own_column_survive(
    benches: "OpenBench", tmp_path: Path, new_order: Callable[..., Row], item_put: Literal["merge", "replace"]
) -> None:
    async with benches(tmp_path, Switches(item_put=item_put)) as bench:
        bench.store.add({"surname": "Nowak"})
        group, fields = bench.store.groups["Orders"]
        fields["Uwagi agenta"] = 99
        # Typed in by an agent, with a number that the shop uses too; and a row of another group.
        foreign = bench.store.add_row(group, 101, {11: "1", 12: "telefon", 16: "Kubek na zamówienie"})
        other = bench.store.add_row(3, 101, {21: "KR 12345"})
        untouched = [dict(foreign.values), dict(other.values)]
        for status in ("Opłacone", "Wysłane"):
            bench.shop.orders["101"] = [new_order(1, status=status)]
            await bench.copy("101")
            ours = next(row for row in bench.store.rows.values() if row.values.get(12) == "REF000001")
            ours.values[99] = "zadzwonić"
        assert (ours.values[14], ours.values[99]) == ("Wysłane", "zadzwonić")
        assert [foreign.values, other.values] == untouched
        bench.shop.orders["101"] = []
        await bench.copy("101")
        assert set(bench.store.rows) == {foreign.id, other.id}
        assert [foreign.values, other.values] == untouched


async def test_only_the_newest_get_rows_and_older_rows_stay_true(
    benches: "OpenBench", tmp_path: Path, new_order: Callable[..., Row]
) -> None:
    async with benches(tmp_path, newest=3) as bench:
        bench.store.add({"surname": "Nowak"})
        bench.shop.orders["101"] = [new_order(number) for number in range(1, 6)]
        await bench.copy("101")
        assert [number for number, _ in bench.rows(101)] == ["3", "4", "5"]
        bench.shop.orders["101"] = [
            new_order(n, status="Wysłane" if n == 3 else "Opłacone") for n in range(1, 8)
        ]
        await bench.copy("101")
    assert bench.rows(101) == [(str(n), "Wysłane" if n == 3 else "Opłacone") for n in range(3, 8)]


async def test_orders_that_went_to_another_customer_leave_the_card(
    plain: "Bench", new_order: Callable[..., Row]
) -> None:
    for _ in range(2):
        plain.store.add({"surname": "Nowak"})
    plain.shop.orders["101"] = [new_order(1), new_order(2)]
    await plain.copy("101")
    plain.shop.orders = {"101": [new_order(1)], "102": [new_order(2)]}
    await plain.copy("101", "102")
    assert (plain.rows(101), plain.rows(102)) == ([("1", "Opłacone")], [("2", "Opłacone")])


async def test_where_rows_cannot_be_deleted_they_are_emptied(
    plain: "Bench", new_order: Callable[..., Row]
) -> None:
    plain.store.add({"surname": "Nowak"})
    plain.shop.orders["101"] = [new_order(1)]
    await plain.copy("101")
    plain.shop.orders["101"] = []
    plain.thulium.faults.append(Fault(FaultKind.FORBIDDEN, "DELETE", times=9))
    await plain.copy("101")
    assert plain.store.rows_of(101, "Orders") == [
        {
            "Numer": "1",
            "Referencja": "",
            "Data": "",
            "Status": "nie ma go już w sklepie",
            "Kwota": "",
            "Produkty": "",
        }
    ]


async def test_a_row_that_an_agent_deleted_comes_back_when_its_order_changes(
    plain: "Bench", new_order: Callable[..., Row]
) -> None:
    plain.store.add({"surname": "Nowak"})
    plain.shop.orders["101"] = [new_order(1)]
    await plain.copy("101")
    plain.store.rows.clear()
    await plain.copy("101")
    assert plain.rows(101) == []
    plain.shop.orders["101"] = [new_order(1, status="Wysłane")]
    await plain.copy("101")
    assert plain.rows(101) == [("1", "Wysłane")]


@pytest.mark.parametrize("shown", SHAPES)
@pytest.mark.parametrize("kind", list(FaultKind))
@pytest.mark.parametrize("skip", [0, 1, 2, 3])
async def test_no_fault_makes_a_row_twice_or_loses_one(
    benches: "OpenBench",
    tmp_path: Path,
    new_order: Callable[..., Row],
    *,
    shown: ItemsShown,
    kind: FaultKind,
    skip: int,
) -> None:
    async with benches(tmp_path, Switches(items_shown=shown)) as bench:
        bench.store.add({"surname": "Nowak"})
        bench.shop.orders["101"] = [new_order(1), new_order(2), new_order(3)]
        bench.thulium.faults.append(Fault(kind, path=ITEMS, skip=skip, times=2))
        for _ in range(6):
            try:
                await bench.copy("101")
            except HostUnavailableError:
                continue
            break
        assert bench.rows(101) == [("1", "Opłacone"), ("2", "Opłacone"), ("3", "Opłacone")]
        assert await bench.ledger.queue_length() == 0


@pytest.mark.parametrize("shown", SHAPES)
@pytest.mark.parametrize("written", [True, False])
async def test_a_bridge_killed_between_writing_and_noting_knows_what_happened(
    benches: "OpenBench",
    tmp_path: Path,
    new_order: Callable[..., Row],
    orders: Callable[[range], list[Row]],
    shown: ItemsShown,
    *,
    written: bool,
) -> None:
    async with benches(tmp_path, Switches(items_shown=shown)) as bench:
        bench.store.add({"surname": "Nowak"})
        bench.shop.orders["101"] = orders(range(1, 3))
        await bench.copy("101")
        # As the ledger is left by a process that was killed while order 2 was being written.
        if not written:
            bench.store.rows.popitem()
        note = (await bench.ledger.rows("sklep", 101))["sklep:2"]
        intended = RowNote("sklep:2", RowState.INTENDED, None, note.checksum, count_before=1)
        await bench.ledger.note_row("sklep", 101, intended)
        await bench.copy("101")
        assert bench.rows(101) == [("1", "Opłacone"), ("2", "Opłacone")]
        # A later change arrives wherever the row's number can still be learned; it never makes a second row.
        bench.shop.orders["101"] = [new_order(1), new_order(2, status="Wysłane")]
        await bench.copy("101")
        stuck = shown == "definition" and written
        assert bench.rows(101) == [("1", "Opłacone"), ("2", "Opłacone" if stuck else "Wysłane")]
        assert bench.copier.total.lost == stuck


@pytest.mark.parametrize("shown", ["values", "fields"])
async def test_a_lost_ledger_finds_its_rows_again(
    benches: "OpenBench", tmp_path: Path, orders: Callable[[range], list[Row]], shown: ItemsShown
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    async with benches(before, Switches(items_shown=shown)) as bench:
        bench.store.add({"surname": "Nowak"})
        bench.shop.orders["101"] = orders(range(1, 4))
        await bench.copy("101")
        store = bench.store
    async with (
        StandIn(store, Switches(items_shown=shown)) as thulium,
        benches(after, thulium=thulium) as bench,
    ):
        bench.shop.orders["101"] = orders(range(1, 4))
        await bench.copy("101")
        assert [number for number, _ in bench.rows(101)] == ["1", "2", "3"]
        assert thulium.writes == []


async def test_a_refused_row_is_reported_and_the_others_are_written(
    plain: "Bench", new_order: Callable[..., Row]
) -> None:
    plain.store.add({"surname": "Nowak"})
    plain.shop.orders["101"] = [new_order(1)]
    plain.shop.orders["999"] = [new_order(2)]
    await plain.copy("999", "101")
    assert plain.rows(101) == [("1", "Opłacone")]
    assert "Unknown group or customer." in plain.copier.total.rejected
    # There is no such card any more: nothing is left to be tried again.
    assert (plain.copier.refusals, await plain.ledger.queue_length()) == ([], 0)


@pytest.mark.parametrize("written_before", [False, True])
async def test_a_refused_row_waits_and_is_written_once_the_reason_is_gone(
    benches: "OpenBench", tmp_path: Path, new_order: Callable[..., Row], *, written_before: bool
) -> None:
    async with benches(tmp_path) as bench:
        store = bench.store
        store.add({"surname": "Nowak"})
        if written_before:
            bench.shop.orders["101"] = [new_order(1, status="Nowe")]
            await bench.copy("101")
        columns = store.groups["Orders"][1]
        products = columns.pop("Produkty")
        bench.shop.orders["101"] = [new_order(1)]
        await bench.copy("101")
        assert [message.en for message in bench.copier.refusals] == [
            "Thulium refused a row of an order: Unknown field."
        ]
        bench.thulium.writes.clear()
        await bench.copier.copy()
        assert bench.thulium.writes == []
        columns["Produkty"] = products
        # It is tried again as soon as the order changes, and by a bridge that is started anew.
        again = bench.copier if written_before else None
        if again is not None:
            await bench.copy("101")
            assert again.refusals == []
            assert bench.rows(101) == [("1", "Opłacone")]
        thulium = bench.thulium
        async with benches(tmp_path, thulium=thulium) as restarted:
            restarted.shop.orders["101"] = [new_order(1)]
            await restarted.copier.copy()
            assert restarted.rows(101) == [("1", "Opłacone")]
            assert (restarted.copier.refusals, await restarted.ledger.queue_length()) == ([], 0)


async def test_when_everything_is_refused_it_is_not_tried_on_every_card(
    plain: "Bench", new_order: Callable[..., Row]
) -> None:
    for number in range(80):
        customer = str(plain.store.add({"surname": f"Nowak {number}"}).id)
        plain.shop.orders[customer] = [new_order(number)]
    products = plain.store.groups["Orders"][1].pop("Produkty")
    await plain.copy(*plain.shop.orders)
    assert 0 < len(plain.thulium.writes) < 40
    plain.store.groups["Orders"][1]["Produkty"] = products
    await plain.copier.copy()
    assert await plain.ledger.queue_length() == len(plain.copier.refusals) < 40
    await plain.copy(*plain.shop.orders)
    assert (len(plain.store.rows), plain.copier.refusals) == (80, [])


async def test_a_refused_date_waits_too(plain: "Bench", new_order: Callable[..., Row]) -> None:
    plain.store.add({"surname": "Nowak"})
    plain.shop.orders["101"] = [new_order(1)]
    del plain.store.fields["Ostatnie"]
    await plain.copy("101")
    (refusal,) = plain.copier.refusals
    assert refusal.en == "Ostatnie: Thulium refused the record: Unknown custom field: Ostatnie."
    plain.store.fields["Ostatnie"] = "date"
    await plain.copy("101")
    assert plain.store.customers[101].fields["Ostatnie"] == "2026-11-02"
    assert plain.copier.refusals == []

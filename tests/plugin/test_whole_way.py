"""A real host (the sandbox CRM) with the plugin loaded by its entry point, against a demo shop over a socket."""

import asyncio
import gc
import json
import threading
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.plugin.conftest import ID_FIELD, VIEWER, Connected, connect
from thulium_plugin_prestashop.contract.customers import CustomField, NewCustomer
from thulium_plugin_prestashop.contract.errors import HostUnavailableError, ShopUnavailableError
from thulium_plugin_prestashop.contract.host import Egress
from thulium_plugin_prestashop.contract.integration import RunState
from thulium_plugin_prestashop.contract.tasks import Trigger
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.contract.views import (
    BadgeCell,
    CustomerTab,
    LinesCell,
    MoneyCell,
    TabQuery,
    TextCell,
)
from thulium_plugin_prestashop.sandbox.crm import SandboxCrm
from thulium_plugin_prestashop.sandbox.shop import DemoShop, Fault, Trouble


async def tab_of(connected: Connected, customer: str, query: TabQuery | None = None) -> CustomerTab:
    (tab,) = await connected.crm.host.load_tabs(customer, VIEWER, query)
    return tab


def owned_orders(shop: DemoShop) -> list[dict[str, Any]]:
    """Orders that somebody owns who is no more than a deleted account."""
    customers = {row["id"] for row in shop.all_customers()}
    return [order for order in shop.all_orders() if order["id_customer"] in customers]


async def test_every_order_of_the_shop_is_on_its_customers_card(connected: Connected) -> None:
    result = await connected.synchronise()
    assert result.ok, result
    states = {row["id"]: row for row in connected.shop.all_rows("order_states")}
    currencies = {row["id"]: row["iso_code"] for row in connected.shop.all_rows("currencies")}
    shown: dict[int, tuple[object, ...]] = {}
    async for card in connected.crm.iter_customers():
        for tab in await connected.crm.host.load_tabs(card.id, VIEWER, TabQuery(limit=100)):
            for row in tab.table.rows:
                cells = row.cells
                reference, total, status = cells.get("reference"), cells["total"], cells.get("status")
                assert isinstance(total, MoneyCell)
                lines = cells.get("lines", LinesCell(()))
                assert isinstance(lines, LinesCell)
                shown[int(row.key.rpartition(":")[2])] = (
                    reference.text if isinstance(reference, TextCell) else "",
                    total.amount,
                    total.currency,
                    status.color if isinstance(status, BadgeCell) else "",
                    [(line.name, line.quantity) for line in lines.lines],
                )
    expected = {
        order["id"]: (
            order["reference"].strip(),
            Decimal(order["total_paid"]).quantize(Decimal("0.01")),
            currencies[order["id_currency"]],
            states[order["current_state"]]["color"] if order["current_state"] else "",
            [(line["product_name"], line["product_quantity"]) for line in order["rows"]],
        )
        for order in connected.shop.all_orders()
        if order["id"] in shown
    }
    assert shown == expected
    assert len(shown) >= 0.9 * len(owned_orders(connected.shop))


async def test_a_second_run_asks_little_and_changes_nothing(connected: Connected) -> None:
    await connected.synchronise()
    before = connected.crm.directory.joinpath("crm.db").stat().st_size
    again = await connected.synchronise(Trigger.SCHEDULE)
    assert again.ok
    assert (
        again.figures["orders_stored"]
        == again.figures["cards_created"]
        == again.figures["cards_updated"]
        == 0
    )
    assert int(again.figures["requests"]) <= 12
    assert connected.crm.directory.joinpath("crm.db").stat().st_size == before


async def test_the_hosts_loop_drives_the_declared_task(connected: Connected) -> None:
    (job,) = connected.crm.host.scheduler.jobs(connected.id)
    assert job.task.every.total_seconds() == 1800
    run = await connected.crm.desk.run_now(connected.id, "admin")
    assert run is not None
    async for snapshot in job.watch():
        if snapshot.last is not None:
            assert snapshot.last.result is not None
            assert snapshot.last.result.ok
            break
    overview = await connected.crm.desk.one(connected.id)
    assert overview.status is not None
    assert overview.status.state is RunState.OK
    assert (overview.status.customers, overview.status.orders) == (60, 150)
    (entry,) = await connected.integration.log()
    assert (entry.mode, entry.ok, entry.figures["orders_read"]) == ("first", True, 150)


async def test_before_the_first_run_status_and_tab_say_so(connected: Connected) -> None:
    status = await connected.integration.status()
    assert status.state is RunState.NEVER_RUN
    (outcome,) = await connected.crm.customers.create([NewCustomer("x", "Nowak")])
    tab = await tab_of(connected, outcome.id or "")
    assert tab.empty.startswith("Ten sklep nie był jeszcze synchronizowany")


async def test_history_and_search_lead_to_the_same_order(connected: Connected) -> None:
    await connected.synchronise()
    order = next(order for order in owned_orders(connected.shop) if order["reference"])
    hits = await connected.crm.host.search_orders(order["reference"].lower(), VIEWER, 5)
    hit = next(hit for hit in hits if hit.row.key == f"{connected.id}:{order['id']}")
    tab = await tab_of(connected, hit.customer, TabQuery(opened=hit.row.key))
    assert hit.row in tab.table.rows
    (section,) = await connected.crm.host.load_sections(hit.customer, VIEWER, 50)
    assert hit.row in section.entries
    assert section.total == tab.table.total


class TestLinking:
    @pytest.fixture
    async def stranger(self, connected: Connected) -> str:
        await connected.synchronise()
        (outcome,) = await connected.crm.customers.create([NewCustomer("x", "Nowak")])
        assert outcome.id is not None
        return outcome.id

    async def test_unlinking_takes_the_orders_away_for_good_until_somebody_links_again(
        self, connected: Connected, stranger: str
    ) -> None:
        order = next(order for order in owned_orders(connected.shop) if order["reference"])
        owner = await connected.card(order["id"])
        tab = await tab_of(connected, owner)
        for match in tab.matches:
            await connected.integration.unlink(owner, match.customer)
        assert (await tab_of(connected, owner)).matches == ()
        await connected.synchronise()
        assert (await tab_of(connected, owner)).matches == ()
        number = order["id_customer"]
        assert await connected.integration.link(stranger, f" #{number} ") is None
        linked = await tab_of(connected, stranger)
        assert [(match.customer, match.basis) for match in linked.matches] == [(number, "manual")]
        assert f"{connected.id}:{order['id']}" in {row.key for row in linked.table.rows}

    async def test_only_the_own_card_can_be_unlinked(self, connected: Connected, stranger: str) -> None:
        order = owned_orders(connected.shop)[0]
        owner = await connected.card(order["id"])
        await connected.integration.unlink(stranger, order["id_customer"])
        assert (await tab_of(connected, owner)).matches

    @pytest.mark.parametrize(
        ("typed", "key"),
        [
            (" ", "link.empty"),
            ("nobody@example.com", "link.not_found"),
            ("99999999", "link.not_found"),
            ("9" * 40, "link.not_found"),
        ],
    )
    async def test_what_cannot_be_linked_says_why(
        self, connected: Connected, stranger: str, typed: str, key: str
    ) -> None:
        error = await connected.integration.link(stranger, typed)
        assert error is not None
        assert error.key == key
        assert error.message.pl != error.message.en

    async def test_another_cards_customer_is_not_taken_away(
        self, connected: Connected, stranger: str
    ) -> None:
        order = owned_orders(connected.shop)[0]
        owner = await connected.card(order["id"])
        error = await connected.integration.link(stranger, str(order["id_customer"]))
        assert error is not None
        assert error.key == "link.taken"
        assert await connected.integration.link(owner, str(order["id_customer"])) is None

    async def test_an_email_links_all_customers_that_have_it(
        self, connected: Connected, stranger: str
    ) -> None:
        ids = {
            connected.shop.insert_customer(email="Ala@Example.com", firstname="Ala"),
            connected.shop.insert_customer(email="ala@example.com", firstname="Ala", is_guest=1),
        }
        await connected.synchronise()
        card = await connected.crm.find_one(email="ala@example.com")
        assert card is not None
        for match in (await tab_of(connected, card.id)).matches:
            await connected.integration.unlink(card.id, match.customer)
        assert await connected.integration.link(stranger, "ALA@example.com") is None
        assert {match.customer for match in (await tab_of(connected, stranger)).matches} == ids

    @pytest.mark.parametrize("by_number", [True, False], ids=["number", "email"])
    async def test_somebody_who_came_since_the_last_run_is_asked_of_the_shop(
        self, connected: Connected, stranger: str, *, by_number: bool
    ) -> None:
        newcomer = connected.shop.insert_customer(email="just.now@example.com")
        order = connected.shop.insert_order(id_customer=newcomer, id_shop=1)
        typed = str(newcomer) if by_number else "Just.Now@example.com"
        assert await connected.integration.link(stranger, typed) is None
        tab = await tab_of(connected, stranger)
        assert [(match.customer, match.basis) for match in tab.matches] == [(newcomer, "manual")]
        assert [row.key for row in tab.table.rows] == [f"{connected.id}:{order}"]
        assert (await connected.synchronise()).ok
        assert (await tab_of(connected, stranger)).matches == tab.matches

    @pytest.mark.parametrize("trouble", [Trouble.LATENCY, Trouble.EMPTY_500], ids=["slow", "down"])
    async def test_a_shop_that_does_not_answer_is_told_within_three_seconds(
        self, connected: Connected, stranger: str, trouble: Trouble
    ) -> None:
        connected.shop.insert_customer(email="just.now@example.com")
        connected.shop.faults.add(Fault(trouble, seconds=30))
        started = monotonic()
        error = await connected.integration.link(stranger, "just.now@example.com")
        assert monotonic() - started < 3
        assert error is not None
        assert error.key == "link.shop_silent"


class TestRefresh:
    async def test_one_customers_new_order_is_there_at_once(self, connected: Connected) -> None:
        await connected.synchronise()
        order = owned_orders(connected.shop)[0]
        owner = await connected.card(order["id"])
        before = await tab_of(connected, owner)
        new = connected.shop.insert_order(
            [{"product_name": "Nowy kubek", "product_quantity": 1, "unit_price_tax_incl": "9.99"}],
            id_customer=order["id_customer"],
            id_shop=1,
        )
        asked = len(connected.shop.served)
        refreshed = await connected.integration.refresh(owner)
        assert refreshed.ok, refreshed
        after = await tab_of(connected, owner)
        assert after.table.total == before.table.total + 1
        assert after.table.rows[0].key == f"{connected.id}:{new}"
        assert len(connected.shop.served) - asked <= 8

    async def test_a_slow_shop_leaves_what_is_known_within_three_seconds(self, connected: Connected) -> None:
        await connected.synchronise()
        owner = await connected.card(owned_orders(connected.shop)[0]["id"])
        known = await tab_of(connected, owner)
        connected.shop.faults.add(Fault(Trouble.LATENCY, seconds=30))
        started = monotonic()
        refreshed = await connected.integration.refresh(owner)
        assert monotonic() - started < 3
        assert not refreshed.ok
        assert (await tab_of(connected, owner)).table.rows == known.table.rows


class TestProblems:
    async def test_a_revoked_key_is_a_problem_until_it_works_again(self, connected: Connected) -> None:
        await connected.synchronise()
        owner = await connected.card(owned_orders(connected.shop)[0]["id"])
        connected.shop.service.enabled = False
        failed = await connected.synchronise()
        assert not failed.ok
        (raised,) = connected.crm.problems.list(connected.id)
        assert raised.problem.key == "shop"
        status = await connected.integration.status()
        assert status.state is RunState.FAILED
        tab = await tab_of(connected, owner)
        assert tab.table.rows
        assert tab.notices[0].text.startswith("Sklep nie wpuszcza już CRM")
        connected.shop.service.enabled = True
        assert (await connected.synchronise()).ok
        assert connected.crm.problems.list(connected.id) == []
        assert (await tab_of(connected, owner)).notices == ()

    async def test_a_deleted_id_field_is_a_problem_and_no_reason_to_stop(
        self, connected: Connected, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def nothing() -> list[CustomField]:
            return []

        async def down() -> list[CustomField]:
            raise HostUnavailableError(LocalizedText(en="Down.", pl="Nie działa."))

        fields = connected.integration.host.custom_fields
        monkeypatch.setattr(fields, "list", nothing)
        await connected.synchronise()
        assert [raised.problem.key for raised in connected.crm.problems.list(connected.id)] == ["id_field"]
        monkeypatch.setattr(fields, "list", down)
        assert (await connected.synchronise()).ok
        assert [raised.problem.key for raised in connected.crm.problems.list(connected.id)] == ["id_field"]
        monkeypatch.undo()
        await connected.synchronise()
        assert connected.crm.problems.list(connected.id) == []

    async def test_a_record_that_cannot_be_read_is_listed_and_tried_again(self, connected: Connected) -> None:
        order = owned_orders(connected.shop)[0]["id"]
        connected.shop.touch("orders", order, total_paid="not a number")
        assert (await connected.synchronise()).ok
        (record,) = await connected.integration.set_aside()
        assert (record.resource, record.id) == ("orders", str(order))
        assert record.reason.pl != record.reason.en
        assert [raised.problem.key for raised in connected.crm.problems.list(connected.id)] == ["set_aside"]
        connected.shop.touch("orders", order, total_paid="12.500000")
        assert await connected.integration.retry_set_aside() == 1
        await connected.synchronise()
        assert await connected.integration.set_aside() == []
        assert connected.crm.problems.list(connected.id) == []


async def test_a_dry_run_says_what_an_import_would_do_and_does_nothing(connected: Connected) -> None:
    preview = await connected.integration.preview(connected.progress.append)
    assert await connected.crm.listing.count() == 0
    assert (await connected.integration.status()).orders == 0
    result = await connected.synchronise()
    assert (preview.create, preview.orders) == (
        result.figures["cards_created"],
        result.figures["orders_stored"],
    )
    connected.shop.service.enabled = False
    with pytest.raises(ShopUnavailableError) as raised:
        await connected.integration.preview(connected.progress.append)
    assert "API" in raised.value.message.pl


async def test_diagnostics_hold_nothing_secret_or_personal(connected: Connected) -> None:
    await connected.synchronise()
    text = json.dumps(await connected.integration.diagnostics(), ensure_ascii=False)
    assert connected.shop.key not in text
    assert "127.0.0.1" not in text
    assert ID_FIELD not in text
    for customer in connected.shop.all_customers():
        for column in ("email", "lastname"):
            assert not customer[column] or str(customer[column]) not in text
    assert json.loads(text)["runs"][0]["figures"]["orders_stored"] == 150


class TestEndings:
    @pytest.mark.parametrize("keep_data", [True, False])
    async def test_removing_deletes_or_keeps_the_data_as_chosen(
        self, connected: Connected, *, keep_data: bool
    ) -> None:
        await connected.synchronise()
        mirror = connected.integration.mirror
        await connected.crm.desk.remove(connected.id, "admin", keep_data=keep_data)
        async with mirror.reading() as connection:
            left = (await connection.exec_driver_sql("SELECT count(*) FROM prestashop_orders")).scalar()
        assert left == (150 if keep_data else 0)
        assert await connected.crm.listing.count() > 0

    async def test_merged_and_erased_customers_are_followed(self, connected: Connected) -> None:
        await connected.synchronise()
        orders = owned_orders(connected.shop)
        first, second, *_ = dict.fromkeys([await connected.card(order["id"]) for order in orders])
        await connected.crm.cards.merge(first, [second], "admin")
        tab = await tab_of(connected, first)
        merged = {match.customer for match in tab.matches}
        assert len(merged) >= 2
        emails = [str(row["email"]) for row in connected.shop.all_customers() if row["id"] in merged]
        await connected.crm.cards.erase(first, "admin")
        files = [file for file in connected.integration.host.data_directory.iterdir() if file.is_file()]
        content = b"".join([file.read_bytes() for file in files])
        assert not any(email.encode() in content for email in emails)

    async def test_nothing_is_left_when_the_host_has_stopped(self, tmp_path: Path, shop: DemoShop) -> None:
        threads = set(threading.enumerate())
        tasks = asyncio.all_tasks()
        async with await SandboxCrm.open(
            tmp_path / "crm", egress=Egress(allow_private=True), schedule=False
        ) as crm:
            connected = await connect(crm, shop)
            await connected.synchronise()
            state = connected.integration.host.state
            assert state.keys() == {"prestashop"}
        gc.collect()
        assert state == {}
        assert asyncio.all_tasks() == tasks
        # The loop's own executor, "asyncio_…", ends with the loop.
        ours = ("aiosqlite", "Thread")
        assert {
            thread.name for thread in set(threading.enumerate()) - threads if thread.name.startswith(ours)
        } == set()


async def test_two_hosts_in_one_process_see_nothing_of_each_other(tmp_path: Path, shop: DemoShop) -> None:
    async with (
        await SandboxCrm.open(tmp_path / "a", egress=Egress(allow_private=True), schedule=False) as one,
        await SandboxCrm.open(tmp_path / "b", egress=Egress(allow_private=True), schedule=False) as other,
    ):
        first = await connect(one, shop)
        second = await connect(other, shop)
        await first.synchronise()
        assert (await first.integration.status()).orders == 150
        assert (await second.integration.status()).orders == 0
        assert first.integration.mirror is not second.integration.mirror


async def test_two_shops_have_a_tab_each_with_their_names(connected: Connected) -> None:
    async with DemoShop(customers=20, orders=40, seed=9, name="Outlet") as outlet:
        second = await connect(connected.crm, outlet, id_field="Outlet ID")
        email = "both@example.com"
        for shop in (connected.shop, outlet):
            owner = shop.insert_customer(email=email)
            shop.insert_order(id_customer=owner, id_shop=1)
        await connected.synchronise()
        await second.synchronise()
        card = await connected.crm.find_one(email=email)
        assert card is not None
        tabs = await connected.crm.host.load_tabs(card.id, VIEWER)
        assert [tab.title for tab in tabs] == ["PrestaShop · Sklep", "PrestaShop · Outlet"]
        (section,) = await connected.crm.host.load_sections(card.id, VIEWER, 10)
        assert {row.key.partition(":")[0] for row in section.entries} == {connected.id, second.id}
        (only,) = await connected.crm.host.load_tabs(card.id, VIEWER, TabQuery(), second.id)
        assert only.integration == second.id

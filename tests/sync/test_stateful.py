"""The cursor's promise, against any sequence of events: after a quiet run the mirror equals the shop."""

import asyncio
import os
import tempfile
from collections.abc import Coroutine
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.sync.bench import Bench
from tests.sync.interrupted import cut_off
from thulium_plugin_prestashop.contract.tasks import Trigger
from thulium_plugin_prestashop.mirror.engine import open_database
from thulium_plugin_prestashop.mirror.quarantine import retry_all
from thulium_plugin_prestashop.sandbox.shop import DemoShop, Fault, Trouble
from thulium_plugin_prestashop.sync import cursor, windows
from thulium_plugin_prestashop.transport.egress import EgressPolicy
from thulium_plugin_prestashop.transport.http import HttpClient

T = TypeVar("T")
ZERO = "0000-00-00 00:00:00"
EXAMPLES = int(os.environ.get("SYNC_EXAMPLES", "12"))
STEPS = int(os.environ.get("SYNC_STEPS", "14"))
TROUBLES = st.sampled_from([Trouble.EMPTY_500, Trouble.RESET, Trouble.TRUNCATED, Trouble.EMPTY_LIST])
EMAILS = st.sampled_from(
    ["ewa@example.com", "EWA@example.com", "jan@example.com", "ab12cd34ef+1@allegromail.pl"]
)
PICK = st.integers(0, 10**6)
DATES = st.sampled_from([0, 1, 500, "zero", "tomorrow", "future"])
"""Seconds ago, or an odd date: one that is wrong by less than a day, and by years."""
EVENINGS = ("2024-10-26T21:00:00+02:00", "2024-10-27T02:50:00+02:00", "2024-11-12T21:00:00+01:00")
"""Hours and ten minutes before the clock is set back an hour, and a usual one, on which windows overlap little."""
LARGE = (
    mock.patch.object(cursor, "FLOOR_FROM", 20),
    mock.patch.object(windows, "FLOOR_FROM", 20),
    mock.patch.object(cursor, "FLOOR_DEPTH", 8),
)
"""Makes a shop of 25 orders a large one, most of whose windows look at the newest ids only."""


class Shops(RuleBasedStateMachine):
    """One shop, one mirror, one host, and everything that happens to them."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = tempfile.TemporaryDirectory()
        self.shop = DemoShop(customers=12, orders=25, until=datetime(2024, 10, 26, 20, 0))  # noqa: DTZ001 - the shop's
        self.jumped = False
        self.ending = ExitStack()
        self.trigger = Trigger.SCHEDULE
        self.bench: Bench

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize(large=st.booleans(), evening=st.sampled_from(EVENINGS))
    def start(self, large: bool, evening: str) -> None:  # noqa: FBT001 - drawn by Hypothesis
        if large:
            for patch in LARGE:
                self.ending.enter_context(patch)
            # What changes among the low ids is only promised to a run that a person starts, or once in six hours.
            self.trigger = Trigger.PERSON
        self.do(self.shop.start())
        self.shop.clock.set(datetime.fromisoformat(evening))
        self.do(self._open())
        self.bench.clock.ahead = self.shop.clock() - self.bench.clock.now().timestamp()

    async def _open(self) -> None:
        path = Path(self.directory.name)
        mirror = await open_database(await self.place())
        http = HttpClient(EgressPolicy(allow_private=True))
        if hasattr(self, "bench"):
            self.bench.mirror, self.bench.http = mirror, http
        else:
            self.bench = Bench(path, mirror, http)

    async def place(self) -> str | Path:
        """Where the mirror is."""
        return Path(self.directory.name) / "prestashop.db"

    async def _close(self) -> None:
        await self.bench.http.aclose()
        await self.bench.mirror.close()

    def some(self, resource: str, pick: int) -> int | None:
        rows = self.shop.all_rows(resource)
        return int(rows[pick % len(rows)]["id"] or 0) if rows else None

    def ago(self, seconds: int) -> str:
        """A moment that the shop writes now and shows later: transactions, replicas."""
        return str(self.shop.clock.wall() - timedelta(seconds=seconds))

    # What happens in the shop

    @rule(email=EMAILS, guest=st.booleans(), date=DATES)
    def insert_customer(self, email: str, guest: bool, date: int | str) -> None:  # noqa: FBT001 - drawn by Hypothesis
        self.shop.insert_customer(
            email=email, is_guest=int(guest), id_shop=1, date_upd=self.dated(date), lastname=email[:3]
        )

    @rule(pick=PICK, date=DATES, lines=st.integers(0, 3))
    def insert_order(self, pick: int, date: int | str, lines: int) -> None:
        row: dict[str, str | int | float | None] = {
            "product_id": 1,
            "product_quantity": 2,
            "product_name": "Kubek",
            "unit_price_tax_incl": "9.99",
        }
        customer = self.some("customers", pick) or 0
        address = self.shop.insert_address(customer, city="Gdynia", phone="601 234 567") if customer else 0
        self.shop.insert_order(
            [row] * lines,
            id_customer=customer,
            id_shop=1,
            id_address_delivery=address,
            date_upd=self.dated(date),
        )

    def dated(self, date: int | str) -> str:
        if date == "zero":
            return ZERO
        if date == "tomorrow":
            return self.ago(-72_000)
        return "2031-01-01 00:00:00" if date == "future" else self.ago(int(date))

    @rule(
        resource=st.sampled_from(["customers", "addresses", "orders"]),
        picks=st.lists(PICK, min_size=1, max_size=4),
        late=st.integers(0, 590),
    )
    def edit(self, resource: str, picks: list[int], late: int) -> None:
        column = {"orders": "payment", "customers": "firstname", "addresses": "city"}[resource]
        for pick in picks:
            if (row_id := self.some(resource, pick)) is not None:
                self.shop.touch(resource, row_id, **{column: f"Nowe {pick}"}, date_upd=self.ago(late))

    @rule(resource=st.sampled_from(["customers", "addresses", "orders"]), pick=PICK)
    def delete(self, resource: str, pick: int) -> None:
        if (row_id := self.some(resource, pick)) is not None:
            self.shop.delete(resource, row_id)

    @rule(pick=PICK)
    def soft_delete(self, pick: int) -> None:
        if (row_id := self.some("customers", pick)) is not None:
            self.shop.soft_delete("customers", row_id)

    # Time

    @rule(seconds=st.sampled_from([1, 60, 900, 1_800, 5_400, 40_000]))
    def time_passes(self, seconds: int) -> None:
        self.shop.clock.advance(seconds)
        self.bench.clock.ahead += seconds

    @rule(seconds=st.sampled_from([-20_000, -3_600, -120, 300, 86_400]), picks=st.lists(PICK, max_size=3))
    def shop_clock_jumps(self, seconds: int, picks: list[int]) -> None:
        """Once between two runs: a clock that was set back and forth again in between leaves no trace. The shop goes
        on, for what is dated by the new clock before anybody asks is what a window may miss.
        """
        # No precondition: whether a run with trouble ends well is a matter of timing, on which no rule may depend.
        if not self.jumped:
            self.shop.clock.advance(seconds)
            self.jumped = True
            self.edit("orders", picks, 0)

    # Runs

    @rule(picks=st.lists(PICK, max_size=3))
    def run(self, picks: list[int]) -> None:
        """Mostly of a shop that has just changed: then the watermark is of today."""
        self.edit("orders", picks, 0)
        report = self.do(self.bench.run(self.shop))
        self.jumped = self.jumped and not report.ok

    @rule(trouble=TROUBLES, after=st.integers(0, 12), times=st.integers(1, 6), every=st.integers(1, 3))
    def run_with_trouble(self, trouble: Trouble, after: int, times: int, every: int) -> None:
        self.shop.faults.add(Fault(trouble, after=after, times=times, every=every))
        report = self.do(self.bench.run(self.shop))
        self.shop.faults.clear()
        self.jumped = self.jumped and not report.ok

    @rule(after=st.integers(1, 36), storing=st.booleans())
    def run_and_restart(self, after: int, storing: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        """The process ends in the middle of a run, between two questions or two transactions; another one goes on."""
        self.do(cut_off(self.bench.job(self.shop), after, storing=storing))
        self.do(self._close())
        self.do(self._open())

    # The promise

    @rule()
    def settle(self) -> None:
        self.do(self._settle())
        self.jumped = False

    async def _settle(self) -> None:
        async with self.bench.mirror.writing() as connection:
            await retry_all(connection, "1")
        for _ in range(2):
            report = await self.bench.run(self.shop, trigger=self.trigger)
            assert report.ok, report.error
            if report.mode == "incremental":  # one run is enough but after a first import
                break
        await self._compare(exactly=False)
        report = await self.bench.run(self.shop, sweep=True, accept_removals=True)
        assert report.ok, report.error
        await self._compare(exactly=True)
        quiet = await self.bench.run(self.shop)
        assert (quiet.rows_stored, quiet.cards_created, quiet.cards_updated) == (0, 0, 0)
        emails = [email.casefold() for card in self.bench.crm.cards.values() for email in card.emails]
        assert len(emails) == len(set(emails)), "two cards share an e-mail"

    async def _compare(self, *, exactly: bool) -> None:
        columns = {
            "customers": "email, firstname, lastname, is_guest, deleted",
            "addresses": "id_customer, city, phone, deleted",
            "orders": "reference, id_customer, payment, id_address_delivery",
        }
        lines = {order["id"]: order["rows"] for order in self.shop.all_orders()}
        for resource, names in columns.items():
            visible = " AND removed_at IS NULL" if resource == "orders" else ""
            more = ", rows" if resource == "orders" else ""
            query = f"SELECT id, {names}{more} FROM prestashop_{resource} WHERE integration = '1'{visible}"  # noqa: S608 - constants
            here = {row.id: row for row in await self.bench.rows(query)}
            there = {row["id"]: row for row in self.shop.all_rows(resource)}
            if resource == "addresses":
                there = {row_id: row for row_id, row in there.items() if row["id_customer"]}
            for row_id, row in there.items():
                assert row_id in here, f"{resource} {row_id} is missing"
                found = here[row_id]
                for number, name in enumerate(names.split(", "), 1):
                    assert found[number] == row[name], f"{resource} {row_id}: {name} is stale"
                if resource == "orders":
                    sold = [line[0] for line in orjson.loads(found.rows)]
                    assert sold == [line["id"] for line in lines[row_id]]
            if exactly and resource != "addresses":
                assert here.keys() == there.keys(), f"{resource} that the shop deleted are left over"

    def teardown(self) -> None:
        try:
            if hasattr(self, "bench"):
                self.do(self._settle())
        finally:
            if hasattr(self, "bench"):
                self.do(self._close())
                self.do(self.shop.stop())
            self.ending.close()
            self.do(self.loop.shutdown_default_executor())
            self.loop.close()
            self.directory.cleanup()


TestShops = Shops.TestCase
TestShops.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

"""The whole way under every combination of the switches: agents' cards, faults, refusals, a kill, a restart.

Recorded answers of two real shops → the plugin → a bridge that is killed with ``kill -9`` in its first run → another
bridge that goes on → the stand-in. By default as many combinations as hold every two choices together; all 31,104
with ``THULIUM_ALL_SWITCHES=1`` (three hours of one core; ``--basetemp`` on a file system in memory, and ``-n`` for
more cores).
"""

import asyncio
import io
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

import attrs
import pytest

from tests.thulium.bridge_forker import tuning
from tests.thulium.conftest import new_store
from tests.thulium.quick_sqlite import make_sqlite_quick
from tests.thulium.test_every_way import (
    OWN_COLUMN,
    PAIRS,
    check_cards,
    check_kept,
    edit,
    enter,
    foreign,
    people,
)
from tests.thulium.test_flow import RECORDINGS, Way, write_settings
from tests.thulium.test_switches import EVERY
from thulium_plugin_prestashop.contract.errors import HostUnavailableError
from thulium_plugin_prestashop.contract.tasks import Trigger
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.thulium import trials
from thulium_plugin_prestashop.thulium.bridge import Bridge
from thulium_plugin_prestashop.thulium.checks import Outcome
from thulium_plugin_prestashop.thulium.configfile import read_settings
from thulium_plugin_prestashop.thulium.standin import Fault, FaultKind, StandIn, Switches
from thulium_plugin_prestashop.thulium.values import email_key

ALL: Final = bool(os.environ.get("THULIUM_ALL_SWITCHES"))
TRIED: Final = EVERY if ALL else PAIRS
SHARDS: Final = 96 if ALL else 4
LATEST_KILL: Final = 12
"""A first run of the small shops writes about so often."""
ENDING: Final = (FaultKind.UNAUTHORISED, FaultKind.FORBIDDEN, FaultKind.NOT_JSON)
"""Faults that end a run, and so would be in the way of a kill."""
CUSTOMERS: Final = 7
RUNS: Final = 12
"""More than enough for every fault to have struck."""


# The shops: some recorded customers, of each kind that was recorded, and orders of four lengths


@asynccontextmanager
async def recorded_shop(version: str) -> AsyncIterator[DemoShop]:
    async with DemoShop.from_recordings(RECORDINGS / version) as shop:
        kinds: dict[tuple[object, ...], int] = {}
        for row in sorted(shop.all_customers(), key=lambda row: str(row["email"]).isupper(), reverse=True):
            email, deleted = str(row["email"]), str(row["deleted"])
            kind = (row["is_guest"], row["active"], deleted, "allegromail" in email, email.isupper())
            kinds.setdefault(kind, int(str(row["id"])))
        others = (int(str(row["id"])) for row in shop.all_customers())
        customers = list(dict.fromkeys([*kinds.values(), *others]))[:CUSTOMERS]
        lengths = {len(order["rows"]): int(str(order["id"])) for order in shop.all_orders()}
        lengths = {length: lengths[length] for length in (min(lengths), 1, 2, max(lengths))}
        for resource, kept in (
            ("customers", set(customers)),
            ("orders", set(lengths.values())),
            ("addresses", {int(str(row["id"])) for row in shop.all_rows("addresses")[:6]}),
        ):
            for row in shop.all_rows(resource):
                if int(str(row["id"])) not in kept:
                    shop.delete(resource, int(str(row["id"])))
        # The owners of most recorded orders were not recorded. The shortest order stays nobody's.
        owners = [number for number in customers if str(number) in people(shop)]
        for place, number in enumerate(sorted(lengths.values())[1:]):
            shop.touch("orders", number, id_customer=owners[place % 4])
        yield shop


# Killing


class Forker:
    """A process of :mod:`.bridge_forker`; the first bridge is not to be killed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def cut_off(self, path: Path, on_probed: Callable[[int], None]) -> int:
        """One synchronisation in a process of its own; ``on_probed`` is called with its id before it begins.

        Answers its exit status, or minus the signal that killed it.
        """
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(f"{path}\n".encode())
        pid = int(await self._line())
        assert await self._line() == "probed"
        on_probed(pid)
        stdin.write(b"\n")
        return int(await self._line())

    async def _line(self) -> str:
        stdout = self._process.stdout
        assert stdout is not None
        return (await asyncio.wait_for(stdout.readline(), 60)).decode().strip()


@asynccontextmanager
async def forker(folder: Path) -> AsyncIterator[Forker]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.thulium.bridge_forker", *(["--quick"] if ALL else [])),
        cwd=Path(__file__).parents[2],
        stdin=pipe,
        stdout=pipe,
    )
    made = Forker(process)
    try:
        async with (
            DemoShop(customers=2, orders=2) as shop,
            StandIn(new_store()) as thulium,
        ):
            await made.cut_off(write_settings(folder, shop, thulium), lambda _: None)
        yield made
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


def fatal(here: Way, pid: int, writes: int) -> Callable[[], None]:
    """Kills the process with one of the next writes: that one is carried out, and nobody hears of it."""
    left = iter(range(writes))

    def strike() -> None:
        if next(left, None) is None:
            here.thulium.on_write = None
            os.kill(pid, signal.SIGKILL)

    return strike


# The walk


async def again(bridge: Bridge) -> bool:
    """What the running service does every half hour; whether it went well."""
    ended = await bridge.run("sklep", Trigger.SCHEDULE)
    try:
        await bridge.copy_orders()
    except HostUnavailableError:
        return False
    return ended.ok


async def first(bridge: Bridge) -> bool:
    """What the service does when it starts."""
    says = trials.Says(io.StringIO(), as_json=True)
    return await trials.synchronise(bridge, says, dry_run=False) is Outcome.DONE


async def until_well(here: Way, bridge: Bridge) -> None:
    """As many runs as it takes."""
    for _ in range(RUNS):
        entries = bridge.host.integrations.entries()
        running = [entry for entry in entries if entry.integration is not None]
        well = await (again if running else first)(bridge)
        here.check_nothing_twice()
        if well:
            return
    pytest.fail("it never comes to rest")


@attrs.define
class Tally:
    """What happened on the walks; a check that nothing of it was idle."""

    walks: int = 0
    killed: int = 0
    struck: int = 0
    """Faults that did."""
    lost: int = 0
    """Changed orders whose row could not be changed."""


async def walk(here: Way, forker: Forker, random: Random, tally: Tally) -> None:
    store = here.thulium.store
    emails = people(here.shop)
    entered = enter(here)
    by_hand = foreign(here)
    refused = next(row for row in reversed(here.shop.all_customers()) if str(row["id"]) in emails)
    store.refused_surnames = {str(refused["lastname"])}
    faults = [
        # What ends a run mostly does so at its first question: a run takes most of a walk's time.
        Fault(kind, "GET")
        if kind in ENDING and random.randrange(4)
        else Fault(kind, ("GET", "POST", "PUT")[place % 3], skip=random.randrange(6))
        for place, kind in enumerate(random.sample(list(FaultKind), len(FaultKind)))
    ]

    def probed(pid: int) -> None:
        here.thulium.faults = [fault for fault in faults if fault.kind not in ENDING]
        here.thulium.on_write = fatal(
            here, pid, min(random.randrange(LATEST_KILL), random.randrange(LATEST_KILL))
        )

    ended = await forker.cut_off(here.path, probed)
    assert ended in {-signal.SIGKILL, Outcome.DONE.value, Outcome.FAILED.value, Outcome.MUST_CHANGE.value}
    here.thulium.on_write = None
    here.thulium.faults = faults
    here.check_nothing_twice()

    async with Bridge(read_settings(here.path), tuning()) as bridge:
        await until_well(here, bridge)
        # Whom Thulium refuses has no card; everybody else, their batch too, is there.
        there = {email_key(email) for record in store.customers.values() for email in record.emails}
        assert set(emails.values()) - there == {emails[str(refused["id"])]}, (
            set(emails.values()) - there,
            refused,
        )
        check_kept(here, entered)
        assert foreign(here) == by_hand
        tally.walks += 1
        tally.killed += ended == -signal.SIGKILL
        tally.struck += sum(fault.times == 0 for fault in faults)
        here.thulium.faults = []
        store.refused_surnames.clear()

        edited = edit(here)
        by_hand = foreign(here)
        owned_columns = len(store.rows)
        order = next(order for order in here.shop.all_orders() if str(order["id"]) in here.numbers())
        number, state = int(str(order["id"])), int(str(order["current_state"]))
        here.shop.touch("orders", number, current_state=6 if state != 6 else 5)
        await until_well(here, bridge)
        if "bridge.lost" in {raised.problem.key for raised in bridge.problems.list()}:
            # Nobody heard the id of the row that was being made, and Thulium lists no rows: it cannot be changed any
            # more, and the administrator is told. In the shop it is undone, to compare the rest.
            assert here.thulium.switches.items_shown == "definition"
            tally.lost += 1
            here.shop.touch("orders", number, current_state=state)
            await until_well(here, bridge)
        here.thulium.writes.clear()
        await until_well(here, bridge)
        assert here.thulium.writes == []
    check_cards(here)
    check_kept(here, edited)
    assert foreign(here) == by_hand
    if here.thulium.switches.item_put == "merge":
        assert sum(OWN_COLUMN in row.values for row in store.rows.values()) == owned_columns


@pytest.mark.parametrize("shard", range(SHARDS))
async def test_killed_restarted_and_disturbed_it_ends_the_same(
    tmp_path: Path, shard: int, record_property: Callable[[str, object], None]
) -> None:
    tally = Tally()
    if ALL:
        make_sqlite_quick()
    async with (
        recorded_shop("9.1.4") as newest,
        recorded_shop("1.6.1.25") as oldest,
        forker(tmp_path) as bridges,
    ):
        for number in range(shard, len(TRIED), SHARDS):
            switches: Switches = TRIED[number]
            folder = tmp_path / str(number)
            folder.mkdir()
            random = Random(number)  # noqa: S311 - a seed, no secret
            async with StandIn(new_store(), switches) as thulium:
                shop = random.choice((newest, oldest))
                here = Way(shop, thulium, write_settings(folder, shop, thulium))
                try:
                    await walk(here, bridges, random, tally)
                except BaseException as error:
                    error.add_note(f"combination {number}: {switches}")
                    raise
            shutil.rmtree(folder)
    for name, count in attrs.asdict(tally).items():
        record_property(name, count)
    assert tally.walks
    assert tally.killed
    assert tally.struck > tally.walks

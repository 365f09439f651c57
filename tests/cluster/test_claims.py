"""One run per integration: claims, leases and fences, whatever processes do and however time passes."""

import asyncio
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, rule
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.mirror.claims import Claim, Claims, OvertakenError, Refusal
from thulium_plugin_prestashop.mirror.engine import Mirror, open_database
from thulium_plugin_prestashop.mirror.processes import is_gone, process_token
from thulium_plugin_prestashop.mirror.tables import claims as table
from thulium_plugin_prestashop.mirror.tables import shops_state

T = TypeVar("T")
EXAMPLES = int(os.environ.get("CLUSTER_EXAMPLES", "25"))
LEASE = 30.0
HOLDERS = ("a", "b", "c")


@attrs.define
class Time:
    """The database's clock as a test moves it."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


async def write(mirror: Mirror, settings_text: str) -> None:
    """What a run might write."""
    async with mirror.writing("1") as connection:
        await connection.execute(
            update(shops_state).where(shops_state.c.integration == "1").values(settings=settings_text)
        )


async def prepare(connection: AsyncConnection) -> None:
    await connection.execute(shops_state.insert().values(integration="1"))


@attrs.define
class Model:
    """What anybody may expect of one integration's claim."""

    fence: int = 0
    holder: str | None = None
    until: float = 0.0
    due: float | None = None
    requested: bool = False
    cancelling: bool = False

    def running(self, now: float) -> bool:
        return self.holder is not None and now < self.until


class Several(RuleBasedStateMachine):
    """Three processes, one integration, and time that passes between any two things they do."""

    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.time = Time()
        self.model = Model()
        self.writes = 0
        self.mirror: Mirror

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize()
    def open(self) -> None:
        self.mirror = self.do(open_database(Path(self.folder.name) / "prestashop.db"))
        self.processes = {
            name: Claims(self.mirror, clock=self.time, holder=name, lease=LEASE) for name in HOLDERS
        }
        self.do(self._prepare())

    async def _prepare(self) -> None:
        async with self.mirror.writing("1") as connection:
            await prepare(connection)

    @rule(seconds=st.sampled_from([0.5, 10.0, 29.0, 30.0, 31.0, 1800.0]))
    def time_passes(self, seconds: float) -> None:
        self.time.now += seconds

    @rule(target=held, holder=st.sampled_from(HOLDERS), at_once=st.booleans())
    def claim(self, holder: str, at_once: bool) -> tuple[str, Claim | None]:  # noqa: FBT001 - drawn by Hypothesis
        model, now = self.model, self.time.now
        got = self.do(self.processes[holder].claim("1", at_once=at_once))
        wanted = at_once or model.requested or model.due is None or model.due <= now
        if model.running(now) or not wanted:
            assert isinstance(got, Refusal)
            assert got.running == model.running(now)
            until = model.until if got.running else model.due
            assert until is not None
            assert got.seconds == pytest.approx(until - now)
            return holder, None
        assert got == Claim("1", model.fence + 1, model.requested)
        due = model.due if model.due is not None and model.due <= now else now
        self.model = Model(model.fence + 1, holder, now + LEASE, due)
        return holder, got

    @rule(owned=held)
    def renew(self, owned: tuple[str, Claim | None]) -> None:
        holder, claim = owned
        if claim is None:
            return
        if self.model.holder != holder or self.model.fence != claim.fence:
            with pytest.raises(OvertakenError):
                self.do(self.processes[holder].renew(claim))
            return
        assert self.do(self.processes[holder].renew(claim, "[]")) == self.model.cancelling
        self.model.until = self.time.now + LEASE

    @rule(owned=held)
    def write(self, owned: tuple[str, Claim | None]) -> None:
        """Only the newest claim writes; what another one tried is not there."""
        holder, claim = owned
        if claim is None:
            return
        mirror = self.processes[holder].fenced(claim)
        if claim.fence == self.model.fence:
            self.writes += 1
            self.do(write(mirror, str(self.writes)))
            self.do(mirror.check())
        else:
            with pytest.raises(OvertakenError):
                self.do(write(mirror, "late"))
            with pytest.raises(OvertakenError):
                self.do(mirror.check())
        assert self.do(self._written()) == (str(self.writes) if self.writes else "")

    async def _written(self) -> str:
        async with self.mirror.reading() as connection:
            return str((await connection.execute(select(shops_state.c.settings))).scalar_one())

    @rule(owned=consumes(held), seconds=st.sampled_from([20.0, 1800.0]), cancelled=st.booleans())
    def release(self, owned: tuple[str, Claim | None], seconds: float, cancelled: bool) -> None:  # noqa: FBT001 - drawn by Hypothesis
        holder, claim = owned
        if claim is None:
            return
        process = self.processes[holder]
        if self.model.holder != holder or self.model.fence != claim.fence:
            with pytest.raises(OvertakenError):
                self.do(process.release(claim, seconds, cancelled=cancelled))
            return
        self.do(process.release(claim, seconds, cancelled=cancelled))
        at_once = cancelled and not self.model.cancelling
        due = self.time.now if at_once else self.time.now + seconds
        self.model = attrs.evolve(self.model, holder=None, until=0.0, due=due, cancelling=False)

    @rule(holder=st.sampled_from(HOLDERS))
    def request(self, holder: str) -> None:
        running = self.model.running(self.time.now)
        fence = self.do(self.processes[holder].request("1"))
        assert fence == self.model.fence - running
        self.model.requested = self.model.requested or not running
        assert self.do(self.processes[holder].requested()) == (["1"] if self.model.requested else [])

    @rule(holder=st.sampled_from(HOLDERS))
    def cancel(self, holder: str) -> None:
        running = self.model.running(self.time.now)
        assert self.do(self.processes[holder].cancel("1")) == (running or self.model.requested)
        if running or self.model.requested:
            self.model.cancelling = running
        self.model.requested = False

    @rule(holder=st.sampled_from(HOLDERS))
    def look(self, holder: str) -> None:
        model, now = self.model, self.time.now
        turn = self.do(self.processes[holder].look("1"))
        assert (turn.running, turn.fence, turn.requested) == (
            model.running(now),
            model.fence,
            model.requested,
        )
        assert turn.mine == (model.running(now) and model.holder == holder)
        assert (turn.due_in is None) == (model.due is None)

    def teardown(self) -> None:
        if hasattr(self, "mirror"):
            self.do(self.mirror.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self.folder.cleanup()


TestSeveral = Several.TestCase
TestSeveral.settings = settings(max_examples=EXAMPLES, stateful_step_count=25, deadline=None)


async def test_of_many_that_ask_at_the_same_moment_one_has_it(mirror: Mirror) -> None:
    processes = [Claims(mirror, holder=f"process {number}") for number in range(8)]
    for name in ("1", "2", "3"):
        got = await asyncio.gather(*(process.claim(name) for process in processes))
        assert sum(isinstance(each, Claim) for each in got) == 1
        assert sum(isinstance(each, Refusal) and each.running for each in got) == 7


async def test_a_writer_that_waited_for_its_lock_while_it_was_overtaken_writes_nothing(
    mirror: Mirror,
) -> None:
    """The lock of the integration is the same for a claim and for a write, so neither slips in between."""
    time = Time()
    first, second = (Claims(mirror, clock=time, holder=name) for name in ("a", "b"))
    claim = await first.claim("1")
    assert isinstance(claim, Claim)
    time.now += 31
    async with mirror.writing("1") as connection:
        await prepare(connection)
        taking_over = asyncio.create_task(second.claim("1"))
        await asyncio.sleep(0.1)
        late = asyncio.create_task(write(first.fenced(claim), "late"))
        await asyncio.sleep(0.1)
        assert not late.done()
    newer = await taking_over
    assert isinstance(newer, Claim)
    assert newer.fence == claim.fence + 1
    with pytest.raises(OvertakenError):
        await late


async def test_a_write_under_way_is_not_overtaken(mirror: Mirror) -> None:
    time = Time()
    first, second = (Claims(mirror, clock=time, holder=name) for name in ("a", "b"))
    claim = await first.claim("1")
    assert isinstance(claim, Claim)
    async with first.fenced(claim).writing("1") as connection:
        await prepare(connection)
        time.now += 31
        taking_over = asyncio.create_task(second.claim("1"))
        await asyncio.sleep(0.2)
        assert not taking_over.done()
    assert isinstance(await taking_over, Claim)
    async with mirror.reading() as reading:
        assert (await reading.execute(select(shops_state.c.integration))).scalars().all() == ["1"]


async def test_the_clock_of_the_database_counts_and_the_lease_ends(mirror: Mirror) -> None:
    first, second = (Claims(mirror, holder=name, lease=0.4) for name in ("a", "b"))
    claim = await first.claim("1")
    assert isinstance(claim, Claim)
    refusal = await second.claim("1")
    assert isinstance(refusal, Refusal)
    assert 0 < refusal.seconds <= 0.4
    await asyncio.sleep(0.3)
    assert not await first.renew(claim)
    await asyncio.sleep(0.2)
    assert isinstance(await second.claim("1"), Refusal)
    await asyncio.sleep(0.3)
    assert isinstance(await second.claim("1"), Claim)


async def test_a_claim_of_a_process_that_is_no_more_is_not_waited_for(mirror: Mirror) -> None:
    code = "from thulium_plugin_prestashop.mirror.processes import process_token; print(process_token())"
    gone = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: ASYNC221 - half a second, nothing else runs
    dead, alive = gone.stdout.strip(), process_token()
    assert is_gone(dead)
    assert not is_gone(alive)
    assert not is_gone("another-machine:1:00")
    assert isinstance(await Claims(mirror, holder=dead).claim("1"), Claim)
    assert isinstance(await Claims(mirror, holder=alive).claim("1"), Claim)
    assert isinstance(await Claims(mirror).claim("1"), Refusal)


async def test_progress_is_seen_by_all(mirror: Mirror) -> None:
    first, second = (Claims(mirror, holder=name) for name in ("a", "b"))
    claim = await first.claim("1")
    assert isinstance(claim, Claim)
    await first.renew(claim, '["orders", 7, 9]')
    turn = await second.look("1")
    assert (turn.running, turn.mine, turn.progress) == (True, False, '["orders", 7, 9]')
    await first.release(claim, 60)
    after = await second.look("1")
    assert (after.running, after.progress) == (False, "")
    async with mirror.reading() as connection:
        row = (await connection.execute(select(table))).one()
    assert row.holder == ""


async def test_a_renewal_that_is_cancelled_ends_whatever_it_was_waiting_for(mirror: Mirror) -> None:
    """A cancellation that turned into an error of the database once let renewals of ended runs go on for ever."""
    process, choice = Claims(mirror, holder="a"), random.Random(8)  # noqa: S311 - a test's seed
    held = [await process.claim(str(number)) for number in range(8)]

    async def keep(claim: Claim | Refusal) -> None:
        assert isinstance(claim, Claim)
        while True:
            await asyncio.sleep(0)
            with suppress(SQLAlchemyError, OSError):
                await process.renew(claim)

    for _ in range(25):
        tasks = [asyncio.create_task(keep(claim)) for claim in held]
        await asyncio.sleep(choice.uniform(0, 0.03))
        for task in tasks:
            task.cancel()
        _, pending = await asyncio.wait(tasks, timeout=10)
        for task in pending:
            task.cancel()
        assert not pending

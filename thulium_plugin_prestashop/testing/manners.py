"""A host stays cancellable, keeps its event loop going, and lets a write that was cut off be found again."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.testing.suite import (
    Suite,
    by_key,
    check,
    create,
    create_all,
    expect,
    find,
    find_ids,
    new_people,
)

TICK = 0.01
CUTS = (0.0, 0.002, 0.01, 0.05)
"""Seconds after which a batch is cut off."""


class MannersSuite(Suite):
    """What the plugin's own promises stand on: it never holds the loop, if the host does not."""

    longest_work: ClassVar[float] = 0.25
    """Seconds of processor time that the host may take without giving the loop a turn."""
    longest_block: ClassVar[float] = 2.0
    """Seconds on the wall that the loop may stand still (a call that waits without awaiting)."""
    cancel_limit: ClassVar[float] = 1.0
    """Seconds within which a cancelled call has ended."""
    longest_answer: ClassVar[float] = 3.0
    """Seconds within which a single look-up is answered, whatever else is asked: what an agent waits for a refresh."""

    @check
    async def test_the_loop_goes_on_during_large_batches(self, host: HostContext) -> None:
        """Five hundred customers are created and found while the loop keeps turning."""
        people = new_people(500, self.numeric_field)
        async with self._turning():
            await create_all(host, people)
            await find(host, [by_key(self.numeric_field, person) for person in people])

    @check
    async def test_calls_can_be_cancelled(self, host: HostContext) -> None:
        """A cancelled call ends at once with ``CancelledError``, and the host works afterwards."""
        for cut in CUTS:
            work = asyncio.create_task(create(host, new_people(300, self.numeric_field)))
            await asyncio.sleep(cut)
            await self._cancelled(work)
            lookups = [by_key(self.numeric_field, person) for person in new_people(300, self.numeric_field)]
            asking = asyncio.create_task(find(host, lookups))
            await asyncio.sleep(cut)
            await self._cancelled(asking)
        await create_all(host, new_people(1, self.numeric_field))

    @check
    async def test_creating_what_was_cut_off_makes_each_once(self, host: HostContext) -> None:
        """After a batch was cut off, look-ups by key tell who was created; creating the others makes all exactly once."""
        people = new_people(120, self.numeric_field)
        for cut in CUTS:
            known = await find_ids(host, [by_key(self.numeric_field, person) for person in people])
            missing = [person for person, ids in zip(people, known, strict=True) if not ids]
            work = asyncio.create_task(create(host, missing))
            await asyncio.sleep(cut)
            await self._cancelled(work)
        known = await find_ids(host, [by_key(self.numeric_field, person) for person in people])
        await create_all(host, [person for person, ids in zip(people, known, strict=True) if not ids])
        found = await find_ids(host, [by_key(self.numeric_field, person) for person in people])
        counts = [len(ids) for ids in found]
        expect(set(counts) == {1}, "each person exists exactly once", got=sorted(set(counts)))

    @check
    async def test_calls_may_run_side_by_side(self, host: HostContext) -> None:
        """Eight batches at the same time are all written."""
        batches = [new_people(20, self.numeric_field) for _ in range(8)]
        made = await asyncio.gather(*(create_all(host, people) for people in batches))
        ids = [customer for batch in made for customer in batch]
        expect(len(set(ids)) == len(ids), "ids differ over batches", got=len(set(ids)))
        lookups = [by_key(self.numeric_field, person) for people in batches for person in people]
        found = await find_ids(host, lookups)
        expect(found == [{each} for each in ids], "all are written")

    @check
    async def test_a_small_question_does_not_wait_for_a_large_batch(self, host: HostContext) -> None:
        """While a first import creates five hundred customers, the one whose card is open is found."""
        (person,) = people = new_people(1, self.numeric_field)
        (customer,) = await create_all(host, people)
        large = asyncio.create_task(create_all(host, new_people(500, self.numeric_field)))
        # The batch has its first turns before anybody else asks.
        await asyncio.sleep(TICK)
        asked = time.monotonic()
        found = await find_ids(host, [by_key(self.numeric_field, person)])
        waited = time.monotonic() - asked
        await large
        expect(found == [{customer}], "the customer is found meanwhile", got=found)
        expect(
            waited <= self.longest_answer, f"an answer within {self.longest_answer} s", got=round(waited, 1)
        )

    async def _cancelled(self, work: asyncio.Task[object]) -> None:
        work.cancel()
        _, late = await asyncio.wait({work}, timeout=self.cancel_limit)
        expect(not late, f"a cancelled call ends within {self.cancel_limit} s")
        if not work.cancelled() and (error := work.exception()) is not None:
            expect(False, "a cancelled call raises CancelledError", got=error)  # noqa: FBT003 - always wrong

    @asynccontextmanager
    async def _turning(self) -> AsyncIterator[None]:
        """Hold the host to its turns: a timer notes the work and the time between two of them."""
        worked = blocked = 0.0

        async def watch() -> None:
            nonlocal worked, blocked
            while True:
                work, wall = time.thread_time(), time.monotonic()
                await asyncio.sleep(TICK)
                worked = max(worked, time.thread_time() - work)
                blocked = max(blocked, time.monotonic() - wall)

        # What the rest of the test process keeps alive is not the host's: a collection that walks all of it, half a
        # second after some thousand tests, would be counted as the host's work.
        gc.collect()
        gc.freeze()
        watching = asyncio.create_task(watch())
        await asyncio.sleep(0)
        try:
            yield
            # One more tick, so that work which has just ended is seen.
            await asyncio.sleep(2 * TICK)
        finally:
            watching.cancel()
            await asyncio.wait({watching})
            gc.unfreeze()
        expect(worked <= self.longest_work, f"at most {self.longest_work} s of work in one turn", got=worked)
        expect(
            blocked <= self.longest_block,
            f"the loop stands still for {self.longest_block} s at most",
            got=blocked,
        )

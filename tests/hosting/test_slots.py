"""Who runs next when more runs are due than may go on at once."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thulium_plugin_prestashop.hosting import RunSlots, settle

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def run(slots: RunSlots, company: str, due: int, order: list[str], *, urgent: bool = False) -> None:
    async with slots.taken(company, NOON + timedelta(minutes=due), urgent=urgent):
        order.append(f"{company}{due}")
        await asyncio.sleep(0.001)


async def test_a_company_with_few_runs_goes_first_then_who_waits_in_person_then_the_longest_due() -> None:
    slots, order = RunSlots(1), list[str]()
    async with slots.taken("a", NOON):
        waiting = [
            asyncio.create_task(run(slots, company, due, order, urgent=urgent))
            for company, due, urgent in (
                ("a", 3, False),
                ("a", 1, False),
                ("a", 9, True),
                ("b", 8, False),
                ("b", 2, False),
            )
        ]
        await settle()
    await asyncio.gather(*waiting)
    assert order == ["a9", "a1", "b2", "a3", "b8"]


async def test_no_company_waits_for_all_runs_of_a_large_one() -> None:
    slots, order = RunSlots(2), list[str]()
    large = [asyncio.create_task(run(slots, "large", due, order)) for due in range(50)]
    await settle()
    await run(slots, "small", 100, order)
    assert order.index("small100") <= 4
    await asyncio.gather(*large)


@given(
    limit=st.integers(1, 4),
    companies=st.lists(st.sampled_from("abc"), min_size=1, max_size=20),
    cancelled=st.sets(st.integers(0, 19)),
    after=st.integers(0, 5),
)
def test_the_limit_holds_and_every_place_comes_back(
    limit: int, companies: list[str], cancelled: set[int], after: int
) -> None:
    async def scenario() -> None:
        slots = RunSlots(limit)
        now: Counter[str] = Counter()
        most = 0

        async def one(company: str, due: int) -> None:
            nonlocal most
            async with slots.taken(company, NOON + timedelta(minutes=due)):
                now[company] += 1
                most = max(most, now.total())
                try:
                    await asyncio.sleep(0)
                finally:
                    now[company] -= 1

        tasks = [asyncio.create_task(one(company, due)) for due, company in enumerate(companies)]
        for _ in range(after):
            await asyncio.sleep(0)
        for number in cancelled:
            if number < len(tasks):
                tasks[number].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert most <= limit
        assert slots.busy == 0

    asyncio.run(scenario())


def test_a_limit_that_lets_nobody_in_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        RunSlots(0)

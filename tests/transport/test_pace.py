"""Retry, pauses, page sizes, budgets and the circuit."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thulium_plugin_prestashop.transport import (
    AdministratorMustAct,
    Budget,
    Circuit,
    Pace,
    RetryPolicy,
    TimeWillTell,
    parse_retry_after,
)
from thulium_plugin_prestashop.transport.pace import PageSize

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
QUICK = RetryPolicy(attempts=3, first_wait=0.001, longest_wait=0.002, jitter=0.001, patience=5)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("999999999999", 86_400.0),
        ("²", None),
    ],
)
def test_retry_after_in_seconds(value: str, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


@given(st.integers(min_value=0, max_value=86_400))
def test_retry_after_as_a_date(seconds: int) -> None:
    moment = NOW + timedelta(seconds=seconds)
    assert parse_retry_after(format_datetime(moment, usegmt=True), NOW) == seconds
    assert parse_retry_after(format_datetime(NOW - timedelta(days=1), usegmt=True), NOW) == 0


@given(st.text(max_size=40))
def test_retry_after_never_fails(value: str) -> None:
    seconds = parse_retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= 86_400


async def test_only_what_time_may_mend_is_asked_again() -> None:
    asked: list[str] = []

    async def fails(error: Exception) -> None:
        asked.append(str(error))
        raise error

    for error, times in (
        (TimeWillTell("net.reset"), 3),
        (AdministratorMustAct("auth.key_unknown"), 1),
        (TimeWillTell("shop.rate_limited", retry_after=60), 1),
        (TimeWillTell("shop.rate_limited", retry_after=1), 3),
    ):
        asked.clear()
        with pytest.raises(type(error)):
            await QUICK.run(lambda error=error: fails(error), retryable=lambda _: True)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        assert len(asked) == times


async def test_a_question_answered_in_the_end_is_an_answer() -> None:
    answers: Iterator[int | Exception] = iter([TimeWillTell("net.reset"), TimeWillTell("net.reset"), 42])

    async def ask() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert await QUICK.run(ask, retryable=lambda _: True) == 42


async def test_no_more_than_two_requests_are_in_flight() -> None:
    pace = Pace()

    async def one() -> None:
        async with pace.slot():
            await asyncio.sleep(0.005)

    await asyncio.gather(*(one() for _ in range(12)))
    assert pace.peak_in_flight == 2


async def test_a_pause_holds_everyone_and_a_longer_one_prolongs_it() -> None:
    pace = Pace()
    loop = asyncio.get_running_loop()
    started = loop.time()
    pace.pause(0.05)

    async def one() -> float:
        async with pace.slot():
            return loop.time() - started

    waiting = [asyncio.create_task(one()) for _ in range(2)]
    await asyncio.sleep(0.01)
    pace.pause(0.1)
    assert min(await asyncio.gather(*waiting)) >= 0.1


@given(st.lists(st.tuples(st.floats(0.001, 60), st.integers(1, 10_000_000)), max_size=30))
def test_a_page_size_stays_in_its_bounds_and_moves_at_most_twofold(answers: list[tuple[float, int]]) -> None:
    page = PageSize()
    for seconds, size in answers:
        before = page.size
        page.observe(before, seconds, size)
        assert page.smallest <= page.size <= page.largest
        assert before // 2 <= page.size <= before * 2
    before = page.size
    page.halve()
    assert page.size == max(page.smallest, before // 2)


@pytest.mark.parametrize(
    ("per_row", "bytes_per_row", "settles"), [(0.0005, 900, 500), (0.002, 900, 250), (0.0001, 10_000, 200)]
)
def test_a_page_size_settles_at_half_a_second_or_two_megabytes(
    per_row: float, bytes_per_row: int, settles: int
) -> None:
    page = PageSize()
    for _ in range(20):
        page.observe(page.size, page.size * per_row, page.size * bytes_per_row)
    assert page.size == pytest.approx(settles, rel=0.02)


def test_a_page_size_grows_back_after_trouble_but_short_pages_teach_nothing() -> None:
    page = PageSize()
    for _ in range(3):
        page.halve()
    assert page.size == 31
    page.observe(2, 0.001, 100)
    assert page.size == 31
    for _ in range(6):
        page.observe(page.size, page.size * 0.0005, 1000)
    assert page.size == 500


def test_a_budget_ends_by_requests_or_by_time() -> None:
    clock = Clock()
    budget = Budget(requests=2, clock=clock)
    budget.take()
    budget.take()
    with pytest.raises(TimeWillTell, match=r"run\.budget_spent"):
        budget.take()
    timed = Budget(seconds=10, clock=clock)
    timed.take()
    clock.now += 10
    with pytest.raises(TimeWillTell, match=r"run\.budget_spent"):
        timed.take()


def test_the_circuit_opens_says_when_and_lets_one_trial_through() -> None:
    clock = Clock()
    circuit = Circuit(threshold=3, first_pause=60, longest_pause=200, clock=clock)
    for _ in range(3):
        circuit.check()
        circuit.failed()
    with pytest.raises(TimeWillTell) as caught:
        circuit.check()
    assert caught.value.key == "circuit.open"
    assert caught.value.retry_after == 60
    circuit.failed()  # another request that was in flight: the pause stays as it is
    assert circuit.opens_in == 60
    pauses = []
    for _ in range(4):
        clock.now += circuit.opens_in
        circuit.check()
        with pytest.raises(TimeWillTell):
            circuit.check()  # one trial at a time
        circuit.failed()
        pauses.append(circuit.opens_in)
    assert pauses == [120, 200, 200, 200]
    clock.now += circuit.opens_in
    circuit.check()
    circuit.succeeded()
    assert not circuit.is_open
    circuit.check()

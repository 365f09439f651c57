"""Problems, forms, background tasks, and the meter of stalls."""

import asyncio
import gc
import logging
import threading
import time
from datetime import timedelta

import pytest

from thulium_plugin_prestashop.contract.forms import Field, FieldKind, Form, Option, Value
from thulium_plugin_prestashop.contract.problems import Problem, Severity
from thulium_plugin_prestashop.hosting import (
    ManualClock,
    ProblemList,
    RaisedProblem,
    StallMeter,
    TaskSpawner,
    run_in_thread,
)
from thulium_plugin_prestashop.hosting.forms import check_values, defaults, read_values, secret_fields
from thulium_plugin_prestashop.hosting.locale import MESSAGES
from thulium_plugin_prestashop.hosting.spawner import cancel_and_wait
from thulium_plugin_prestashop.hosting.testing import both


def problem(
    key: str, severity: Severity = Severity.WARNING, text: str = "x", integration: str = "a"
) -> Problem:
    return Problem(integration, key, severity, both(text), both("do"))


class Kept:
    """A place for problems that outlives the list."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], RaisedProblem] = {}

    async def load(self) -> list[RaisedProblem]:
        return list(self.rows.values())

    async def save(self, raised: RaisedProblem) -> None:
        self.rows[raised.problem.integration, raised.problem.key] = raised

    async def delete(self, integration: str, key: str) -> None:
        del self.rows[integration, key]


async def test_problems_are_refreshed_resolved_and_kept(clock: ManualClock) -> None:
    kept, rung = Kept(), []
    problems = ProblemList(clock, kept)
    stop = problems.subscribe(lambda: rung.append(len(problems.list())))
    first = clock.now()
    await problems.raise_problem(problem("key"))
    await clock.advance(timedelta(hours=1))
    await problems.raise_problem(problem("key"))
    assert rung == [1], "the same problem again is no news"
    await problems.raise_problem(problem("key", text="worse"))
    (raised,) = problems.list()
    assert (raised.problem.message.en, raised.since) == ("worse", first)
    again = ProblemList(clock, kept)
    await again.open()
    assert again.list() == [raised]
    await problems.resolve("a", "key")
    await problems.resolve("a", "key")
    assert rung == [1, 1, 0]
    assert kept.rows == {}
    stop()
    await problems.raise_problem(problem("key"))
    assert rung == [1, 1, 0]


async def test_problems_are_listed_by_weight_then_age(clock: ManualClock) -> None:
    problems = ProblemList(clock)
    for key, severity in (
        ("i", Severity.INFO),
        ("w", Severity.WARNING),
        ("e2", Severity.ERROR),
        ("e1", Severity.ERROR),
    ):
        await problems.raise_problem(problem(key, severity))
        await clock.advance(timedelta(minutes=1))
    await problems.raise_problem(problem("e0", Severity.ERROR, integration="b"))
    assert [raised.problem.key for raised in problems.list()] == ["e2", "e1", "e0", "w", "i"]
    assert [raised.problem.key for raised in problems.list("b")] == ["e0"]
    await problems.resolve_all("a")
    assert [raised.problem.key for raised in problems.list()] == ["e0"]


FORM = Form(
    "f",
    both("F"),
    (
        Field("text", FieldKind.TEXT, both("Text"), required=True),
        Field("secret", FieldKind.SECRET, both("Secret"), required=True),
        Field("flag", FieldKind.FLAG, both("Flag"), default=True),
        Field(
            "one",
            FieldKind.CHOICE,
            both("One"),
            options=(Option("a", both("A")), Option("b", both("B"))),
            default="a",
        ),
        Field(
            "many", FieldKind.CHOICES, both("Many"), options=(Option("1", both("1")), Option("2", both("2")))
        ),
        Field("date", FieldKind.DATE, both("Date")),
    ),
)
GOOD: dict[str, Value] = {
    "text": "t",
    "secret": "s",
    "flag": False,
    "one": "b",
    "many": ["1", "2"],
    "date": "2026-02-28",
}


def test_a_posted_form_becomes_values() -> None:
    posted = {
        "text": [" t "],
        "secret": ["s"],
        "one": ["b"],
        "many": ["", "1", "2"],
        "date": ["2026-02-28"],
        "other": ["x"],
    }
    assert read_values(FORM, posted) == GOOD
    assert read_values(FORM, {"flag": ["on"]})["flag"] is True
    assert read_values(FORM, {}) == {
        "text": "",
        "secret": "",
        "flag": False,
        "one": "",
        "many": [],
        "date": "",
    }
    assert defaults(FORM) == {"text": "", "secret": "", "flag": True, "one": "a", "many": [], "date": ""}
    assert secret_fields(FORM) == ["secret"]


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({}, []),
        ({"text": ""}, [("text", "form.required")]),
        ({"one": "c"}, [("one", "form.not_an_option")]),
        ({"many": ["1", "3"]}, [("many", "form.not_an_option")]),
        ({"date": "2026-02-30"}, [("date", "form.not_a_date")]),
        ({"secret": "", "date": "", "many": []}, [("secret", "form.required")]),
    ],
)
def test_values_are_checked_on_their_fields(change: dict[str, Value], errors: list[tuple[str, str]]) -> None:
    found = check_values(FORM, {**GOOD, **change})
    assert [(error.field, error.key) for error in found] == errors
    assert all(error.message.pl != error.message.en for error in found)


def test_a_stored_secret_need_not_be_typed_again() -> None:
    assert check_values(FORM, {**GOOD, "secret": ""}, stored_secrets=frozenset({"secret"})) == []


async def test_background_tasks_are_named_logged_and_ended(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise KeyError("lost")

    spawner = TaskSpawner()
    waiting = spawner.spawn("waits", asyncio.Event().wait())
    failing = spawner.spawn("fails", fails())
    assert await spawner.spawn("answers", asyncio.sleep(0, 42)) == 42
    await asyncio.sleep(0)
    assert failing.done()
    assert "background task fails failed" in caplog.text
    assert {task.get_name() for task in spawner.tasks} == {"waits"}
    await spawner.aclose()
    assert waiting.cancelled()
    assert spawner.tasks == frozenset()


async def test_a_task_that_swallows_cancellation_is_given_up_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(stubborn(), name="stubborn")
    await asyncio.sleep(0)
    try:
        with caplog.at_level(logging.ERROR):
            await cancel_and_wait(task, patience=0.01, tries=2)
        assert "stubborn does not let itself be cancelled" in caplog.text
    finally:
        # However it ends: nobody else could end this task, and the test run would wait for it for ever.
        release.set()
        await task


async def test_a_thread_that_worked_does_not_stay() -> None:
    assert await run_in_thread(threading.current_thread) is not threading.current_thread()
    with pytest.raises(ZeroDivisionError):
        await run_in_thread(divmod, 1, 0)
    deadline = time.monotonic() + 2
    while any(thread.name.startswith("thulium-host") for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


async def test_a_stall_is_measured() -> None:
    gc.collect()
    async with StallMeter() as meter:
        for _ in range(20):
            await asyncio.sleep(0.005)
        time.sleep(0.05)  # noqa: ASYNC251 - holding the loop is the point
        await asyncio.sleep(0.01)
    assert 45 <= meter.longest_ms < 500
    assert meter.percentile(100) == pytest.approx(meter.longest_ms)
    assert meter.percentile(50) < 45
    assert meter.percentile(50) <= meter.percentile(99) <= meter.percentile(100)


async def test_a_stall_at_the_very_end_counts() -> None:
    async with StallMeter() as meter:
        await asyncio.sleep(0)
        time.sleep(0.03)  # noqa: ASYNC251 - as above
    assert meter.longest_ms >= 25
    assert StallMeter().percentile(50) == 0.0


def test_hosts_speak_both_languages() -> None:
    assert MESSAGES.messages["en"].keys() == MESSAGES.messages["pl"].keys()

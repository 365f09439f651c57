"""What all conformance suites share: how a check is run, and how it says what is wrong."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from thulium_plugin_prestashop.contract.customers import (
    ByCustomField,
    Customer,
    CustomerChange,
    CustomerId,
    Lookup,
    NewCustomer,
    Outcome,
)
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.text import LocalizedText

S = TypeVar("S", bound="Suite")
T = TypeVar("T")


class ConformanceError(AssertionError):
    """The host does not keep a promise of the contract; the message says which one, and what came instead."""


def expect(holds: bool, promise: str, **came: object) -> None:  # noqa: FBT001 - reads as "expect that …"
    """Raise :class:`ConformanceError` with ``promise``, and with what came instead (``got=…``), unless ``holds``."""
    if not holds:
        raise ConformanceError("; ".join([promise, *(f"{name} {value!r}" for name, value in came.items())]))


class Suite:
    """Checks of one part of the contract. A host derives from it, says how it is opened, and names three of its
    custom fields. Checks use made-up people of their own, so they may run on a system that holds others.
    """

    numeric_field: ClassVar[str] = "PrestaShop ID"
    text_field: ClassVar[str] = "Text"
    date_field: ClassVar[str] = "Date"
    time_limit: ClassVar[float] = 60.0
    """Seconds a check may take."""
    patience: ClassVar[float] = 15.0
    """Seconds that a check which took too long, and what it left running, get to end once they are cancelled."""
    loop_factory: ClassVar[Callable[[], asyncio.AbstractEventLoop] | None] = None
    """Makes the event loop of each check; ``None`` for asyncio's own."""

    def open_host(self, directory: Path) -> AbstractAsyncContextManager[HostContext]:
        """The host, open, with nothing kept from another check; ``directory`` is empty and its own."""
        raise NotImplementedError


def check(work: Callable[[S, HostContext], Awaitable[None]]) -> Callable[[S, Path], None]:
    """Make a coroutine that is given an open host into a test that is given a directory (``tmp_path``)."""

    def run(self: S, tmp_path: Path) -> None:
        async def whole() -> None:
            async with asyncio.timeout(self.time_limit), self.open_host(tmp_path) as host:
                await work(self, host)

        with asyncio.Runner(loop_factory=type(self).loop_factory) as runner:
            runner.run(_ended(whole(), self.time_limit + self.patience, self.patience))

    # Not functools.wraps: pytest would look through it and ask for a fixture called "host".
    run.__name__, run.__qualname__, run.__doc__ = work.__name__, work.__qualname__, work.__doc__
    run.__module__ = work.__module__
    return run


async def _ended(work: Coroutine[Any, Any, None], limit: float, patience: float) -> None:
    """Await ``work`` for ``limit`` seconds at most, then let go of what does not hear that it is cancelled: the answer
    is a failure with a sentence, where the event loop would wait for ever.
    """
    main = asyncio.create_task(work, name="the check")
    await asyncio.wait({main}, timeout=limit)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    deaf = (await asyncio.wait(left, timeout=patience))[1] if left else set()
    for task in deaf:
        # The loop ends without it; nobody is told of a task that was given up.
        asyncio._unregister_task(task)  # noqa: SLF001 - of "Extending asyncio" in Python's documentation
    names = sorted(task.get_name() for task in deaf)
    expect(not deaf, f"what is cancelled ends within {patience:g} s", got=names)
    expect(not main.cancelled(), f"a check ends within {limit:g} s")
    main.result()


def checks(suite: Suite) -> Iterator[str]:
    """Names of the suite's checks."""
    return (name for name in sorted(dir(suite)) if name.startswith("test_"))


def failures(suite: Suite, directory: Path) -> dict[str, Exception]:
    """Run every check of ``suite``, each in a folder of its own below ``directory``; name of the check to why it
    failed. An empty answer means that the host conforms.
    """
    found: dict[str, Exception] = {}
    for name in checks(suite):
        folder = directory / name
        folder.mkdir(parents=True)
        try:
            getattr(suite, name)(folder)
        except Exception as error:  # noqa: BLE001 - whatever a broken host does is an answer
            found[name] = error
    return found


def new_number() -> int:
    """A number that no other check uses."""
    return secrets.randbelow(900_000_000) + 100_000_000


def new_people(count: int, field: str) -> list[NewCustomer]:
    """Made-up people: surname, one e-mail, one Polish mobile phone, and a key of their own in ``field``."""
    first = new_number()
    return [
        NewCustomer(
            reference=f"r{number}",
            surname=f"Żółć {number}",
            name="Łucja",
            emails=(f"person{number}@example.com",),
            phones=(f"+48601{number % 1_000_000:06d}",),
            custom_fields={field: str(number)},
        )
        for number in range(first, first + count)
    ]


async def find(host: HostContext, lookups: Sequence[Lookup]) -> list[list[Customer]]:
    """The host's answer, held to its shape."""
    found = await host.customers.find(lookups)
    expect(isinstance(found, list), "find answers with a list", got=type(found))
    expect(len(found) == len(lookups), "find has one entry per look-up", got=len(found))
    return found


async def find_ids(host: HostContext, lookups: Sequence[Lookup]) -> list[set[CustomerId]]:
    """Ids of the customers that match each look-up."""
    return [{customer.id for customer in found} for found in await find(host, lookups)]


async def create(host: HostContext, people: Sequence[NewCustomer]) -> list[Outcome]:
    """The host's answer, held to its shape."""
    outcomes = await host.customers.create(people)
    expect(len(outcomes) == len(people), "create has one outcome per customer", got=len(outcomes))
    references = [outcome.reference for outcome in outcomes]
    expect(
        references == [person.reference for person in people],
        "outcomes of create carry the references, in the order asked",
        got=references[:5],
    )
    return outcomes


async def create_all(host: HostContext, people: Sequence[NewCustomer]) -> list[CustomerId]:
    """Create people of whom the host has no reason to refuse any."""
    return [accepted(outcome) for outcome in await create(host, people)]


async def update(host: HostContext, changes: Sequence[CustomerChange]) -> list[Outcome]:
    """The host's answer, held to its shape."""
    outcomes = await host.customers.update(changes)
    expect(len(outcomes) == len(changes), "update has one outcome per change", got=len(outcomes))
    references = [outcome.reference for outcome in outcomes]
    expect(
        references == [change.id for change in changes],
        "outcomes of update carry the ids asked for, in that order",
        got=references[:5],
    )
    return outcomes


def accepted(outcome: Outcome) -> CustomerId:
    """The id of a write that must have succeeded."""
    expect(outcome.error is None, f"{outcome.reference} is written", got=outcome.error)
    expect(
        bool(outcome.id) and isinstance(outcome.id, str), "a success carries the id as text", got=outcome.id
    )
    return outcome.id or ""


def refused(outcome: Outcome) -> None:
    """Hold a write that must have been refused to the way that is said."""
    expect(outcome.error is not None, f"{outcome.reference} is refused", got=outcome.id)
    spoken = isinstance(outcome.error, LocalizedText) and outcome.error.en and outcome.error.pl
    expect(bool(spoken), "a refusal is said in English and in Polish", got=outcome.error)


def by_key(field: str, person: NewCustomer) -> ByCustomField:
    """The look-up by the person's key."""
    return ByCustomField(field, person.custom_fields[field])

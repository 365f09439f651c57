"""Hosts' services, each broken in one way that hosts are broken in."""

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVar

import attrs

from thulium_plugin_prestashop.contract.customers import (
    ByCustomField,
    ByEmail,
    ById,
    Customer,
    CustomerChange,
    Lookup,
    NewCustomer,
    Outcome,
)
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.problems import Problem
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.testing import FakeHost, MemoryCustomers, MemoryCustomFields, MemorySecrets

T = TypeVar("T")
PAGE = 500
"""Look-ups of a host's largest request, and those with which the suite watches the loop."""
NO = LocalizedText(en="No.", pl="Nie.")


# Finding


class AnswersOnlyWhatWasFound(MemoryCustomers):
    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        return [found for found in await super().find(lookups) if found]


class AnswersNothingWithNobody(MemoryCustomers):
    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        return await super().find(lookups) or [[]]


class AnswersEachQuestionOnce(MemoryCustomers):
    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        return await super().find([lookup for lookup, _ in groupby(lookups)])


class AnswersOutOfOrder(MemoryCustomers):
    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        return (await super().find(lookups))[::-1]


class AnswersTheFirstPage(MemoryCustomers):
    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        found = await super().find(lookups[:PAGE])
        return found + [[] for _ in lookups[PAGE:]]


class KnowsNoIds(MemoryCustomers):
    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        found = await super().find(lookups)
        return [[] if isinstance(lookup, ById) else each for lookup, each in zip(lookups, found, strict=True)]


class ComparesLetters(MemoryCustomers):
    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        found = await super().find(lookups)
        return [
            [each for each in ids if not isinstance(lookup, ByEmail) or lookup.email in each.emails]
            for lookup, ids in zip(lookups, found, strict=True)
        ]


class FindsBeginnings(MemoryCustomers):
    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        found = await super().find(lookups)
        return [
            [
                each
                for each in self.records.values()
                if each.custom_fields.get(lookup.name, "").startswith(lookup.value)
            ]
            if isinstance(lookup, ByCustomField)
            else ids
            for lookup, ids in zip(lookups, found, strict=True)
        ]


class GivesTheFirst(MemoryCustomers):
    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        return [found[:1] for found in await super().find(lookups)]


# Writing


class StopsAtARefusal(MemoryCustomers):
    """All or nothing, as a transaction over the batch would have it."""

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        return _none_if_one_is_refused(await super().create(customers))

    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        return _none_if_one_is_refused(await super().update(changes))


def _none_if_one_is_refused(outcomes: list[Outcome]) -> list[Outcome]:
    if all(outcome.error is None for outcome in outcomes):
        return outcomes
    return [Outcome(outcome.reference, error=NO, changed=False) for outcome in outcomes]


class TakesEveryValue(MemoryCustomers):
    def _values(self, given: Mapping[str, str]) -> dict[str, str]:
        return dict(given)


class RefusesInOneLanguage(MemoryCustomers):
    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        return [_in_english(outcome) for outcome in await super().create(customers)]

    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        return [_in_english(outcome) for outcome in await super().update(changes)]


def _in_english(outcome: Outcome) -> Outcome:
    return outcome if outcome.error is None else attrs.evolve(outcome, error=LocalizedText("No.", ""))


class MakesSomebodyOfNobody(MemoryCustomers):
    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        return await super().create(customers or [NewCustomer("", surname="Nobody")])

    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        return await super().update(changes) or [Outcome("", id="1")]


class GivesOneIdToAll(MemoryCustomers):
    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        outcomes = await super().create(customers)
        return [each if each.id is None else attrs.evolve(each, id=outcomes[0].id) for each in outcomes]


class CutsNames(MemoryCustomers):
    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        return await super().create([attrs.evolve(each, name=each.name[:3]) for each in customers])


class ReplacesFields(MemoryCustomers):
    def _changed(self, old: Customer, change: CustomerChange) -> Customer:
        return attrs.evolve(super()._changed(old, change), custom_fields=dict(change.custom_fields))


class ReplacesEmails(MemoryCustomers):
    def _changed(self, old: Customer, change: CustomerChange) -> Customer:
        new = super()._changed(old, change)
        return attrs.evolve(new, emails=new.emails[-1:])


class AddsPhonesAgain(MemoryCustomers):
    def _changed(self, old: Customer, change: CustomerChange) -> Customer:
        return attrs.evolve(super()._changed(old, change), phones=old.phones + change.add_phones)


class CallsEverythingAChange(MemoryCustomers):
    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        return [attrs.evolve(outcome, changed=True) for outcome in await super().update(changes)]


# Manners


class HoldsTheLoop(MemoryCustomers):
    """Looks through everybody for everybody, without a pause."""

    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        until = time.thread_time() + 0.7
        while len(lookups) == PAGE and time.thread_time() < until:
            sorted(self.records)
        return await super().find(lookups)


class WaitsWithoutAwaiting(MemoryCustomers):
    """Asks its database without giving the loop to anybody else."""

    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        if len(lookups) == PAGE:
            time.sleep(2.2)  # noqa: ASYNC251 - this is what is broken
        return await super().find(lookups)


class DoesNotHear(MemoryCustomers):
    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        if len(customers) > 1:
            await _deaf(asyncio.sleep(0.6))
        return await super().create(customers)


async def _deaf(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.ensure_future(work)
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            continue
    return task.result()


class NeverEnds(MemoryCustomers):
    """Waits for an answer that does not come, and cannot be talked out of it."""

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        while len(customers) > 1:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        return await super().create(customers)


class HidesACancellation(MemoryCustomers):
    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        try:
            await asyncio.sleep(0.1)
            return await super().create(customers)
        except asyncio.CancelledError:
            raise ConnectionError("the batch was lost") from None


class WritesBehindTheBack(MemoryCustomers):
    """What was cut off goes on in the background and is written after everybody has looked."""

    def __init__(self, fields: MemoryCustomFields) -> None:
        super().__init__(fields)
        self._late: set[asyncio.Task[list[Outcome]]] = set()

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        work = asyncio.create_task(self._create(customers))
        self._late.add(work)
        return await asyncio.shield(work)

    async def _create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        await asyncio.sleep(0.1)
        return await super().create(customers)


class MixesUpBatches(MemoryCustomers):
    """Keeps the batch it works on in one place for all."""

    _batch: Sequence[NewCustomer] = ()

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        self._batch = customers
        await asyncio.sleep(0)
        return await super().create(self._batch)


class OneAfterTheOther(MemoryCustomers):
    """Lets nobody ask while it writes, and writes slowly."""

    def __init__(self, fields: MemoryCustomFields) -> None:
        super().__init__(fields)
        self._turn = asyncio.Lock()

    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        async with self._turn:
            return await super().find(lookups)

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        async with self._turn:
            await asyncio.sleep(len(customers) / 400)
            return await super().create(customers)


class ForgetsFields(MemoryCustomers):
    """Finds nobody by what it was told to keep."""

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        return await super().create([attrs.evolve(each, custom_fields={}) for each in customers])

    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        return await super().update([attrs.evolve(each, custom_fields={}) for each in changes])


# The rest of the context


def no_date_field(fake: FakeHost, _context: HostContext) -> dict[str, Any]:
    kinds = {name: kind for name, kind in fake.custom_fields.types.items() if name != "Date"}
    return {"custom_fields": MemoryCustomFields(kinds)}


class FirstSecrets(MemorySecrets):
    async def put(self, handle: str, secret: str) -> None:
        if await self.get(handle) is None:
            await super().put(handle, secret)


def first_secrets(_fake: FakeHost, _context: HostContext) -> dict[str, Any]:
    return {"secrets": FirstSecrets()}


class ShownSecrets(MemorySecrets):
    def __repr__(self) -> str:
        return repr(self._secrets)


def shown_secrets(_fake: FakeHost, _context: HostContext) -> dict[str, Any]:
    return {"secrets": ShownSecrets()}


class LastingSecrets(MemorySecrets):
    async def delete(self, handle: str) -> None:
        """Keep it."""


def lasting_secrets(_fake: FakeHost, _context: HostContext) -> dict[str, Any]:
    return {"secrets": LastingSecrets()}


class LocalClock:
    def now(self) -> datetime:
        return datetime.now()  # noqa: DTZ005 - this is what is broken


def local_clock(_fake: FakeHost, _context: HostContext) -> dict[str, Any]:
    return {"clock": LocalClock()}


def no_folder(_fake: FakeHost, context: HostContext) -> dict[str, Any]:
    return {"data_directory": context.data_directory / "not" / "there"}


def german(_fake: FakeHost, _context: HostContext) -> dict[str, Any]:
    return {"locale": "de"}


class StrictProblems:
    def __init__(self) -> None:
        self._open: set[tuple[str, str]] = set()

    async def raise_problem(self, problem: Problem) -> None:
        self._open.add((problem.integration, problem.key))

    async def resolve(self, integration: str, key: str) -> None:
        self._open.remove((integration, key))


def strict_problems(_fake: FakeHost, _context: HostContext) -> dict[str, Any]:
    return {"problems": StrictProblems()}


class NamelessTasks:
    def spawn(self, name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:  # noqa: ARG002 - this is what is broken
        return asyncio.ensure_future(work)


def nameless_tasks(_fake: FakeHost, _context: HostContext) -> dict[str, Any]:
    return {"spawner": NamelessTasks()}


class NoAnswerOfAllegro:
    async def integration(self) -> None:
        raise LookupError("Allegro is not set up")


def no_answer_of_allegro(_fake: FakeHost, _context: HostContext) -> dict[str, Any]:
    return {"allegro": NoAnswerOfAllegro()}

"""Creating cards, in batches, without ever creating one twice."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import attrs

from thulium_plugin_prestashop.contract.customers import ByCustomField, ByEmail, NewCustomer
from thulium_plugin_prestashop.thulium.api import RejectedError, ThuliumApi, certainly_not_done
from thulium_plugin_prestashop.thulium.batches import UNCLEAR, BatchSize, Verdict, read_created
from thulium_plugin_prestashop.thulium.find import CardFinder
from thulium_plugin_prestashop.thulium.ledger import Kind, Ledger
from thulium_plugin_prestashop.thulium.records import whole
from thulium_plugin_prestashop.thulium.together import together
from thulium_plugin_prestashop.thulium.writes import CardFields, Plan, plan_new
from thulium_plugin_prestashop.transport import OurFault, TimeWillTell

TRIES: Final = 3
"""How often a lost answer is followed by another try, each after a look."""
_SINGLES_AT_ONCE: Final = 8


@attrs.define
class _New:
    customer: NewCustomer
    plan: Plan
    verdict: Verdict = UNCLEAR
    tries: int = 0


class CardCreator:
    """Sends new cards. ``key_fields`` names the fields by which a card just created can be found."""

    def __init__(
        self,
        api: ThuliumApi,
        finder: CardFinder,
        ledger: Ledger,
        fields: CardFields,
        key_fields: Callable[[], frozenset[str]],
        *,
        patience: Sequence[float] = (1.0, 3.0),
    ) -> None:
        self._api = api
        self._finder = finder
        self._ledger = ledger
        self._fields = fields
        self._key_fields = key_fields
        self._patience = patience
        self._size = BatchSize()

    async def create(self, customers: Sequence[NewCustomer]) -> list[Verdict]:
        """One verdict each, in order: done with an id, refused, or unclear (it may exist, nobody can tell).

        Raises :class:`RemoteError` when Thulium cannot be written at all; what was created is found by the next
        look-up of its ID field.
        """
        jobs = [_New(customer, plan_new(customer, self._fields)) for customer in customers]
        pending = jobs
        while pending:
            if self._size.size == 1 or len(pending) == 1:
                part, pending = pending[:_SINGLES_AT_ONCE], pending[_SINGLES_AT_ONCE:]
                await together(map(self._one, part))
                self._size.went_well()
            else:
                part, pending = pending[: self._size.size], pending[self._size.size :]
                pending = [*await self._batch(part), *pending]
            await self._note(part)
        return [job.verdict for job in jobs]

    async def _batch(self, part: Sequence[_New]) -> list[_New]:
        """Send one batch; answers those to be sent again, in smaller batches."""
        try:
            answer = await self._api.send(
                "POST", "batch/customers", {"customers": [job.plan.payload for job in part]}
            )
        except TimeWillTell as error:
            if certainly_not_done(error) or part[0].tries >= TRIES:
                raise
            self._size.too_much()
            return await self._look(part)
        except RejectedError as error:
            # One bad record may fail the whole batch, before or after others were created; smaller batches, and
            # in the end single records, tell which.
            self._size.refused(error.status)
            return await self._look(part)
        except OurFault:
            answer = None
        for job, verdict in zip(part, read_created(answer, len(part)), strict=True):
            job.verdict = verdict
        self._size.went_well()
        return await self._singly(await self._look_patiently([job for job in part if job.verdict.unclear]))

    async def _singly(self, jobs: Sequence[_New]) -> list[_New]:
        await together(map(self._one, jobs))
        return []

    async def _one(self, job: _New) -> None:
        while True:
            try:
                answer = await self._api.send("POST", "customers", job.plan.payload)
            except RejectedError as error:
                job.verdict = Verdict(error=error.words)
                return
            except TimeWillTell as error:
                if certainly_not_done(error) or job.tries >= TRIES:
                    raise
            except OurFault:
                job.tries = TRIES
            else:
                number = (
                    whole(answer.get("customer_id", answer.get("id"))) if isinstance(answer, dict) else None
                )
                if number is not None:
                    job.verdict = Verdict(done=True, id=number)
                    return
                # It was accepted: if it can't be found either, another try would make a twin.
                job.tries = TRIES
            if not await self._look([job]) or job.tries > TRIES:
                return

    async def _look_patiently(self, jobs: Sequence[_New]) -> list[_New]:
        """For a batch that was accepted without a word on its records: they may appear a moment later."""
        missing = await self._look(jobs) if jobs else []
        for pause in self._patience:
            if not missing:
                break
            await asyncio.sleep(pause)
            missing = await self._look(missing)
        for job in missing:
            job.tries = 0
        return missing

    async def _look(self, jobs: Sequence[_New]) -> list[_New]:
        """Find out which of them exist already; answers those that certainly may be sent again."""
        marks = {id(job): self._marks(job.customer) for job in jobs}
        found = await self._finder.find([mark for lookups in marks.values() for mark in lookups])
        again = []
        for job in jobs:
            job.tries += 1
            cards = [card for mark in marks[id(job)] for card in found[mark]]
            if cards:
                job.verdict = Verdict(done=True, id=cards[0].id)
            elif marks[id(job)]:
                again.append(job)
        return again

    def _marks(self, customer: NewCustomer) -> list[ByCustomField | ByEmail]:
        """By what a card just created is known: the caller looked for the same before, and found nothing."""
        keys = self._key_fields()
        fields = [
            ByCustomField(name, value) for name, value in customer.custom_fields.items() if name in keys
        ]
        return [*fields, *(ByEmail(email) for email in customer.emails)]

    async def _note(self, part: Sequence[_New]) -> None:
        done = [
            (job, job.verdict.id) for job in part if job.verdict.id is not None and job.verdict.error is None
        ]
        await self._ledger.note_written(
            Kind.EMAIL, [(number, key) for job, number in done for key in job.plan.emails]
        )
        await self._ledger.note_written(
            Kind.PHONE, [(number, key) for job, number in done for key in job.plan.phones]
        )

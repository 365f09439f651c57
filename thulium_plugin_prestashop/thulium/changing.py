"""Changing cards, in batches: read, plan, send, and read again whenever it is not clear what was done."""

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from thulium_plugin_prestashop.contract.customers import ByEmail, CustomerChange
from thulium_plugin_prestashop.thulium.api import RejectedError, ThuliumApi, certainly_not_done
from thulium_plugin_prestashop.thulium.batches import GONE, UNCLEAR, BatchSize, Verdict, read_changed
from thulium_plugin_prestashop.thulium.find import CardFinder
from thulium_plugin_prestashop.thulium.ledger import Kind, Ledger
from thulium_plugin_prestashop.thulium.records import Card
from thulium_plugin_prestashop.thulium.together import together
from thulium_plugin_prestashop.thulium.values import email_key
from thulium_plugin_prestashop.thulium.writes import CardFields, Plan, merge_changes, plan_change
from thulium_plugin_prestashop.transport import OurFault, TimeWillTell

TRIES: Final = 3
_SINGLES_AT_ONCE: Final = 8


@attrs.define(eq=False)
class _Job:
    change: CustomerChange
    number: int
    plan: Plan | None = None
    verdict: Verdict | None = UNCLEAR
    """``None``: the card was already as it should be."""
    tries: int = 0

    @property
    def payload(self) -> Mapping[str, object]:
        return self.plan.payload if self.plan else {}


class CardChanger:
    """Sends changes of cards."""

    def __init__(self, api: ThuliumApi, finder: CardFinder, ledger: Ledger, fields: CardFields) -> None:
        self._api = api
        self._finder = finder
        self._ledger = ledger
        self._fields = fields
        self._size = BatchSize()
        self.withheld = 0

    async def change(self, changes: Sequence[CustomerChange]) -> dict[str, Verdict | None]:
        """A verdict by customer id; ``None`` when the card was already as it should be.

        Raises :class:`RemoteError` when Thulium cannot be written at all.
        """
        by_card: dict[str, list[CustomerChange]] = {}
        for change in changes:
            by_card.setdefault(change.id, []).append(change)
        verdicts: dict[str, Verdict | None] = {}
        jobs: list[_Job] = []
        for customer, group in by_card.items():
            if customer.isascii() and customer.isdigit():
                jobs.append(_Job(merge_changes(group), int(customer)))
            else:
                verdicts[customer] = GONE
        pending = jobs
        while pending:
            # Read as late as possible: only the part that is about to be sent.
            single = self._size.size == 1
            many = _SINGLES_AT_ONCE if single else self._size.size
            part, pending = pending[:many], pending[many:]
            due = await self._plan(part)
            alone = [job for job in due if single or len(due) == 1 or (job.plan and job.plan.unseen)]
            batch = [job for job in due if job not in alone]
            again = [*await self._singly(alone), *(await self._batch(batch) if batch else [])]
            if single:
                self._size.went_well()
            pending = [*again, *pending]
        verdicts.update({job.change.id: job.verdict for job in jobs})
        return verdicts

    async def _plan(self, jobs: Sequence[_Job]) -> list[_Job]:
        """Read the cards and find out what is to be sent; answers the jobs that have something to send."""
        cards = await together(self._finder.card(job.number) for job in jobs)
        held = await together(
            self._hidden(job.change, card) if card else _nothing()
            for job, card in zip(jobs, cards, strict=True)
        )
        due = []
        for job, card, hidden in zip(jobs, cards, held, strict=True):
            if card is None:
                job.verdict = GONE
                await self._ledger.forget_customers([job.number])
                continue
            change = attrs.evolve(
                job.change, add_emails=tuple(e for e in job.change.add_emails if email_key(e) not in hidden)
            )
            job.plan = plan_change(change, card, self._fields, self._finder.behaviour)
            self.withheld += job.plan.withheld if not job.tries else 0
            if job.plan.payload:
                due.append(job)
            else:
                job.verdict = None if not job.tries else Verdict(done=True, id=job.number)
        return due

    async def _hidden(self, change: CustomerChange, card: Card) -> set[str]:
        """E-mails of the change that the card has without showing them: written by us, or found by an exact filter."""
        new = {key for email in change.add_emails if (key := email_key(email)) not in card.email_keys}
        if not new or self._finder.shows_all_emails(card):
            return set()
        ours = (await self._ledger.written([card.id], Kind.EMAIL)).get(card.id, set())
        hidden = {key for key in new if self._ledger.fingerprint(key) in ours}
        asked = [ByEmail(key) for key in new - hidden]
        found = await self._finder.find(asked)
        return hidden | {
            lookup.email for lookup in asked if any(match.id == card.id for match in found[lookup])
        }

    async def _batch(self, part: Sequence[_Job]) -> list[_Job]:
        """Send one batch; answers those to be read and sent again."""
        body = {"customers": [{"customer_id": job.number, **job.payload} for job in part]}
        try:
            answer = await self._api.send("PUT", "batch/customers", body)
        except TimeWillTell as error:
            if certainly_not_done(error) or part[0].tries >= TRIES:
                raise
            self._size.too_much()
            return _again(part)
        except RejectedError as error:
            self._size.refused(error.status)
            return _again(part)
        except OurFault:
            return await self._reread(part)
        for job, verdict in zip(part, read_changed(answer, [job.number for job in part]), strict=True):
            job.verdict = verdict
        self._size.went_well()
        await self._note([job for job in part if job.verdict and job.verdict.done])
        return await self._reread([job for job in part if job.verdict is not None and job.verdict.unclear])

    async def _reread(self, jobs: Sequence[_Job]) -> list[_Job]:
        """The answer does not say what became of these: the cards do, or a request each."""
        if not jobs:
            return []
        return await self._singly(await self._plan(_again(jobs)))

    async def _singly(self, jobs: Sequence[_Job]) -> list[_Job]:
        again = await together(map(self._one, jobs))
        await self._note([job for job in jobs if job.verdict and job.verdict.done])
        return _again([job for job, unclear in zip(jobs, again, strict=True) if unclear])

    async def _one(self, job: _Job) -> bool:
        """Send one change; answers whether it is unclear what became of it."""
        try:
            await self._api.send("PUT", f"customers/{job.number}", job.payload)
        except RejectedError as error:
            job.verdict = Verdict(error=error.words)
            return False
        except TimeWillTell as error:
            if certainly_not_done(error) or job.tries >= TRIES:
                raise
            return True
        except OurFault:
            return job.tries < TRIES
        job.verdict = Verdict(done=True, id=job.number)
        return False

    async def _note(self, jobs: Sequence[_Job]) -> None:
        plans = [(job.number, job.plan) for job in jobs if job.plan]
        await self._ledger.note_written(
            Kind.EMAIL, [(number, key) for number, plan in plans for key in plan.emails]
        )
        await self._ledger.note_written(
            Kind.PHONE, [(number, key) for number, plan in plans for key in plan.phones]
        )


async def _nothing() -> set[str]:
    return set()


def _again(jobs: Sequence[_Job]) -> list[_Job]:
    for job in jobs:
        job.tries += 1
    return list(jobs)

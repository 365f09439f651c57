"""The link phase: customers that changed, in batches, become links and cards.

A batch is looked up at the host in one question, decided (:mod:`.identity`), written to the host, and only then are
its links saved and its customers no longer pending, in one transaction. A process killed between the two repeats the
batch: every card that was created carries the shop's id in the ID field, so it is found again and nothing is made
twice; what is on a card already is not added again.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from time import perf_counter
from typing import Final

import attrs
import orjson

from thulium_plugin_prestashop.contract.customers import (
    ByCustomField,
    ByEmail,
    ById,
    Customer,
    Lookup,
)
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.mirror import links as store
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.links import Link, StoredRow
from thulium_plugin_prestashop.mirror.rows import email_key
from thulium_plugin_prestashop.sync.cards import Draft, Offered, primary
from thulium_plugin_prestashop.sync.identity import CardKey, Decision, Directory, decide
from thulium_plugin_prestashop.sync.profile import Profile, profile
from thulium_plugin_prestashop.sync.settings import SyncSettings

BATCH: Final = 250
"""Customers looked up and written at once."""
_SLICE: Final = 0.004
"""Seconds of work after which the event loop gets its turn."""
RECYCLED: Final = "recycled"


@attrs.define
class Linked:
    """What the link phase did so far."""

    seen: int = 0
    created: int = 0
    updated: int = 0
    bases: Counter[str] = attrs.field(factory=Counter)
    conflicts: int = 0
    """Customers for whom several cards match, or whose e-mail another card holds."""
    rejected: dict[int, LocalizedText] = attrs.field(factory=dict)
    """What the host refused to write, by the shop's customer id."""


@attrs.define
class Offer:
    """What one customer has been offered to its card, and which cards hold an e-mail of it already."""

    values: Offered
    elsewhere: set[CardKey] = attrs.field(factory=set)


@attrs.frozen
class Case:
    """One customer of a batch."""

    person: Profile
    link: Link | None
    decision: Decision

    @property
    def recycled(self) -> bool:
        """See :func:`is_recycled`."""
        return is_recycled(self.link)


def is_recycled(link: Link | None) -> bool:
    """Whether the shop gave this id to another person after the link was made."""
    return link is not None and link.conflict != "" and orjson.loads(link.conflict)["reason"] == RECYCLED


def conflict_text(reason: str, candidates: Iterable[str]) -> str:
    """A conflict as a link keeps it: ``several``, ``email_elsewhere`` or ``recycled``, and the cards in question."""
    return orjson.dumps({"reason": reason, "candidates": sorted(candidates)}).decode()


class _Turns:
    """Gives the event loop its turn after some milliseconds of work."""

    def __init__(self) -> None:
        self._started = perf_counter()

    async def take(self) -> None:
        if perf_counter() - self._started > _SLICE:
            await asyncio.sleep(0)
            self._started = perf_counter()


@attrs.define
class Linker:
    """Makes the links of one integration."""

    integration: str
    mirror: Mirror
    host: HostContext
    settings: SyncSettings
    login_field: str | None
    """Text field for the marketplace login, where the host's Allegro integration names one."""
    countries: dict[int, str]
    """ISO codes by the shop's country id."""
    done: Linked = attrs.field(factory=Linked)

    async def batch(self, after: int, only: Collection[int] | None = None) -> int | None:
        """Work on the next pending customers above ``after``; the last id of the batch, ``None`` when none is left.

        ``only`` narrows it to some customers, for an agent who does not wait for the others.

        Raises:
            HostUnavailableError: The host can do nothing at all for the moment.
            LinkingLostError: This process stalled for so long that another one may be matching customers by now.
            OvertakenError: Another process does this run by now (where the mirror is that of a claimed run).

        """
        if not await self._anybody(after, only):
            # As nearly always: without waiting for others to be done with their customers.
            return None
        async with self.mirror.linking:
            people, links, linked = await self._read(after, only)
            if not people:
                return None
            last = people[-1].id
            # Registered customers speak first: their name goes on a card that they share with guests.
            people.sort(key=lambda person: not person.registered)
            directory = await self._look_up(people, links, linked)
            cases = [self._case(person, links.get(person.id), directory) for person in people]
            drafts, offers = await self._draft(cases, directory)
            await self.mirror.linking.still_held()
            await self.mirror.check()
            ids, refused = await self._write(drafts)
            await self._save(cases, offers, ids, refused)
            self.done.seen += len(people)
        return last

    async def _anybody(self, after: int, only: Collection[int] | None) -> bool:
        async with self.mirror.reading() as connection:
            return bool(await store.pending_customers(connection, self.integration, after, 1, only=only))

    async def _read(
        self, after: int, only: Collection[int] | None
    ) -> tuple[list[Profile], dict[int, Link], dict[str, dict[str, set[str]]]]:
        turns = _Turns()
        async with self.mirror.reading() as connection:
            rows = await store.pending_customers(connection, self.integration, after, BATCH, only=only)
            ids = [row["id"] for row in rows]
            addresses = await store.addresses_of(connection, self.integration, ids)
            notes = await store.order_notes(connection, self.integration, ids)
            links = await store.links_of(connection, self.integration, ids)
            people: list[Profile] = []
            for row in rows:
                people.append(self._profile(row, addresses.get(row["id"], []), notes.get(row["id"])))
                await turns.take()
            linked = {
                "login": await store.linked_by_login(
                    connection, self.integration, {person.login.casefold() for person in people}
                ),
                "masked": await store.linked_by_masked(
                    connection, self.integration, {person.masked_key for person in people}
                ),
                "email": await store.linked_by_email(
                    connection, self.integration, {person.email_key for person in people}
                ),
            }
        return people, links, linked

    def _profile(self, row: StoredRow, addresses: Sequence[StoredRow], notes: list[str] | None) -> Profile:
        return profile(row, addresses, notes, self.countries, self.settings.login_pattern)

    async def _look_up(
        self,
        people: Sequence[Profile],
        links: dict[int, Link],
        linked: dict[str, dict[str, set[str]]],
    ) -> Directory:
        field = self.settings.id_field
        crm_ids = {link.crm_id for link in links.values() if link.crm_id and not link.blocked}
        for table in linked.values():
            crm_ids.update(crm_id for found in table.values() for crm_id in found)
        lookups: list[Lookup] = [ByCustomField(field, str(person.id)) for person in people]
        lookups += [ById(crm_id) for crm_id in sorted(crm_ids)]
        lookups += [
            ByEmail(email)
            for email in dict.fromkeys(email_key(email) for person in people for email in person.emails)
        ]
        if self.login_field:
            logins = dict.fromkeys(person.login for person in people if person.login)
            lookups += [ByCustomField(self.login_field, login) for login in logins]
        directory = Directory()
        fixed = {person.masked_key for person in people if person.masked_key}
        for lookup, found in zip(lookups, await self.host.customers.find(lookups), strict=True):
            self._learn_answer(directory, lookup, found, fixed)
        directory.know_linked(directory.by_login, linked["login"])
        directory.know_linked(directory.by_masked, linked["masked"])
        directory.know_linked(directory.by_email, linked["email"])
        return directory

    def _learn_answer(
        self, directory: Directory, lookup: Lookup, found: Sequence[Customer], fixed: set[str]
    ) -> None:
        match lookup:
            case ByCustomField(name=name, value=value) if name == self.settings.id_field:
                directory.know(directory.by_id_field, value, found)
            case ByCustomField(value=value):
                directory.know(directory.by_login, value.casefold(), found)
            case ByEmail(email=email):
                directory.know(directory.by_email, email, found)
                if email in fixed:
                    directory.know(directory.by_masked, email, found)
            case ById(id=crm_id):
                for card in found[:1]:
                    directory.cards[card.id] = card
                    directory.by_card_id[crm_id] = card.id

    def _case(self, person: Profile, link: Link | None, directory: Directory) -> Case:
        decision = decide(person, link, directory, guests=self.settings.guests, recycled=is_recycled(link))
        if decision.card is not None:
            directory.learn(person, decision.card)
        return Case(person, link, decision)

    async def _draft(
        self, cases: Sequence[Case], directory: Directory
    ) -> tuple[dict[CardKey, Draft], dict[int, Offer]]:
        """What to write on each card, and what each customer has then been offered."""
        drafts: dict[CardKey, Draft] = {}
        offers: dict[int, Offer] = {}
        turns = _Turns()
        for case in cases:
            key = case.decision.card
            if key is None:
                continue
            card = directory.cards.get(key)
            draft = drafts.setdefault(key, Draft(card or Customer(key), new=card is None))
            same = (
                case.link is not None
                and case.link.crm_id is not None
                and (directory.by_card_id.get(case.link.crm_id) == key)
            )
            offered = Offered.unpack(case.link.offered if case.link is not None and same else b"")
            offer = offers[case.person.id] = Offer(offered)
            if draft.new or self.settings.existing_customers == "fill":
                mine = []
                for email in case.person.emails:
                    others = directory.holder(email) - {key}
                    offer.elsewhere |= others
                    if not others:
                        mine.append(email)
                draft.add(case.person, offered, mine)
                if self.login_field and case.person.login:
                    draft.set_field(self.login_field, case.person.login)
            await turns.take()
        await self._set_id_fields(cases, drafts)
        return drafts, offers

    async def _set_id_fields(self, cases: Sequence[Case], drafts: dict[CardKey, Draft]) -> None:
        """The registered customer's id stands in the ID field before a guest's. A value that is none of the
        card's customers of this shop is somebody's own entry and stays.
        """
        async with self.mirror.reading() as connection:
            members = await store.members(
                connection, self.integration, [key for key, draft in drafts.items() if not draft.new]
            )
        recycled = {case.person.id for case in cases if case.recycled}
        for case in cases:
            if case.decision.card is not None and case.person.id not in recycled:
                members.setdefault(case.decision.card, {})[case.person.id] = case.person.registered
        for key, draft in drafts.items():
            # A card whose only customer here is one with a recycled id keeps what it has.
            if mine := members.get(key):
                first = primary(mine)
                lesser = frozenset(str(row_id) for row_id in mine if not mine[row_id] and row_id != first)
                draft.set_field(
                    self.settings.id_field, str(first), may_replace=lesser if mine[first] else frozenset()
                )

    async def _write(
        self, drafts: dict[CardKey, Draft]
    ) -> tuple[dict[CardKey, str], dict[CardKey, LocalizedText]]:
        """Write to the host; the host's id of every card, and what was refused."""
        ids = {key: draft.card.id for key, draft in drafts.items() if not draft.new}
        refused: dict[CardKey, LocalizedText] = {}
        new = [draft for draft in drafts.values() if draft.new]
        changed = [draft for draft in drafts.values() if not draft.empty and not draft.new]
        if new:
            outcomes = await self.host.customers.create([draft.creation() for draft in new])
            for draft, outcome in zip(new, outcomes, strict=True):
                if outcome.id is not None:
                    ids[draft.card.id] = outcome.id
                    self.done.created += 1
                elif outcome.error is not None:
                    refused[draft.card.id] = outcome.error
        if changed:
            outcomes = await self.host.customers.update([draft.change() for draft in changed])
            for draft, outcome in zip(changed, outcomes, strict=True):
                if outcome.error is not None:
                    refused[draft.card.id] = outcome.error
                else:
                    self.done.updated += outcome.changed
        return ids, refused

    async def _save(
        self,
        cases: Sequence[Case],
        offers: dict[int, Offer],
        ids: dict[CardKey, str],
        refused: dict[CardKey, LocalizedText],
    ) -> None:
        now = int(self.host.clock.now().timestamp())
        made: list[Link] = []
        finished: list[int] = []
        for case in cases:
            person, key = case.person, case.decision.card
            if key is not None and key in refused:
                self.done.rejected[person.id] = refused[key]
                if key not in ids:
                    continue  # not created: tried again by every run
            link = self._link(case, offers.get(person.id), ids.get(key) if key else None, now)
            if link is not None and link != case.link:
                made.append(link)
            offer = offers.get(person.id)
            self.done.conflicts += case.decision.reason == "several" or bool(offer and offer.elsewhere)
            if case.decision.reason != "several" and key not in refused:
                # Neither undecided nor refused: nothing to do until the customer changes again.
                finished.append(person.id)
            if key is not None:
                self.done.bases[case.decision.basis] += 1
        affected = sorted({crm_id for case in cases if (crm_id := ids.get(case.decision.card or ""))})
        if affected and self.host.orders is not None:
            await self.mirror.check()
            await self.host.orders.orders_changed(self.integration, affected)
        async with self.mirror.writing(self.integration) as connection:
            await store.save_links(connection, self.integration, made)
            await store.save_phones(
                connection, self.integration, {case.person.id: case.person.phones for case in cases}
            )
            await store.clear_pending(connection, self.integration, finished)

    def _link(self, case: Case, offer: Offer | None, crm_id: str | None, now: int) -> Link | None:
        person, before, decision = case.person, case.link, case.decision
        conflict = before.conflict if before is not None and case.recycled else ""
        if offer is not None and offer.elsewhere and not conflict:
            conflict = conflict_text("email_elsewhere", offer.elsewhere)
        if decision.reason == "several":
            conflict = conflict_text("several", decision.candidates)
        elif decision.card is None and before is None:
            return None
        elif decision.reason == "blocked":
            return before
        return Link(
            id_customer=person.id,
            crm_id=crm_id,
            basis=decision.basis if crm_id else "",
            created_at=before.created_at if before is not None and before.crm_id == crm_id else now,
            login_key=person.login.casefold(),
            masked_key=person.masked_key,
            offered=offer.values.pack() if offer is not None and crm_id else b"",
            conflict=conflict,
        )

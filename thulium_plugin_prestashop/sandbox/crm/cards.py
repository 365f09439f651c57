"""Customer cards as agents work with them: shown, edited, merged, erased, and put back."""

from collections.abc import Sequence

import attrs
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.contract.host import Clock
from thulium_plugin_prestashop.sandbox.crm import history, merging, schema
from thulium_plugin_prestashop.sandbox.crm.audit import Audit
from thulium_plugin_prestashop.sandbox.crm.database import Database
from thulium_plugin_prestashop.sandbox.crm.errors import CrmError, NotFound, Refused
from thulium_plugin_prestashop.sandbox.crm.loading import follow_merges, load_cards, load_fields
from thulium_plugin_prestashop.sandbox.crm.outbox import Outbox
from thulium_plugin_prestashop.sandbox.crm.records import Card, CardEdit, Change, ChangeKind
from thulium_plugin_prestashop.sandbox.crm.writing import CardWriter, clean, next_customer_id

ID_DIGITS = 18


class Cards:
    """Cards by customer id. Every id may be one that was merged: it leads to the kept customer.

    All methods raise :class:`NotFound` for an id that does not exist, and :class:`CrmError` with the name of the
    field for what does not fit.
    """

    def __init__(self, database: Database, clock: Clock, outbox: Outbox, audit: Audit) -> None:
        self._database = database
        self._clock = clock
        self._outbox = outbox
        self._audit = audit

    async def get(self, customer: str) -> Card:
        """One card."""
        async with self._database.read() as connection:
            return await _card(connection, customer)

    async def create(self, edit: CardEdit, actor: str) -> Card:
        """A new customer, typed in by a person."""
        async with self._database.write() as connection:
            fields = await load_fields(connection)
            content = _checked(clean(edit, fields))
            number = await next_customer_id(connection)
            writer = CardWriter(fields, self._clock.now())
            writer.create(number, content)
            await writer.flush(connection)
            await self._audit.note(actor, "customer.create", str(number), connection=connection)
            return await _card(connection, str(number))

    async def edit(self, customer: str, edit: CardEdit, actor: str) -> Change | None:
        """Replace the card's content; ``None`` when nothing changed."""
        async with self._database.write() as connection:
            card = await _card(connection, customer)
            content = _checked(clean(edit, await load_fields(connection)))
            number = int(card.id)
            if not await self._write(connection, number, card.content, content):
                return None
            change = await history.record(
                connection,
                customer=number,
                at=self._clock.now(),
                actor=actor,
                kind=ChangeKind.EDIT,
                before={number: card.content},
                after={number: content},
            )
            await self._audit.note(actor, "customer.edit", card.id, connection=connection)
            return await history.summary(connection, change)

    async def merge(self, kept: str, merged: Sequence[str], actor: str) -> Change:
        """Take customers into one. What ``kept`` has stays; what it lacks comes from the others, in their order."""
        async with self._database.write() as connection:
            target = await _card(connection, kept)
            sources = {card.id: card for card in [await _card(connection, other) for other in merged]}
            if not sources or target.id in sources:
                raise Refused("customer.merge_itself")
            content = merging.union(target.content, [card.content for card in sources.values()])
            numbers = [int(source) for source in sources]
            moved = await merging.move_contacts(connection, numbers, int(target.id))
            await merging.fold_into(connection, numbers, int(target.id), self._clock.now())
            await self._write(connection, int(target.id), target.content, content)
            change = await history.record(
                connection,
                customer=int(target.id),
                at=self._clock.now(),
                actor=actor,
                kind=ChangeKind.MERGE,
                before={int(card.id): card.content for card in (target, *sources.values())},
                after={int(target.id): content, **dict.fromkeys(numbers)},
                moved=moved,
            )
            await self._outbox.put_merged(connection, target.id, list(sources))
            await self._audit.note(
                actor, "customer.merge", target.id, connection=connection, merged=", ".join(sources)
            )
            summary = await history.summary(connection, change)
        await self._outbox.deliver()
        return summary

    async def erase(self, customer: str, actor: str) -> None:
        """Delete the customer with all that is known of it, and of those that were merged into it."""
        async with self._database.write() as connection:
            card = await _card(connection, customer)
            erased = await merging.with_merged(connection, int(card.id))
            await history.forget(connection, erased)
            # Contacts, values, changes and the merged customers go with the row.
            await connection.execute(sa.delete(schema.customers).where(schema.customers.c.id == int(card.id)))
            await self._outbox.put_erased(connection, [str(number) for number in erased])
            await self._audit.note(actor, "customer.erase", card.id, connection=connection)
        await self._outbox.deliver()
        await self._database.truncate_log()

    async def changes(self, customer: str, limit: int = 20) -> list[Change]:
        """What people changed on this card, newest first."""
        async with self._database.read() as connection:
            return await history.list_changes(connection, await _number(connection, customer), limit)

    async def undo(self, change: int, actor: str) -> Change:
        """Put back what a change changed; the answer is a change itself, and can be undone.

        Raises :class:`Refused` when that has changed again since. Plugins are not told that a merge was undone: the
        next synchronisation finds the customers apart again by their ID fields and e-mails.
        """
        async with self._database.write() as connection:
            stored = await history.read_change(connection, change)
            if stored.undone_by is not None:
                raise Refused("customer.undone_already")
            now = self._clock.now()
            revived = [number for number, content in stored.after.items() if content is None]
            folded = [number for number, content in stored.before.items() if content is None]
            await _check_undoable(connection, stored, folded)
            await merging.unfold(connection, revived, stored.moved, now)
            moved = await merging.move_contacts(connection, folded, stored.customer)
            await merging.fold_into(connection, folded, stored.customer, now)
            present = await load_cards(connection, stored.before)
            fields = await load_fields(connection)
            before: dict[int, CardEdit | None] = {}
            after: dict[int, CardEdit | None] = {}
            for number, content in stored.before.items():
                left = stored.after.get(number)
                if content is None:
                    before[number], after[number] = left, None
                    continue
                old = present[number].content
                goal = content if left is None else history.go_back(old, content, left)
                # A custom field that was deleted since stays deleted.
                values = {name: value for name, value in goal.custom_fields.items() if name in fields}
                new = attrs.evolve(goal, custom_fields=values)
                await self._write(connection, number, old, new)
                before[number], after[number] = None if left is None else old, new
            undo = await history.record(
                connection,
                customer=stored.customer,
                at=now,
                actor=actor,
                kind=ChangeKind.UNDO,
                before=before,
                after=after,
                moved=moved,
            )
            await connection.execute(
                sa.update(schema.changes).where(schema.changes.c.id == change).values(undone_by=undo)
            )
            if folded:
                await self._outbox.put_merged(
                    connection, str(stored.customer), [str(number) for number in folded]
                )
            await self._audit.note(actor, "customer.undo", str(stored.customer), connection=connection)
            summary = await history.summary(connection, undo)
        await self._outbox.deliver()
        return summary

    async def _write(self, connection: AsyncConnection, number: int, old: CardEdit, new: CardEdit) -> bool:
        writer = CardWriter(await load_fields(connection), self._clock.now())
        changed = writer.change(number, old, new)
        await writer.flush(connection)
        return changed


async def _number(connection: AsyncConnection, customer: str) -> int:
    usable = customer.isascii() and customer.isdecimal() and len(customer) <= ID_DIGITS
    numbers = await follow_merges(connection, [int(customer)]) if usable else {}
    if not numbers:
        raise NotFound("not_found.customer", id=customer)
    return next(iter(numbers.values()))


async def _card(connection: AsyncConnection, customer: str) -> Card:
    number = await _number(connection, customer)
    return (await load_cards(connection, [number]))[number]


def _checked(content: CardEdit) -> CardEdit:
    """What a person must fill in, and may not; plugins are taken at their word."""
    if not (content.surname or content.company or content.phones):
        raise CrmError("customer.surname_or_phone", field="surname")
    for email in content.emails:
        local, at, domain = email.email.rpartition("@")
        if not (local and at and "." in domain) or any(char.isspace() for char in email.email):
            raise CrmError("customer.email_invalid", field="emails", email=email.email)
    return content


async def _check_undoable(
    connection: AsyncConnection, stored: history.StoredChange, folded: Sequence[int]
) -> None:
    """Raises :class:`Refused` if the card is no card any more, or one that would be merged again has changed."""
    today = await follow_merges(connection, [stored.customer])
    if today.get(stored.customer) != stored.customer:
        raise Refused("customer.undo_merged")
    present = await load_cards(connection, folded)
    for number in folded:
        left = stored.after.get(number)
        if number not in present or left is None:
            raise Refused("customer.undo_merged")
        history.go_back(present[number].content, CardEdit(), left)

"""The API's rows of one field group on one card, and writing them so that none is ever written twice."""

import hashlib
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Final

import attrs
import orjson

from thulium_plugin_prestashop.thulium.api import (
    NotFoundError,
    RejectedError,
    ThuliumApi,
    certainly_not_done,
    rows_of,
)
from thulium_plugin_prestashop.thulium.ledger import Ledger, RowNote, RowState
from thulium_plugin_prestashop.thulium.records import FieldGroup, Item, read_item, whole
from thulium_plugin_prestashop.transport import AdministratorMustAct, OurFault, TimeWillTell

Json = Any

TRIES: Final = 3


@attrs.frozen
class RowTarget:
    """Where a shop's orders go: a field group, and which of its fields holds which cell of an order."""

    group: int
    fields: Mapping[str, int]
    """Cell key to field id; ``id`` among them, by which the bridge knows its own rows again."""
    newest: int = 20
    prefix: str = ""
    """Before the order's number, where several shops share a group."""

    def values(self, texts: Mapping[str, str]) -> dict[int, str]:
        """Field id to value, absent cells as ``""``, so that a value that went away goes away on the card."""
        given = {**texts, "id": f"{self.prefix}{texts.get('id', '')}"}
        return {field: given.get(cell, "") for cell, field in self.fields.items()}


def resolve(group: FieldGroup, columns: Mapping[str, str]) -> tuple[dict[str, int], list[str]]:
    """Field ids by cell key, and the names that the group does not have."""
    fields = {cell: group.fields[name] for cell, name in columns.items() if name in group.fields}
    return fields, [name for name in columns.values() if name not in group.fields]


@attrs.frozen
class Listing:
    """What the API lists of a card's rows."""

    items: tuple[Item, ...]
    count: int | None
    readable: bool
    """False where the answer holds no rows, as in the documentation's sample."""

    def with_item(self, item: Item) -> "Listing":
        """The same with one row more."""
        return Listing((*self.items, item), None if self.count is None else self.count + 1, self.readable)


class _Change(Enum):
    """What became of a row that was to be changed."""

    DONE = "done"
    GONE = "gone"
    REFUSED = "refused"


@attrs.define
class CardRows:
    """One card's rows of one target, while they are brought up to date."""

    api: ThuliumApi
    ledger: Ledger
    integration: str
    customer: int
    target: RowTarget
    notes: dict[str, RowNote]
    rejected: list[str] = attrs.field(factory=list)
    lost: int = 0
    written: int = 0
    _listing: Listing | None = None

    async def put(self, order: str, values: Mapping[int, str]) -> None:
        """Make the order's row hold ``values``; nothing is sent when it was written so before.

        Raises :class:`~thulium_plugin_prestashop.transport.RemoteError` when Thulium cannot be written at all.
        """
        checksum = _checksum(values)
        note = self.notes.get(order)
        if note is not None and note.state is RowState.INTENDED:
            note = await self._find_out(note, values)
        elif note is None:
            note = await self._adopt(order, values)
        if note is not None and note.state is RowState.LOST:
            self.lost += note.checksum != checksum
            return
        if note is not None and note.checksum == checksum:
            return
        change = await self._change(note.item, values) if note and note.item is not None else _Change.GONE
        if change is _Change.GONE:
            await self._create(order, values)
        elif change is _Change.DONE and note is not None:
            await self._keep(RowNote(order, RowState.WRITTEN, note.item, checksum))

    async def remove(self, order: str, *, status: str) -> None:
        """Take the order's row off the card. Where rows cannot be deleted it is emptied, and says ``status``."""
        note = self.notes.get(order)
        if note is None:
            return
        if note.item is not None:
            try:
                await self.api.send("DELETE", f"customer_field_group_items/{note.item}")
            except NotFoundError:
                pass  # It is gone, which is what was wanted.
            except (RejectedError, AdministratorMustAct) as error:
                if isinstance(error, AdministratorMustAct) and error.key != "thulium.permission":
                    raise
                blank = {field: "" for cell, field in self.target.fields.items() if cell != "id"}
                if "status" in self.target.fields:
                    blank[self.target.fields["status"]] = status
                if await self._change(note.item, blank) is _Change.REFUSED:
                    return
            self.written += 1
        await self.ledger.forget_row(self.integration, self.customer, order)
        del self.notes[order]

    # Rows that may be there

    async def _find_out(self, note: RowNote, values: Mapping[int, str]) -> RowNote | None:
        """A row that was about to be created: is it there? ``None``: certainly not."""
        listing = await self._list(anew=True)
        if listing.readable:
            return await self._adopt(note.order, values)
        if listing.count is not None and listing.count == note.count_before:
            return None
        # It was written, and nobody will ever say under which id: it stays as it is rather than twice.
        return await self._keep(attrs.evolve(note, state=RowState.LOST))

    async def _adopt(self, order: str, values: Mapping[int, str]) -> RowNote | None:
        """The row of this order that is on the card though nothing is noted of it: with our number, and with our
        reference where that is a column, so that a row somebody typed in is not taken for ours.
        """
        taken = {note.item for note in self.notes.values()}
        sure = [self.target.fields[cell] for cell in ("id", "reference") if cell in self.target.fields]
        for item in (await self._list()).items:
            if item.id not in taken and all(
                item.values.get(field, "") == values[field].strip() for field in sure
            ):
                held = {field: item.values.get(field, "") for field in values}
                return await self._keep(RowNote(order, RowState.WRITTEN, item.id, _checksum(held)))
        return None

    # Writing

    async def _create(self, order: str, values: Mapping[int, str]) -> None:
        checksum = _checksum(values)
        body = {"group_id": self.target.group, "customer_id": self.customer, "values": _wire(values)}
        for _ in range(TRIES):
            listing = await self._list()
            note = await self._keep(RowNote(order, RowState.INTENDED, None, checksum, listing.count))
            failure: OurFault | TimeWillTell | None = None
            answer: Json = None
            try:
                answer = await self.api.send("POST", "customer_field_group_items", body)
            except RejectedError as error:
                await self._forget(order)
                self.rejected.append(error.words)
                return
            except TimeWillTell as error:
                if certainly_not_done(error):
                    await self._forget(order)
                    raise
                failure = error
            except AdministratorMustAct:
                await self._forget(order)
                raise
            except OurFault as error:
                failure = error
            item = whole(answer.get("item_id")) if isinstance(answer, dict) else None
            if item is not None:
                self.written += 1
                self._listing = listing.with_item(Item(item, values))
                await self._keep(RowNote(order, RowState.WRITTEN, item, checksum))
                return
            found = await self._find_out(note, values)
            if found is not None:
                self.written += 1
                self.lost += found.state is RowState.LOST
                return
            await self._forget(order)
            if failure is None:
                self.rejected.append("no item_id")
                return
        raise (
            failure
            if failure is not None
            else OurFault("thulium.not_json", resource="customer_field_group_items")
        )

    async def _change(self, item: int, values: Mapping[int, str]) -> "_Change":
        """Write a row's values, together with those of columns that aren't ours: PUT may replace the whole row."""
        held = next((known.values for known in (await self._list()).items if known.id == item), {})
        body = {"values": _wire({**held, **values})}
        for attempt in range(TRIES):
            try:
                await self.api.send("PUT", f"customer_field_group_items/{item}", body)
            except NotFoundError:
                return _Change.GONE
            except RejectedError as error:
                self.rejected.append(error.words)
                return _Change.REFUSED
            except TimeWillTell as error:
                # The same values again do no harm.
                if certainly_not_done(error) or attempt == TRIES - 1:
                    raise
            except OurFault:
                break
            else:
                break
        self.written += 1
        return _Change.DONE

    async def _list(self, *, anew: bool = False) -> Listing:
        if self._listing is None or anew:
            params = [("group_id", str(self.target.group)), ("customer_id", str(self.customer))]
            items: list[Item] = []
            readable, count = True, None
            answer = await self.api.get("customer_field_group_items", [*params, ("limit", "1000")])
            rows = rows_of(answer)
            if isinstance(answer, dict):
                count = whole(answer.get("count"))
            items = [item for row in rows if (item := read_item(row)) is not None]
            readable = len(items) == len(rows)
            self._listing = Listing(tuple(items), count, readable)
        return self._listing

    async def _keep(self, note: RowNote) -> RowNote:
        await self.ledger.note_row(self.integration, self.customer, note)
        self.notes[note.order] = note
        return note

    async def _forget(self, order: str) -> None:
        await self.ledger.forget_row(self.integration, self.customer, order)
        self.notes.pop(order, None)


def _wire(values: Mapping[int, str]) -> Sequence[Mapping[str, Json]]:
    return [{"field_id": field, "value": value} for field, value in values.items()]


def _checksum(values: Mapping[int, str]) -> str:
    stripped = sorted((field, value.strip()) for field, value in values.items())
    return hashlib.blake2b(orjson.dumps(stripped), digest_size=12).hexdigest()

"""Changes of cards: what a card was before and after, and how to go back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import cattrs
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.errors import NotFound, Refused
from thulium_plugin_prestashop.sandbox.crm.locale import MESSAGES
from thulium_plugin_prestashop.sandbox.crm.records import CardEdit, Change, ChangeKind

CONVERTER = cattrs.Converter()
PARTS = tuple(field.name for field in attrs.fields(CardEdit))

Cards = Mapping[int, CardEdit | None]
"""Customer id to content; ``None`` for one that was merged into another."""


@attrs.frozen
class StoredChange:
    """A change with all it needs to be undone."""

    id: int
    customer: int
    kind: ChangeKind
    before: Cards
    after: Cards
    moved: Mapping[int, Sequence[int]]
    undone_by: int | None


async def record(
    connection: AsyncConnection,
    *,
    customer: int,
    at: datetime,
    actor: str,
    kind: ChangeKind,
    before: Cards,
    after: Cards,
    moved: Mapping[int, Sequence[int]] | None = None,
) -> int:
    """Write a change; its id."""
    row = {
        "customer_id": customer,
        "at": at,
        "actor": actor,
        "kind": kind.value,
        "before": _pack(before),
        "after": _pack(after),
        "moved": {str(owner): list(contacts) for owner, contacts in (moved or {}).items()},
    }
    result = await connection.execute(sa.insert(schema.changes).returning(schema.changes.c.id), row)
    return int(result.scalar_one())


async def read_change(connection: AsyncConnection, change: int) -> StoredChange:
    """One change. Raises :class:`NotFound`."""
    row = (
        await connection.execute(sa.select(schema.changes).where(schema.changes.c.id == change))
    ).one_or_none()
    if row is None:
        raise NotFound("not_found.change")
    return StoredChange(
        id=row.id,
        customer=row.customer_id,
        kind=ChangeKind(row.kind),
        before=_unpack(row.before),
        after=_unpack(row.after),
        moved={int(owner): contacts for owner, contacts in row.moved.items()},
        undone_by=row.undone_by,
    )


async def list_changes(connection: AsyncConnection, customer: int, limit: int) -> list[Change]:
    """The newest changes of one customer, newest first."""
    table = schema.changes
    query = sa.select(table).where(table.c.customer_id == customer).order_by(table.c.id.desc()).limit(limit)
    return [_summary(row) for row in (await connection.execute(query)).all()]


async def forget(connection: AsyncConnection, customers: Sequence[int]) -> None:
    """Delete every change that tells of these customers, also those of others (a merge that was undone)."""
    table = schema.changes
    for customer in customers:
        told = [
            sa.func.json_type(column, f'$."{customer}"').is_not(None)
            for column in (table.c.before, table.c.after)
        ]
        await connection.execute(sa.delete(table).where(sa.or_(*told)))


async def summary(connection: AsyncConnection, change: int) -> Change:
    """One change as it is shown."""
    return _summary(
        (await connection.execute(sa.select(schema.changes).where(schema.changes.c.id == change))).one()
    )


def _summary(row: Any) -> Change:  # noqa: ANN401 - rows are not typed by column name
    before, after = _unpack(row.before), _unpack(row.after)
    return Change(
        id=row.id,
        customer=str(row.customer_id),
        at=row.at,
        actor=row.actor,
        kind=ChangeKind(row.kind),
        parts=tuple(touched_parts(before.get(row.customer_id), after.get(row.customer_id))),
        merged=tuple(str(number) for number, content in after.items() if content is None),
        undone=row.undone_by is not None,
    )


def touched_parts(before: CardEdit | None, after: CardEdit | None) -> list[str]:
    """Names of the fields that differ."""
    if before is None or after is None:
        return []
    return [part for part in PARTS if getattr(before, part) != getattr(after, part)]


def go_back(now: CardEdit, before: CardEdit, after: CardEdit) -> CardEdit:
    """``now`` with all that went from ``before`` to ``after`` put back.

    Raises :class:`Refused` if one of these fields has changed again: going back would lose that.
    """
    parts = touched_parts(before, after)
    # Within the custom fields, each is a field of its own: a synchronisation may have filled another meanwhile.
    changed_again = [
        part for part in parts if part != "custom_fields" and getattr(now, part) != getattr(after, part)
    ]
    values = dict(now.custom_fields)
    for name in {**before.custom_fields, **after.custom_fields}:
        old, new = before.custom_fields.get(name), after.custom_fields.get(name)
        if old == new:
            continue
        if values.get(name) != new:
            changed_again.append("custom_fields")
        elif old is None:
            values.pop(name, None)
        else:
            values[name] = old
    if changed_again:
        raise Refused("customer.undo_conflict", parts=_listed(dict.fromkeys(changed_again)))
    restored = {part: getattr(before, part) for part in parts if part != "custom_fields"}
    return attrs.evolve(now, **restored, custom_fields=values)


def _listed(parts: Iterable[str]) -> LocalizedText:
    names = [MESSAGES.text(f"part.{part}") for part in parts]
    return LocalizedText(en=", ".join(name.en for name in names), pl=", ".join(name.pl for name in names))


def _pack(cards: Cards) -> dict[str, Any]:
    return {str(number): CONVERTER.unstructure(content) for number, content in cards.items()}


def _unpack(packed: Mapping[str, Any]) -> dict[int, CardEdit | None]:
    return {
        int(number): None if content is None else CONVERTER.structure(content, CardEdit)
        for number, content in packed.items()
    }

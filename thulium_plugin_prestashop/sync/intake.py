"""From a page of records to rows of the mirror: choose, store, count, remember the cursor, all in one transaction."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import attrs
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.mirror.cursors import Cursor, save_cursor
from thulium_plugin_prestashop.mirror.links import customers_by_id, links_of, save_links
from thulium_plugin_prestashop.mirror.quarantine import put_aside, take_back
from thulium_plugin_prestashop.mirror.rows import Row, rows_of
from thulium_plugin_prestashop.mirror.store import Stored, erased, skip, store
from thulium_plugin_prestashop.sync.job import Working
from thulium_plugin_prestashop.sync.linker import RECYCLED, conflict_text
from thulium_plugin_prestashop.webservice.pages import SetAside
from thulium_plugin_prestashop.webservice.query import COUNTRIES, CURRENCIES, ORDER_STATES
from thulium_plugin_prestashop.webservice.records import Address, Customer, Order

Paged: TypeAlias = Customer | Address | Order
SLICE: Final = 40
"""Records turned into rows before the event loop gets its turn: some 2 ms of orders."""
NAMED: Final = {
    "orders": ((CURRENCIES.name, "id_currency"), (ORDER_STATES.name, "state")),
    "addresses": ((COUNTRIES.name, "id_country"),),
}
"""Columns that name rows of the small tables."""
SHOWN: Final = 100
"""Records set aside that a report names."""


@attrs.frozen
class Batch:
    """What one or several answers of the shop brought of one resource."""

    resource: str
    records: Sequence[Paged]
    set_aside: Sequence[SetAside] = ()
    needed: bool = False
    """These rows were asked for because others name them: settings do not leave them out."""

    @property
    def count(self) -> int:
        """How many rows the shop sent."""
        return len(self.records) + len(self.set_aside)


async def take_in(work: Working, batch: Batch, cursor_key: str | None, cursor: Cursor | None) -> Stored:
    """Store what belongs into the mirror, and the cursor, in one transaction."""
    rows = await _rows(work, batch)
    kept, left_out = _choose(work, batch, rows)
    async with work.mirror.writing(work.integration) as connection:
        kept = await _without_erased(work, connection, batch, kept)
        stored = await _store(work, connection, batch.resource, kept)
        await skip(connection, work.integration, batch.resource, left_out)
        await _quarantine(work, connection, batch, [row["id"] for row in rows])
        if cursor is not None and cursor_key is not None:
            await save_cursor(connection, work.integration, cursor_key, cursor)
    _count(work, batch, stored)
    return stored


async def _rows(work: Working, batch: Batch) -> list[Row]:
    zone = work.settings.time_zone
    rows: list[Row] = []
    for start in range(0, len(batch.records), SLICE):
        rows += rows_of(batch.records[start : start + SLICE], zone)
        await asyncio.sleep(0)
    return rows


def _choose(work: Working, batch: Batch, rows: list[Row]) -> tuple[list[Row], list[int]]:
    """Rows that the settings want, and the ids of the others."""
    if batch.needed:
        return rows, []
    wanted = [_wanted(work, batch.resource, row) for row in rows]
    kept = [row for row, want in zip(rows, wanted, strict=True) if want]
    left_out = [row["id"] for row, want in zip(rows, wanted, strict=True) if not want]
    return kept, left_out


def _wanted(work: Working, resource: str, row: Row) -> bool:
    if resource == "addresses":
        # Those of suppliers and manufacturers belong to nobody.
        return bool(row["id_customer"])
    if work.shops is not None and row["id_shop"] not in work.shops:
        return False
    since = work.settings.since
    return (
        resource != "orders" or since is None or not row["date_add"] or row["date_add"] >= since.isoformat()
    )


async def _without_erased(
    work: Working, connection: AsyncConnection, batch: Batch, rows: list[Row]
) -> list[Row]:
    """Leave out what belongs to people whom the host erased. Somebody erased who orders again is a customer again."""
    gone = await erased(connection, work.integration, batch.resource, [row["id"] for row in rows])
    return [row for row in rows if row["id"] not in gone] if gone else rows


async def _store(work: Working, connection: AsyncConnection, resource: str, rows: list[Row]) -> Stored:
    if resource == "customers":
        await _mark_recycled(work, connection, rows)
    stored = await store(connection, work.integration, resource, rows)
    if stored.created or stored.changed:
        for kind, column in NAMED.get(resource, ()):
            work.named.setdefault(kind, set()).update(row[column] for row in rows)
        if resource == "orders":
            work.owners.update(row["id_customer"] for row in rows)
            for column in ("id_address_delivery", "id_address_invoice"):
                work.order_addresses.update(row[column] for row in rows)
    return stored


async def _mark_recycled(work: Working, connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Notice ids behind which the shop now shows another person: after a restored or emptied table, numbers are
    given again. The person is another one when the day of registration, the e-mail and the surname all differ.
    """
    known = {
        row["id"]: row for row in await customers_by_id(connection, work.integration, [r["id"] for r in rows])
    }
    others = [
        row["id"]
        for row in rows
        if (old := known.get(row["id"])) is not None
        and all(old[column] != row[column] for column in ("date_add", "email_key", "lastname"))
    ]
    if others:
        links = await links_of(connection, work.integration, others)
        await save_links(
            connection,
            work.integration,
            [
                attrs.evolve(
                    link,
                    crm_id=None,
                    basis="",
                    blocked=False,
                    offered=b"",
                    conflict=conflict_text(RECYCLED, [link.crm_id] if link.crm_id else []),
                )
                for link in links.values()
            ],
        )


async def _quarantine(
    work: Working, connection: AsyncConnection, batch: Batch, readable: Sequence[int]
) -> None:
    back = [str(row_id) for row_id in readable if (batch.resource, str(row_id)) in work.aside]
    if back:
        await take_back(connection, work.integration, batch.resource, back)
        work.aside -= {(batch.resource, row_id) for row_id in back}
    if batch.set_aside:
        found = [(entry.resource, _aside_id(entry), entry.reason, entry.detail) for entry in batch.set_aside]
        await put_aside(connection, work.integration, found, work.now())
        work.aside |= {(resource, row_id) for resource, row_id, _, _ in found}


def _aside_id(entry: SetAside) -> str:
    return "?" if entry.id is None else str(entry.id)


def _count(work: Working, batch: Batch, stored: Stored) -> None:
    report = work.report
    report.rows_stored += stored.created + stored.changed
    report.set_aside_count += len(batch.set_aside)
    report.set_aside += batch.set_aside[: max(0, SHOWN - len(report.set_aside))]
    counts: dict[str, Any] = {
        "customers": {"customers_read": batch.count, "customers_unchanged": stored.unchanged},
        "addresses": {"addresses_read": batch.count},
        "orders": {
            "orders_read": batch.count,
            "orders_stored": stored.created + stored.changed,
            "orders_unchanged": stored.unchanged,
        },
    }
    for name, value in counts[batch.resource].items():
        setattr(report, name, getattr(report, name) + value)

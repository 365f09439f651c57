"""Copies orders to rows on the card: whose orders changed is told by the plugin, what they are is read from its tab.

Only rows that the bridge wrote are ever changed or removed. Older orders than the newest ``newest`` get no row; those
that have one are kept up to date. The date of the last order goes to a date field, if one is named.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from thulium_plugin_prestashop.contract.customers import CustomerChange, CustomerId
from thulium_plugin_prestashop.contract.integration import Integration
from thulium_plugin_prestashop.contract.views import CustomerTab, TabQuery, Viewer
from thulium_plugin_prestashop.thulium.api import ThuliumApi
from thulium_plugin_prestashop.thulium.cells import texts
from thulium_plugin_prestashop.thulium.customers import RestCustomers
from thulium_plugin_prestashop.thulium.ledger import Ledger, Queued, RowNote, RowState
from thulium_plugin_prestashop.thulium.rows import CardRows, RowTarget
from thulium_plugin_prestashop.thulium.together import together
from thulium_plugin_prestashop.thulium.words import MESSAGES, unavailable
from thulium_plugin_prestashop.transport import RemoteError

MOST_ROWS: Final = 100
_TOGETHER: Final = 25
"""Cards at the same time; the client's pace decides how many requests are under way."""
_LAST_ORDER: Final = "last order"
"""Stands in the ledger among the rows, in the place of an order's key."""


class OrderQueue:
    """The contract's ``OrderSink``: notes whose orders changed, and wakes who copies them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.changed = asyncio.Event()

    async def orders_changed(self, integration: str, customers: Sequence[CustomerId]) -> None:
        """See the contract."""
        await self._ledger.enqueue(
            integration, [int(customer) for customer in customers if customer.isdigit()]
        )
        self.changed.set()


@attrs.frozen
class OrderTargets:
    """Where one shop's orders go: rows, the date of the last one, or both."""

    rows: RowTarget | None = None
    last_order_field: str | None = None


@attrs.frozen
class _Date:
    """The date of a customer's last order, to be written to a field of the card."""

    entry: Queued
    field: str
    date: str


@attrs.define
class Copied:
    """What copying did."""

    customers: int = 0
    rows: int = 0
    dates: int = 0
    lost: int = 0
    """Rows that can't be changed any more, because their id never arrived."""
    rejected: list[str] = attrs.field(factory=list)


class OrderCopier:
    """Brings the rows of queued customers up to date. ``running`` gives an integration by id, while it runs."""

    def __init__(
        self,
        api: ThuliumApi,
        ledger: Ledger,
        *,
        customers: RestCustomers,
        targets: Mapping[str, OrderTargets],
        running: Callable[[str], Integration | None],
        viewer: Viewer,
    ) -> None:
        self._api = api
        self._ledger = ledger
        self._customers = customers
        self._targets = targets
        self._running = running
        self._viewer = viewer
        self._zone = ZoneInfo(viewer.time_zone)
        self.total = Copied()

    async def copy(self) -> Copied:
        """Work the queue off. What cannot be read now (an integration that does not run) stays in it.

        Raises :class:`~thulium_plugin_prestashop.contract.errors.HostUnavailableError`: what is not done stays queued.
        """
        done = Copied()
        skipped: set[tuple[str, int]] = set()
        while True:
            queue = await self._ledger.queued(_TOGETHER + len(skipped))
            part = [entry for entry in queue if (entry.integration, entry.customer) not in skipped][
                :_TOGETHER
            ]
            if not part:
                return done
            try:
                finished = await together(self._copy(entry, done) for entry in part)
                await self._write_dates([date for _, date in finished if date is not None], done)
            except RemoteError as error:
                raise unavailable(error) from error
            for entry, (ready, _) in zip(part, finished, strict=True):
                if ready:
                    await self._ledger.dequeue(entry)
                    done.customers += 1
                    self.total.customers += 1
                else:
                    skipped.add((entry.integration, entry.customer))

    async def _copy(self, entry: Queued, done: Copied) -> tuple[bool, _Date | None]:
        """Bring one card's rows up to date; whether its orders could be read, and a date that is to be written."""
        targets = self._targets.get(entry.integration, OrderTargets())
        if targets == OrderTargets():
            return True, None
        integration = self._running(entry.integration)
        if integration is None:
            return False, None
        notes = await self._ledger.rows(entry.integration, entry.customer)
        last = notes.pop(_LAST_ORDER, None)
        tab = await self._tab(
            integration, entry.customer, (targets.rows.newest if targets.rows else 1), set(notes)
        )
        if targets.rows is not None:
            await self._rows(entry, targets.rows, tab, notes, done)
        if targets.last_order_field is None or tab is None or not tab.table.rows:
            return True, None
        date = f"{tab.table.rows[0].at.astimezone(self._zone):%Y-%m-%d}"
        due = last is None or last.checksum != date
        return True, _Date(entry, targets.last_order_field, date) if due else None

    async def _tab(
        self, integration: Integration, customer: int, newest: int, noted: set[str]
    ) -> CustomerTab | None:
        """The newest orders, and as many older ones as it takes to see all that have a row already."""
        limit = min(MOST_ROWS, newest + len(noted))
        tab = await integration.tab(str(customer), self._viewer, TabQuery(limit=limit))
        while tab is not None:
            rows = tab.table.rows
            if len(rows) >= tab.table.total or (len(rows) >= newest and noted <= {row.key for row in rows}):
                break
            query = TabQuery(offset=len(rows), limit=MOST_ROWS)
            more = await integration.tab(str(customer), self._viewer, query)
            if more is None or not more.table.rows:
                break
            tab = attrs.evolve(more, table=attrs.evolve(more.table, rows=(*rows, *more.table.rows)))
        return tab

    async def _rows(
        self,
        entry: Queued,
        target: RowTarget,
        tab: CustomerTab | None,
        notes: dict[str, RowNote],
        done: Copied,
    ) -> None:
        card = CardRows(self._api, self._ledger, entry.integration, entry.customer, target, notes)
        orders = tab.table.rows if tab is not None else ()
        wanted = [row for place, row in enumerate(orders) if place < target.newest or row.key in notes]
        try:
            # Oldest first, so that the card lists new rows in the order of their dates.
            for row in reversed(wanted):
                await card.put(row.key, target.values(texts(row, self._zone)))
            if tab is None or tab.table.total <= len(orders):
                here = {row.key for row in orders}
                removed = MESSAGES.text("orders.removed").for_locale(self._viewer.locale)
                for order in [order for order in notes if order not in here]:
                    await card.remove(order, status=removed)
        finally:
            for figures in (done, self.total):
                figures.rows += card.written
                figures.lost += card.lost
                figures.rejected += card.rejected

    async def _write_dates(self, dates: Sequence[_Date], done: Copied) -> None:
        changes = [
            CustomerChange(str(date.entry.customer), custom_fields={date.field: date.date}) for date in dates
        ]
        for date, outcome in zip(dates, await self._customers.update(changes), strict=True):
            if outcome.error is not None:
                done.rejected.append(outcome.error.for_locale(self._viewer.locale))
                continue
            done.dates += outcome.changed
            note = RowNote(_LAST_ORDER, RowState.WRITTEN, None, date.date)
            await self._ledger.note_row(date.entry.integration, date.entry.customer, note)

"""Copies orders to rows on the card: whose orders changed is told by the plugin, what they are is read from its tab.

Only rows that the bridge wrote are ever changed or removed. Older orders than the newest ``newest`` get no row; those
that have one are kept up to date. The date of the last order goes to a date field, if one is named.

What Thulium refuses waits and is tried again, for what is refused today (a field of another type, a name that does not
exist) may be corrected tomorrow.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

import attrs

from thulium_plugin_prestashop.contract.customers import ById, CustomerChange, CustomerId
from thulium_plugin_prestashop.contract.integration import Integration
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.contract.views import CustomerTab, TabQuery, Viewer
from thulium_plugin_prestashop.thulium.api import ThuliumApi
from thulium_plugin_prestashop.thulium.cells import texts
from thulium_plugin_prestashop.thulium.customers import RestCustomers
from thulium_plugin_prestashop.thulium.ledger import Ledger, Queued, RowNote, RowState
from thulium_plugin_prestashop.thulium.rows import CardRows, RowTarget
from thulium_plugin_prestashop.thulium.together import together
from thulium_plugin_prestashop.thulium.words import MESSAGES, placed, quoted, unavailable
from thulium_plugin_prestashop.transport import RemoteError

MOST_ROWS: Final = 100
_TOGETHER: Final = 25
"""Cards at the same time; the client's pace decides how many requests are under way."""
REFUSED_REST_SECONDS: Final = 3600.0
"""What was refused is left alone for so long, unless it changes or the bridge is started anew."""
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


@attrs.frozen
class _Read:
    """What came of one card: whether its orders could be read, a date to be written, and a refusal."""

    ready: bool = True
    date: _Date | None = None
    refusal: LocalizedText | None = None


@attrs.frozen
class _Refused:
    """A card that waits, since which telling of its orders, and until when by the loop's clock."""

    number: int
    until: float
    message: LocalizedText


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
        refused_rest: float = REFUSED_REST_SECONDS,
    ) -> None:
        self._api = api
        self._ledger = ledger
        self._customers = customers
        self._targets = targets
        self._running = running
        self._viewer = viewer
        self._zone = ZoneInfo(viewer.time_zone)
        self._refused_rest = refused_rest
        self.total = Copied()
        self._refused: dict[tuple[str, int], _Refused] = {}

    @property
    def refusals(self) -> list[LocalizedText]:
        """Why cards wait, the first refused first; empty when none does."""
        return [refused.message for refused in self._refused.values()]

    async def copy(self) -> Copied:
        """Work the queue off. What cannot be read now (an integration that does not run) stays in it, and so does what
        is refused. When all cards of one go are refused, the reason is in none of them: the others wait too.

        Raises :class:`~thulium_plugin_prestashop.contract.errors.HostUnavailableError`: what is not done stays queued.
        """
        done = Copied()
        skipped: set[tuple[str, int]] = set()
        while True:
            queue = await self._ledger.queued(_TOGETHER + len(skipped | self._refused.keys()))
            part = [
                entry
                for entry in queue
                if (entry.integration, entry.customer) not in skipped and not self._rests(entry)
            ][:_TOGETHER]
            if not part:
                # Here the whole queue was seen; who is not in it any more, waits for nothing.
                here = {(entry.integration, entry.customer) for entry in queue}
                self._refused = {place: held for place, held in self._refused.items() if place in here}
                return done
            try:
                read = await together(self._copy(entry, done) for entry in part)
                refused = await self._write_dates([one.date for one in read if one.date is not None], done)
                read = [
                    attrs.evolve(one, refusal=one.refusal or refused.get(entry))
                    for entry, one in zip(part, read, strict=True)
                ]
                settled = [
                    await self._settle(entry, one, done) for entry, one in zip(part, read, strict=True)
                ]
            except RemoteError as error:
                raise unavailable(error) from error
            skipped |= {
                (entry.integration, entry.customer)
                for entry, one in zip(part, read, strict=True)
                if not one.ready
            }
            if not any(settled) and all(one.refusal for one in read):
                return done

    def _rests(self, entry: Queued) -> bool:
        refused = self._refused.get((entry.integration, entry.customer))
        now = asyncio.get_running_loop().time()
        return refused is not None and refused.number == entry.number and now < refused.until

    async def _settle(self, entry: Queued, read: _Read, done: Copied) -> bool:
        """Take the card off the queue if it is as it should be, or gone; answers whether it is."""
        place = (entry.integration, entry.customer)
        if not read.ready:
            return False
        if read.refusal is not None:
            (cards,) = await self._customers.find([ById(str(entry.customer))])
            if cards:
                until = asyncio.get_running_loop().time() + self._refused_rest
                self._refused[place] = _Refused(entry.number, until, read.refusal)
                return False
            await self._ledger.forget_customers([entry.customer])
        await self._ledger.dequeue(entry)
        self._refused.pop(place, None)
        done.customers += 1
        self.total.customers += 1
        return True

    async def _copy(self, entry: Queued, done: Copied) -> _Read:
        """Bring one card's rows up to date."""
        targets = self._targets.get(entry.integration, OrderTargets())
        if targets == OrderTargets():
            return _Read()
        integration = self._running(entry.integration)
        if integration is None:
            return _Read(ready=False)
        notes = await self._ledger.rows(entry.integration, entry.customer)
        last = notes.pop(_LAST_ORDER, None)
        tab = await self._tab(
            integration, entry.customer, (targets.rows.newest if targets.rows else 1), set(notes)
        )
        refusal = None
        if targets.rows is not None:
            refusal = await self._rows(entry, targets.rows, tab, notes, done)
        if targets.last_order_field is None or tab is None or not tab.table.rows:
            return _Read(refusal=refusal)
        date = f"{tab.table.rows[0].at.astimezone(self._zone):%Y-%m-%d}"
        due = last is None or last.checksum != date
        return _Read(
            date=_Date(entry, targets.last_order_field, date) if due else None,
            refusal=refusal,
        )

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
    ) -> LocalizedText | None:
        """Answers what Thulium refused of them."""
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
        if not card.rejected:
            return None
        return MESSAGES.text("orders.rejected", words=quoted(card.rejected[0]))

    async def _write_dates(self, dates: Sequence[_Date], done: Copied) -> dict[Queued, LocalizedText]:
        """Answers what Thulium refused, and whose."""
        changes = [
            CustomerChange(str(date.entry.customer), custom_fields={date.field: date.date}) for date in dates
        ]
        refused: dict[Queued, LocalizedText] = {}
        for date, outcome in zip(dates, await self._customers.update(changes), strict=True):
            if outcome.error is not None:
                refused[date.entry] = placed(date.field, outcome.error)
                done.rejected.append(outcome.error.for_locale(self._viewer.locale))
                continue
            done.dates += outcome.changed
            note = RowNote(_LAST_ORDER, RowState.WRITTEN, None, date.date)
            await self._ledger.note_row(date.entry.integration, date.entry.customer, note)
        return refused

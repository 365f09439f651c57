"""Dry run: what a first import would create, link and fill.

It is the real import, into a mirror that is thrown away, for a host whose customers are read but never written: so
what it foretells is what would happen.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import attrs
import orjson

from thulium_plugin_prestashop.contract.customers import (
    ByCustomField,
    ByEmail,
    ById,
    Customer,
    CustomerChange,
    Customers,
    Lookup,
    NewCustomer,
    Outcome,
)
from thulium_plugin_prestashop.contract.integration import Preview
from thulium_plugin_prestashop.contract.tasks import ReportProgress
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.mirror.engine import open_database
from thulium_plugin_prestashop.mirror.links import list_conflicts
from thulium_plugin_prestashop.sync.job import SyncJob
from thulium_plugin_prestashop.sync.run import run_sync

SHOWN: Final = 50
"""Conflicts named one by one."""
_PRETENDED: Final = "preview:"


@attrs.define
class _Pretending:
    """The host's customers, and beside them those that a first import would have created by now."""

    customers: Customers
    created: dict[str, Customer] = attrs.field(factory=dict)
    _by_email: dict[str, str] = attrs.field(factory=dict)
    _by_field: dict[tuple[str, str], str] = attrs.field(factory=dict)

    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        """See :class:`.contract.customers.Customers`."""
        found = await self.customers.find(lookups)
        return [[*cards, *self._pretended(lookup)] for lookup, cards in zip(lookups, found, strict=True)]

    def _pretended(self, lookup: Lookup) -> list[Customer]:
        match lookup:
            case ById(id=card_id):
                key: str | None = card_id
            case ByEmail(email=email):
                key = self._by_email.get(email.casefold())
            case ByCustomField(name=name, value=value):
                key = self._by_field.get((name, value))
        card = self.created.get(key or "")
        return [card] if card is not None else []

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        """Write nothing; remember them."""
        outcomes = []
        for new in customers:
            card = Customer(
                f"{_PRETENDED}{len(self.created)}",
                new.name,
                new.surname,
                new.emails,
                new.phones,
                custom_fields=new.custom_fields,
            )
            self.created[card.id] = card
            self._by_email.update((email.casefold(), card.id) for email in card.emails)
            self._by_field.update((item, card.id) for item in card.custom_fields.items())
            outcomes.append(Outcome(new.reference, card.id))
        return outcomes

    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        """Write nothing; only what concerns a card of the host counts as a change."""
        return [
            Outcome(change.id, change.id, changed=not change.id.startswith(_PRETENDED)) for change in changes
        ]


async def preview(job: SyncJob, tell: ReportProgress) -> Preview:
    """Read the whole shop and say what would become of it. Neither mirror nor host is written.

    Raises:
        RemoteError: The shop could not be read.

    """
    host = job.host
    pretending = _Pretending(host.customers)
    with tempfile.TemporaryDirectory(prefix="preview-", dir=host.data_directory) as directory:
        mirror = await open_database(Path(directory) / "preview.db")
        try:
            dry = attrs.evolve(
                job,
                mirror=mirror,
                host=attrs.evolve(host, customers=pretending, orders=None),
            )
            report = await run_sync(dry, tell)
            async with mirror.reading() as connection:
                conflicts = await list_conflicts(connection, job.integration, SHOWN)
        finally:
            await mirror.close()
    if report.error is not None:
        raise report.error
    return Preview(
        create=report.cards_created,
        link=_linked(report.bases, report.cards_created),
        fill=report.cards_updated,
        orders=report.orders_stored,
        conflicts=tuple(_sentence(link.id_customer, link.conflict) for link in conflicts),
    )


def _linked(bases: Mapping[str, int], created: int) -> dict[str, int]:
    """Customers by the basis of their link, without those that make a card of their own."""
    others = {basis: count for basis, count in bases.items() if basis != "created"}
    return others if bases.get("created", 0) == created else dict(bases)


def _sentence(id_customer: int, conflict: str) -> LocalizedText:
    found = orjson.loads(conflict)
    return MESSAGES.text(
        f"sync.conflict.{found['reason']}", customer=id_customer, cards=", ".join(found["candidates"])
    )

"""Dry run: what a first import would create, link and fill.

It is the real import, into a mirror that is thrown away, for a host whose customers are read but never written: so
what it foretells is what would happen.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import attrs
import orjson

from thulium_plugin_prestashop.contract.integration import Preview
from thulium_plugin_prestashop.contract.tasks import ReportProgress
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.mirror.engine import open_database
from thulium_plugin_prestashop.mirror.links import list_conflicts
from thulium_plugin_prestashop.sync.job import SyncJob
from thulium_plugin_prestashop.sync.pretending import PretendingCustomers
from thulium_plugin_prestashop.sync.run import run_sync

SHOWN: Final = 50
"""Conflicts named one by one."""


async def preview(job: SyncJob, tell: ReportProgress) -> Preview:
    """Read the whole shop and say what would become of it. Neither mirror nor host is written.

    Raises:
        RemoteError: The shop could not be read.

    """
    host = job.host
    with tempfile.TemporaryDirectory(prefix="preview-", dir=host.data_directory) as directory:
        mirror = await open_database(Path(directory) / "preview.db")
        try:
            pretending = await PretendingCustomers.beside(host.customers, mirror)
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

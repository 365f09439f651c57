"""Rows asked for by id: those that stored orders name and the mirror lacks, and records set aside whose time has come."""

from collections.abc import Collection
from typing import Any, Final

from thulium_plugin_prestashop.mirror.quarantine import list_aside, take_back
from thulium_plugin_prestashop.mirror.store import chunks, erased, existing, unskip
from thulium_plugin_prestashop.sync.intake import Batch, take_in
from thulium_plugin_prestashop.sync.job import Working
from thulium_plugin_prestashop.webservice.query import ADDRESSES, CUSTOMERS, MOST_IDS, ORDERS, IdIn, Query
from thulium_plugin_prestashop.webservice.resources import Resource

COMPARED: Final = 500
"""Ids compared with the mirror at once: after the first import of a large shop there are a million."""
PAGED: dict[str, Resource[Any]] = {resource.name: resource for resource in (CUSTOMERS, ADDRESSES, ORDERS)}


async def fetch_needed(work: Working) -> None:
    """Bring the owners and addresses of orders stored in this run, as far as the shop still has them.

    They are lacking when the settings leave out their shop, or when they came after their own table was read.
    Somebody whom the host erased and who has ordered again since is a customer again.
    """
    for resource, ids in ((CUSTOMERS, work.owners), (ADDRESSES, work.order_addresses)):
        if resource.name in work.report.unavailable:
            continue
        missing: set[int] = set()
        for some in ids.batches(COMPARED):
            async with work.mirror.reading() as connection:
                missing.update(some)
                missing -= await existing(connection, work.integration, resource.name, some)
        if missing:
            async with work.mirror.writing(work.integration) as connection:
                back = await erased(connection, work.integration, resource.name, missing)
                await unskip(connection, work.integration, resource.name, back)
            await fetch_by_id(work, resource, missing)
        ids.clear()


async def fetch_by_id(work: Working, resource: Resource[Any], ids: Collection[int]) -> set[int]:
    """Fetch and store rows by id; which of them the shop still has."""
    found: set[int] = set()
    for scope in work.scopes_of(resource):
        for some in chunks(set(ids) - found, MOST_IDS):
            page = await work.client.fetch(Query(resource, (IdIn(some),), limit=MOST_IDS, scope=scope))
            found.update(record.id for record in page.records)
            found.update(entry.id for entry in page.set_aside if entry.id is not None)
            await take_in(work, Batch(resource.name, page.records, page.set_aside, needed=True), None, None)
    return found


async def retry_set_aside(work: Working) -> None:
    """Try records that were set aside again when their pause is over. Those the shop no longer has are forgotten."""
    async with work.mirror.reading() as connection:
        entries = await list_aside(connection, work.integration, limit=10_000)
    work.aside = {(entry.resource, entry.id) for entry in entries}
    now = work.now()
    for name, resource in PAGED.items():
        due = {
            int(entry.id)
            for entry in entries
            if entry.resource == name and entry.next_try <= now and entry.id.isdecimal()
        }
        if not due or name in work.report.unavailable:
            continue
        found = await fetch_by_id(work, resource, due)
        gone = [str(row_id) for row_id in due - found]
        async with work.mirror.writing(work.integration) as connection:
            await take_back(connection, work.integration, name, gone)

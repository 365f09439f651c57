"""One customer now: what an agent's *Refresh* asks the shop for."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Any, Final

from thulium_plugin_prestashop.contract.customers import ById, CustomerId
from thulium_plugin_prestashop.contract.errors import HostUnavailableError
from thulium_plugin_prestashop.contract.integration import Refreshed
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.mirror.links import links_of_card
from thulium_plugin_prestashop.mirror.state import load_state
from thulium_plugin_prestashop.mirror.store import chunks
from thulium_plugin_prestashop.sync import lookups
from thulium_plugin_prestashop.sync.intake import Batch, take_in
from thulium_plugin_prestashop.sync.job import SyncJob, Working
from thulium_plugin_prestashop.sync.linker import Linker
from thulium_plugin_prestashop.sync.together import together
from thulium_plugin_prestashop.transport.errors import RemoteError
from thulium_plugin_prestashop.webservice.query import (
    ADDRESSES,
    CUSTOMERS,
    DEFAULT_SCOPE,
    MOST_IDS,
    ORDERS,
    Condition,
    EmailIs,
    IdAbove,
    IdIn,
    OwnedBy,
    Query,
    Scope,
)
from thulium_plugin_prestashop.webservice.resources import Resource

SECONDS: Final = 2.8
"""An agent waits no longer than three seconds, drawing the tab included."""
ROWS: Final = 500
MOST_EMAILS: Final = 5
"""E-mails of a card that are looked for: new guest checkouts of this person."""


async def refresh_customer(job: SyncJob, customer: CustomerId, *, seconds: float = SECONDS) -> Refreshed:
    """Read this customer, its addresses and its orders from the shop and store what changed.

    Guest customers that the person has become since, by an e-mail of the card, are found as well. Ends within
    ``seconds``, whatever the shop does; what was stored by then stays, and what was known stays shown.
    """
    async with job.mirror.reading() as connection:
        state = await load_state(connection, job.integration)
    work = Working(job, lambda _: None, state)
    try:
        async with asyncio.timeout(seconds):
            await _refresh(work, customer)
    except TimeoutError:
        return Refreshed(ok=False, message=MESSAGES.text("sync.refresh.slow"))
    except RemoteError:
        return Refreshed(ok=False, message=MESSAGES.text("sync.refresh.failed"))
    except HostUnavailableError as error:
        return Refreshed(ok=False, message=error.message)
    changed = work.report.orders_stored
    key = "sync.refresh.changed" if changed else "sync.refresh.unchanged"
    return Refreshed(ok=True, message=MESSAGES.text(key, count=changed))


async def _refresh(work: Working, customer: CustomerId) -> None:
    await lookups.choose_scopes(work)
    async with work.mirror.reading() as connection:
        linked = await links_of_card(connection, [customer], work.integration)
    ids = {link.id_customer for _, link in linked if not link.blocked}
    for card in (await work.job.host.customers.find([ById(customer)]))[0]:
        ids |= await _by_email(work, card.emails)
    for some in chunks(ids, MOST_IDS):
        await together(
            _take(work, CUSTOMERS, IdIn(some), work.scopes),
            _take(work, ADDRESSES, OwnedBy(some), (DEFAULT_SCOPE,)),
            _take(work, ORDERS, OwnedBy(some), work.scopes),
        )
    await _link(work, ids)


async def _by_email(work: Working, emails: Sequence[str]) -> set[int]:
    found: set[int] = set()
    for email in emails[:MOST_EMAILS]:
        try:
            condition = EmailIs(email)
        except ValueError:
            continue  # an e-mail that PrestaShop's filter language cannot carry
        for scope in work.scopes:
            page = await work.client.fetch(Query(CUSTOMERS, (condition,), limit=ROWS, scope=scope))
            await take_in(work, Batch(CUSTOMERS.name, page.records, page.set_aside), None, None)
            found.update(record.id for record in page.records)
    return found


async def _take(
    work: Working, resource: Resource[Any], condition: Condition, scopes: Sequence[Scope]
) -> None:
    for scope in scopes:
        after = 0
        while True:
            where = (condition, IdAbove(after)) if after else (condition,)
            page = await work.client.fetch(Query(resource, where, limit=ROWS, scope=scope))
            await take_in(work, Batch(resource.name, page.records, page.set_aside), None, None)
            if page.is_last or page.last_id is None or condition.field == "id":
                break
            after = page.last_id


async def _link(work: Working, ids: Collection[int]) -> None:
    allegro = await work.job.host.allegro.integration()
    linker = Linker(
        integration=work.integration,
        mirror=work.mirror,
        host=work.job.host,
        settings=work.settings,
        login_field=allegro.login_field if allegro is not None else None,
        countries=await lookups.country_codes(work),
    )
    after: int | None = 0
    while after is not None:
        after = await linker.batch(after, only=ids)

"""An agent ties a card to a customer of the shop, or takes the tie back."""

import asyncio
import re
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.contract.customers import CustomerId
from thulium_plugin_prestashop.contract.forms import FieldError
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.mirror import links
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.rows import email_key
from thulium_plugin_prestashop.mirror.state import load_state
from thulium_plugin_prestashop.mirror.tables import customers
from thulium_plugin_prestashop.sync.intake import Batch, take_in
from thulium_plugin_prestashop.sync.job import SyncJob, Working
from thulium_plugin_prestashop.sync.lookups import choose_scopes
from thulium_plugin_prestashop.transport.errors import RemoteError
from thulium_plugin_prestashop.webservice.query import CUSTOMERS, EmailIs, IdIn, Query

FIELD: Final = "customer"
NOT_FOUND: Final = "link.not_found"
_MOST_MEANT: Final = 100
"""Customers of one e-mail: guests of a long-standing buyer."""
_NUMBER = re.compile(r"#?0*([1-9][0-9]{0,17})")


def _error(key: str) -> FieldError:
    return FieldError(FIELD, f"link.{key}", MESSAGES.text(f"admin.link.{key}"))


async def _meant(connection: AsyncConnection, integration: str, typed: str) -> list[int]:
    """The shop's customers with this number, or with this e-mail: a person has several when they also bought as a
    guest, or in two shops of a multistore.
    """
    number = _NUMBER.fullmatch(typed)
    wanted = customers.c.id == int(number[1]) if number else customers.c.email_key == email_key(typed)
    found = await connection.scalars(
        select(customers.c.id).where(customers.c.integration == integration, wanted).order_by(customers.c.id)
    )
    return list(found)


async def link(
    host: HostContext, mirror: Mirror, integration: str, customer: CustomerId, typed: str
) -> FieldError | None:
    """Tie all customers of the shop that ``typed`` means to the card, except those of other cards.

    ``None`` when the card now has at least one of them; otherwise why not: ``link.empty``, ``link.taken``, or
    :data:`NOT_FOUND` for somebody whom the mirror does not have (yet).
    """
    typed = typed.strip()
    if not typed:
        return _error("empty")
    async with mirror.linking, mirror.writing(integration) as connection:
        meant = await _meant(connection, integration, typed)
        if not meant:
            return _error("not_found")
        known = await links.links_of(connection, integration, meant)
        free = [row_id for row_id in meant if row_id not in known or known[row_id].crm_id in {None, customer}]
        if not free:
            return _error("taken")
        now = int(host.clock.now().timestamp())
        for row_id in free:
            await links.link_manually(connection, integration, row_id, customer, now)
        if host.orders is not None:
            await host.orders.orders_changed(integration, [customer])
    return None


async def ask_shop(job: SyncJob, typed: str, *, seconds: float) -> FieldError | None:
    """Read the customers that ``typed`` means from the shop, so that :func:`link` can find them.

    Ends within ``seconds``. ``None`` when the shop has answered, whether or not it has such customers.
    """
    number = _NUMBER.fullmatch(typed.strip())
    try:
        condition = IdIn([int(number[1])]) if number else EmailIs(typed.strip())
    except ValueError:
        return None  # an e-mail that PrestaShop's filter language cannot carry: the shop has no such customer
    async with job.mirror.reading() as connection:
        state = await load_state(connection, job.integration)
    work = Working(job, lambda _: None, state)
    try:
        async with asyncio.timeout(seconds):
            await choose_scopes(work)
            for scope in work.scopes:
                page = await job.client.fetch(Query(CUSTOMERS, (condition,), limit=_MOST_MEANT, scope=scope))
                await take_in(work, Batch(CUSTOMERS.name, page.records, page.set_aside), None, None)
    except (TimeoutError, RemoteError):
        return _error("shop_silent")
    return None


async def unlink(
    host: HostContext, mirror: Mirror, integration: str, customer: CustomerId, shop_customer: int
) -> None:
    """Take the tie back; nothing happens if the shop's customer is not tied to this card."""
    async with mirror.linking, mirror.writing(integration) as connection:
        known = await links.links_of(connection, integration, [shop_customer])
        if shop_customer not in known or known[shop_customer].crm_id != customer:
            return
        await links.unlink(connection, integration, shop_customer)
        if host.orders is not None:
            await host.orders.orders_changed(integration, [customer])

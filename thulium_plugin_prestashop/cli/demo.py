"""``demo`` and ``sandbox``: the sandbox CRM with its pages, with or without a demo shop behind it."""

import asyncio
import tempfile
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import attrs
from yarl import URL

from thulium_plugin_prestashop.cli.console import CommandError, Console, Exit, Trouble, trouble, until_stopped
from thulium_plugin_prestashop.cli.crm import ACTOR, TYPE, run_shown
from thulium_plugin_prestashop.cli.databases import database_url
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.host import Egress
from thulium_plugin_prestashop.contract.views import MomentCell, TextCell, Viewer
from thulium_plugin_prestashop.hosting import FinishedRun, spare_start_up
from thulium_plugin_prestashop.sandbox.crm import (
    Account,
    Occasion,
    Role,
    SandboxCrm,
    seed_accounts,
    seed_contacts,
)
from thulium_plugin_prestashop.sandbox.shop import SpawnedShop, spawn_demo_shop
from thulium_plugin_prestashop.sandbox.web import Server, serve

T = TypeVar("T")

ID_FIELD = "PrestaShop ID"
LOGIN_FIELD = "Allegro login"
PORT = 8741
TALKED_WITH = 60
"""Customers that get calls, mails and chats: those a visitor is likely to open."""
BUSY = 3
"""Orders that make a card worth showing first."""


@attrs.frozen
class Options:
    """What the command line asked for."""

    port: int | None
    data: Path | None
    customers: int
    orders: int


async def demo(console: Console, options: Options) -> Exit:
    """Both sides at work, the first import done; runs until Ctrl-C or SIGTERM."""
    async with until_stopped() as stopped, AsyncExitStack() as stack:
        directory = _directory(stack, options.data)
        ready = await _unless_stopped(_prepare(stack, console, options, directory), stopped)
        if ready is not None:
            _show(console, ready)
            await stopped.wait()
        console.tell(console.word("stopping"))
    console.tell(console.word("stopped"))
    return Exit.DONE


async def sandbox(console: Console, data: Path | None, port: int | None, *, allow_private: bool) -> Exit:
    """The CRM alone; accounts are made, and their passwords told, when there are none yet."""
    async with until_stopped() as stopped, AsyncExitStack() as stack:
        crm = await _crm(stack, console, _directory(stack, data), Egress(allow_private=allow_private))
        accounts = {} if await crm.accounts.users() else await seed_accounts(crm)
        server = await _serve(stack, crm, port)
        _show(console, {"crm": f"{server.url}/", "accounts": _accounts_json(accounts)})
        if data is None:
            console.tell(console.word("sandbox.temporary"))
        await stopped.wait()
        console.tell(console.word("stopping"))
    console.tell(console.word("stopped"))
    return Exit.DONE


def _directory(stack: AsyncExitStack, data: Path | None) -> Path:
    """Where the CRM is kept; a temporary folder goes when the program ends."""
    if data is not None:
        return data
    temporary = tempfile.TemporaryDirectory(prefix="thulium-prestashop-", ignore_cleanup_errors=True)
    return Path(stack.enter_context(temporary))


async def _unless_stopped(work: Coroutine[Any, Any, T], stopped: asyncio.Event) -> T | None:
    """What ``work`` gives, or ``None`` when somebody stops the program first; then it is cancelled."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        return await working if working.done() else None
    finally:
        for task in (working, waiting):
            task.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)


async def _crm(stack: AsyncExitStack, console: Console, directory: Path, egress: Egress) -> SandboxCrm:
    crm = await SandboxCrm.open(directory, egress=egress, locale=console.locale, database_url=database_url())
    stack.push_async_callback(crm.aclose)
    spare_start_up()
    return crm


async def _serve(stack: AsyncExitStack, crm: SandboxCrm, port: int | None) -> Server:
    """The pages on ``port``; without one, on the usual port or, where that is taken, on a free one."""
    try:
        return await stack.enter_async_context(serve(crm, port=PORT if port is None else port))
    except OSError:
        if port is not None:
            raise CommandError(trouble("port_taken", place="--port", port=port)) from None
        return await stack.enter_async_context(serve(crm))


async def _prepare(
    stack: AsyncExitStack, console: Console, options: Options, directory: Path
) -> dict[str, Any]:
    """Start shop and CRM, connect them, import, and let people have talked about their orders."""
    console.tell(console.word("demo.shop", customers=options.customers, orders=options.orders))
    shop = await spawn_demo_shop(customers=options.customers, orders=options.orders)
    stack.push_async_callback(shop.stop)
    authority = URL(shop.url).authority
    crm = await _crm(stack, console, directory, Egress(allowed_hosts=frozenset({authority})))
    accounts = await seed_accounts(crm)
    server = await _serve(stack, crm, options.port)
    integration = await _connect(crm, shop)
    console.tell(console.word("demo.importing"))
    _check(await run_shown(crm, integration, console))
    card = await _talk(crm, console)
    return {
        "crm": f"{server.url}/",
        "shop": shop.url,
        "card": f"{server.url}/customers" if card is None else f"{server.url}/customers/{card}",
        "accounts": _accounts_json(accounts),
    }


async def _connect(crm: SandboxCrm, shop: SpawnedShop) -> str:
    """Configure the demo shop as an administrator would, the Allegro login included."""
    await crm.ensure_custom_field(ID_FIELD, CustomFieldType.NUMERIC)
    await crm.ensure_custom_field(LOGIN_FIELD, CustomFieldType.TEXT)
    await crm.allegro.start(LOGIN_FIELD, ACTOR)
    configured = await crm.configure_integration(
        TYPE, {"address": shop.url, "api_key": shop.key}, {"id_field": ID_FIELD}
    )
    if configured.id is None:
        errors = (*configured.authentication.errors, *configured.errors)
        raise CommandError(
            *(Trouble(error.key, error.message, place=error.field) for error in errors), status=Exit.FAILED
        )
    return configured.id


def _check(finished: FinishedRun) -> None:
    if not finished.ok:
        message = None if finished.result is None else finished.result.message
        found = trouble("import_failed") if message is None else Trouble("import_failed", message)
        raise CommandError(found, status=Exit.FAILED)


async def _talk(crm: SandboxCrm, console: Console) -> str | None:
    """Calls, mails and chats around the orders of some customers; the one whose card is worth opening first."""
    viewer = Viewer(console.locale, crm.time_zone)
    occasions: list[Occasion] = []
    orders: dict[str, int] = {}
    async for card in crm.iter_customers(TALKED_WITH):
        for tab in await crm.host.load_tabs(card.id, viewer):
            orders[card.id] = orders.get(card.id, 0) + tab.table.total
            occasions += [
                Occasion(card.id, reference.text, date.at, console.locale)
                for row in tab.table.rows
                if isinstance(reference := row.cells.get("reference"), TextCell)
                and isinstance(date := row.cells.get("date"), MomentCell)
            ]
        if len(orders) >= TALKED_WITH:
            break
    await seed_contacts(crm, occasions)
    return max(orders, key=lambda customer: (min(orders[customer], BUSY), -int(customer)), default=None)


def _accounts_json(accounts: Mapping[Role, Account]) -> dict[str, dict[str, str]]:
    return {
        role.value: {"login": account.login, "password": account.password}
        for role, account in accounts.items()
    }


def _show(console: Console, ready: Mapping[str, Any]) -> None:
    """The addresses to open and the accounts to sign in with."""
    if console.json:
        console.answer(ready)
        return
    for name in ("crm", "card", "shop"):
        if name in ready:
            console.out.print(f"{console.word(f'demo.{name}_at'):<22} {ready[name]}", markup=False)
    for role, account in ready["accounts"].items():
        console.out.print(
            f"{console.word(f'demo.{role}'):<22} {account['login']} / {account['password']}", markup=False
        )
    console.tell(console.word("stop_hint"))

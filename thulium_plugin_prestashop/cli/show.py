"""``show``: a customer card with its tabs and its ORDERS section."""

from pathlib import Path
from typing import Any

import attrs
from rich.table import Table as RichTable
from rich.text import Text

from thulium_plugin_prestashop.cli.cards import customer_json, order_json, plain
from thulium_plugin_prestashop.cli.console import CommandError, Console, Exit, trouble
from thulium_plugin_prestashop.cli.crm import opened
from thulium_plugin_prestashop.contract.customers import Customer
from thulium_plugin_prestashop.contract.views import CustomerTab, HistorySection, Row, TabQuery, Viewer
from thulium_plugin_prestashop.sandbox.crm import SandboxCrm

PAGE = 100
HISTORY = 1000
"""Entries of the ORDERS section at most: it is a quick preview, the tab has them all."""


@attrs.frozen
class Whom:
    """Exactly one of them is given."""

    email: str | None
    order: str | None
    customer: str | None


async def show(console: Console, data: Path, whom: Whom) -> Exit:
    """Print the card; everything comes from DIR, the shop is not asked."""
    if sum(value is not None for value in attrs.astuple(whom)) != 1:
        raise CommandError(trouble("one_of", place="--email, --order, --customer"))
    async with opened(data, must_exist=True) as crm:
        viewer = Viewer(console.locale, crm.time_zone)
        customer = await _find(crm, whom, viewer)
        if customer is None:
            raise CommandError(trouble("nobody", place=_given(whom)))
        tabs = await crm.host.load_tabs(customer.id, viewer)
        orders = [await _all_orders(crm, customer.id, viewer, tab) for tab in tabs]
        sections = await crm.host.load_sections(customer.id, viewer, HISTORY)
    if console.json:
        console.answer(_as_json(customer, tabs, orders, sections))
    else:
        _print(console, customer, tabs, orders, sections)
    return Exit.DONE


def _given(whom: Whom) -> str:
    return next(f"--{name}" for name, value in attrs.asdict(whom).items() if value is not None)


async def _find(crm: SandboxCrm, whom: Whom, viewer: Viewer) -> Customer | None:
    customer = whom.customer
    if whom.order is not None:
        hits = await crm.host.search_orders(whom.order, viewer, 1)
        if not hits:
            return None
        customer = hits[0].customer
    card = await (crm.find_one(id=customer) if customer is not None else crm.find_one(email=whom.email))
    return None if card is None else card.customer()


async def _all_orders(crm: SandboxCrm, customer: str, viewer: Viewer, tab: CustomerTab) -> list[Row]:
    """Every order of a tab, page by page."""
    rows: list[Row] = list(tab.table.rows)
    while len(rows) < tab.table.total:
        query = TabQuery(offset=len(rows), limit=PAGE)
        more = [
            row
            for page in await crm.host.load_tabs(customer, viewer, query, tab.integration)
            for row in page.table.rows
        ]
        if not more:
            break
        rows += more
    return rows


def _as_json(
    customer: Customer, tabs: list[CustomerTab], orders: list[list[Row]], sections: list[HistorySection]
) -> dict[str, Any]:
    history = sections[0] if sections else None
    return {
        "customer": customer_json(customer),
        "tabs": [
            {
                "title": tab.title,
                "integration": tab.integration,
                "summary": {fact.key: ", ".join(plain(cell) for cell in fact.cells) for fact in tab.summary},
                "as_of": None if tab.as_of is None else tab.as_of.at.isoformat(),
                "empty": tab.empty,
                "orders": [order_json(row) for row in rows],
            }
            for tab, rows in zip(tabs, orders, strict=True)
        ],
        "history": {
            "title": "" if history is None else history.title,
            "entries": [] if history is None else [order_json(row) for row in history.entries],
        },
    }


def _print(
    console: Console,
    customer: Customer,
    tabs: list[CustomerTab],
    orders: list[list[Row]],
    sections: list[HistorySection],
) -> None:
    title = " ".join(filter(None, (customer.name, customer.surname))) or customer.company or customer.id
    console.out.print(Text(title, style="bold"))
    for line in (
        ", ".join(customer.emails),
        ", ".join(customer.phones),
        ", ".join(f"{name}: {value}" for name, value in customer.custom_fields.items()),
    ):
        if line:
            console.out.print(Text(line))
    for tab, rows in zip(tabs, orders, strict=True):
        console.out.print(Text(f"\n{tab.title}", style="bold cyan"))
        for fact in tab.summary:
            console.out.print(Text(f"{fact.title}: {', '.join(plain(cell) for cell in fact.cells)}"))
        if tab.empty:
            console.out.print(Text(tab.empty))
        else:
            console.out.print(_table(tab, rows))
    for section in sections:
        console.out.print(Text(f"\n{section.title}: {section.total}", style="bold cyan"))


def _table(tab: CustomerTab, rows: list[Row]) -> RichTable:
    table = RichTable(box=None, pad_edge=False)
    for column in tab.table.columns:
        table.add_column(Text(column.title))
    for row in rows:
        table.add_row(*(Text(plain(row.cells.get(column.key))) for column in tab.table.columns))
    return table

"""An order's cells as the plain text that a field group holds."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from thulium_plugin_prestashop.contract.views import (
    AddressCell,
    BadgeCell,
    Cell,
    LinesCell,
    LinkCell,
    MomentCell,
    MoneyCell,
    Row,
    TextCell,
)

LONGEST = 2000
"""Characters of one value; the API names no limit, and a longer list of products helps nobody on a card."""


def texts(row: Row, time_zone: ZoneInfo) -> Mapping[str, str]:
    """Cell key to text. Dates are ``YYYY-MM-DD HH:MM`` in the company's zone, as Thulium writes them."""
    return {key: shorten(cell_text(cell, time_zone)) for key, cell in row.cells.items()}


def cell_text(cell: Cell, time_zone: ZoneInfo) -> str:
    """One cell, without the no-break spaces that a search in the CRM would stumble over."""
    match cell:
        case MomentCell():
            return f"{cell.at.astimezone(time_zone):%Y-%m-%d %H:%M}"
        case LinesCell():
            return "; ".join(_line(line.quantity, line.name, line.reference) for line in cell.lines)
        case AddressCell():
            return ", ".join(cell.lines)
        case TextCell() | MoneyCell() | BadgeCell() | LinkCell():
            return " ".join(cell.text.split())


def shorten(text: str) -> str:
    """At most :data:`LONGEST` characters, cut with an ellipsis."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _line(quantity: int, name: str, reference: str) -> str:
    return f"{quantity} × {name} [{reference}]" if reference else f"{quantity} × {name}"

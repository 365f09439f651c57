"""Cards and orders in the shapes that other programs rely on, made from the contract's views alone."""

from typing import Any

from thulium_plugin_prestashop.contract.customers import Customer
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


def customer_json(customer: Customer) -> dict[str, Any]:
    """``C`` of the command line's shapes."""
    return {
        "id": customer.id,
        "name": customer.name,
        "surname": customer.surname,
        "emails": list(customer.emails),
        "phones": list(customer.phones),
        "company": customer.company,
        "tax_number": customer.tax_number,
        "custom_fields": dict(customer.custom_fields),
    }


def money_json(cell: Cell | None) -> dict[str, str] | None:
    """An amount with its currency."""
    return {"amount": str(cell.amount), "currency": cell.currency} if isinstance(cell, MoneyCell) else None


def order_json(row: Row) -> dict[str, Any]:
    """``O`` of the command line's shapes; what an order has not is ``None`` or empty."""
    cells = row.cells
    date, status, lines = cells.get("date"), cells.get("status"), cells.get("lines")
    return {
        "id": int(plain(cells.get("id"))),
        "reference": plain(cells.get("reference")),
        "date": date.at.isoformat() if isinstance(date, MomentCell) else None,
        "status": {"id": int(status.key), "name": status.text, "color": status.color}
        if isinstance(status, BadgeCell)
        else None,
        "total": money_json(cells.get("total")),
        "payment": plain(cells.get("payment")),
        "tracking": plain(cells.get("tracking")),
        "shop": plain(cells.get("shop")),
        "lines": [
            {
                "name": line.name,
                "reference": line.reference,
                "quantity": line.quantity,
                "unit_price": money_json(line.unit_price),
            }
            for line in (lines.lines if isinstance(lines, LinesCell) else ())
        ],
        "delivery_address": _address(cells.get("delivery_address")),
        "invoice_address": _address(cells.get("invoice_address")),
        "note": plain(cells.get("note")),
        "gift_message": plain(cells.get("gift_message")),
    }


def _address(cell: Cell | None) -> list[str]:
    return list(cell.lines) if isinstance(cell, AddressCell) else []


def plain(cell: Cell | None) -> str:
    """A cell as one line of text."""
    match cell:
        case TextCell() | MoneyCell() | MomentCell() | BadgeCell() | LinkCell():
            return cell.text
        case AddressCell():
            return ", ".join(cell.lines)
        case LinesCell():
            return ", ".join(f"{line.quantity} × {line.name}" for line in cell.lines)
        case None:
            return ""

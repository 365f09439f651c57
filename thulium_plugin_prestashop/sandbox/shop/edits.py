"""Changes to a running demo shop, as customers, staff and modules make them, and the truth to compare with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from thulium_plugin_prestashop.sandbox.shop.store import ROWS, Row, Store
from thulium_plugin_prestashop.sandbox.shop.tables import Value


class ShopClock:
    """The shop's clock: real time, shifted or stopped, read in the shop's zone."""

    def __init__(self, zone: str, source: Callable[[], float] = time.time) -> None:
        """Begin with real time; ``source`` gives epoch seconds."""
        self.zone = ZoneInfo(zone)
        self._source = source

    def __call__(self) -> float:
        """Return epoch seconds."""
        return self._source()

    def set(self, moment: datetime | None) -> None:
        """Stop the clock at an aware moment; None lets it run in real time again."""
        if moment is None:
            self._source = time.time
        else:
            stopped = moment.timestamp()
            self._source = lambda: stopped

    def advance(self, seconds: float) -> None:
        """Stop the clock that much later than it shows now."""
        later = self._source() + seconds
        self._source = lambda: later

    def wall(self) -> datetime:
        """Return the naive wall-clock time PrestaShop would write."""
        return datetime.fromtimestamp(self._source(), self.zone).replace(tzinfo=None, microsecond=0)

    def text(self) -> str:
        """Return the wall-clock time as PrestaShop stores it."""
        return self.wall().isoformat(sep=" ")


class Edits:
    """Inserts, changes and deletions, stamped by the shop's clock. Base of ``DemoShop``."""

    store: Store
    clock: ShopClock

    def insert(self, resource: str, **columns: Value) -> int:
        """Insert a row and return its id; ``date_add`` and ``date_upd`` are now unless given."""
        ident = int(columns.pop("id", None) or self.store.next_id(resource))
        now = self.clock.text()
        self.store.insert(resource, [{"date_add": now, "date_upd": now, "active": 1, **columns, "id": ident}])
        return ident

    def insert_customer(self, **columns: Value) -> int:
        """Insert a registered customer; pass ``is_guest=1`` for a guest."""
        return self.insert("customers", **{"firstname": "Nowa", "lastname": "Osoba", "id_lang": 1, **columns})

    def insert_address(self, id_customer: int, **columns: Value) -> int:
        """Insert an address in Poland unless told otherwise."""
        return self.insert(
            "addresses", **{"id_customer": id_customer, "id_country": 14, "alias": "Dom", **columns}
        )

    def insert_order(self, rows: Iterable[Mapping[str, Value]] = (), **columns: Value) -> int:
        """Insert an order with its rows; amounts that are not given are added up from the rows."""
        rows = list(rows)
        defaults: dict[str, Value] = {
            "id_currency": 1,
            "id_lang": 1,
            "id_carrier": 2,
            "current_state": 2,
            "valid": 1,
        }
        ident = self.insert("orders", **{**defaults, **_totals(rows), **columns})
        if "reference" not in columns:
            self.store.update("orders", ident, {"reference": f"X{ident:08}"})
        self.set_rows(ident, rows)
        return ident

    def set_rows(self, id_order: int, rows: Iterable[Mapping[str, Value]]) -> None:
        """Replace an order's rows; the order itself is not touched (``touch`` does that)."""
        self.store.delete(ROWS, id_order, column="id_order")
        first = self.store.next_id(ROWS)
        self.store.insert(
            ROWS, [{"id": first + n, **row, "id_order": id_order} for n, row in enumerate(rows)]
        )

    def touch(self, resource: str, ident: int, **changes: Value) -> None:
        """Change a row as PrestaShop does: ``date_upd`` becomes the shop's now, unless given or absent.

        Raises:
            KeyError: there is no such row.

        """
        stamped = {"date_upd": self.clock.text()} if "date_upd" in self.store.columns_of(resource) else {}
        if not self.store.update(resource, ident, {**stamped, **changes}):
            raise KeyError((resource, ident))

    def soft_delete(self, resource: str, ident: int) -> None:
        """Mark a row as deleted."""
        self.touch(resource, ident, deleted=1)

    def delete(self, resource: str, ident: int) -> None:
        """Delete a row for good, an order with its rows; nothing announces it."""
        if not self.store.delete(resource, ident):
            raise KeyError((resource, ident))
        if resource == "orders":
            self.store.delete(ROWS, ident, column="id_order")

    def all_rows(self, resource: str) -> list[Row]:
        """Return a whole table by id, as stored."""
        return self.store.all_rows(resource)

    def all_customers(self) -> list[Row]:
        """Return all customers by id, deleted and inactive ones included."""
        return self.all_rows("customers")

    def all_addresses(self) -> list[Row]:
        """Return all addresses by id."""
        return self.all_rows("addresses")

    def all_orders(self) -> list[dict[str, Any]]:
        """Return all orders by id, each with its rows under ``rows``."""
        rows: dict[Value, list[Row]] = {}
        for row in self.all_rows(ROWS):
            rows.setdefault(row["id_order"], []).append(row)
        return [{**order, "rows": rows.get(order["id"], [])} for order in self.all_rows("orders")]

    def row(self, resource: str, ident: int) -> Row | None:
        """Return one row as stored."""
        return self.store.row(resource, ident)


def _totals(rows: Iterable[Mapping[str, Value]]) -> dict[str, Value]:
    gross = net = Decimal(0)
    for row in rows:
        quantity = Decimal(str(row.get("product_quantity", 0)))
        gross += Decimal(str(row.get("unit_price_tax_incl", 0))) * quantity
        net += Decimal(str(row.get("unit_price_tax_excl", 0))) * quantity
    shown = {"incl": f"{gross:.6f}", "excl": f"{net:.6f}"}
    return {
        "total_paid": shown["incl"],
        "total_paid_tax_incl": shown["incl"],
        "total_paid_tax_excl": shown["excl"],
        "total_products": shown["excl"],
        "total_products_wt": shown["incl"],
    }

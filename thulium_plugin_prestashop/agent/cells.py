"""One order of the mirror as a row of cells for one viewer."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

import attrs

from thulium_plugin_prestashop.agent.lookups import Lookups
from thulium_plugin_prestashop.agent.plain import from_html
from thulium_plugin_prestashop.agent.reader import Reader
from thulium_plugin_prestashop.contract.views import (
    AddressCell,
    BadgeCell,
    Cell,
    Column,
    Line,
    LinesCell,
    Row,
    TextCell,
)
from thulium_plugin_prestashop.mirror.reads import (
    MirroredAddress,
    MirroredOrder,
    OrderLine,
    order_lines,
)

NO_COLOR = "#6B7280"
"""Grey, for a state whose colour is not ``#rrggbb`` or not known."""
NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)
"""Where an order without a date stands in time: before all others. It has no ``date`` cell."""

_COLUMNS = ("reference", "id", "date", "status", "total", "payment", "tracking")
_DETAILS = ("lines", "delivery_address", "invoice_address", "note", "gift_message")


def columns(reader: Reader, lookups: Lookups) -> tuple[Column, ...]:
    """What the table shows of every order; the shop only where there are several."""
    keys = (*_COLUMNS, "shop") if len(lookups.shops) > 1 else _COLUMNS
    return _titled(reader, keys)


def details(reader: Reader) -> tuple[Column, ...]:
    """What is shown of an order that was opened."""
    return _titled(reader, _DETAILS)


def _titled(reader: Reader, keys: Iterable[str]) -> tuple[Column, ...]:
    return tuple(Column(key, reader.phrase(f"column.{key}")) for key in keys)


def badge(state: int, lookups: Lookups, reader: Reader) -> BadgeCell:
    """A state as the shop names and colours it."""
    known = lookups.states.get(state)
    name = lookups.state_name(state, reader.language) or reader.phrase("state.unknown", id=state)
    color = known.color if known and re.fullmatch(r"#[0-9a-fA-F]{6}", known.color) else NO_COLOR
    return BadgeCell(key=str(state), text=name, color=color)


@attrs.frozen
class RowMaker:
    """Makes rows of one integration for one viewer."""

    integration: str
    lookups: Lookups
    reader: Reader

    def row(self, order: MirroredOrder, addresses: Mapping[int, MirroredAddress]) -> Row:
        """The order; ``addresses`` are those that the mirror has of the ones it names."""
        makers: Mapping[str, Callable[[], Cell | None]] = {
            "id": lambda: TextCell(str(order.id)),
            "reference": lambda: _text(order.reference, copyable=True),
            "date": lambda: None if order.placed_at is None else self.reader.moment(order.placed_at),
            "status": lambda: badge(order.state, self.lookups, self.reader) if order.state else None,
            "total": lambda: self.reader.micro(order.total_micro, self._currency(order)),
            "payment": lambda: _text(order.payment),
            "tracking": lambda: _text(order.tracking, copyable=True),
            "shop": lambda: _text(self.lookups.shops.get(order.id_shop, "")),
            "lines": lambda: self._lines(order),
            "delivery_address": lambda: self._address(addresses.get(order.id_address_delivery)),
            "invoice_address": lambda: self._address(addresses.get(order.id_address_invoice)),
            "note": lambda: _text(from_html(order.note)),
            "gift_message": lambda: _text(order.gift_message),
        }
        made = ((key, make()) for key, make in makers.items())
        cells = {key: cell for key, cell in made if cell is not None}
        return Row(key=row_key(self.integration, order.id), at=self._at(order), cells=cells)

    def _at(self, order: MirroredOrder) -> datetime:
        moment = NO_DATE if order.placed_at is None else datetime.fromtimestamp(order.placed_at, UTC)
        return moment.astimezone(self.reader.zone)

    def _currency(self, order: MirroredOrder) -> str:
        return self.lookups.currencies.get(order.id_currency, "")

    def _lines(self, order: MirroredOrder) -> LinesCell | None:
        currency = self._currency(order)
        lines = tuple(self._line(line, currency) for line in order_lines(order.rows))
        return LinesCell(lines) if lines else None

    def _line(self, line: OrderLine, currency: str) -> Line:
        price = Decimal(line.unit_price)
        return Line(
            name=line.name,
            reference=line.reference,
            quantity=line.quantity,
            unit_price=self.reader.money(price, currency),
            # The sum of exact prices, as PrestaShop counts it, not of the rounded one that is shown.
            total=self.reader.money(price * line.quantity, currency),
        )

    def _address(self, address: MirroredAddress | None) -> AddressCell | None:
        if address is None:
            return None
        country = self.lookups.countries.get(address.id_country)
        country_name = ""
        if country is not None:
            country_name = self.reader.country(country.iso_code) or self.lookups.languages.pick(
                country.name, self.reader.language
            )
        tax_number = address.vat_number.strip()
        lines = (
            f"{address.firstname} {address.lastname}",
            address.company,
            self.reader.phrase("address.tax_number", number=tax_number) if tax_number else "",
            address.address1,
            address.address2,
            f"{address.postcode} {address.city}",
            country_name,
            address.phone,
            address.phone_mobile if address.phone_mobile != address.phone else "",
        )
        shown = tuple(text for text in (line.strip() for line in lines) if text)
        return AddressCell(shown) if shown else None


def row_key(integration: str, order_id: int) -> str:
    """The key of an order's row, unique over all integrations of a host."""
    return f"{integration}:{order_id}"


def order_of_key(integration: str, key: str) -> int | None:
    """The order that a row key of this integration names, or ``None`` for any other text."""
    prefix, _, number = key.rpartition(":")
    return int(number) if prefix == integration and number.isascii() and number.isdigit() else None


def _text(text: str, *, copyable: bool = False) -> TextCell | None:
    stripped = text.strip()
    return TextCell(stripped, copyable=copyable) if stripped else None

"""What agents see, as data. The host draws it, so it looks native, translates, and can't inject.

Texts are in the viewer's language already; amounts and moments come both as values and as text formatted for the
viewer. Cells have stable keys. Everything here turns into JSON with :func:`to_json`.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

import attrs
import cattrs
from cattrs.strategies import configure_tagged_union

from thulium_plugin_prestashop.contract.problems import Severity


@attrs.frozen
class Viewer:
    """Who looks: language (``"pl"``, ``"en"``) and IANA time zone (``"Europe/Warsaw"``)."""

    locale: str = "pl"
    time_zone: str = "Europe/Warsaw"


@attrs.frozen
class TextCell:
    """Plain text. ``copyable``: worth a copy button (a tracking number)."""

    text: str
    copyable: bool = False


@attrs.frozen
class MoneyCell:
    """An amount in its ISO 4217 currency, and as the viewer reads it (``"61,80 zł"``)."""

    amount: Decimal
    currency: str
    text: str


@attrs.frozen
class MomentCell:
    """An aware moment, as the viewer reads it (``text``) and how long ago (``relative``)."""

    at: datetime
    text: str
    relative: str = ""


@attrs.frozen
class BadgeCell:
    """A status: ``key`` is the shop's own id, ``color`` its own ``#rrggbb``."""

    key: str
    text: str
    color: str


@attrs.frozen
class LinkCell:
    """A text that leads somewhere."""

    text: str
    url: str


@attrs.frozen
class Line:
    """One product of an order."""

    name: str
    reference: str
    quantity: int
    unit_price: MoneyCell
    total: MoneyCell


@attrs.frozen
class LinesCell:
    """The products of an order."""

    lines: tuple[Line, ...]


@attrs.frozen
class AddressCell:
    """An address, line by line."""

    lines: tuple[str, ...]


Cell: TypeAlias = TextCell | MoneyCell | MomentCell | BadgeCell | LinkCell | LinesCell | AddressCell


@attrs.frozen
class Column:
    """A heading for the cells called ``key``."""

    key: str
    title: str


@attrs.frozen
class Row:
    """One order. Cells without a value are absent.

    Keys of an order: ``id``, ``reference``, ``date``, ``status``, ``total``, ``payment``, ``tracking``, ``shop``,
    ``lines``, ``delivery_address``, ``invoice_address``, ``note``, ``gift_message``.
    """

    key: str
    """Unique over all integrations of a host: ``"<integration>:<order id>"``."""
    at: datetime
    """Where it stands in time; 1 January 1970 for an order without a date, which has no ``date`` cell."""
    cells: Mapping[str, Cell]


@attrs.frozen
class Table:
    """A page of rows: ``columns`` make the table, ``details`` are shown when a row is opened."""

    columns: tuple[Column, ...]
    details: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: int
    offset: int
    limit: int


@attrs.frozen
class Notice:
    """A sentence for the agent: why data may be old, what is missing."""

    severity: Severity
    text: str


@attrs.frozen
class Fact:
    """One entry of a summary."""

    key: str
    title: str
    cells: tuple[Cell, ...]


@attrs.frozen
class Match:
    """Why this customer is shown these orders, and that the agent may take it back."""

    customer: int
    """The shop's customer id."""
    basis: str
    """Stable key: ``id_field``, ``link``, ``login``, ``masked_email``, ``email``, ``created``, ``manual``."""
    text: str


@attrs.frozen
class TabQuery:
    """Which part of a tab: a page, a status (badge key), products that contain a text."""

    offset: int = 0
    limit: int = 25
    status: str = ""
    search: str = ""
    opened: str = ""
    """Key of a row that must be on the page, whatever ``offset`` says (a search hit)."""


@attrs.frozen
class CustomerTab:
    """A tab of the customer card: one per integration that has something to say about this customer."""

    key: str
    integration: str
    title: str
    summary: tuple[Fact, ...]
    table: Table
    statuses: tuple[BadgeCell, ...]
    """Those the customer's orders are in, for a filter."""
    as_of: MomentCell | None
    matches: tuple[Match, ...]
    notices: tuple[Notice, ...]
    empty: str = ""
    """Why there is no row, and what to do about it; ``""`` when there are rows."""


@attrs.frozen
class HistorySection:
    """A section of the contact history; its entries stand in time with calls, mails and chats."""

    key: str
    title: str
    columns: tuple[Column, ...]
    details: tuple[Column, ...]
    entries: tuple[Row, ...]
    total: int


@attrs.frozen
class SearchHit:
    """An order that matches a search: whose it is and what to show of it."""

    customer: str
    row: Row
    title: str
    integration: str


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    converter.register_unstructure_hook(datetime, lambda moment: moment.isoformat())
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    converter.register_unstructure_hook(Decimal, str)
    converter.register_structure_hook(Decimal, lambda text, _: Decimal(text))
    configure_tagged_union(
        Cell,
        converter,
        tag_generator=lambda cell: cell.__name__.removesuffix("Cell").lower(),
        tag_name="kind",
    )
    return converter


def to_json(view: Any) -> Any:  # noqa: ANN401 - any attrs class of this module, and what json.dumps takes
    """A view as plain dicts, lists and texts; cells carry their ``kind``."""
    return _converter().unstructure(view)

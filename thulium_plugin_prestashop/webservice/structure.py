"""Rows as shops send them to records: one converter, one small hook for each oddity of the wire.

The same rows come out of JSON and XML (see :mod:`.bodies`), so everything may be a string, a number or missing.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeAlias, TypeVar

import cattrs
from cattrs.gen import make_dict_structure_fn, override

from thulium_plugin_prestashop.webservice.records import (
    Address,
    Country,
    Currency,
    Customer,
    Order,
    OrderRow,
    OrderState,
    Record,
    Shop,
    Translated,
)
from thulium_plugin_prestashop.webservice.resources import Resource

Row: TypeAlias = Mapping[str, Any]
Structure: TypeAlias = Callable[[Row], Record]
T = TypeVar("T")

_AMOUNT: Final = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?")
_LARGEST: Final = 2**63 - 1


def whole(value: object, _: object = int) -> int:
    """An integer sent as a number or a string; nothing is 0."""
    if type(value) is int:
        number = value
    elif value is None or value in ("", False):
        return 0
    elif (isinstance(value, str) and len(value) < 20) or (isinstance(value, float) and value.is_integer()):  # noqa: PLR2004 - 2**63 has 19 digits
        number = int(value)
    else:
        raise ValueError("not a whole number")
    if not -_LARGEST <= number <= _LARGEST:
        raise ValueError("a number out of range")
    return number


def identifier(value: object, _: object = int) -> int:
    """The id of a row: positive, or the row is not one."""
    number = whole(value)
    if number < 1:
        raise ValueError("not a positive id")
    return number


def text(value: object, _: object = str) -> str:
    """A text; nothing is ``""``, a number is its digits. NUL, which PostgreSQL cannot keep, becomes U+FFFD."""
    if type(value) is str:
        return value.replace("\x00", "\ufffd") if "\x00" in value else value
    if value is None or value is False:
        return ""
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        # A field in several languages where one text is expected, or an empty list where there is none.
        return next((text(entry.get("value")) for entry in value if isinstance(entry, dict)), "")
    raise ValueError("not a text")


def truth(value: object, _: object = bool) -> bool:
    """A flag sent as 0 or 1, as number, string or boolean; nothing is false."""
    if value in ("0", 0, "", None, "false"):
        return False
    if value in ("1", 1, "true"):
        return True
    return bool(whole(value))


def amount(value: object, _: object = Decimal) -> Decimal:
    """An amount of money. Neither an empty nor a mangled one is guessed."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = format(Decimal(str(value)), "f") if value == value and abs(value) < _LARGEST else ""  # noqa: PLR0124 - NaN
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise ValueError("not an amount")
    return Decimal(value)


def moment(value: object, _: object = None) -> datetime | None:
    """A naive wall-clock time; zero, partly zero, impossible and missing ones are ``None``.

    Some shops send a list, when a translated column has the same name: its last entry counts.
    """
    if isinstance(value, list):
        value = value[-1] if value else None
        if isinstance(value, dict):
            value = value.get("value")
    if not isinstance(value, str) or value.startswith("0000"):
        return None
    try:
        return datetime.fromisoformat(value).replace(tzinfo=None)
    except ValueError:
        return None


def translated(value: object, _: object = None) -> Translated:
    """A text by language id, from ``[{id, value}]`` or from one plain string (``{0: text}``)."""
    if isinstance(value, str):
        return {0: text(value)}
    if value is None:
        return {}
    if isinstance(value, list):
        return {
            whole(entry.get("id")): text(entry.get("value")) for entry in value if isinstance(entry, dict)
        }
    raise ValueError("not a translated text")


# What a version, a module or a PHP notice may leave out of a row. Ids and the total of an order have no default.
_NOTHING: Final[Mapping[type[Any], Row]] = {
    Customer: dict.fromkeys(("email", "firstname", "lastname", "company", "siret", "is_guest", "deleted"), "")
    | {"active": "1", "id_shop": 0, "id_lang": 0, "date_add": None, "date_upd": None},
    Address: dict.fromkeys(
        (
            *("alias", "company", "firstname", "lastname", "vat_number", "dni", "address1", "address2"),
            *("postcode", "city", "other", "phone", "phone_mobile", "deleted", "id_customer", "id_country"),
        ),
        "",
    )
    | {"date_add": None, "date_upd": None},
    Order: dict.fromkeys(
        (
            *("reference", "module", "payment", "shipping_number", "gift_message", "note", "valid"),
            *("id_customer", "id_shop", "id_currency", "id_address_delivery", "id_address_invoice"),
            "current_state",
        ),
        "",
    )
    | dict.fromkeys(("total_products_wt", "total_shipping_tax_incl", "total_discounts_tax_incl"), "0")
    | {"date_add": None, "date_upd": None},
    OrderRow: {
        "product_id": 0,
        "product_attribute_id": 0,
        "product_quantity": 0,
        "product_name": "",
        "product_reference": "",
        "unit_price_tax_incl": "0",
        "unit_price_tax_excl": "0",
    },
    Currency: {"iso_code": "", "active": "1", "deleted": "0"},
    Country: {"iso_code": "", "call_prefix": 0, "active": "1", "name": None},
    OrderState: dict.fromkeys(("color", "paid", "shipped", "delivery", "hidden", "deleted"), "")
    | {"name": None},
    Shop: {"id_shop_group": 0, "name": "", "active": "1", "deleted": "0"},
}


@cache
def _converter() -> cattrs.Converter:
    """The one converter, which nobody changes: generating its hooks takes some 4 ms of the event loop's time."""
    converter = cattrs.Converter(detailed_validation=True)
    converter.register_structure_hook(int, whole)
    converter.register_structure_hook(str, text)
    converter.register_structure_hook(bool, truth)
    converter.register_structure_hook(Decimal, amount)
    converter.register_structure_hook(datetime | None, moment)
    converter.register_structure_hook_func(lambda kind: kind == Translated, translated)
    for record in (OrderRow, Customer, Address, Order, Currency, Country, OrderState, Shop):
        converter.register_structure_hook(record, _structure_fn(record, converter))
    return converter


def _structure_fn(record: type[T], converter: cattrs.Converter) -> Callable[[Any, Any], T]:
    structure = make_dict_structure_fn(record, converter, id=override(struct_hook=identifier))
    nothing = _NOTHING[record]

    def lenient(row: Any, _: Any) -> T:  # noqa: ANN401 - a row is whatever the shop sent
        if not isinstance(row, dict):
            raise TypeError("not a row")
        row = {**nothing, **row}
        if record is Order:
            row["rows"] = _order_rows(row)
            row.setdefault("total_paid_tax_incl", row.get("total_paid"))
        return structure(row, record)

    return lenient


def _order_rows(row: Row) -> Iterable[object]:
    """The rows of an order; an order without rows has no ``associations`` at all."""
    associations = row.get("associations")
    rows = associations.get("order_rows") if isinstance(associations, dict) else None
    if isinstance(rows, dict):
        return list(rows.values())
    return rows if isinstance(rows, list) else []


class Structurer:
    """Makes records of rows."""

    def __init__(self) -> None:
        self._converter = _converter()

    def record(self, row: object, resource: Resource[Any]) -> Any:  # noqa: ANN401 - the resource's record type
        """The record of one row.

        Raises:
            UnreadableRowError: With the path of the first field that cannot be read.

        """
        try:
            return self._converter.structure(row, resource.record)
        except Exception as error:  # noqa: BLE001 - whatever a hook raises on odd data, the row is set aside
            raise UnreadableRowError(path_of(error)) from None


class UnreadableRowError(ValueError):
    """A row that is no record; ``path`` says where inside the row: ``.total_paid``."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def path_of(error: BaseException) -> str:
    """The path to the first field an error is about, from the notes cattrs leaves on it; never its value."""
    path = ""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
        for note in getattr(error, "__notes__", ()):
            if isinstance(note, cattrs.AttributeValidationNote):
                path += ".associations.order_rows" if note.name == "rows" else f".{note.name}"
            elif isinstance(note, cattrs.IterableValidationNote):
                path += f"[{note.index}]"
    return path

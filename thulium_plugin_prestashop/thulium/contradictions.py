"""What cannot be meant in settings whose shape is right, each with its place in the file."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.thulium.api import parse_address
from thulium_plugin_prestashop.thulium.config import (
    BridgeSettings,
    LookupSettings,
    OrderSettings,
    ShopSettings,
    ThuliumSettings,
)
from thulium_plugin_prestashop.thulium.words import MESSAGES, placed

COLUMNS: Final = frozenset(
    {
        "id",
        "reference",
        "date",
        "status",
        "total",
        "payment",
        "tracking",
        "shop",
        "lines",
        "delivery_address",
        "invoice_address",
        "note",
        "gift_message",
    }
)
"""Cells of an order that may have a column; ``lines`` are its products."""
MOST_ROWS: Final = 500
"""Rows on one card. Each is a request when it is written, and an agent reads a few."""
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
"""It becomes a part of file names and metrics."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~-]{16,}")
"""What stands in an address as it is (RFC 3986, 2.3), and is long enough not to be guessed."""
_HIGHEST_PORT: Final = 65535


def contradictions(settings: BridgeSettings) -> list[LocalizedText]:
    """Everything that is wrong; empty when all is well."""
    return [
        *_general(settings),
        *_thulium(settings.thulium),
        *_shops(settings.shops, {field.name: field.type for field in settings.thulium.custom_fields}),
        *_listening(settings.status.listen, settings.lookup),
    ]


def listen_address(text: str) -> tuple[str, int]:
    """``host:port``. Raises ``ValueError``."""
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) > _HIGHEST_PORT:
        raise ValueError(f"{text!r} is not host:port")
    return host.strip("[]"), int(port)


def _general(settings: BridgeSettings) -> Iterator[LocalizedText]:
    levels = logging.getLevelNamesMapping()
    if settings.log_level.upper() not in levels:
        yield _say("log_level", "none_of", value=settings.log_level, known="DEBUG, INFO, WARNING, ERROR")


def _thulium(thulium: ThuliumSettings) -> Iterator[LocalizedText]:
    fields = {field.name: field.type for field in thulium.custom_fields}
    try:
        parse_address(thulium.address)
    except ValueError:
        yield _say("thulium.address", "address", value=thulium.address)
    try:
        ZoneInfo(thulium.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield _say("thulium.time_zone", "time_zone", value=thulium.time_zone)
    if thulium.locale not in {"pl", "en"}:
        yield _say("thulium.locale", "none_of", value=thulium.locale, known="pl, en")
    if thulium.country.upper() not in phonenumbers.SUPPORTED_REGIONS:
        yield _say("thulium.country", "country", value=thulium.country)
    if len(fields) < len(thulium.custom_fields):
        yield _say("thulium.custom_fields", "same_name")
    for key in ("company_field", "tax_number_field", "allegro_login_field"):
        name = getattr(thulium, key)
        if name is not None and fields.get(name) is not CustomFieldType.TEXT:
            yield _say(f"thulium.{key}", "custom_field", value=name, type="text")


def _shops(shops: Sequence[ShopSettings], fields: Mapping[str, CustomFieldType]) -> Iterator[LocalizedText]:
    if not shops:
        yield _say("shops", "none")
    if len({shop.id for shop in shops}) < len(shops):
        yield _say("shops", "same_id")
    places: set[tuple[str, str]] = set()
    for shop in shops:
        if not _IDENTIFIER.fullmatch(shop.id):
            yield _say("shops.id", "identifier", value=shop.id)
        yield from _orders(shop.orders, fields, f"shops.{shop.id}.orders")
        place = (shop.orders.group or "", shop.orders.prefix)
        if shop.orders.group and place in places:
            yield _say(f"shops.{shop.id}.orders", "same_group", value=shop.orders.group)
        places.add(place)
    dates = [shop.orders.last_order_field for shop in shops if shop.orders.last_order_field]
    if len(set(dates)) < len(dates):
        yield _say("shops", "same_date")


def _orders(
    orders: OrderSettings, fields: Mapping[str, CustomFieldType], place: str
) -> Iterator[LocalizedText]:
    if unknown := sorted(orders.columns.keys() - COLUMNS):
        yield _say(f"{place}.columns", "no_cell", value=", ".join(unknown), known=", ".join(sorted(COLUMNS)))
    if len(set(orders.columns.values())) < len(orders.columns):
        yield _say(f"{place}.columns", "same_column")
    if orders.group is not None and "id" not in orders.columns:
        yield _say(f"{place}.columns", "no_id")
    if orders.group is None and orders.columns:
        yield _say(f"{place}.group", "no_group")
    if not 1 <= orders.newest <= MOST_ROWS:
        yield _say(f"{place}.newest", "newest", most=MOST_ROWS)
    if orders.prefix[-1:].isdigit():
        yield _say(f"{place}.prefix", "prefix", value=orders.prefix)
    date = orders.last_order_field
    if date is not None and fields.get(date) is not CustomFieldType.DATE:
        yield _say(f"{place}.last_order_field", "custom_field", value=date, type="date")


def _listening(status: str, lookup: LookupSettings | None) -> Iterator[LocalizedText]:
    for key, listen in (("status", status), ("lookup", lookup.listen if lookup else "")):
        try:
            if listen:
                listen_address(listen)
        except ValueError:
            yield _say(f"{key}.listen", "listen", value=listen)
    if lookup is None:
        return
    if status == lookup.listen:
        yield _say("lookup.listen", "same_listen")
    if not _TOKEN.fullmatch(lookup.token.value):
        yield _say("lookup.token", "token")


def _say(place: str, key: str, **values: object) -> LocalizedText:
    return placed(place, MESSAGES.text(f"config.{key}", **values))

"""The bridge's settings, ``bridge.toml``: typed, with secrets from the environment or from files.

A secret is written ``{ "$env" = "NAME" }`` or ``{ "$file" = "/path" }``, never as itself, so that the file can be
shown and kept in version control.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs
import cattrs

from thulium_plugin_prestashop.contract.forms import CustomFieldType, Value
from thulium_plugin_prestashop.thulium.api import parse_address

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


class ConfigError(Exception):
    """The settings cannot be used; ``reasons`` say why, each with its place in the file."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@attrs.frozen(repr=False)
class Secret:
    """A resolved secret. Prints as nothing but its kind."""

    value: str

    def __repr__(self) -> str:
        return "Secret(***)"


@attrs.frozen
class CustomFieldSettings:
    """A custom field of customers, as made in Administration → CRM → Custom fields."""

    name: str
    type: CustomFieldType


@attrs.frozen
class ThuliumSettings:
    """Where Thulium is, and who the bridge is there."""

    address: str
    user: str
    password: Secret
    custom_fields: tuple[CustomFieldSettings, ...]
    country: str = "PL"
    """Where phone numbers without a prefix belong (ISO 3166-1 alpha-2)."""
    time_zone: str = "Europe/Warsaw"
    locale: str = "pl"
    company_field: str | None = None
    """Custom text field for the company's name."""
    tax_number_field: str | None = None
    allegro_login_field: str | None = None
    """Custom text field in which the Allegro integration keeps buyers' logins, if that integration runs."""


@attrs.frozen
class OrderSettings:
    """Where a shop's orders go on the card. ``columns``: cell of an order to name of the group's field."""

    group: str | None = None
    columns: Mapping[str, str] = attrs.field(factory=dict)
    newest: int = 20
    prefix: str = ""
    last_order_field: str | None = None


@attrs.frozen
class ShopSettings:
    """One shop: the two forms of its integration type, by field key; secrets among ``authorization``."""

    id: str
    name: str
    authorization: Mapping[str, Any]
    settings: Mapping[str, Any]
    type: str = "prestashop"
    orders: OrderSettings = OrderSettings()

    @property
    def plain_authorization(self) -> dict[str, Value]:
        """Authorization data without its secrets, as the contract's form values."""
        return {
            key: _form(value) for key, value in self.authorization.items() if not isinstance(value, Secret)
        }

    @property
    def secrets(self) -> dict[str, str]:
        """The secrets among the authorization data, by field."""
        return {key: value.value for key, value in self.authorization.items() if isinstance(value, Secret)}

    @property
    def form_settings(self) -> dict[str, Value]:
        """Other data, as the contract's form values."""
        return {key: _form(value) for key, value in self.settings.items()}


@attrs.frozen
class StatusSettings:
    """The health and status page; ``listen`` is ``host:port``, empty for none."""

    listen: str = "127.0.0.1:8480"


@attrs.frozen
class LookupSettings:
    """The external CRM look-up: Thulium asks ``http://…/lookup/<token>?phone_number=…``."""

    token: Secret
    listen: str = "127.0.0.1:8481"


@attrs.frozen
class BridgeSettings:
    """All of ``bridge.toml``."""

    thulium: ThuliumSettings
    shops: tuple[ShopSettings, ...]
    data: Path = Path("data")
    """Relative to the file itself."""
    allow_private: bool = False
    """Whether Thulium and shops may be at private or loopback addresses."""
    log_level: str = "INFO"
    status: StatusSettings = StatusSettings()
    lookup: LookupSettings | None = None

    @property
    def secrets(self) -> list[str]:
        """Every secret there is, to be kept out of logs."""
        found = [self.thulium.password, *([self.lookup.token] if self.lookup else [])]
        found += [
            value for shop in self.shops for value in shop.authorization.values() if isinstance(value, Secret)
        ]
        return [secret.value for secret in found]


def read_settings(path: Path, environment: Mapping[str, str] | None = None) -> BridgeSettings:
    """Read and check one file. Raises :class:`ConfigError`."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read ({error.strerror})"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: is not TOML ({error})"]) from error
    reasons: list[str] = []
    resolved = _resolve(raw, "", os.environ if environment is None else environment, path.parent, reasons)
    if reasons:
        raise ConfigError(reasons)
    try:
        settings = _converter().structure(resolved, BridgeSettings)
    except Exception as error:
        raise ConfigError(cattrs.transform_error(error, path=path.name)) from error
    if reasons := _contradictions(settings):
        raise ConfigError([f"{path.name}: {reason}" for reason in reasons])
    return attrs.evolve(settings, data=path.parent / settings.data)


def listen_address(text: str) -> tuple[str, int]:
    """``host:port``. Raises ``ValueError``."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"{text!r} is not host:port")
    return host.strip("[]"), int(port)


def _resolve(value: Any, place: str, environment: Mapping[str, str], folder: Path, reasons: list[str]) -> Any:  # noqa: ANN401 - a TOML tree
    if isinstance(value, list):
        return [
            _resolve(entry, f"{place}[{number}]", environment, folder, reasons)
            for number, entry in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$env"}:
        secret = environment.get(str(value["$env"]), "")
        if not secret:
            reasons.append(f"{place}: the environment variable {value['$env']} is not set")
        return Secret(secret)
    if value.keys() == {"$file"}:
        file = folder / str(value["$file"])
        try:
            return Secret(file.read_text(encoding="utf-8").strip())
        except OSError as error:
            reasons.append(f"{place}: {file} cannot be read ({error.strerror})")
            return Secret("")
    return {
        key: _resolve(entry, f"{place}.{key}" if place else key, environment, folder, reasons)
        for key, entry in value.items()
    }


def _form(value: Any) -> Value:  # noqa: ANN401 - a TOML value
    """TOML writes dates and numbers as such; forms hold text."""
    if isinstance(value, list):
        return [str(entry) for entry in value]
    return value if isinstance(value, str | bool) else str(value)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook(Secret, _secret)
    converter.register_structure_hook(Path, lambda value, _: Path(str(value)))
    return converter


def _secret(value: Any, _: type) -> Secret:  # noqa: ANN401 - whatever stands in the file
    if isinstance(value, Secret):
        return value
    raise ValueError('a secret is written { "$env" = "NAME" } or { "$file" = "/path" }')


def _contradictions(settings: BridgeSettings) -> list[str]:
    reasons = _thulium_contradictions(settings.thulium)
    if len({shop.id for shop in settings.shops}) < len(settings.shops):
        reasons.append("shops: two shops have the same id")
    fields = {field.name: field.type for field in settings.thulium.custom_fields}
    places: set[tuple[str, str]] = set()
    for shop in settings.shops:
        reasons += [
            f"shops.{shop.id}.orders{reason}" for reason in _order_contradictions(shop.orders, fields)
        ]
        place = (shop.orders.group or "", shop.orders.prefix)
        if shop.orders.group and place in places:
            reasons.append(
                f"shops.{shop.id}.orders: another shop writes to {shop.orders.group!r}; give a prefix"
            )
        places.add(place)
    dates = [shop.orders.last_order_field for shop in settings.shops if shop.orders.last_order_field]
    if len(set(dates)) < len(dates):
        reasons.append("shops: two shops write the date of the last order to the same field")
    for key, listen in (
        ("status", settings.status.listen),
        ("lookup", settings.lookup and settings.lookup.listen),
    ):
        try:
            if listen:
                listen_address(listen)
        except ValueError as error:
            reasons.append(f"{key}.listen: {error}")
    return reasons


def _thulium_contradictions(thulium: ThuliumSettings) -> list[str]:
    reasons = []
    fields = {field.name: field.type for field in thulium.custom_fields}
    try:
        parse_address(thulium.address)
    except ValueError as error:
        reasons.append(f"thulium.address: {error}")
    try:
        ZoneInfo(thulium.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        reasons.append(f"thulium.time_zone: {thulium.time_zone!r} is not a time zone such as Europe/Warsaw")
    for key in ("company_field", "tax_number_field", "allegro_login_field"):
        name = getattr(thulium, key)
        if name is not None and fields.get(name) is not CustomFieldType.TEXT:
            reasons.append(f"thulium.{key}: {name!r} must be named under thulium.custom_fields, of type text")
    return reasons


def _order_contradictions(orders: OrderSettings, fields: Mapping[str, CustomFieldType]) -> list[str]:
    reasons = []
    if unknown := sorted(orders.columns.keys() - COLUMNS):
        reasons.append(f".columns: {', '.join(unknown)} is no cell of an order")
    if orders.group is not None and "id" not in orders.columns:
        reasons.append(".columns: id is needed: by it the bridge knows its own rows again")
    date = orders.last_order_field
    if date is not None and fields.get(date) is not CustomFieldType.DATE:
        reasons.append(f".last_order_field: {date!r} must be named under thulium.custom_fields, of type date")
    return reasons

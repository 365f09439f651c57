"""The bridge's settings, as ``bridge.toml`` holds them: one class for each of its tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from thulium_plugin_prestashop.contract.forms import CustomFieldType, Value


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


def _form(value: Any) -> Value:  # noqa: ANN401 - a TOML value
    """TOML writes dates and numbers as such; forms hold text."""
    if isinstance(value, list):
        return [str(entry) for entry in value]
    return value if isinstance(value, str | bool) else str(value)

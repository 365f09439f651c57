"""The two forms of the integration. ``plugin.toml`` lists the same fields, which a test holds."""

from collections.abc import Iterable
from typing import Final

from thulium_plugin_prestashop.admin.facts import Choice, Choices
from thulium_plugin_prestashop.admin.zones import zone_names
from thulium_plugin_prestashop.contract.forms import CustomFieldType, Field, FieldKind, Form, Option
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.locale import MESSAGES

AUTHORIZATION = "authorization"
OTHER = "other"
SETTINGS_VERSION = 1
"""Version of the second form; :func:`.settings.upgrade` brings values of earlier ones up to it."""
FILL: Final = "fill"
NEVER: Final = "never"


def _label(key: str) -> LocalizedText:
    return MESSAGES.text(f"admin.field.{key}.label")


def _help(key: str) -> LocalizedText:
    return MESSAGES.text(f"admin.field.{key}.help")


def authorization_form() -> Form:
    """Authorization data: where the shop is, and the key to it."""
    return Form(
        key=AUTHORIZATION,
        title=MESSAGES.text("admin.form.authorization.title"),
        fields=(
            Field(
                "address",
                FieldKind.URL,
                _label("address"),
                _help("address"),
                required=True,
                placeholder="https://sklep.example.com",
            ),
            Field("api_key", FieldKind.SECRET, _label("api_key"), _help("api_key"), required=True),
        ),
    )


def settings_form(choices: Choices, *, time_zone: str) -> Form:
    """Other data. Shops are asked for only where there are several; ``time_zone`` is the default."""
    shops = _options(choices.shops) if len(choices.shops) > 1 else ()
    zones = tuple(Option(name, LocalizedText(en=name, pl=name)) for name in zone_names())
    behaviours = tuple(
        Option(value, MESSAGES.text(f"admin.field.existing_customers.options.{value}"))
        for value in (FILL, NEVER)
    )
    return Form(
        key=OTHER,
        title=MESSAGES.text("admin.form.other.title"),
        version=SETTINGS_VERSION,
        fields=(
            Field("name", FieldKind.TEXT, _label("name"), _help("name"), required=True),
            Field(
                "id_field",
                FieldKind.CUSTOM_FIELD,
                _label("id_field"),
                _help("id_field"),
                required=True,
                placeholder="PrestaShop ID",
                custom_field_type=CustomFieldType.NUMERIC,
                may_create=True,
            ),
            Field("shops", FieldKind.CHOICES, _label("shops"), _help("shops"), default=[], options=shops),
            Field(
                "time_zone",
                FieldKind.CHOICE,
                _label("time_zone"),
                _help("time_zone"),
                required=True,
                default=time_zone,
                options=zones,
            ),
            Field("since", FieldKind.DATE, _label("since"), _help("since")),
            Field("guests", FieldKind.FLAG, _label("guests"), _help("guests"), default=True),
            Field(
                "hidden_states",
                FieldKind.CHOICES,
                _label("hidden_states"),
                _help("hidden_states"),
                default=[],
                options=_options(choices.states),
                advanced=True,
            ),
            Field(
                "existing_customers",
                FieldKind.CHOICE,
                _label("existing_customers"),
                _help("existing_customers"),
                required=True,
                default=FILL,
                options=behaviours,
            ),
            Field(
                "login_pattern",
                FieldKind.TEXT,
                _label("login_pattern"),
                _help("login_pattern"),
                advanced=True,
            ),
        ),
    )


def _options(choices: Iterable[Choice]) -> tuple[Option, ...]:
    return tuple(Option(str(choice.id), choice.label) for choice in choices)

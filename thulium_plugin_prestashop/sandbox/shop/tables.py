"""The seven resources as PrestaShop defines them: fields in their order, with type, link and default, by version."""

from __future__ import annotations

from enum import Enum
from functools import cache

import attrs

from thulium_plugin_prestashop.sandbox.shop.profiles import PROFILES, Profile


class Kind(Enum):
    """How a column is stored, compared and shown."""

    INTEGER = "integer"
    BOOLEAN = "boolean"
    """0 or 1; shown as a string even where integers are shown as numbers."""
    DECIMAL = "decimal"
    """Stored as the text PrestaShop shows, compared as a number."""
    TEXT = "text"
    DATE = "date"
    DATETIME = "datetime"
    """``YYYY-MM-DD HH:MM:SS`` in the shop's zone, or the zero date, or None."""
    TRANSLATED = "translated"
    """Stored as a JSON object from language id to text."""

    @property
    def is_number(self) -> bool:
        """Whether values are compared as numbers."""
        return self in (Kind.INTEGER, Kind.BOOLEAN, Kind.DECIMAL)


Value = str | int | float | None
"""What a column can hold."""


@attrs.frozen
class Field:
    """One column of a resource, or of one of its associations."""

    name: str
    kind: Kind = Kind.TEXT
    default: Value = ""
    link: str = ""
    """The resource an identifier points at; XML shows it as ``xlink:href``."""
    links_zero: bool = False
    """XML shows the link even for 0 (``id_customization``)."""
    getter: bool = False
    """Computed by PrestaShop, so XML says ``notFilterable``."""
    read_only: bool = False
    """Cannot be written, so ``schema=blank`` leaves it out."""
    since: tuple[int, ...] = (0,)
    before: tuple[int, ...] = (99,)

    def is_in(self, profile: Profile) -> bool:
        """Whether the release has this field."""
        return self.since <= profile.release < self.before


@attrs.frozen
class Resource:
    """A resource of one release. ``name`` is also the table's name."""

    name: str
    singular: str
    description: str
    fields: tuple[Field, ...]
    rows: tuple[Field, ...] = ()
    """Fields of the association ``order_rows``."""
    has_groups: bool = False
    by_shop: bool = False
    """Lists are limited to the shops in scope."""
    natural_order: tuple[str, ...] = ("id",)
    """The order of a list that nobody sorted: that of the index MariaDB happens to read."""

    @property
    def by_name(self) -> dict[str, Field]:
        """The fields by their names."""
        return {field.name: field for field in self.fields}


def _integers(*names: str, default: Value = 0) -> list[Field]:
    return [Field(name, Kind.INTEGER, default) for name in names]


def _booleans(*names: str) -> list[Field]:
    return [Field(name, Kind.BOOLEAN, 0) for name in names]


def _texts(*names: str, default: Value = "") -> list[Field]:
    return [Field(name, Kind.TEXT, default) for name in names]


def _decimals(*names: str, default: Value = "0.000000") -> list[Field]:
    return [Field(name, Kind.DECIMAL, default) for name in names]


def _links(**targets: str) -> list[Field]:
    return [Field(name, Kind.INTEGER, 0, link=target) for name, target in targets.items()]


def _moments(*names: str, default: Value = "0000-00-00 00:00:00") -> list[Field]:
    return [Field(name, Kind.DATETIME, default) for name in names]


_DATES = _moments("date_add", "date_upd")

_ADDRESSES = [
    *_links(id_customer="customers", id_manufacturer="manufacturers", id_supplier="suppliers"),
    Field("id_warehouse", Kind.INTEGER, 0, link="warehouses", before=(8,)),
    *_links(id_country="countries", id_state="states"),
    Field("id_warehouse", Kind.INTEGER, 0, link="warehouses", since=(8,)),
    *_texts(
        "alias", "company", "lastname", "firstname", "vat_number", "address1", "address2", "postcode", "city"
    ),
    *_texts("other", "phone", "phone_mobile", "dni"),
    *_booleans("deleted"),
    *_DATES,
]
_COUNTRIES = [
    *_links(id_zone="zones", id_currency="currencies"),
    *_integers("call_prefix"),
    *_texts("iso_code"),
    *_booleans("active", "contains_states", "need_identification_number", "need_zip_code"),
    *_texts("zip_code_format"),
    *_booleans("display_tax_label"),
    Field("name", Kind.TRANSLATED, "{}"),
]
_CURRENCIES = [
    Field("names", Kind.TRANSLATED, "{}", since=(1, 7, 6, 6)),
    Field("name", getter=True, since=(1, 7)),
    Field("name", before=(1, 7)),
    Field("symbol", Kind.TRANSLATED, "{}", since=(1, 7, 6)),
    *_texts("iso_code"),
    Field("iso_code_num", before=(1, 7)),
    Field("numeric_iso_code", since=(1, 7, 6)),
    Field("blank", Kind.INTEGER, 1, before=(1, 7)),
    Field("sign", before=(1, 7)),
    Field("format", Kind.INTEGER, 2, before=(1, 7)),
    Field("decimals", Kind.BOOLEAN, 1, before=(1, 7)),
    Field("precision", Kind.INTEGER, 2, since=(1, 7, 6)),
    *_decimals("conversion_rate", default="1.000000"),
    *_booleans("deleted", "active"),
    Field("unofficial", Kind.BOOLEAN, 0, since=(1, 7, 7)),
    Field("modified", Kind.BOOLEAN, 0, since=(1, 7, 7)),
    Field("pattern", Kind.TRANSLATED, "{}", since=(1, 7, 7)),
]
_CUSTOMERS = [
    *_links(id_default_group="groups", id_lang="languages"),
    *_moments("newsletter_date_add", default=None),
    *_texts("ip_registration_newsletter"),
    Field("last_passwd_gen", Kind.DATETIME, "2020-01-01 00:00:00", read_only=True),
    Field("secure_key", read_only=True),
    *_booleans("deleted"),
    *_texts("passwd", "lastname", "firstname", "email"),
    *_integers("id_gender"),
    Field("birthday", Kind.DATE, None),
    *_booleans("newsletter", "optin"),
    *_texts("website", "company", "siret", "ape"),
    *_decimals("outstanding_allow_amount"),
    *_booleans("show_public_prices"),
    *_integers("id_risk"),
    *_integers("max_payment_days", default=60),
    *_booleans("active"),
    *_texts("note", default=None),
    *_booleans("is_guest"),
    *_integers("id_shop", "id_shop_group", default=1),
    *_DATES,
    Field("reset_password_token", Kind.TEXT, None, since=(1, 7)),
    Field("reset_password_validity", Kind.DATETIME, None, since=(1, 7)),
]
_ORDER_STATES = [
    *_booleans("unremovable", "delivery", "hidden", "send_email"),
    *_texts("module_name"),
    *_booleans("invoice"),
    *_texts("color"),
    *_booleans("logable", "shipped", "paid", "pdf_delivery", "pdf_invoice", "deleted"),
    Field("name", Kind.TRANSLATED, "{}"),
    Field("template", Kind.TRANSLATED, "{}"),
]
_ORDERS = [
    *_links(id_address_delivery="addresses", id_address_invoice="addresses", id_cart="carts"),
    *_links(id_currency="currencies", id_lang="languages", id_customer="customers", id_carrier="carriers"),
    *_links(current_state="order_states"),
    *_texts("module"),
    *_integers("invoice_number"),
    *_moments("invoice_date"),
    *_integers("delivery_number"),
    *_moments("delivery_date"),
    *_booleans("valid"),
    *_DATES,
    Field("shipping_number", getter=True),
    Field("note", Kind.TEXT, None, since=(1, 7, 8)),
    *_integers("id_shop_group", "id_shop", default=1),
    *_texts("secure_key", "payment"),
    *_booleans("recyclable", "gift"),
    *_texts("gift_message"),
    *_booleans("mobile_theme"),
    *_decimals("total_discounts", "total_discounts_tax_incl", "total_discounts_tax_excl"),
    *_decimals("total_paid", "total_paid_tax_incl", "total_paid_tax_excl", "total_paid_real"),
    *_decimals("total_products", "total_products_wt"),
    *_decimals("total_shipping", "total_shipping_tax_incl", "total_shipping_tax_excl"),
    *_decimals("carrier_tax_rate", default="0.000"),
    *_decimals("total_wrapping", "total_wrapping_tax_incl", "total_wrapping_tax_excl"),
    *_integers("round_mode", default=2),
    *_integers("round_type", default=1),
    *_decimals("conversion_rate", default="1.000000"),
    *_texts("reference"),
]
_ORDER_ROWS = [
    *_integers("id"),
    Field("product_id", Kind.INTEGER, 0, before=(1, 7)),
    Field("product_id", Kind.INTEGER, 0, link="products", since=(1, 7)),
    *_integers("product_attribute_id", "product_quantity"),
    *_texts("product_name", "product_reference", "product_ean13"),
    Field("product_isbn", Kind.TEXT, None, since=(1, 7)),
    *_texts("product_upc", default=None),
    *_decimals("product_price"),
    Field("id_customization", Kind.INTEGER, 0, link="customizations", links_zero=True, since=(1, 7, 6)),
    *_decimals("unit_price_tax_incl", "unit_price_tax_excl"),
]
_SHOPS = [
    *_links(id_shop_group="shop_groups"),
    *_integers("id_category", default=2),
    Field("id_theme", Kind.INTEGER, 1, before=(1, 7)),
    *_booleans("active", "deleted"),
    *_texts("name"),
    Field("color", since=(1, 7, 8)),
    Field("theme_name", Kind.TEXT, "classic", since=(1, 7)),
]


def _resources(profile: Profile) -> tuple[Resource, ...]:
    def of(fields: list[Field]) -> tuple[Field, ...]:
        return tuple(field for field in [Field("id", Kind.INTEGER, 0), *fields] if field.is_in(profile))

    owner = "Brand" if profile.since(1, 7) else "Manufacturer"
    return (
        Resource(
            "addresses",
            "address",
            f"The Customer, {owner} and Customer addresses",
            of(_ADDRESSES),
            natural_order=("id_customer", "id"),
        ),
        Resource("countries", "country", "The countries", of(_COUNTRIES)),
        Resource("currencies", "currency", "The currencies", of(_CURRENCIES)),
        Resource(
            "customers",
            "customer",
            "The e-shop's customers",
            of(_CUSTOMERS),
            has_groups=True,
            by_shop=True,
            natural_order=("id_shop", "date_add", "id"),
        ),
        Resource(
            "order_states",
            "order_state",
            "The Order statuses",
            of(_ORDER_STATES),
            natural_order=("module_name", "id"),
        ),
        Resource(
            "orders",
            "order",
            "The Customers orders",
            of(_ORDERS),
            rows=tuple(field for field in _ORDER_ROWS if field.is_in(profile)),
            by_shop=True,
            natural_order=("id_shop", "id"),
        ),
        Resource("shops", "shop", "Shops from multi-shop feature", of(_SHOPS)),
    )


@cache
def resources_of(version: str) -> dict[str, Resource]:
    """The seven resources of a version of ``PROFILES``, by their names."""
    return {resource.name: resource for resource in _resources(PROFILES[version])}

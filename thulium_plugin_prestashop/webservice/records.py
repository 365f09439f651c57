"""What one row of each of the seven resources holds, the same for every PrestaShop from 1.6.1 to 9.x.

Identifiers are the shop's own positive integers; ``0`` stands for "none" where a shop sends ``0`` or an empty
value. Texts are as the shop holds them, never ``None`` (a missing text is ``""``). Moments are naive wall-clock
times in the shop's own zone, as PrestaShop writes them; a zero date (``0000-00-00 00:00:00``) is ``None``.
Amounts are ``Decimal`` in the order's currency.

Fields that PrestaShop offers but that nobody here may see (``passwd``, ``secure_key``, ``reset_password_token``,
``last_passwd_gen``) have no place in these records, so they can be neither asked for nor stored.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

import attrs

Translated: TypeAlias = Mapping[int, str]
"""A text by the shop's language id. A shop that sends one plain string gives ``{0: text}``."""


@attrs.frozen
class Customer:
    """A registered customer or a guest; PrestaShop makes a new guest for every guest checkout."""

    id: int
    email: str
    firstname: str
    lastname: str
    company: str
    siret: str
    is_guest: bool
    active: bool
    deleted: bool
    id_shop: int
    id_lang: int
    date_add: datetime | None
    date_upd: datetime | None


@attrs.frozen
class Address:
    """A postal address. ``id_customer`` is 0 for those of suppliers and manufacturers."""

    id: int
    id_customer: int
    id_country: int
    alias: str
    company: str
    firstname: str
    lastname: str
    vat_number: str
    dni: str
    address1: str
    address2: str
    postcode: str
    city: str
    other: str
    phone: str
    phone_mobile: str
    deleted: bool
    date_add: datetime | None
    date_upd: datetime | None


@attrs.frozen
class OrderRow:
    """One product of an order as it was sold; ``id`` is PrestaShop's ``id_order_detail``."""

    id: int
    product_id: int
    product_attribute_id: int
    product_quantity: int
    product_name: str
    product_reference: str
    unit_price_tax_incl: Decimal
    unit_price_tax_excl: Decimal


@attrs.frozen
class Order:
    """An order with its rows. ``reference`` is shared by the orders split from one cart; ``id`` is the key."""

    id: int
    reference: str
    id_customer: int
    id_shop: int
    id_currency: int
    id_address_delivery: int
    id_address_invoice: int
    current_state: int
    module: str
    payment: str
    total_paid: Decimal
    total_paid_tax_incl: Decimal
    total_products_wt: Decimal
    total_shipping_tax_incl: Decimal
    total_discounts_tax_incl: Decimal
    shipping_number: str
    gift_message: str
    note: str
    valid: bool
    date_add: datetime | None
    date_upd: datetime | None
    rows: tuple[OrderRow, ...]


@attrs.frozen
class Currency:
    """A currency; only the ISO 4217 code is dependable over all versions."""

    id: int
    iso_code: str
    active: bool
    deleted: bool


@attrs.frozen
class Country:
    """A country with its ISO 3166-1 alpha-2 code and its name in the shop's languages."""

    id: int
    iso_code: str
    call_prefix: int
    active: bool
    name: Translated


@attrs.frozen
class OrderState:
    """A status an order can be in. Deleted ones are kept: old orders still point at them."""

    id: int
    color: str
    paid: bool
    shipped: bool
    delivery: bool
    hidden: bool
    deleted: bool
    name: Translated


@attrs.frozen
class Shop:
    """One shop of a (multi)store."""

    id: int
    id_shop_group: int
    name: str
    active: bool
    deleted: bool


Record: TypeAlias = Customer | Address | Order | Currency | Country | OrderState | Shop

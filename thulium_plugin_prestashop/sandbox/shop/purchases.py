"""Made-up orders with their rows, deterministic for a seed."""

# ruff: noqa: PLR2004 - shares and chances are numbers where they are used; a name for each would hide them

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import attrs

from thulium_plugin_prestashop.sandbox.shop.dates import Calendar
from thulium_plugin_prestashop.sandbox.shop.filters import ZERO_MOMENT
from thulium_plugin_prestashop.sandbox.shop.people import ENOUGH_FOR_CURIOSITIES, People
from thulium_plugin_prestashop.sandbox.shop.vocabulary import (
    CARRIER_PRICES,
    GIFT_MESSAGES,
    PAYMENTS,
    PRODUCTS,
    Product,
)

BULK_MOMENT = "2025-01-07 04:00:00"
"""Many orders carry this date of change."""
_FIRST_ORDER = 7
_FIRST_ROW = 1_001
_DAY = 86_400
_MICRO = 1_000_000
_CENT = 10_000
_VAT = 1.23
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_RATES = {1: _CENT, 2: 2_300}
"""Millionths of the currency for one grosz: zlotys, and euros at 0.23."""

_WITHOUT_ROWS = frozenset({2, 9})
_CURIOSITIES: dict[int, dict[str, Any]] = {
    5: {"id_customer": 0},
    6: {"id_customer": 999_999},
    8: {"gift": 1, "gift_message": "Sto lat! 🎁"},
    9: {"current_state": 0, "valid": 0, "shipping_number": ""},
    10: {"note": "Faktura ]]> na firmę"},
    11: {"current_state": 14},
}
"""Positions and what is odd there: nobody's order, a deleted customer's, one just being created, …"""


def _text(micro: int) -> str:
    return f"{micro // _MICRO}.{micro % _MICRO:06}"


def _round(micro: int) -> int:
    return (micro + _CENT // 2) // _CENT * _CENT


@attrs.frozen
class _Price:
    """A product's price in one currency: what an order row shows, and millionths to add up."""

    product: Product
    gross: str
    net: str
    gross_micro: int
    net_micro: int


def _price_list(rate: int) -> list[_Price]:
    prices = []
    for product in PRODUCTS:
        gross = product.price * rate
        net = round(gross / _VAT)
        prices.append(_Price(product, _text(gross), _text(net), gross, net))
    return prices


class Purchases:
    """Makes orders of people who exist."""

    def __init__(self, rng: random.Random, calendar: Calendar, people: People, count: int) -> None:
        """Prepare ``count`` orders."""
        self._rng = rng
        self._calendar = calendar
        self._people = people
        self._count = count
        self._prices = {currency: _price_list(rate) for currency, rate in _RATES.items()}
        self._rows: list[dict[str, Any]] = []
        self._last_row = _FIRST_ROW - 1

    def orders(self) -> Iterator[dict[str, Any]]:
        """Make the orders; after each batch, ``take_rows`` gives the rows that belong to them."""
        ident = _FIRST_ORDER - 1
        curious = self._count >= ENOUGH_FOR_CURIOSITIES
        for position in range(self._count):
            ident += 1 if self._rng.random() > 0.01 else 2  # now and then one was deleted
            order = self._order(ident, with_rows=not (curious and position in _WITHOUT_ROWS))
            if curious:
                order |= _CURIOSITIES.get(position, {})
                if position == 7:  # the hour that happened twice
                    order["date_add"] = order["date_upd"] = self._calendar.twice
            yield order

    def take_rows(self) -> list[dict[str, Any]]:
        """Hand over the order rows made so far."""
        taken, self._rows = self._rows, []
        return taken

    def _owner(self) -> tuple[int, int, int, int, int]:
        """Pick a customer: id, shop, age in seconds, delivery and invoice address."""
        people = self._people
        if not people.idents:
            return 0, 1, 30 * _DAY, 0, 0
        index = int(len(people.idents) * self._rng.random())
        first, count = people.first_address[index], people.address_counts[index]
        delivery = first + int(count * self._rng.random())
        return people.idents[index], people.shops[index], people.ages[index], delivery, first

    def _state(self, age: float, payment: str) -> int:
        draw = self._rng.random()
        if draw < 0.05:
            return self._rng.choice((6, 7, 8))
        if age < 3 * _DAY:
            return 10 if payment == "ps_wirepayment" else self._rng.choice((2, 3, 4, 11))
        if age < 10 * _DAY:
            return 4
        return 5 if draw < 0.95 else 9

    def _order(self, ident: int, *, with_rows: bool) -> dict[str, Any]:
        rng = self._rng
        customer, shop, customer_age, delivery, invoice = self._owner()
        age = int(customer_age * rng.random() ** 1.5)
        added = self._calendar.ago(age)
        changed = self._calendar.ago(max(0, age - rng.random() * 15 * _DAY))
        if rng.random() < 0.04 and added < BULK_MOMENT:
            changed = BULK_MOMENT
        nick = self._people.nicks.get(customer, "")
        module, payment = ("x13allegro", "Allegro Finance") if nick else rng.choice(PAYMENTS)
        state = self._state(age, module)
        currency = 2 if rng.random() < (0.7 if shop == 2 else 0.03) else 1  # the EU shop's share
        order: dict[str, Any] = {
            "id": ident,
            "id_address_delivery": delivery,
            "id_address_invoice": invoice,
            "id_cart": ident + 50,
            "id_currency": currency,
            "id_lang": 1,
            "id_customer": customer,
            "id_carrier": 2,
            "current_state": state,
            "module": module,
            "valid": int(state not in (6, 8, 10)),
            "date_add": added,
            "date_upd": max(added, changed),
            "shipping_number": f"{rng.randrange(10**23, 10**24)}"
            if state in (4, 5) and rng.random() < 0.7
            else "",
            "note": self._note(nick),
            "id_shop": shop,
            "secure_key": f"{rng.getrandbits(128):032x}",
            "payment": payment,
            "conversion_rate": "0.230000" if currency == 2 else "1.000000",  # euros
            "carrier_tax_rate": "23.000",
            "reference": "".join(rng.choices(_LETTERS, k=9)),
            "invoice_date": ZERO_MOMENT,
        }
        if state in (2, 3, 4, 5, 7, 11):
            order |= {"invoice_number": ident, "invoice_date": added}
        if rng.random() < 0.03:
            order |= {"gift": 1, "gift_message": rng.choice(GIFT_MESSAGES)}
        return order | self._totals(ident, currency, paid=bool(order["valid"]), with_rows=with_rows)

    def _note(self, nick: str) -> str | None:
        draw = self._rng.random()
        if nick and draw < 0.4:
            return f"Zamówienie Allegro {self._rng.getrandbits(48):012x}; kupujący: {nick}"
        return None if draw < 0.8 else ""

    def _totals(self, ident: int, currency: int, *, paid: bool, with_rows: bool) -> dict[str, Any]:
        rng = self._rng
        rate = _RATES[currency]
        gross = net = 0
        for price in (
            rng.choices(self._prices[currency], k=rng.choice((1, 2, 3, 3, 4, 5))) if with_rows else ()
        ):
            quantity = rng.choice((1, 1, 1, 2, 3, 10))
            gross += price.gross_micro * quantity
            net += price.net_micro * quantity
            self._last_row += 1
            product = price.product
            self._rows.append({
                "id": self._last_row,
                "id_order": ident,
                "product_id": product.ident,
                "product_attribute_id": product.attribute,
                "product_quantity": quantity,
                "product_name": product.name,
                "product_reference": product.reference,
                "product_ean13": product.ean13,
                "product_price": price.net,
                "unit_price_tax_incl": price.gross,
                "unit_price_tax_excl": price.net,
            })  # fmt: skip
        shipping = rng.choice(CARRIER_PRICES) * rate
        discount = 1_000 * rate if with_rows and rng.random() < 0.05 else 0
        gross, net, shipping, discount = _round(gross), _round(net), _round(shipping), _round(discount)
        shipping_net, discount_net = _round(round(shipping / _VAT)), _round(round(discount / _VAT))
        total = max(0, gross + shipping - discount)
        return {
            "total_discounts": _text(discount),
            "total_discounts_tax_incl": _text(discount),
            "total_discounts_tax_excl": _text(discount_net),
            "total_paid": _text(total),
            "total_paid_tax_incl": _text(total),
            "total_paid_tax_excl": _text(max(0, net + shipping_net - discount_net)),
            "total_paid_real": _text(total if paid else 0),
            "total_products": _text(net),
            "total_products_wt": _text(gross),
            "total_shipping": _text(shipping),
            "total_shipping_tax_incl": _text(shipping),
            "total_shipping_tax_excl": _text(shipping_net),
        }

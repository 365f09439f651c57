"""Amounts: from the mirror's whole millionths to an amount in its currency's own decimals, as the viewer reads it."""

import re
from decimal import ROUND_HALF_UP, Decimal

from babel import Locale
from babel.numbers import format_currency, get_currency_precision

from thulium_plugin_prestashop.contract.views import MoneyCell

_CODE_THEN_NUMBER = re.compile(r"(?<=[^\W\d_])(?=\d)")

UNKNOWN_CURRENCY = "XXX"
"""ISO 4217 for "no currency", used while the mirror does not know the currency that an order names."""


def from_micro(micro: int, currency: str) -> Decimal:
    """``61_800_000`` and ``"PLN"`` give ``Decimal("61.80")``; halves are rounded away from zero, as PrestaShop does.

    A currency that CLDR does not list has two decimals.
    """
    return quantise(Decimal(micro).scaleb(-6), currency)


def quantise(amount: Decimal, currency: str) -> Decimal:
    """``amount`` with exactly as many decimals as ``currency`` has."""
    unit = Decimal(1).scaleb(-get_currency_precision(currency))
    return amount.quantize(unit, rounding=ROUND_HALF_UP)


def money(amount: Decimal, currency: str, locale: Locale) -> MoneyCell:
    """The cell of an amount, quantised to the currency's decimals."""
    code = currency or UNKNOWN_CURRENCY
    rounded = quantise(amount, code)
    text = format_currency(rounded, code, locale=locale)
    # CLDR parts a code from a number that follows it (alphaNextToNumber); Babel does not.
    return MoneyCell(amount=rounded, currency=code, text=_CODE_THEN_NUMBER.sub("\xa0", text))

"""Values compared the way the CRM's people would: e-mails case-folded, phones in E.164, numbers as numbers."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import cache

import phonenumbers
from babel import Locale

from thulium_plugin_prestashop.contract.forms import CustomFieldType


def email_key(email: str) -> str:
    """What two spellings of one e-mail have in common."""
    return email.strip().casefold()


def phone_key(phone: str, country: str) -> str:
    """E.164, reading a number without prefix in ``country``; digits alone where it is no valid number."""
    try:
        number = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:
        return "".join(character for character in phone if character.isdigit())
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def same_value(one: str, other: str, kind: CustomFieldType) -> bool:
    """Whether two spellings of a custom field's value are the same value."""
    if kind is CustomFieldType.NUMERIC:
        left, right = _number(one), _number(other)
        if left is not None and right is not None:
            return left == right
    if kind is CustomFieldType.DATE:
        # Samples show dates without and with a time (`YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS`).
        return one.strip()[:10] == other.strip()[:10]
    return one.strip() == other.strip()


def to_wire(value: str, kind: CustomFieldType) -> str | int:
    """A custom field's value as it is sent: whole numbers as JSON numbers, as the API's own samples do."""
    if kind is CustomFieldType.NUMERIC and value.strip().lstrip("-").isdecimal():
        return int(value)
    return value


def country_name(code: str, locale: str) -> str:
    """A country's name for the card: ``"PL"`` → ``"Polska"``; ``""`` for an unknown code."""
    return str(Locale.parse(locale).territories.get(code.upper(), "")) if code else ""


def country_code(name: str) -> str:
    """The code for a country's name in Polish or English, or for a code; ``""`` when it is neither."""
    return _codes().get(name.strip().casefold(), "")


@cache
def _codes() -> Mapping[str, str]:
    codes: dict[str, str] = {}
    for locale in ("en", "pl"):
        for code, name in Locale(locale).territories.items():
            if len(code) == 2 and code.isalpha():  # noqa: PLR2004 - ISO 3166-1 alpha-2; longer ones are regions
                codes[str(name).casefold()] = code
                codes[code.casefold()] = code
    return codes


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None

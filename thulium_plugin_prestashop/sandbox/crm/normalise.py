"""How names, e-mails, phones and field values are compared and kept."""

import re
import unicodedata
from datetime import date
from decimal import Decimal
from functools import lru_cache

import phonenumbers

from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.sandbox.crm.errors import CrmError

HOME_REGION = "PL"
VALUE_LIMIT = 4000
SHORTEST_PHONE = 5

E164 = re.compile(r"\+[1-9]\d{6,14}")
PHONE_QUERY = re.compile(r"[+(]?[\d\s().+/-]{5,}")
NUMBER = re.compile(r"[+-]?\d{1,30}([.,]\d{1,30})?")
# Letters that Unicode does not decompose into a base letter and a mark.
STROKES = str.maketrans({"ł": "l", "đ": "d", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i"})


def fold(text: str) -> str:
    """Case-folded, without diacritics, spaces single: ``Łódź`` is found as ``lodz``."""
    # Compatibility forms may only become capitals when they are decomposed.
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join(
        "".join(char for char in plain if not unicodedata.combining(char)).translate(STROKES).split()
    )


def email_key(email: str) -> str:
    """What two spellings of one e-mail have in common."""
    return email.strip().casefold()


def phone_key(number: str) -> str:
    """E.164 if it is a phone number (without a prefix: a Polish one), otherwise its digits, otherwise its text."""
    compact = number.strip()
    # Plugins send E.164 already; parsing costs 100 µs a number.
    return compact if E164.fullmatch(compact) else _parsed(compact)


@lru_cache(maxsize=4096)
def _parsed(number: str) -> str:
    try:
        parsed = phonenumbers.parse(number, HOME_REGION)
    except phonenumbers.NumberParseException:
        return _digits(number) or number.casefold()
    if not phonenumbers.is_possible_number(parsed):
        return _digits(number) or number.casefold()
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def phone_query(text: str) -> str | None:
    """The digits to look for when ``text`` looks like a phone number or a part of one, otherwise ``None``."""
    text = text.strip()
    if not PHONE_QUERY.fullmatch(text) or len(_digits(text)) < SHORTEST_PHONE:
        return None
    key = phone_key(text)
    return key.removeprefix("+") if text.startswith(("+", "00")) else _digits(text).removeprefix("0")


def _digits(text: str) -> str:
    return "".join(char for char in text if char in "0123456789")


def field_value(name: str, kind: CustomFieldType, value: str) -> str:
    """The value as it is kept and compared. Raises :class:`CrmError` if it does not fit the field's type."""
    value = value.strip()
    if len(value) > VALUE_LIMIT:
        raise CrmError("field.value_long", field=name, name=name, limit=VALUE_LIMIT)
    if kind is CustomFieldType.NUMERIC and value:
        return _number(name, value)
    if kind is CustomFieldType.DATE and value:
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            raise CrmError("field.not_date", field=name, name=name, value=value) from None
    return value


def _number(name: str, value: str) -> str:
    compact = "".join(value.split())
    # Within 30 digits on each side Decimal takes every such text, exactly.
    if not NUMBER.fullmatch(compact) or not compact.isascii():
        raise CrmError("field.not_numeric", field=name, name=name, value=value)
    number = Decimal(compact.replace(",", "."))
    # 7, 7.0 and +7 are one number, written without exponent: the value is a key.
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text

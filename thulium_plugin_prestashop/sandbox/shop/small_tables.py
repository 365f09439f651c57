"""The tables every demo shop has the same: shops, currencies, countries and order states."""

import json
from collections.abc import Iterator, Mapping

from thulium_plugin_prestashop.sandbox.shop.tables import Value
from thulium_plugin_prestashop.sandbox.shop.vocabulary import COUNTRIES, STATES

_FLAGS = {
    "u": "unremovable",
    "d": "delivery",
    "m": "send_email",
    "i": "invoice",
    "l": "logable",
    "s": "shipped",
    "p": "paid",
    "x": "deleted",
}

SmallRow = Mapping[str, Value]


def translated(polish: str, english: str) -> str:
    """A text in the shop's two languages, as the database keeps it."""
    return json.dumps({"1": polish, "2": english}, ensure_ascii=False)


def shops(*, multistore: bool) -> Iterator[SmallRow]:
    """One shop, or two of one group."""
    yield {"id": 1, "id_shop_group": 1, "active": 1, "name": "Sklep"}
    if multistore:
        yield {"id": 2, "id_shop_group": 1, "active": 1, "name": "Sklep EU"}


def currencies() -> Iterator[SmallRow]:
    """Zlotys and euros."""
    for ident, code, numeric, sign, name, rate in (
        (1, "PLN", "985", "zł", "Złoty polski", "1.000000"),
        (2, "EUR", "978", "€", "Euro", "0.230000"),
    ):
        yield {
            "id": ident,
            "names": translated(name, name),
            "name": name,
            "symbol": translated(sign, sign),
            "iso_code": code,
            "iso_code_num": numeric,
            "numeric_iso_code": numeric,
            "sign": sign,
            "conversion_rate": rate,
            "active": 1,
            "pattern": translated("", ""),
        }


def countries() -> Iterator[SmallRow]:
    """Poland, its neighbours and some more."""
    for ident, code, prefix, polish, english in COUNTRIES:
        yield {
            "id": ident,
            "id_zone": 1,
            "call_prefix": prefix,
            "iso_code": code,
            "active": int(code in ("DE", "FR", "PL", "CZ")),
            "need_zip_code": 1,
            "zip_code_format": "NN-NNN" if code == "PL" else "NNNNN",
            "display_tax_label": 1,
            "name": translated(polish, english),
        }


def order_states() -> Iterator[SmallRow]:
    """PrestaShop's own states with its colours, and a deleted one that old orders still point at."""
    for state in STATES:
        yield {
            "id": state.ident,
            **{column: int(letter in state.flags) for letter, column in _FLAGS.items()},
            "module_name": state.module,
            "color": state.color,
            "name": translated(state.polish, state.english),
            "template": translated(state.template, state.template),
        }

"""Messages by key in Polish and English, read from TOML files (``en/*.toml``, ``pl/*.toml``); CLDR's plural forms.

A message is a text with ``{placeholders}``, or a table of plural categories chosen by ``count``::

    [orders]
    empty = "No orders yet."
    found = { one = "{count} order", other = "{count} orders" }

gives the keys ``orders.empty`` and ``orders.found``.
"""

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from typing import Any

import attrs
from babel import Locale

from thulium_plugin_prestashop.contract.text import LocalizedText

PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})

Message = str | Mapping[str, str]


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Message]]:
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, str) or set(value) <= PLURALS:
            yield key, value
        else:
            yield from _flatten(value, f"{key}.")


def _read(folder: Traversable) -> Iterator[tuple[str, Message]]:
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            yield from _flatten(tomllib.loads(file.read_text(encoding="utf-8")))


@attrs.frozen
class Catalogue:
    """All messages of one part of the program, in both languages."""

    messages: Mapping[str, Mapping[str, Message]]
    """Locale to key to message."""

    @classmethod
    def read(cls, folder: Traversable) -> "Catalogue":
        """Read ``en/*.toml`` and ``pl/*.toml`` in ``folder``; files only divide the work, keys are of one space."""
        return cls({locale: dict(_read(folder / locale)) for locale in ("en", "pl")})

    def phrase(self, locale: str, key: str, **values: object) -> str:
        """The message in one language. Raises ``KeyError`` for an unknown key or a missing value."""
        language = "pl" if locale.lower().startswith("pl") else "en"
        message = self.messages[language][key]
        if not isinstance(message, str):
            count = values["count"]
            if not isinstance(count, int):
                raise TypeError(f"{key}: count must be a whole number")
            message = message.get(Locale(language).plural_form(count)) or message["other"]
        return message.format_map(values)

    def text(self, key: str, **values: object) -> LocalizedText:
        """The message in both languages."""
        return LocalizedText(en=self.phrase("en", key, **values), pl=self.phrase("pl", key, **values))

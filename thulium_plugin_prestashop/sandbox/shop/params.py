"""A query string as PHP reads it: the last of equal names counts, ``filter[id]`` makes a dictionary."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

import attrs

_FILTER = re.compile(r"^filter\[([^\]]*)\](.*)$", re.DOTALL)


@attrs.frozen
class Params:
    """Decoded parameters. ``arrays`` names those sent as ``name[]``, which PrestaShop does not expect."""

    plain: Mapping[str, str]
    filters: Mapping[str, str]
    arrays: frozenset[str]
    ordered: tuple[tuple[str, str], ...]
    """All of them in the order sent, for redirects, which repeat the whole query."""

    @classmethod
    def parse(cls, query: str) -> "Params":
        """Read a raw query string (without ``?``)."""
        pairs = tuple(parse_qsl(query, keep_blank_values=True, encoding="utf-8", errors="replace"))
        plain: dict[str, str] = {}
        filters: dict[str, str] = {}
        arrays: set[str] = set()
        for name, value in pairs:
            if match := _FILTER.match(name):
                if match[2]:
                    arrays.add("filter")
                else:
                    filters[match[1]] = value
            elif "[" in name:
                arrays.add(name.partition("[")[0])
            else:
                plain[name] = value
        return cls(plain, filters, frozenset(arrays), pairs)

    def get(self, name: str) -> str | None:
        """Return a parameter, or None where it was not sent."""
        return self.plain.get(name)

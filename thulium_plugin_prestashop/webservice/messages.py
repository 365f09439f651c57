"""What to tell people about an error or a finding: one table from key to sentence and where to click.

The sentences stand in ``messages.toml`` beside this file. What comes out is plain data: the host shows ``text`` and
``hint`` in the language of whoever reads it.
"""

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final, Literal, TypeAlias

import attrs

from thulium_plugin_prestashop.transport.errors import Param, RemoteError

Severity: TypeAlias = Literal["error", "warning", "info"]

LANGUAGES: Final = ("pl", "en")
_UNKNOWN: Final = "internal.unknown"
# Read once, at import: never while the host's event loop waits.
_DATA: Final[Mapping[str, Mapping[str, Any]]] = tomllib.loads(
    resources.files(__package__).joinpath("messages.toml").read_text("utf-8")
)
KEYS: Final = frozenset(_DATA["messages"])
"""Every key that has a sentence of its own."""


@attrs.frozen
class Explanation:
    """One finding in words: ``text`` says what is wrong, ``hint`` what to do and where; by language (pl, en)."""

    key: str
    severity: Severity
    text: Mapping[str, str]
    hint: Mapping[str, str]
    passing: bool = False
    """Whether time alone may mend it; otherwise somebody must act."""


class _Params(dict[str, object]):
    """Parameters of a sentence; one that is missing shows as an ellipsis instead of failing."""

    def __missing__(self, name: str) -> str:
        return "…"


def describe(error_or_key: RemoteError | str, params: Mapping[str, Param] | None = None) -> Explanation:
    """The explanation of an error, or of a finding's key with its parameters.

    A key without an entry gets a general sentence that quotes it. With an ``id`` among the parameters it speaks of
    that record alone.
    """
    if isinstance(error_or_key, RemoteError):
        key, found = error_or_key.key, {**error_or_key.params, **(params or {})}
        if error_or_key.retry_after is not None:
            found.setdefault("seconds", round(error_or_key.retry_after))
    else:
        key, found = error_or_key, dict(params or {})
    message = _DATA["messages"].get(key) or _DATA["messages"][_UNKNOWN]
    consequences = _DATA["consequences"].get(str(found.get("resource", "")), {})
    text, hint = {}, {}
    for language in LANGUAGES:
        values = _Params({**found, "key": key, "consequence": consequences.get(language, "")})
        sentence = message.get(f"hint_{language}") or _DATA["hints"][message["hint"]][language]
        said = message.get(f"row_{language}") if "id" in found else None
        text[language] = (said or message[language]).format_map(values).strip()
        hint[language] = sentence.format_map(values).strip()
    return Explanation(key, message["severity"], text, hint, passing=message.get("hint") == "later")

"""What Thulium's documentation leaves open about its API, as values that are learned or unknown.

Nothing depends on a guess. Each value has a way to live without it, given beside it, so an unknown one makes the
bridge slower or more reserved, never wrong.
"""

from enum import Enum
from typing import Any

import attrs


class Lists(Enum):
    """What a PUT does with the e-mails or phones that it is given."""

    UNKNOWN = "unknown"
    """Then a PUT carries the union of what is there and what is new, and only if all that is there can be seen:
    the union is right whether it replaces or extends."""
    REPLACES = "replaces"
    """The union, again, and again only if all that is there can be seen."""
    EXTENDS = "extends"
    """Only what is new, whether the rest can be seen or not."""


@attrs.frozen
class Behaviour:
    """How this system's API behaves; ``None`` is unknown."""

    email_filter_exact: bool | None = None
    """Whether ``?email=`` gives only cards with exactly that e-mail. Matches that can be seen are verified anyway;
    it decides only about cards whose e-mails are not all shown."""
    email_filter_ignores_case: bool | None = None
    """If not known to: an address is asked for in two spellings, and odd ones are looked for in a list."""
    email_filter_searches_all: bool | None = None
    """Whether the filter looks at all e-mails of a card, or at its first one only. If not known to look at all, the
    others are looked for in a list too, as far as they are shown."""
    shows_all_emails: bool | None = None
    """Whether the one e-mail of a card's answer may hide others (``False``) or was the only one."""
    lists: Lists = Lists.UNKNOWN

    def to_json(self) -> dict[str, Any]:
        """For the ledger."""
        return {**attrs.asdict(self), "lists": self.lists.value}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Behaviour":
        """From the ledger; what an older version did not store stays unknown."""
        known = {field.name for field in attrs.fields(cls)}
        values = {name: value for name, value in stored.items() if name in known}
        return cls(**{**values, "lists": Lists(values.get("lists", "unknown"))})

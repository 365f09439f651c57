"""Problems: what an administrator should know and do, gone once it is fixed."""

from enum import Enum
from typing import Protocol

import attrs

from thulium_plugin_prestashop.contract.text import LocalizedText


class Severity(Enum):
    """How much it matters: an error stops something, a warning loses something, information only tells."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@attrs.frozen
class Problem:
    """One notice. Raising it again with the same integration and key replaces it."""

    integration: str
    key: str
    """Stable, such as ``"key.revoked"``."""
    severity: Severity
    message: LocalizedText
    what_to_do: LocalizedText


class Problems(Protocol):
    """Where a plugin raises problems, and says that they are gone."""

    async def raise_problem(self, problem: Problem) -> None:
        """Show the problem, or refresh it."""
        ...

    async def resolve(self, integration: str, key: str) -> None:
        """Take the problem away; nothing happens if it is not there."""
        ...

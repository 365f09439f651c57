"""What an administrator decided about one shop, as far as a run needs it."""

from datetime import date
from re import Pattern
from typing import Literal
from zoneinfo import ZoneInfo

import attrs


@attrs.frozen
class SyncSettings:
    """Settings of one integration."""

    id_field: str
    """Numeric custom field of the host that holds the shop's customer id."""
    time_zone: ZoneInfo
    """The shop's; its dates carry none."""
    name: str = "PrestaShop"
    """The integration's name, for messages."""
    shops: frozenset[int] = frozenset()
    """Chosen shops of a multistore; empty is all active ones."""
    since: date | None = None
    """Orders placed before this day (in the shop's zone) are left out."""
    guests: bool = True
    """Whether a guest nobody knows yet becomes a new card. Their orders are read in any case."""
    existing_customers: Literal["fill", "never"] = "fill"
    """Existing cards: fill what is empty and add e-mails and phones, or write nothing but the shop's id."""
    login_pattern: Pattern[str] | None = None
    """Where else the marketplace login may stand; the first group is the login."""

    def fingerprint(self, login_field: str | None) -> dict[str, object]:
        """What of the settings the mirror's content depends on, JSON-ready, to notice changes."""
        return {
            "time_zone": self.time_zone.key,
            "shops": sorted(self.shops),
            "since": self.since.isoformat() if self.since else None,
            "id_field": self.id_field,
            "guests": self.guests,
            "existing_customers": self.existing_customers,
            "login_pattern": self.login_pattern.pattern if self.login_pattern else None,
            "login_field": login_field,
        }

"""Why what is shown may be old or incomplete, in words an agent can act on."""

from datetime import UTC, datetime, timedelta

import attrs

from thulium_plugin_prestashop.agent.reader import Reader
from thulium_plugin_prestashop.contract.problems import Severity
from thulium_plugin_prestashop.contract.views import Notice
from thulium_plugin_prestashop.mirror.reads import Freshness

STALE_AFTER = timedelta(hours=2)
"""Four missed turns of the periodic task."""

_REASONS = (
    ("auth.", "access"),
    ("permission.", "access"),
    ("webservice.", "access"),
    ("address.", "access"),
    ("host.", "crm"),
    ("net.", "unreachable"),
    ("server.", "unreachable"),
    ("time.", "unreachable"),
    ("circuit.", "unreachable"),
)
"""Beginning of the error's key, and what it means to an agent; anything else is ``other``."""


@attrs.frozen
class Age:
    """How fresh what is shown is: the mirror's word, and the moment this customer alone was refreshed (epoch s)."""

    freshness: Freshness
    refreshed: int | None = None

    @property
    def as_of(self) -> int | None:
        """The later of the two, or ``None`` before the first import has ended."""
        known = [at for at in (self.freshness.last_success, self.refreshed) if at is not None]
        return max(known, default=None)

    @property
    def failed(self) -> bool:
        """Whether the newest finished run failed."""
        return self.freshness.outcome == "failed"


def notices(age: Age, reader: Reader) -> tuple[Notice, ...]:
    """At most one sentence: the reason of a failure is worth more than that data is old."""
    if age.failed:
        reason = next(
            (reason for prefix, reason in _REASONS if age.freshness.error.startswith(prefix)), "other"
        )
        return (Notice(Severity.WARNING, reader.phrase(f"notice.{reason}")),)
    if age.freshness.last_success is None:
        return (Notice(Severity.INFO, reader.phrase("notice.first_import")),)
    if age.as_of is not None and reader.now - datetime.fromtimestamp(age.as_of, UTC) > STALE_AFTER:
        return (Notice(Severity.WARNING, reader.phrase("notice.stale")),)
    return ()

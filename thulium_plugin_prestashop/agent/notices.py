"""Why what is shown may be old or incomplete, in words an agent can act on."""

import re
from datetime import UTC, datetime, timedelta

import attrs

from thulium_plugin_prestashop.agent.reader import Reader
from thulium_plugin_prestashop.contract.problems import Severity
from thulium_plugin_prestashop.contract.views import Notice
from thulium_plugin_prestashop.mirror.overview import Freshness

STALE_AFTER = timedelta(hours=2)
"""Four missed turns of the periodic task."""

_ACCESS = re.compile(
    r"auth\.|address\.|net\.(?:tls|blocked|bad_address)|shop\.(?:webservice_off|blocked|hosting|unknown_scope)"
)
_UNREACHABLE = re.compile(r"net\.|circuit\.|shop\.|answer\.(?:empty|truncated|not_http)")
_HOST = re.compile(r"host\.")


def reason(error: str) -> str:
    """What the stable key of a run's error means to an agent: ``access``, ``unreachable``, ``crm`` or ``other``."""
    kinds = ((_ACCESS, "access"), (_UNREACHABLE, "unreachable"), (_HOST, "crm"))
    return next((kind for pattern, kind in kinds if pattern.match(error)), "other")


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
        return (Notice(Severity.WARNING, reader.phrase(f"notice.{reason(age.freshness.error)}")),)
    if age.freshness.last_success is None:
        return (Notice(Severity.INFO, reader.phrase("notice.first_import")),)
    if age.as_of is not None and reader.now - datetime.fromtimestamp(age.as_of, UTC) > STALE_AFTER:
        return (Notice(Severity.WARNING, reader.phrase("notice.stale")),)
    return ()

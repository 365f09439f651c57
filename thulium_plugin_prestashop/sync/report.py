"""What a run did, in figures and in one sentence."""

from collections import Counter
from datetime import timedelta
from typing import Any, Final

import attrs

from thulium_plugin_prestashop.contract.tasks import Progress, RunResult
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.transport.errors import AdministratorMustAct, RemoteError
from thulium_plugin_prestashop.webservice.pages import SetAside

PAGED: Final = frozenset({"customers", "addresses", "orders"})


@attrs.define
class SyncReport:
    """One run, complete once :func:`.run.run_sync` has returned."""

    mode: str = "incremental"
    """``first`` until every resource has been imported once, then ``incremental``."""
    ok: bool = True
    error: RemoteError | None = None
    """What ended the run or kept it from a resource; the problem an administrator should see."""
    unavailable: dict[str, RemoteError] = attrs.field(factory=dict)
    """Resources that could not be read, and why; the others were."""
    host_message: LocalizedText | None = None
    """What the host said when it could do nothing at all."""
    retry_after: float | None = None
    customers_read: int = 0
    customers_unchanged: int = 0
    cards_created: int = 0
    cards_updated: int = 0
    addresses_read: int = 0
    orders_read: int = 0
    orders_stored: int = 0
    orders_unchanged: int = 0
    orders_removed: int = 0
    customers_removed: int = 0
    addresses_removed: int = 0
    rows_stored: int = 0
    """Rows of customers, addresses and orders that were new or changed."""
    set_aside: list[SetAside] = attrs.field(factory=list)
    """The first hundred of this run."""
    set_aside_count: int = 0
    conflicts: int = 0
    rejected: dict[int, LocalizedText] = attrs.field(factory=dict)
    """What the host refused to write, by the shop's customer id."""
    bases: Counter[str] = attrs.field(factory=Counter)
    """How customers were matched."""
    implausible: dict[str, int] = attrs.field(factory=dict)
    """Resources with so many vanished rows that none was removed, with how many."""
    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0
    retries: int = 0
    repaired: int = 0
    swept: bool = False

    def note(self, resource: str, error: RemoteError) -> None:
        """Something could not be read; ``resource`` is what, ``""`` when it is no resource of its own."""
        self.ok = False
        if resource:
            self.unavailable[resource] = error
        # What an administrator must do comes before what time will heal.
        if self.error is None or (
            isinstance(error, AdministratorMustAct) and not isinstance(self.error, AdministratorMustAct)
        ):
            self.error = error
        if error.retry_after is not None:
            self.retry_after = max(self.retry_after or 0.0, error.retry_after)

    @property
    def problem(self) -> str:
        """Stable key of what an administrator should know, ``""`` when all is well."""
        if self.error is not None:
            return self.error.key
        if self.host_message is not None:
            return "host.unavailable"
        return "sweep.implausible" if self.implausible else ""

    @property
    def message(self) -> LocalizedText:
        """How it went, in a sentence or two."""
        if self.host_message is not None:
            return self.host_message
        if self.error is not None and self.unavailable and not self.unavailable.keys() >= PAGED:
            return MESSAGES.text("sync.partly", resources=", ".join(sorted(self.unavailable)))
        if self.error is not None:
            return MESSAGES.text("sync.failed")
        aside = MESSAGES.text("sync.set_aside", count=self.set_aside_count)
        if not (self.rows_stored or self.orders_removed):
            return aside if self.set_aside_count else MESSAGES.text("sync.nothing_new")
        done = MESSAGES.text(
            "sync.done", orders=self.orders_stored, created=self.cards_created, updated=self.cards_updated
        )
        if not self.set_aside_count:
            return done
        return LocalizedText(en=f"{done.en} {aside.en}", pl=f"{done.pl} {aside.pl}")

    def as_json(self) -> dict[str, Any]:
        """The shape that the command line prints and other programs rely on."""
        return {
            "ok": self.ok,
            "mode": self.mode,
            "customers": {
                "read": self.customers_read,
                "created": self.cards_created,
                "updated": self.cards_updated,
                "unchanged": self.customers_unchanged,
            },
            "orders": {
                "read": self.orders_read,
                "stored": self.orders_stored,
                "unchanged": self.orders_unchanged,
                "removed": self.orders_removed,
            },
            "set_aside": [
                {"resource": entry.resource, "id": entry.id, "reason": entry.reason}
                for entry in self.set_aside
            ],
            "requests": self.requests,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
            "addresses": {"read": self.addresses_read},
            "conflicts": self.conflicts,
            "rejected": len(self.rejected),
            "repaired": self.repaired,
            "retries": self.retries,
            "problem": self.problem,
        }

    def figures(self) -> dict[str, int | float | str]:
        """For the run log."""
        return {
            "mode": self.mode,
            "customers_read": self.customers_read,
            "customers_unchanged": self.customers_unchanged,
            "cards_created": self.cards_created,
            "cards_updated": self.cards_updated,
            "addresses_read": self.addresses_read,
            "orders_read": self.orders_read,
            "orders_stored": self.orders_stored,
            "orders_unchanged": self.orders_unchanged,
            "orders_removed": self.orders_removed,
            "set_aside": self.set_aside_count,
            "conflicts": self.conflicts,
            "rejected": len(self.rejected),
            "repaired": self.repaired,
            "retries": self.retries,
            "requests": self.requests,
            "bytes": self.bytes,
            "seconds": round(self.seconds, 3),
            "problem": self.problem,
        }

    def result(self) -> RunResult:
        """For the host."""
        return RunResult(
            ok=self.ok,
            message=self.message,
            figures=self.figures(),
            retry_in=timedelta(seconds=self.retry_after) if self.retry_after else None,
        )


def progress(phase: str, done: int, total: int | None) -> Progress:
    """How far a phase is: ``preparing``, ``customers``, ``addresses``, ``orders``, ``sweep``, ``cards``."""
    return Progress(phase, MESSAGES.text(f"sync.phase.{phase}"), done, total)

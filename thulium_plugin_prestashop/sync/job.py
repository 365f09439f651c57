"""What one run is given, and what its parts share while it runs."""

from collections.abc import Callable
from datetime import datetime, time
from time import monotonic
from typing import Any, Final

import attrs

from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.tasks import ReportProgress, Trigger
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.state import ShopState
from thulium_plugin_prestashop.sync.cursor import Clocks
from thulium_plugin_prestashop.sync.idset import IdSet
from thulium_plugin_prestashop.sync.report import SyncReport, progress
from thulium_plugin_prestashop.sync.settings import SyncSettings
from thulium_plugin_prestashop.webservice.client import WebserviceClient
from thulium_plugin_prestashop.webservice.query import (
    ADDRESSES,
    DEFAULT_SCOPE,
    ORDERS,
    Scope,
    UpdatedBetween,
)
from thulium_plugin_prestashop.webservice.resources import Resource

LATEST: Final = datetime(2199, 12, 31)  # noqa: DTZ001 - a shop's naive time that none reaches


@attrs.frozen
class SyncJob:
    """One run of one integration."""

    integration: str
    client: WebserviceClient
    mirror: Mirror
    host: HostContext
    settings: SyncSettings
    trigger: Trigger = Trigger.SCHEDULE
    sweep: bool | None = None
    """Compare all ids with the shop's: yes, no, or when it is due (nightly)."""
    accept_removals: bool = False
    """Follow vanished rows however many they are: somebody has looked."""


@attrs.define
class Working:
    """What the parts of a run share."""

    job: SyncJob
    tell: ReportProgress
    state: ShopState
    report: SyncReport = attrs.field(factory=SyncReport)
    scopes: tuple[Scope, ...] = (DEFAULT_SCOPE,)
    """Which shops of a multistore are asked, one after the other."""
    shops: frozenset[int] | None = None
    """Ids of the shops whose rows are wanted; ``None`` for all."""
    clocks: Clocks | None = None
    """The shop's clock and the host's at the beginning of this run, once the shop has told."""
    aside: set[tuple[str, str]] = attrs.field(factory=set)
    """Records that are set aside at present, as (resource, id)."""
    owners: IdSet = attrs.field(factory=IdSet)
    """Customers named by rows stored in this run, which must be in the mirror when it ends."""
    order_addresses: IdSet = attrs.field(factory=IdSet)
    """Addresses named by orders stored in this run, likewise."""
    named: dict[str, set[int]] = attrs.field(factory=dict)
    """Ids of small tables that rows stored in this run name, by table."""
    monotonic: Callable[[], float] = monotonic

    @property
    def integration(self) -> str:
        """Id of the integration."""
        return self.job.integration

    @property
    def client(self) -> WebserviceClient:
        """The shop."""
        return self.job.client

    @property
    def mirror(self) -> Mirror:
        """The database."""
        return self.job.mirror

    @property
    def settings(self) -> SyncSettings:
        """What the administrator decided."""
        return self.job.settings

    def within(self, resource: Resource[Any]) -> tuple[UpdatedBetween, ...]:
        """The condition that spares listing orders older than the settings want: one placed since a day has not
        changed before that day. Ids do not tell, because orders that were brought over from another shop get new
        ids with their old dates.
        """
        if resource is not ORDERS or self.settings.since is None:
            return ()
        return (UpdatedBetween(datetime.combine(self.settings.since, time.min), LATEST),)

    def scopes_of(self, resource: Resource[Any]) -> tuple[Scope, ...]:
        """Where to ask for rows of ``resource``: a row is in one of these scopes. Addresses are not divided by shop."""
        return (DEFAULT_SCOPE,) if resource is ADDRESSES else self.scopes

    def now(self) -> int:
        """The host's clock, epoch seconds."""
        return int(self.job.host.clock.now().timestamp())

    def progress(self, phase: str, done: int, total: int | None = None) -> None:
        """Tell how far a phase is."""
        self.tell(progress(phase, done, total))

"""What a host hands to a plugin: everything the plugin may reach of the world outside."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import attrs

from thulium_plugin_prestashop.contract.customers import Customers, CustomFields
from thulium_plugin_prestashop.contract.orders import OrderSink
from thulium_plugin_prestashop.contract.problems import Problems

T = TypeVar("T")


class Clock(Protocol):
    """The host's clock; a test's clock moves when it is told to."""

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        ...


class Secrets(Protocol):
    """Where API keys are kept, by handle. What is stored never appears in a form, a log or a diagnostics file."""

    async def get(self, handle: str) -> str | None:
        """The secret, or ``None`` when there is none."""
        ...

    async def put(self, handle: str, secret: str) -> None:
        """Store or replace it."""
        ...

    async def delete(self, handle: str) -> None:
        """Forget it; nothing happens if it is not there."""
        ...


class Spawner(Protocol):
    """Starts tasks that belong to the host: named, cancelled at stop, their failure logged."""

    def spawn(self, name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run ``work`` in the background."""
        ...


@attrs.frozen
class Egress:
    """Where the plugin may connect to. Private, loopback and link-local addresses are refused unless allowed."""

    allow_private: bool = False
    allowed_hosts: frozenset[str] = frozenset()
    """Host names or addresses that are allowed even though they are private."""


@attrs.frozen
class AllegroIntegration:
    """The host's own Allegro integration, if it runs: where it keeps the buyer's login."""

    login_field: str | None
    """Name of the text field for the Allegro login, if the administrator has named one."""


class Allegro(Protocol):
    """Tells whether the host's Allegro integration runs."""

    async def integration(self) -> AllegroIntegration | None:
        """The integration, or ``None`` when it does not run."""
        ...


class RunningIntegration(Protocol):
    """What a host knows of any running integration; see :class:`.integration.Integration` for all of it."""

    @property
    def id(self) -> str:
        """The id the host gave it."""
        ...

    @property
    def type(self) -> str:
        """Id of its integration type."""
        ...


class Integrations(Protocol):
    """The integrations that run in this host."""

    def running(self, type_id: str) -> tuple[RunningIntegration, ...]:
        """Those of one type, oldest first."""
        ...

    def fields_in_use(self, *, except_integration: str | None = None) -> dict[str, str]:
        """ID fields claimed by any configured integration (running or not): field name to integration name."""
        ...


@attrs.frozen
class HostContext:
    """One host. Two hosts in one process have two contexts and see nothing of each other."""

    name: str
    customers: Customers
    custom_fields: CustomFields
    secrets: Secrets
    problems: Problems
    integrations: Integrations
    allegro: Allegro
    clock: Clock
    spawner: Spawner
    egress: Egress
    data_directory: Path
    """Where the plugin may keep files. It exists and belongs to this plugin in this host."""
    database_url: str | None = None
    """SQLAlchemy address of a database to use instead of a file in ``data_directory``."""
    time_zone: str = "Europe/Warsaw"
    """IANA zone of the company."""
    locale: str = "pl"
    """Language of the company, for texts that no single person asked for."""
    orders: OrderSink | None = None
    """Where to say whose orders changed; ``None`` when the host draws the views and needs no telling."""
    state: dict[str, object] = attrs.field(factory=dict, eq=False, repr=False)
    """The plugin's own memory between hooks, keyed by the plugin's id: so that it needs no module globals."""

"""What the plugin keeps for one host between start-up and shutdown."""

import asyncio
import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from weakref import WeakValueDictionary

import attrs
from sqlalchemy.exc import SQLAlchemyError

from thulium_plugin_prestashop.admin.turns import RunTurns
from thulium_plugin_prestashop.admin.zones import zone_names
from thulium_plugin_prestashop.agent.reader import Reader
from thulium_plugin_prestashop.contract.errors import CannotStartError
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.views import Viewer
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.mirror.address import AddressError, DriverMissingError, cause_of, shown
from thulium_plugin_prestashop.mirror.claims import Claims
from thulium_plugin_prestashop.mirror.engine import FILE_NAME, Mirror, open_mirror
from thulium_plugin_prestashop.mirror.migrate import HEAD
from thulium_plugin_prestashop.mirror.newer import NewerSchemaError, UnfinishedCopyError
from thulium_plugin_prestashop.mirror.places import Places
from thulium_plugin_prestashop.transport.pace import Pace
from thulium_plugin_prestashop.webservice.address import ShopAddress

log = logging.getLogger(__name__)

KEY: Final = "prestashop"
"""Where in :attr:`HostContext.state` it lies."""
LISTEN_SECONDS: Final = 2.0
"""How often a process looks whether a run was asked for in another."""


@attrs.define(eq=False)
class Runtime:
    """What all integrations of one host share: the mirror, whose turn it is, and how fast each shop is asked."""

    mirror: Mirror
    claims: Claims
    places: Places | None = None
    """Where other processes may talk to the same shops."""
    turns: dict[str, RunTurns] = attrs.field(factory=dict)
    """Of the integrations that run here."""
    _paces: WeakValueDictionary[str, Pace] = attrs.field(factory=WeakValueDictionary)
    _listening: asyncio.Task[None] | None = None
    _closed: bool = False

    @classmethod
    def of(cls, mirror: Mirror, host: HostContext) -> "Runtime":
        """For a database of several processes, or a file, for which the host's clock may stand."""
        if not mirror.shared:
            return cls(mirror, Claims(mirror, clock=lambda: host.clock.now().timestamp()))
        claims = Claims(mirror)
        runtime = cls(mirror, claims, Places(mirror, claims.holder))
        runtime._listening = host.spawner.spawn("prestashop-requests", runtime._listen())
        return runtime

    def pace(self, shop: ShopAddress, integration: str) -> Pace:
        """The pace at one shop, the same for all its integrations as long as one of them holds it."""
        name = f"{shop.host}:{shop.port or ''}{shop.path}"
        pace = self._paces.get(name)
        if pace is None:
            slots = None if self.places is None else self.places.at(name, integration)
            self._paces[name] = pace = Pace(slots=slots)
        return pace

    async def close(self) -> None:
        """End what goes on in the background and close the mirror."""
        self._closed = True
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        try:
            if self.places is not None:
                await self.places.close()
        except (SQLAlchemyError, OSError) as error:
            log.warning("places at shops were not given back: %s", type(error).__name__)
        finally:
            await self.mirror.close()

    async def _listen(self) -> None:
        """Let integrations know of runs that were asked for in other processes."""
        while not self._closed:
            await asyncio.sleep(LISTEN_SECONDS)
            try:
                wanted = await self.claims.requested()
            except (SQLAlchemyError, OSError) as error:
                log.warning("requests for runs cannot be read: %s", type(error).__name__)
                continue
            for integration in wanted:
                if (turns := self.turns.get(integration)) is not None:
                    turns.call()


def _read_locale_data() -> None:
    """Babel and zoneinfo read their files when first asked, some 50 ms: not while an agent waits."""
    zone_names()
    for locale in ("pl", "en"):
        reader = Reader.of(Viewer(locale=locale), datetime.now(UTC))
        reader.money(Decimal(1), "PLN")
        reader.moment(0)
        reader.country("PL")


async def open_runtime(host: HostContext) -> None:
    """Open what all integrations share.

    Raises :class:`~thulium_plugin_prestashop.contract.errors.CannotStartError` for a database of a later version, one
    that is but a part of a copy, and one that cannot be opened or has no address.
    """
    await asyncio.to_thread(_read_locale_data)
    try:
        mirror = await open_mirror(host)
    except UnfinishedCopyError as error:
        raise CannotStartError(MESSAGES.text("admin.start.unfinished_copy")) from error
    except NewerSchemaError as error:
        text = MESSAGES.text("admin.start.newer_database", found=error.found, known=HEAD)
        raise CannotStartError(text) from error
    except DriverMissingError as error:
        raise CannotStartError(MESSAGES.text("admin.start.no_driver")) from error
    except AddressError as error:
        raise CannotStartError(MESSAGES.text("admin.start.no_address")) from error
    except (SQLAlchemyError, OSError) as error:
        place = shown(host.database_url or host.data_directory / FILE_NAME)
        text = MESSAGES.text("admin.start.no_database", place=place, error=cause_of(error))
        # Without the driver's error, whose message may hold what is secret.
        raise CannotStartError(text) from None
    host.state[KEY] = Runtime.of(mirror, host)


async def close_runtime(host: HostContext) -> None:
    """Close it again; nothing happens if it is not open."""
    runtime = host.state.pop(KEY, None)
    if isinstance(runtime, Runtime):
        await runtime.close()


def runtime_of(host: HostContext) -> Runtime:
    """What start-up opened. Raises ``RuntimeError`` before start-up and after shutdown."""
    runtime = host.state.get(KEY)
    if not isinstance(runtime, Runtime):
        raise RuntimeError("the host has not awaited thulium_startup")  # noqa: TRY004 - not a wrong type, a wrong time
    return runtime

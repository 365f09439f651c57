"""What the plugin keeps for one host between start-up and shutdown."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import attrs

from thulium_plugin_prestashop.admin.zones import zone_names
from thulium_plugin_prestashop.agent.reader import Reader
from thulium_plugin_prestashop.contract.errors import CannotStartError
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.views import Viewer
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.mirror.engine import Mirror, open_mirror
from thulium_plugin_prestashop.mirror.migrate import HEAD
from thulium_plugin_prestashop.mirror.newer import NewerSchemaError

KEY: Final = "prestashop"
"""Where in :attr:`HostContext.state` it lies."""


@attrs.frozen
class Runtime:
    """All integrations of one host share the mirror."""

    mirror: Mirror


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

    Raises :class:`~thulium_plugin_prestashop.contract.errors.CannotStartError` for a database of a later version.
    """
    await asyncio.to_thread(_read_locale_data)
    try:
        mirror = await open_mirror(host)
    except NewerSchemaError as error:
        text = MESSAGES.text("admin.start.newer_database", found=error.found, known=HEAD)
        raise CannotStartError(text) from error
    host.state[KEY] = Runtime(mirror)


async def close_runtime(host: HostContext) -> None:
    """Close it again; nothing happens if it is not open."""
    runtime = host.state.pop(KEY, None)
    if isinstance(runtime, Runtime):
        await runtime.mirror.close()


def runtime_of(host: HostContext) -> Runtime:
    """What start-up opened. Raises ``RuntimeError`` before start-up and after shutdown."""
    runtime = host.state.get(KEY)
    if not isinstance(runtime, Runtime):
        raise RuntimeError("the host has not awaited thulium_startup")  # noqa: TRY004 - not a wrong type, a wrong time
    return runtime

"""The host over Thulium's REST API, with a stand-in of Thulium that it has got to know."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.hosting.testing import scripted_plugin
from thulium_plugin_prestashop.thulium.bridge import Bridge, Tuning
from thulium_plugin_prestashop.thulium.config import (
    BridgeSettings,
    CustomFieldSettings,
    Secret,
    ThuliumSettings,
)
from thulium_plugin_prestashop.thulium.standin import StandIn, Store, Switches
from thulium_plugin_prestashop.transport import RetryPolicy

AT_ONCE = RetryPolicy(attempts=4, first_wait=0.0, longest_wait=0.0, jitter=0.0)


@asynccontextmanager
async def open_bridge(
    directory: Path, fields: Mapping[str, CustomFieldType], switches: Switches
) -> AsyncIterator[HostContext]:
    """The context that a bridge hands to its plugin."""
    store = Store(fields={name: kind.value for name, kind in fields.items()}, groups={})
    async with StandIn(store, switches) as thulium:
        settings = BridgeSettings(
            data=directory / "data",
            thulium=ThuliumSettings(
                address=thulium.address,
                user=thulium.user,
                password=Secret(thulium.password),
                custom_fields=tuple(CustomFieldSettings(name, kind) for name, kind in fields.items()),
            ),
            shops=(),
            allow_private=True,
        )
        tuning = Tuning(retry=AT_ONCE, patience=(0.0,), plugins=(scripted_plugin(),))
        async with Bridge(settings, tuning) as bridge:
            await bridge.probe()
            yield bridge.host.context("scripted")

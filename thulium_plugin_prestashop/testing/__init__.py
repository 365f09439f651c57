"""For the tests of hosts and plugins: a conformance suite, a fake host, and the demo shop as a fixture.

A host proves its side of the contract by saying how it is opened::

    from thulium_plugin_prestashop.testing import HostSuite

    class TestOurHost(HostSuite):
        numeric_field, text_field, date_field = "PrestaShop ID", "Notes", "Last order"

        @asynccontextmanager
        async def open_host(self, directory):
            async with OurCrm.open(directory) as crm:
                yield crm.host_context("prestashop")

pytest collects that class as it is; each check runs on an event loop of its own, so no asyncio plugin of pytest is
needed. Without pytest, :func:`failures` runs the same checks. What fails says what was promised and what came.

A plugin is tried in a :class:`FakeHost`. For its fixtures put ``pytest_plugins =
["thulium_plugin_prestashop.testing.fixtures"]`` into the topmost ``conftest.py``: they are not registered for every
pytest run of an environment that happens to hold this package, where they would cost time and serve nobody.

Stands on ``contract``, ``hosting`` and the demo shop, and needs no extra; only :mod:`.fixtures` imports pytest.
"""

from thulium_plugin_prestashop.testing.fake_host import FakeHost
from thulium_plugin_prestashop.testing.memory import (
    FixedAllegro,
    MemoryCustomers,
    MemoryCustomFields,
    MemorySecrets,
)
from thulium_plugin_prestashop.testing.suite import ConformanceError, Suite, failures
from thulium_plugin_prestashop.testing.suites import HostSuite

__all__ = [
    "ConformanceError",
    "FakeHost",
    "FixedAllegro",
    "HostSuite",
    "MemoryCustomFields",
    "MemoryCustomers",
    "MemorySecrets",
    "Suite",
    "failures",
]

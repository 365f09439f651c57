"""pytest fixtures: ``demo_shop`` and ``fake_host``. Name this module in ``pytest_plugins``; it needs pytest only.

Both are asynchronous context managers that nobody has entered, so they work with every asyncio plugin of pytest, and
with none::

    async def test_it(demo_shop, fake_host):
        async with demo_shop as shop, fake_host as fake:
            await fake.connect("prestashop", {"address": shop.url, "api_key": shop.key}, {"id_field": "PrestaShop ID"})
"""

from pathlib import Path

import pytest

from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.testing.fake_host import FakeHost


@pytest.fixture
def demo_shop() -> DemoShop:
    """A small demo shop, always with the same people and orders."""
    return DemoShop(customers=40, orders=100, seed=1)


@pytest.fixture
def fake_host(tmp_path: Path) -> FakeHost:
    """A host in memory, with the installed plugins."""
    return FakeHost(tmp_path / "fake-host")

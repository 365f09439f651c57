"""A shop of 11,000 rows in a process of its own, and a host in memory that synchronises it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sync.bench import Bench
from thulium_plugin_prestashop.mirror.engine import open_database
from thulium_plugin_prestashop.transport.egress import EgressPolicy
from thulium_plugin_prestashop.transport.http import HttpClient


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    mirror = await open_database(tmp_path / "prestashop.db")
    async with HttpClient(EgressPolicy(allow_private=True)) as http:
        yield Bench(tmp_path, mirror, http)
    await mirror.close()

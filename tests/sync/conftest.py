"""A fresh mirror of each kind of database, a host in memory and a client for every test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sync.bench import Bench
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.transport.egress import EgressPolicy
from thulium_plugin_prestashop.transport.http import HttpClient


@pytest.fixture
async def bench(tmp_path: Path, mirror: Mirror) -> AsyncIterator[Bench]:
    async with HttpClient(EgressPolicy(allow_private=True)) as http:
        yield Bench(tmp_path, mirror, http)

"""An open mirror for every test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from thulium_plugin_prestashop.mirror.engine import Mirror, open_database


@pytest.fixture
async def mirror(tmp_path: Path) -> AsyncIterator[Mirror]:
    opened = await open_database(tmp_path / "prestashop.db")
    yield opened
    await opened.close()

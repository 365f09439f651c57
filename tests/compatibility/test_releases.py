"""What released versions left behind opens, is upgraded, and goes on; what later versions leave is refused in words.

When the tables of an unreleased version change, ``python -m tests.compatibility.stage`` writes its folder anew.
"""

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from tests.compatibility.stage import DATABASE, RELEASES, customer, shop
from thulium_plugin_prestashop.contract.integration import IntegrationConfig
from thulium_plugin_prestashop.contract.views import Viewer
from thulium_plugin_prestashop.hosting import IntegrationState, MemoryIntegrationStorage, StoredIntegration
from thulium_plugin_prestashop.mirror.migrate import HEAD, VERSION_TABLE
from thulium_plugin_prestashop.mirror.tables import metadata
from thulium_plugin_prestashop.sandbox.shop import DEMO_KEY
from thulium_plugin_prestashop.testing import FakeHost

VERSIONS = sorted(folder.name for folder in RELEASES.iterdir())
VIEWER = Viewer("en")
ORDERS = 20


def left_behind(version: str, directory: Path) -> dict[str, Any]:
    """Lay the version's database into the host's directory; what the host itself had stored."""
    file = directory / DATABASE
    file.parent.mkdir(parents=True)
    database = sqlite3.connect(file)
    database.executescript((RELEASES / version / "mirror.sql").read_text(encoding="utf-8"))
    database.close()
    stored: dict[str, Any] = json.loads((RELEASES / version / "host.json").read_text(encoding="utf-8"))
    return stored


async def host_of(directory: Path, stored: dict[str, Any], address: str) -> FakeHost:
    """A host that was stopped, with the shop at ``address`` now."""
    config = IntegrationConfig(**stored["config"])
    config = attrs.evolve(config, authorization={**config.authorization, "address": address})
    fake = FakeHost(directory)
    storage = fake.host.services.integrations
    assert isinstance(storage, MemoryIntegrationStorage)
    await storage.save(StoredIntegration(config, wanted=True, created_at=datetime(2026, 11, 2, tzinfo=UTC)))
    await fake.secrets.put(config.secret_handle("api_key"), DEMO_KEY)
    for data in stored["customers"]:
        record = customer(data)
        fake.customers.restore(record)
    return fake


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_released_version_is_followed_by_this_one(tmp_path: Path, version: str) -> None:
    stored = left_behind(version, tmp_path)
    async with shop() as selling, await host_of(tmp_path, stored, selling.url) as fake:
        (entry,) = fake.host.integrations.entries()
        assert entry.state is IntegrationState.RUNNING, entry.message
        before = await orders_shown(fake)
        assert sum(before.values()) == ORDERS
        finished = await fake.run(entry.config.id)
        assert finished.ok, finished
        assert await orders_shown(fake) == before
        assert len(fake.customers.records) == len(stored["customers"])


@pytest.mark.parametrize("version", VERSIONS)
async def test_its_database_gets_the_tables_of_today(tmp_path: Path, version: str) -> None:
    stored = left_behind(version, tmp_path)
    async with await host_of(tmp_path, stored, "http://127.0.0.1:1/"):
        pass
    engine = create_engine(f"sqlite:///{tmp_path / DATABASE}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        # Until the version is released: python -m tests.compatibility.stage
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_a_database_of_a_later_version_is_refused_in_words(tmp_path: Path) -> None:
    left_behind(VERSIONS[-1], tmp_path)
    database = sqlite3.connect(tmp_path / DATABASE)
    database.execute(f"UPDATE {VERSION_TABLE} SET version_num = '0999'")  # noqa: S608 - a constant
    database.commit()
    before = "\n".join(database.iterdump())
    async with FakeHost(tmp_path) as fake:
        assert fake.host.types() == []
        (raised,) = fake.problems.list()
        for words in (raised.problem.message.en, raised.problem.message.pl):
            assert "0999" in words
            assert HEAD in words
        assert raised.problem.message.pl.startswith("Wtyczka PrestaShop nie jest używana")
        assert raised.problem.message.en.startswith("The plugin PrestaShop is not used")
    assert "\n".join(database.iterdump()) == before
    database.close()


async def test_settings_of_a_later_version_are_refused_in_words(tmp_path: Path) -> None:
    stored = left_behind(VERSIONS[-1], tmp_path)
    stored["config"]["settings_version"] = 99
    async with await host_of(tmp_path, stored, "http://127.0.0.1:1/") as fake:
        (entry,) = fake.host.integrations.entries()
        assert entry.state is IntegrationState.FAILED
        assert entry.message is not None
        assert "newer version of the plugin" in entry.message.en
        assert "nowszej wersji wtyczki" in entry.message.pl
        assert entry.config.name in entry.message.pl
        (raised,) = fake.problems.list(entry.config.id)
        assert raised.problem.message == entry.message


async def orders_shown(fake: FakeHost) -> dict[str, int]:
    """Orders on each customer's card."""
    shown = {}
    for card in fake.customers.records:
        tabs = await fake.host.load_tabs(card, VIEWER)
        shown[card] = sum(tab.table.total for tab in tabs if tab.matches)
    return shown

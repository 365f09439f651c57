"""For all tests: properties are about values, never about how busy the machine is; a mirror is kept in two databases."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import postgresql
from tests.databases import Databases
from thulium_plugin_prestashop.mirror.engine import Mirror, open_database

settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


MISSING = "skipped the tests on PostgreSQL: no server; get it with: apt-get install postgresql"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a server one line says so, instead of one for each test."""
    if postgresql.programs() is not None or postgresql.required():
        return
    gone = [item for item in items if _on_postgresql(item)]
    items[:] = [item for item in items if item not in gone]
    config.hook.pytest_deselected(items=gone)


def _on_postgresql(item: pytest.Item) -> bool:
    chosen = getattr(item, "callspec", None)
    return "postgresql_server" in getattr(item, "fixturenames", ()) or (
        chosen is not None and chosen.params.get("databases") == "postgresql"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if postgresql.programs() is None:
        terminalreporter.write_line(MISSING)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    """PostgreSQL for all tests of this process that want it; where it is required, a missing one is a failure."""
    if postgresql.programs() is None:
        pytest.fail("PostgreSQL is required (THULIUM_REQUIRE_POSTGRESQL) and not installed")
    with postgresql.running() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
async def databases(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Databases]:
    """First with files of SQLite, then with databases of PostgreSQL."""
    on_server = request.param == "postgresql"
    server = request.getfixturevalue("postgresql_server") if on_server else None
    places = Databases(request.param, tmp_path, server)
    yield places
    await places.drop()


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[str | Path]:
    """Where a mirror may be opened; on PostgreSQL it has all tables already."""
    if databases.server is None:
        yield databases.folder / "prestashop.db"
        return
    name = await databases.server.take()
    yield databases.server.address(name)
    await databases.server.give_back(name)


@pytest.fixture
async def mirror(database: str | Path) -> AsyncIterator[Mirror]:
    """An open mirror, once on each kind of database."""
    opened = await open_database(database)
    yield opened
    await opened.close()

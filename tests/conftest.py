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


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.Server]:
    """PostgreSQL for all tests of this process that want it."""
    if postgresql.programs() is None:
        if postgresql.required():
            pytest.fail("PostgreSQL is required and not installed (Debian's package postgresql)")
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
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

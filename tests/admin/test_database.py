"""A database that cannot be used keeps the plugin from starting, in words and without a password."""

import re
from pathlib import Path

import attrs
import pytest
from sqlalchemy import update

from tests.databases import Databases
from tests.sync.bench import Crm, make_host
from thulium_plugin_prestashop.admin.runtime import close_runtime, open_runtime, runtime_of
from thulium_plugin_prestashop.contract.errors import CannotStartError
from thulium_plugin_prestashop.mirror.engine import open_database
from thulium_plugin_prestashop.mirror.migrate import HEAD, VERSION
from thulium_plugin_prestashop.mirror.newer import COPYING


async def refusal(folder: Path, database_url: str | None) -> CannotStartError:
    host = attrs.evolve(make_host(folder, Crm()), database_url=database_url)
    with pytest.raises(CannotStartError) as caught:
        await open_runtime(host)
    assert "hunter2" not in f"{caught.value!r} {caught.value} {caught.value.message}"
    assert caught.value.message.en != caught.value.message.pl
    return caught.value


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (
            "postgresql://me:hunter2@127.0.0.1:1/crm",
            r"me:\*\*\*@127\.0\.0\.1:1/crm cannot be opened \(Connection",
        ),
        ("postgresql+asyncpg://me:hunter2@/crm?host=/nowhere", r"cannot be opened \(FileNotFoundError\)"),
        ("mysql://me:hunter2@host/crm", r"names no SQLite file and no PostgreSQL database"),
        ("hunter2", r"names no SQLite file and no PostgreSQL database"),
        ("sqlite:////nowhere/at/all.db", r"/nowhere/at/all\.db cannot be opened"),
    ],
)
async def test_it_says_what_is_wrong(tmp_path: Path, address: str, words: str) -> None:
    assert re.search(words, (await refusal(tmp_path, address)).message.en)


async def test_a_driver_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thulium_plugin_prestashop.mirror.address.find_spec", lambda _: None)
    refused = await refusal(tmp_path, "postgresql://me:hunter2@host/crm")
    assert "thulium-plugin-prestashop[postgresql]" in refused.message.en


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
async def test_a_database_that_the_server_does_not_have(tmp_path: Path, databases: Databases) -> None:
    address = str(await databases.new()).replace("/test_", "/another_")
    assert "InvalidCatalogNameError" in (await refusal(tmp_path, address)).message.en


async def test_half_a_copy_is_not_used(tmp_path: Path, database: str | Path) -> None:
    mirror = await open_database(database)
    async with mirror.writing() as connection:
        await connection.execute(update(VERSION).values(version_num=f"{COPYING}1234"))
    address = database if isinstance(database, str) else f"sqlite:///{database}"
    try:
        assert "copy" in (await refusal(tmp_path, address)).message.en
    finally:
        async with mirror.writing() as connection:
            await connection.execute(update(VERSION).values(version_num=HEAD))
        await mirror.close()


async def test_a_good_one_is_used_instead_of_a_file(tmp_path: Path, database: str | Path) -> None:
    address = database if isinstance(database, str) else f"sqlite:///{database}"
    host = attrs.evolve(make_host(tmp_path / "host", Crm()), database_url=address)
    await open_runtime(host)
    assert runtime_of(host).mirror.shared is isinstance(database, str)
    await close_runtime(host)
    assert not (tmp_path / "host").exists()

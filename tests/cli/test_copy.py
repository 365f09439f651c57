"""Moving a mirror between SQLite and PostgreSQL, as a command: equal at the end, whatever happened on the way."""

import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests import postgresql
from tests.cli.conftest import Call, Shop, command, environment
from thulium_plugin_prestashop.mirror.engine import FILE_NAME

Synchronised = tuple[Path, Any]


@pytest.fixture
async def target(postgresql_server: postgresql.Server) -> AsyncIterator[str]:
    """The address of a database without any table."""
    name = await postgresql_server.create()
    yield postgresql_server.address(name)
    await postgresql_server.drop(name)


def mirror_of(data: Path) -> Path:
    (found,) = data.rglob(FILE_NAME)
    return found


def content(path: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(path)) as database:
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: sorted(database.execute(f"SELECT * FROM {table}").fetchall(), key=repr)  # noqa: S608 - names from the schema
            for table in tables
        }


def test_there_and_back_again_is_what_it_was(
    call: Call, synchronised: Synchronised, target: str, tmp_path: Path
) -> None:
    data, _ = synchronised
    source = mirror_of(data)
    before = content(source)
    there = call("copy", str(source), target, "--json")
    assert there.status == 0, there.err
    assert there.json["ok"] is True
    assert there.json["integrations"] == 1
    assert there.json["written"] == sum(there.json["rows"].values()) > 500
    # Again: nothing to do, and that is verified.
    assert call("copy", str(source), target, "--json").json == {**there.json, "written": 0}

    back = tmp_path / "back.db"
    assert call("copy", target, str(back), "--json").json == there.json
    assert content(back) == before
    assert content(source) == before


def test_an_export_says_the_same_byte_for_byte(
    call: Call, synchronised: Synchronised, target: str, tmp_path: Path
) -> None:
    """The whole CRM with its mirror in a file, and with its mirror in PostgreSQL."""
    data, _ = synchronised
    on_server = tmp_path / "data"
    shutil.copytree(data, on_server)
    source = mirror_of(on_server)
    assert call("copy", str(source), target).status == 0
    source.unlink()
    from_file = call("export", "--data", str(data))
    from_server = call("export", "--data", str(on_server), THULIUM_PRESTASHOP_DATABASE=target)
    assert from_server.status == 0, from_server.err
    assert from_server.out.count('"kind":"order"') > 100
    assert from_server.out == from_file.out
    assert not list(on_server.rglob(FILE_NAME))


def test_two_synchronisations_of_one_shop_end_alike_byte_for_byte(
    call: Call, shop: Shop, synchronised: Synchronised, target: str, tmp_path: Path
) -> None:
    """One into a file, one straight into PostgreSQL."""
    arguments = (
        "sync",
        shop.url,
        "--data",
        str(tmp_path / "crm"),
        "--allegro-field",
        "Allegro",
        "--allow-private",
    )
    done = call(*arguments, "--json", key=shop.key, THULIUM_PRESTASHOP_DATABASE=target)
    assert (done.status, done.json["ok"]) == (0, True), done.err
    from_server = call("export", "--data", str(tmp_path / "crm"), THULIUM_PRESTASHOP_DATABASE=target)
    assert from_server.out == call("export", "--data", str(synchronised[0])).out
    again = call(*arguments, "--json", key=shop.key, THULIUM_PRESTASHOP_DATABASE=target)
    assert (again.json["mode"], again.json["orders"]["stored"]) == ("incremental", 0)


@pytest.fixture
def large(tmp_path: Path, synchronised: Synchronised) -> Path:
    """A mirror with many rows, so that a copy of it can be caught in the middle."""
    path = tmp_path / "large.db"
    with (
        closing(sqlite3.connect(mirror_of(synchronised[0]))) as small,
        closing(sqlite3.connect(path)) as copy,
    ):
        small.backup(copy)
        columns = [row[1] for row in copy.execute("PRAGMA table_info(prestashop_orders)")]
        others = ", ".join(f'"{name}"' for name in columns if name not in {"integration", "id"})
        copy.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)"  # noqa: S608 - names from the schema
            f" INSERT INTO prestashop_orders (integration, id, {others})"
            f" SELECT 'shop-' || (i % 3), id + i * 100000, {others} FROM prestashop_orders, n"
        )
        copy.execute("PRAGMA journal_mode=WAL")
        copy.commit()
    return path


def test_a_copy_that_is_killed_goes_on(
    call: Call, large: Path, target: str, postgresql_server: postgresql.Server
) -> None:
    counts: list[int] = []
    for number in (signal.SIGKILL, signal.SIGINT):
        with subprocess.Popen(
            command("copy", str(large), target), env=environment(), stderr=subprocess.PIPE, text=True
        ) as process:
            _wait_for_orders(postgresql_server, target, more_than=counts[-1] if counts else 0)
            process.send_signal(number)
            _, err = process.communicate(timeout=20)
        assert process.returncode == (-9 if number == signal.SIGKILL else 1)
        counts.append(_orders(postgresql_server, target))
    assert "run the same command again" in err
    assert 0 < counts[0] < counts[1]

    # Half a mirror is opened by nobody, and is no source either.
    half = call("copy", target, str(large.with_name("half.db")), "--json")
    assert (half.status, half.json["problems"][0]["key"]) == (2, "copy_source_schema")
    other = large.with_name("other.db")
    shutil.copy(large, other)
    refused = call("copy", str(other), target, "--json")
    assert (refused.status, refused.json["problems"][0]["key"]) == (2, "copy_other_copy")

    done = call("copy", str(large), target, "--json").json
    assert done["rows"]["prestashop_orders"] > 10_000
    assert done["written"] < sum(done["rows"].values()) - counts[1] + 1_000


def test_a_difference_is_found(
    call: Call, large: Path, target: str, postgresql_server: postgresql.Server
) -> None:
    with subprocess.Popen(command("copy", str(large), target), env=environment()) as process:
        _wait_for_orders(postgresql_server, target)
        process.kill()
    postgresql_server.query(
        "UPDATE prestashop_orders SET note = 'changed' WHERE (integration, id)"
        " IN (SELECT integration, id FROM prestashop_orders ORDER BY integration, id LIMIT 1)",
        target,
    )
    done = call("copy", str(large), target, "--json")
    assert done.status == 1
    assert [problem["key"] for problem in done.json["problems"]] == ["copy_differs"]
    assert "prestashop_orders, " in done.json["problems"][0]["message"]


def test_what_cannot_be_copied_is_refused_in_words_without_a_password(
    call: Call, synchronised: Synchronised, tmp_path: Path
) -> None:
    source = mirror_of(synchronised[0])
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(source)) as database, closing(sqlite3.connect(other)) as changed:
        database.backup(changed)
        changed.execute("UPDATE prestashop_orders SET note = 'x'")
        changed.commit()
    for arguments, status, key in (
        ((str(tmp_path / "none.db"), str(tmp_path / "new.db")), 2, "copy_source_missing"),
        ((str(source), str(source)), 2, "copy_same"),
        ((str(source), str(other)), 2, "copy_target_holds_data"),
        ((str(source), "mysql://me:hunter2@host/db"), 2, "database_address"),
        ((str(source), "postgresql://me:hunter2@127.0.0.1:1/db"), 1, "copy_database"),
    ):
        done = call("copy", *arguments, "--json", LANG="pl_PL.UTF-8")
        assert (done.status, done.json["problems"][0]["key"]) == (status, key), done.err
        assert "hunter2" not in done.out + done.err
    assert not (tmp_path / "new.db").exists()


def _orders(server: postgresql.Server, target: str) -> int:
    if not server.query("SELECT to_regclass('prestashop_orders')", target):
        return 0
    return int(server.query("SELECT count(*) FROM prestashop_orders", target))


def _wait_for_orders(server: postgresql.Server, target: str, more_than: int = 0) -> None:
    deadline = time.monotonic() + 30
    while _orders(server, target) <= more_than:
        assert time.monotonic() < deadline, "nothing was copied"

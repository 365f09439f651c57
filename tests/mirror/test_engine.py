"""Opening, upgrading, transactions that survive any cancellation, and closing to the last thread."""

import asyncio
import random
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Insert, insert, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

import thulium_plugin_prestashop.mirror.migrations as migrations_package
from tests.databases import Databases
from thulium_plugin_prestashop.mirror.address import database_address
from thulium_plugin_prestashop.mirror.engine import Mirror, open_database
from thulium_plugin_prestashop.mirror.migrate import HEAD, VERSION_TABLE
from thulium_plugin_prestashop.mirror.patience import to_the_end
from thulium_plugin_prestashop.mirror.tables import metadata, skipped


def ignoring(connection: AsyncConnection) -> Insert:
    """Insert rows, except those that are there."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(skipped).on_conflict_do_nothing()
    return sqlite.insert(skipped).on_conflict_do_nothing()


def a_row(number: int) -> dict[str, object]:
    return {"integration": "1", "resource": "orders", "id": number, "reason": "settings"}


async def test_a_new_file_gets_the_schema_that_the_tables_describe(mirror: Mirror) -> None:
    async with mirror.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda plain: compare_metadata(
                MigrationContext.configure(plain, opts={"version_table": VERSION_TABLE}), metadata
            )
        )
    assert differences == []


def test_the_newest_revision_is_the_one_that_an_open_mirror_is_compared_with() -> None:
    scripts = ScriptDirectory(str(Path(migrations_package.__file__ or "").parent))
    assert scripts.get_heads() == [HEAD]


async def schema(mirror: Mirror) -> dict[str, list[str]]:
    """Every table and index by name, without regard to blanks, nor to the order of a table's parts."""
    async with mirror.reading() as connection:
        if not mirror.shared:
            rows = await connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
            return {name: sorted(" ".join(sql.split()).rstrip(")").split(", ")) for name, sql in rows}
        rows = await connection.execute(
            text(
                "SELECT table_name, concat_ws(' ', column_name, data_type, column_default, is_nullable, collation_name)"
                " FROM information_schema.columns WHERE table_schema = 'public'"
                " UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
            )
        )
        found: dict[str, list[str]] = {}
        for name, part in sorted(tuple(row) for row in rows):
            found.setdefault(name, []).append(part)
        return found


async def test_an_old_schema_is_upgraded_to_what_a_new_mirror_has(
    mirror: Mirror, databases: Databases
) -> None:
    """Before the first revision there was nothing but Alembic's own table."""
    where = await databases.new()
    engine = create_async_engine(database_address(where))
    async with engine.begin() as connection:
        await connection.exec_driver_sql(
            f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
        )
    await engine.dispose()
    upgraded = await open_database(where)
    new, old = await schema(mirror), await schema(upgraded)
    assert new.keys() == old.keys()
    assert {name: parts for name, parts in new.items() if old[name] != parts and name != VERSION_TABLE} == {}
    async with upgraded.reading() as connection:
        assert (await connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}"))).scalar() == HEAD  # noqa: S608 - a constant
        assert (await connection.execute(select(skipped))).all() == []
    await upgraded.close()


async def test_a_new_mirror_is_made_and_an_old_one_opened_without_alembic(tmp_path: Path) -> None:
    """It takes 200 ms to load and 11 MB for good."""
    script = """
import asyncio, sys
from pathlib import Path
from thulium_plugin_prestashop.mirror.engine import open_database

async def main():
    for _ in range(2):
        await (await open_database(Path(sys.argv[1]))).close()
    assert "alembic" not in sys.modules

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(tmp_path / "new.db"))
    assert await process.wait() == 0


async def test_a_new_mirror_opened_by_four_at_once_is_made_once(databases: Databases) -> None:
    where = await databases.new()
    mirrors = await asyncio.gather(*(open_database(where) for _ in range(4)))
    async with mirrors[0].reading() as connection:
        query = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - a constant
        assert (await connection.execute(query)).scalars().all() == [HEAD]
    for mirror in mirrors:
        await mirror.close()


async def test_an_error_rolls_back(mirror: Mirror) -> None:
    async def write() -> None:
        async with mirror.writing() as connection:
            await connection.execute(insert(skipped), a_row(1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await write()
    async with mirror.reading() as connection:
        assert (await connection.execute(select(skipped.c.id))).all() == []


async def test_readers_do_not_wait_for_a_writer(mirror: Mirror) -> None:
    async with mirror.writing() as writer:
        await writer.execute(insert(skipped), a_row(1))
        async with asyncio.timeout(1), mirror.reading() as reader:
            assert (await reader.execute(select(skipped.c.id))).all() == []


async def test_writers_take_turns(mirror: Mirror) -> None:
    async def write(number: int) -> None:
        async with mirror.writing() as connection:
            await connection.execute(insert(skipped), a_row(number))
            await asyncio.sleep(0.001)

    await asyncio.gather(*(write(number) for number in range(30)))
    async with mirror.reading() as connection:
        assert len((await connection.execute(select(skipped.c.id))).all()) == 30


@pytest.mark.parametrize("seed", range(3))
async def test_tasks_cancelled_again_and_again_leave_no_lock_behind(mirror: Mirror, seed: int) -> None:
    """A cancelled BEGIN whose clean-up was cancelled too used to hold the write lock for good."""
    randomness = random.Random(seed)  # noqa: S311 - a test's seed

    async def write() -> None:
        while True:
            async with mirror.writing() as connection:
                await connection.execute(ignoring(connection), [a_row(n) for n in range(50)])
                await connection.execute(select(skipped.c.id))
            async with mirror.reading() as connection:
                await connection.execute(select(skipped.c.id))

    for _ in range(40):
        task = asyncio.create_task(write())
        await asyncio.sleep(randomness.random() * 0.01)
        for _ in range(randomness.randint(1, 6)):
            task.cancel()
            await asyncio.sleep(randomness.choice([0, 0, 0.0005, 0.002]))
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(2), mirror.writing() as connection:
            await connection.execute(text("DELETE FROM prestashop_skipped"))


async def test_waiting_to_the_end_passes_results_errors_and_cancellations_on() -> None:
    done: list[str] = []

    async def work(*, fail: bool = False) -> str:
        await asyncio.sleep(0.01)
        done.append("x")
        if fail:
            raise ZeroDivisionError
        return "result"

    assert await to_the_end(work()) == "result"
    with pytest.raises(ZeroDivisionError):
        await to_the_end(work(fail=True))
    for fail in (False, True):
        task = asyncio.create_task(to_the_end(work(fail=fail)))
        await asyncio.sleep(0)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(done) == 4


async def test_closing_leaves_no_thread_and_no_file(tmp_path: Path) -> None:
    before = threading.active_count()
    mirror = await open_database(tmp_path / "prestashop.db")
    async with mirror.reading() as first, mirror.reading() as second:
        await first.execute(select(skipped.c.id))
        await second.execute(select(skipped.c.id))
    await mirror.close()
    # A thread is told to end, and does so a moment later; the one that imported Alembic belongs to the loop.
    async with asyncio.timeout(2):
        while len([t for t in threading.enumerate() if not t.name.startswith("asyncio_")]) > before:  # noqa: ASYNC110 - threads send no event
            await asyncio.sleep(0.01)
    assert not any("prestashop.db" in name for name in open_files())


def open_files() -> list[str]:
    """Names of the files this process holds open."""
    # Listing the directory opens a descriptor that is gone when it is looked at.
    return [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]


async def test_the_database_of_another_mirror_is_not_touched(tmp_path: Path) -> None:
    one, two = [await open_database(tmp_path / name) for name in ("one.db", "two.db")]
    async with one.writing() as connection:
        await connection.execute(insert(skipped), a_row(1))
    async with two.reading() as connection:
        assert (await connection.execute(select(skipped.c.id))).all() == []
    await one.close()
    await two.close()


async def test_closing_waits_for_who_is_reading_and_lets_nobody_in(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    mirror = await open_database(tmp_path / "closing.db")
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def read() -> int:
        async with mirror.reading() as connection:
            reading.set()
            await go_on.wait()
            return int((await connection.execute(text("SELECT 7"))).scalar_one())

    reader = asyncio.create_task(read())
    await reading.wait()
    closing = asyncio.create_task(mirror.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    with pytest.raises(InvalidRequestError):
        async with mirror.guarded(_nothing).writing("1"):
            pass
    # Cancelled or not, it closes.
    closing.cancel()
    await asyncio.sleep(0)
    closing.cancel()
    go_on.set()
    assert await reader == 7
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert isinstance(mirror.engine.pool, AsyncAdaptedQueuePool)
    assert mirror.engine.pool.checkedin() == mirror.engine.pool.checkedout() == 0
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith("asyncio_"):
            continue  # of the event loop's own pool, which ends with the loop
        thread.join(5)
        assert not thread.is_alive()


async def _nothing(_: AsyncConnection) -> None:
    """No guard."""

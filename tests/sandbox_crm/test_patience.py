"""Whenever a task is cancelled, no connection and no lock of the database stay taken."""

import asyncio
import threading
from pathlib import Path

import sqlalchemy as sa

from thulium_plugin_prestashop.sandbox.crm.database import Database

ROUNDS = 60
STEPS = 3
ROWS = 2000
LONGEST = 0.03
"""Seconds that a transaction of this test may take."""
INSERT = sa.text("INSERT INTO torn VALUES (:number, :step)")


async def write(database: Database, number: int) -> None:
    async with database.write() as connection:
        for step in range(STEPS):
            await connection.execute(INSERT, [{"number": number, "step": step}] * ROWS)


async def read(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(sa.text("SELECT count(*) FROM torn"))).scalar_one())


async def test_a_cancelled_transaction_leaves_nothing_behind(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "crm.db")
    try:
        async with database.write() as connection:
            await connection.execute(sa.text("CREATE TABLE torn (number INTEGER, step INTEGER)"))
        for number in range(ROUNDS):
            work = [asyncio.create_task(write(database, number)), asyncio.create_task(read(database))]
            # Each time a little later, over the whole length of a transaction.
            await asyncio.sleep(LONGEST * number / ROUNDS)
            for _ in range(3):
                for task in work:
                    task.cancel()
                await asyncio.sleep(0)
            await asyncio.gather(*work, return_exceptions=True)
            async with asyncio.timeout(5):
                await write(database, ROUNDS + number)
        assert await read(database) % (STEPS * ROWS) == 0
        assert await read(database) >= ROUNDS * STEPS * ROWS
        assert database._engine.sync_engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # noqa: SLF001 - what nobody else sees
    finally:
        await database.aclose()


async def test_closing_waits_for_who_is_reading(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    database = await Database.open(tmp_path / "crm.db")
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> int:
        async with database.read() as connection:
            reading.set()
            await go_on.wait()
            return int((await connection.execute(sa.text("SELECT 7"))).scalar_one())

    reader = asyncio.create_task(slowly())
    await reading.wait()
    closing = asyncio.create_task(database.aclose())
    await asyncio.sleep(0.05)
    assert not closing.done()
    go_on.set()
    assert await reader == 7
    await closing
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith("asyncio_"):
            continue  # of the event loop's own pool, which ends with the loop
        thread.join(5)
        assert not thread.is_alive()

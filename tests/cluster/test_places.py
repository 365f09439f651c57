"""At most two requests per shop, over processes."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

import attrs
import pytest
from sqlalchemy import event, func, select

from tests.databases import Databases
from thulium_plugin_prestashop.mirror.engine import Mirror, open_database
from thulium_plugin_prestashop.mirror.places import Places
from thulium_plugin_prestashop.mirror.tables import places as table
from thulium_plugin_prestashop.transport.pace import Pace


@attrs.define
class Shop:
    """Counts who is in it."""

    now: int = 0
    most: int = 0
    served: int = 0

    async def ask(self, pace: Pace, seconds: float) -> None:
        async with pace.slot():
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(seconds)
            self.now -= 1
            self.served += 1


@pytest.fixture
async def process(mirror: Mirror) -> AsyncIterator[list[Places]]:
    """Three processes on one database."""
    several = [Places(mirror, f"process {number}", beat=0.1, lease=1.0) for number in range(3)]
    yield several
    for places in several:
        await places.close()


def pace(places: Places, shop: str = "shop.example/", integration: str = "1") -> Pace:
    return Pace(slots=places.at(shop, integration))


async def test_never_more_than_two_and_everybody_gets_a_turn(mirror: Mirror, process: list[Places]) -> None:
    shop = Shop()
    paces = [pace(places, integration=str(number)) for number, places in enumerate(process)]
    shares = [0, 0, 0]

    async def busy(number: int) -> None:
        until = monotonic() + 2.5
        while monotonic() < until:
            await shop.ask(paces[number], 0.02)
            shares[number] += 1

    await asyncio.gather(*(busy(number) for number in (0, 0, 1, 1, 2, 2)))
    assert shop.most == 2
    assert min(shares) >= max(shares) / 8, shares
    for places in process:
        await places.close()
    async with mirror.reading() as connection:
        held = select(func.count()).select_from(table).where(~table.c.waiting)
        assert (await connection.execute(held)).scalar_one() == 0


async def test_a_refresh_waits_for_no_run_elsewhere(process: list[Places]) -> None:
    """Somebody with no place gets one within a beat, although a long run keeps both busy."""
    shop = Shop()
    run, refresh = pace(process[0]), pace(process[1], integration="2")

    async def long_run() -> None:
        while True:
            await shop.ask(run, 0.02)

    running = [asyncio.create_task(long_run()) for _ in range(2)]
    await asyncio.sleep(0.2)
    started = monotonic()
    await shop.ask(refresh, 0.01)
    took = monotonic() - started
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert took < 1.5
    assert shop.most == 2


async def test_a_place_of_a_process_that_stalls_is_free_when_its_lease_ends(mirror: Mirror) -> None:
    stalled, other = (
        Places(mirror, "stalled", lease=0.4, beat=60.0),
        Places(mirror, "other", lease=0.4, beat=0.1),
    )
    try:
        async with stalled.at("shop", "1").one(), stalled.at("shop", "1").one():
            started = monotonic()
            async with other.at("shop", "1").one():
                assert 0.3 < monotonic() - started < 2.0
    finally:
        await stalled.close()
        await other.close()


async def test_a_request_of_a_run_under_way_asks_the_database_for_nothing(mirror: Mirror) -> None:
    places, shop = Places(mirror, "process", beat=5.0), Shop()
    busy = pace(places)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        statements.append(statement)

    try:
        await shop.ask(busy, 0.0)
        event.listen(mirror.engine.sync_engine, "before_cursor_execute", note)
        for _ in range(50):
            await shop.ask(busy, 0.0)
        assert statements == []
    finally:
        event.remove(mirror.engine.sync_engine, "before_cursor_execute", note)
        await places.close()


async def test_shops_do_not_wait_for_one_another(process: list[Places]) -> None:
    first, second = pace(process[0], "one.example/"), pace(process[1], "two.example/")
    async with first.slot(), first.slot(), asyncio.timeout(2), second.slot():
        pass


async def test_closing_leaves_no_task_and_no_row(databases: Databases) -> None:
    mirror = await open_database(await databases.new())
    try:
        places = Places(mirror, "process", beat=0.05)
        async with places.at("shop", "1").one():
            await asyncio.sleep(0.15)
        await places.close()
        names = {task.get_name() for task in asyncio.all_tasks()}
        assert "prestashop-places" not in names
        async with mirror.reading() as connection:
            assert (await connection.execute(select(func.count()).select_from(table))).scalar_one() == 0
    finally:
        await mirror.close()

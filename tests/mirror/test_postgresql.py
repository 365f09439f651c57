"""What only PostgreSQL does: several mirrors (as in several processes) on one database, and connections that end."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tests.databases import Databases
from thulium_plugin_prestashop.mirror.address import database_address
from thulium_plugin_prestashop.mirror.engine import Mirror, open_database
from thulium_plugin_prestashop.mirror.forget import erase_cards, writing_cards
from thulium_plugin_prestashop.mirror.linking import LinkingLostError, SharedLinking
from thulium_plugin_prestashop.mirror.links import Link, links_of_card, save_links
from thulium_plugin_prestashop.mirror.tables import metadata, runs, skipped

pytestmark = pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
SOON = 0.15
"""Seconds after which something that waits is taken to be waiting."""


@pytest.fixture
async def other(database: str) -> AsyncIterator[Mirror]:
    """A second mirror on the same database, as in another process."""
    opened = await open_database(database)
    yield opened
    await opened.close()


def a_row(number: int) -> dict[str, object]:
    return {"integration": "1", "resource": "orders", "id": number, "reason": "settings"}


async def test_who_waits_for_its_turn_to_write_can_be_cancelled_at_once(
    mirror: Mirror, other: Mirror
) -> None:
    async with mirror.writing("1"):
        for patience in (0, 0.002, 0.01, 0.1):
            for again in (0, 3):
                task = asyncio.create_task(write(other, "1"))
                await asyncio.sleep(patience)
                for _ in range(again + 1):
                    task.cancel()
                    await asyncio.sleep(0)
                async with asyncio.timeout(1):
                    await asyncio.gather(task, return_exceptions=True)
                assert task.cancelled()
    async with asyncio.timeout(2):
        assert await write(other, "1") == 0


async def write(mirror: Mirror, *integrations: str) -> object:
    async with mirror.writing(*integrations) as connection:
        return await connection.scalar(select(func.count()).select_from(skipped))


async def test_one_writer_of_an_integration_at_a_time_in_all_processes(mirror: Mirror, other: Mirror) -> None:
    async with mirror.writing("1") as connection:
        second = asyncio.create_task(write(other, "2", "1"))
        done, _ = await asyncio.wait([second], timeout=SOON)
        assert not done
        async with asyncio.timeout(2):
            assert await write(mirror, "3") == 0
        all_of_them = asyncio.create_task(write(other))
        await connection.execute(insert(skipped), a_row(1))
        done, _ = await asyncio.wait([second, all_of_them], timeout=SOON)
        assert not done
    # Each sees what was written before it.
    assert [await second, await all_of_them] == [1, 1]


async def test_who_names_no_integration_writes_alone(mirror: Mirror, other: Mirror) -> None:
    async with mirror.writing():
        third = asyncio.create_task(write(other, "3"))
        done, _ = await asyncio.wait([third], timeout=SOON)
        assert not done
        # Readers never wait.
        async with asyncio.timeout(2), other.reading() as connection:
            assert (await connection.execute(select(skipped))).all() == []
    assert await third == 0


async def test_two_that_want_the_same_integrations_never_wait_for_each_other(
    mirror: Mirror, other: Mirror
) -> None:
    async with asyncio.timeout(20):
        await asyncio.gather(
            *(
                write(one, *order)
                for one in (mirror, other)
                for order in ("123", "321", "213")
                for _ in range(20)
            )
        )


async def test_a_view_sees_one_moment_and_writes_nothing(mirror: Mirror, other: Mirror) -> None:
    async with mirror.reading() as view:
        assert (await view.execute(select(skipped))).all() == []
        async with other.writing("1") as connection:
            await connection.execute(insert(skipped), a_row(1))
        assert (await view.execute(select(skipped))).all() == []
        with pytest.raises(DBAPIError, match="read-only"):
            await view.execute(insert(skipped), a_row(2))
    assert await write(mirror, "1") == 1


async def test_a_writer_may_write_again_where_a_reader_was(mirror: Mirror) -> None:
    """Isolation is the transaction's, not the connection's."""
    for number in range(10):
        async with mirror.reading() as connection:
            await connection.execute(select(skipped))
        async with mirror.writing("1") as connection:
            await connection.execute(insert(skipped), a_row(number))
            level = await connection.scalar(text("SHOW transaction_isolation"))
            assert level == "read committed"


async def test_matching_customers_takes_turns_in_all_processes(mirror: Mirror, other: Mirror) -> None:
    inside = most = 0

    async def match(one: Mirror) -> None:
        nonlocal inside, most
        for _ in range(5):
            async with one.linking:
                inside += 1
                most = max(most, inside)
                await one.linking.still_held()
                await asyncio.sleep(0.005)
                inside -= 1

    async with asyncio.timeout(20):
        await asyncio.gather(*(match(one) for one in (mirror, other, mirror, other)))
    assert most == 1


async def test_who_waits_for_its_turn_of_matching_can_be_cancelled(mirror: Mirror, other: Mirror) -> None:
    async def match() -> None:
        async with other.linking:
            raise AssertionError("it is not its turn")

    async with mirror.linking:
        for patience in (0, 0.01, 0.1, 0.3):
            task = asyncio.create_task(match())
            await asyncio.sleep(patience)
            task.cancel()
            async with asyncio.timeout(2):
                await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()
        # Nor does it get the lock behind its back.
        await mirror.linking.still_held()
    async with asyncio.timeout(2), other.linking:
        await other.linking.still_held()


async def test_a_process_that_stalls_loses_its_turn_and_learns_of_it(
    database: str, other: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A beat later than the lease is what a stopped process looks like to the server.
    monkeypatch.setattr("thulium_plugin_prestashop.mirror.linking._BEATS", 0.001)
    stalled = Mirror(
        (await open_database(database)).engine, None, SharedLinking(database_address(database), 0.3)
    )

    async def stall() -> None:
        async with stalled.linking:
            await stalled.linking.still_held()
            async with asyncio.timeout(3), other.linking:
                await other.linking.still_held()
            await stalled.linking.still_held()

    with pytest.raises(LinkingLostError):
        await stall()
    # The next turn is taken as any other.
    async with asyncio.timeout(3), stalled.linking:
        await stalled.linking.still_held()
    await stalled.close()


async def test_a_turn_that_lasts_longer_than_the_lease_is_kept(database: str) -> None:
    mirror = Mirror(
        (await open_database(database)).engine, None, SharedLinking(database_address(database), 0.4)
    )
    async with mirror.linking:
        await asyncio.sleep(1.2)
        await mirror.linking.still_held()
    await mirror.close()


async def test_connections_that_the_server_ends_are_replaced(
    mirror: Mirror, database: str, databases: Databases
) -> None:
    server = databases.server
    assert server is not None
    name = database_address(database).database
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - a test's own

    async def cut_off() -> None:
        async with mirror.writing("1") as connection:
            await connection.execute(insert(skipped), a_row(1))
            await server.ask(end)
            await connection.execute(insert(skipped), a_row(2))

    async def match_cut_off() -> None:
        async with mirror.linking:
            await server.ask(end)
            await mirror.linking.still_held()

    with pytest.raises((SQLAlchemyError, OSError)):
        await cut_off()
    for _ in range(6):
        assert await write(mirror, "1") == 0
    await server.ask(end)
    async with mirror.reading() as connection:
        assert (await connection.execute(select(skipped))).all() == []
    with pytest.raises(LinkingLostError):
        await match_cut_off()
    async with mirror.linking:
        await mirror.linking.still_held()


async def test_a_card_of_several_shops_is_erased_under_the_locks_of_all(
    mirror: Mirror, other: Mirror
) -> None:
    async with mirror.writing("1", "2") as connection:
        for integration in ("1", "2"):
            await save_links(connection, integration, [Link(7, "A", "email", 0)])
    async with writing_cards(mirror, ["A"]):
        second = asyncio.create_task(write(other, "2"))
        await asyncio.wait([second], timeout=SOON)
        assert not second.done()
        async with asyncio.timeout(2):
            await write(other, "3")
    await second

    async with mirror.writing("3") as connection:
        # A third shop comes to know the card while it is being erased.
        await save_links(connection, "3", [Link(7, "A", "email", 0)])
        erasing = asyncio.create_task(erase_cards(other, ["A"]))
        await asyncio.wait([erasing], timeout=SOON)
    assert await erasing in {2, 3}
    async with mirror.reading() as connection:
        assert len(await links_of_card(connection, ["A"])) == 3 - erasing.result()


async def test_text_is_sorted_by_its_bytes(mirror: Mirror) -> None:
    """The tests' server sorts as Polish people do, unless told otherwise."""
    words = ["B", "a", "Z", "ą", "b", "É", "_", "1", "ź", "z"]
    async with mirror.writing("1") as connection:
        await connection.execute(
            insert(runs), [{"integration": "1", "id": word, "started": 0} for word in words]
        )
        found = list(await connection.scalars(select(runs.c.id).order_by(runs.c.id)))
        assert found == sorted(words, key=str.encode)
        by_language = await connection.scalars(
            text('SELECT id FROM prestashop_runs ORDER BY id COLLATE "default"')
        )
        assert list(by_language) != found


async def test_every_key_begins_with_the_integration(mirror: Mirror) -> None:
    """So that tables can be partitioned or distributed by it; asked of the database, not of the tables' description."""

    def keys(connection: Connection) -> dict[str, list[list[str]]]:
        inspector = inspect(connection)
        return {
            table.name: [
                inspector.get_pk_constraint(table.name)["constrained_columns"],
                *(key["constrained_columns"] for key in inspector.get_foreign_keys(table.name)),
                *(key["column_names"] for key in inspector.get_unique_constraints(table.name)),
            ]
            for table in metadata.sorted_tables
        }

    async with mirror.reading() as connection:
        found = await connection.run_sync(keys)
    assert len(found) == len(metadata.tables)
    assert {
        name: columns for name, columns in found.items() if any(c[:1] != ["integration"] for c in columns)
    } == {}


async def test_tables_can_be_partitioned_by_the_integration(mirror: Mirror) -> None:
    """PostgreSQL accepts a partition key only if every primary and unique key contains it."""
    async with mirror.writing() as connection:
        for table in metadata.sorted_tables:
            await connection.execute(
                text(
                    f"CREATE TABLE parted_{table.name} (LIKE {table.name} INCLUDING ALL) PARTITION BY HASH (integration)"
                )
            )
            for part in range(4):
                await connection.execute(
                    text(
                        f"CREATE TABLE parted_{table.name}_{part} PARTITION OF parted_{table.name}"
                        f" FOR VALUES WITH (MODULUS 4, REMAINDER {part})"
                    )
                )
        await connection.execute(
            text(
                "INSERT INTO parted_prestashop_skipped SELECT i::text, 'orders', i, '' FROM generate_series(1, 99) i"
            )
        )
        plan = "\n".join(
            row[0]
            for row in await connection.execute(
                text("EXPLAIN SELECT * FROM parted_prestashop_skipped WHERE integration = '7' AND id = 7")
            )
        )
        assert plan.count("parted_prestashop_skipped_") == 2, "one partition, by its own index"
        await connection.rollback()

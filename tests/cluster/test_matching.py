"""The lock for matching customers, when many processes want it."""

import asyncio
from unittest import mock

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.databases import Databases
from thulium_plugin_prestashop.mirror import linking
from thulium_plugin_prestashop.mirror.address import database_address
from thulium_plugin_prestashop.mirror.linking import SharedLinking

pytestmark = pytest.mark.parametrize("databases", ["postgresql"], indirect=True)


async def test_a_lock_that_was_granted_as_its_waiting_timed_out_is_given_back_whole(
    databases: Databases,
) -> None:
    """On a busy server both happen at once: the session has the lock, and its process was told that it has not."""
    address = database_address(await databases.new())
    mine, other = SharedLinking(address), SharedLinking(address)
    locked = linking._locked  # noqa: SLF001 - what is wrapped below
    tried: list[bool] = []

    async def granted_and_timed_out(connection: AsyncConnection) -> bool:
        tried.append(await locked(connection))
        return len(tried) > 1 and tried[-1]

    try:
        with mock.patch.object(linking, "_locked", granted_and_timed_out):
            async with mine:
                assert tried == [True, True]
        async with asyncio.timeout(5), other:
            pass
    finally:
        await mine.close()
        await other.close()


async def test_waiting_in_short_turns_starves_nobody(databases: Databases) -> None:
    address = database_address(await databases.new())
    processes = [SharedLinking(address) for _ in range(4)]
    turns = [0] * len(processes)

    async def match(number: int) -> None:
        for _ in range(6):
            async with processes[number]:
                turns[number] += 1
                await asyncio.sleep(0.02)

    await asyncio.gather(*(match(number) for number in range(len(processes)) for _ in range(2)))
    assert turns == [12] * 4
    for process in processes:
        await process.close()

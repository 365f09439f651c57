"""Opened, closed, killed, opened again."""

import asyncio
import gc
import os
import signal
import sqlite3
import sys
import threading
import time
from pathlib import Path
from random import Random

import pytest

from thulium_plugin_prestashop.contract.customers import NewCustomer
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.hosting.secrets import SecretError
from thulium_plugin_prestashop.hosting.testing import KEY, ScriptedType, scripted_plugin
from thulium_plugin_prestashop.sandbox.crm import IncompatibleDatabase, SandboxCrm, seed_accounts
from thulium_plugin_prestashop.sandbox.crm.customers import BATCH

WRITER = """
import asyncio, sys
from pathlib import Path
from thulium_plugin_prestashop.contract.customers import NewCustomer
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.sandbox.crm import SandboxCrm

async def main():
    crm = await SandboxCrm.open(Path(sys.argv[1]), plugins=[])
    await crm.ensure_custom_field("ID", CustomFieldType.NUMERIC)
    print("ready", flush=True)
    while True:
        await crm.customers.create([
            NewCustomer(str(n), f"K {n}", emails=(f"{n}@x.pl",), phones=(f"+48601{n:06d}",), custom_fields={"ID": str(n)})
            for n in range(1000)
        ])

asyncio.run(main())
"""


def open_files(directory: Path) -> list[str]:
    gc.collect()
    opened = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            opened.append(str(entry.readlink()))
        except OSError:
            continue  # It was the descriptor of this very listing.
    return [name for name in opened if name.startswith(str(directory))]


async def only_these_are_left(threads: set[threading.Thread]) -> None:
    """A connection's thread says that it has closed and then ends: give it the moment in between."""
    deadline = time.monotonic() + 5
    while not set(threading.enumerate()) <= threads:
        assert time.monotonic() < deadline, threading.enumerate()
        await asyncio.sleep(0.001)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
async def test_after_closing_nothing_is_left(directory: Path) -> None:
    threads, tasks = set(threading.enumerate()), asyncio.all_tasks()
    crm = await SandboxCrm.open(directory, plugins=[scripted_plugin(types=[ScriptedType()])])
    await seed_accounts(crm)
    await crm.ensure_custom_field("ID", CustomFieldType.NUMERIC)
    await crm.configure_integration("scripted", {"address": "http://a", "api_key": KEY}, {"id_field": "ID"})
    await asyncio.gather(*(crm.listing.count() for _ in range(20)))
    assert open_files(directory)
    assert asyncio.all_tasks() > tasks
    await crm.aclose()
    await crm.aclose()
    await only_these_are_left(threads)
    assert asyncio.all_tasks() == tasks
    assert open_files(directory) == []


async def test_a_directory_that_cannot_be_opened_leaves_nothing_open(directory: Path) -> None:
    async with await SandboxCrm.open(directory, plugins=[]):
        pass
    with sqlite3.connect(directory / "crm.db") as database:
        database.execute("PRAGMA user_version=99")
    database.close()
    threads = set(threading.enumerate())
    with pytest.raises(
        IncompatibleDatabase, match=r"crm.db is of version 99, and this sandbox needs version 1"
    ):
        await SandboxCrm.open(directory, plugins=[])
    await only_these_are_left(threads)
    (directory / "secret.key").chmod(0o644)
    with pytest.raises(SecretError, match="may be read by others"):
        await SandboxCrm.open(directory, plugins=[])


async def test_two_in_one_process_see_nothing_of_each_other(tmp_path: Path) -> None:
    kinds = [ScriptedType(), ScriptedType()]
    async with (
        await SandboxCrm.open(tmp_path / "one", plugins=[scripted_plugin(types=[kinds[0]])]) as one,
        await SandboxCrm.open(tmp_path / "two", plugins=[scripted_plugin(types=[kinds[1]])]) as two,
    ):
        await one.ensure_custom_field("ID", CustomFieldType.NUMERIC)
        await one.customers.create([NewCustomer("a", "A")])
        await one.configure_integration(
            "scripted", {"address": "http://a", "api_key": KEY}, {"id_field": "ID"}
        )
        assert await two.listing.count() == 0
        assert await two.custom_fields.list() == []
        assert await two.desk.overview() == []
        assert kinds[1].created == []
        assert one.host_context("scripted").data_directory != two.host_context("scripted").data_directory


async def test_two_processes_may_have_the_same_directory(directory: Path) -> None:
    async with (
        await SandboxCrm.open(directory, plugins=[]) as one,
        await SandboxCrm.open(directory, plugins=[]) as two,
    ):
        people = [NewCustomer(str(number), "K") for number in range(600)]
        outcomes = await asyncio.gather(one.customers.create(people), two.customers.create(people))
        ids = {outcome.id for each in outcomes for outcome in each}
        assert len(ids) == 1200
        assert await one.listing.count() == await two.listing.count() == 1200


async def test_a_process_that_is_killed_leaves_whole_batches(directory: Path) -> None:
    random = Random(4)  # noqa: S311 - when to kill is no secret
    counts = []
    for _ in range(4):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, str(directory), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        await asyncio.sleep(random.uniform(0.02, 0.3))
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        async with await SandboxCrm.open(directory, plugins=[]) as crm:
            counts.append(await crm.listing.count())
            cards = [card async for card in crm.iter_customers()]
        assert len(cards) == counts[-1]
        assert counts[-1] % BATCH == 0, "a batch is there as a whole, or not at all"
        assert all(
            (len(card.content.emails), len(card.content.phones), len(card.content.custom_fields)) == (1, 1, 1)
            for card in cards
        )
        database = sqlite3.connect(directory / "crm.db")
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        database.close()
    assert counts == sorted(counts)
    assert counts[-1] > 0

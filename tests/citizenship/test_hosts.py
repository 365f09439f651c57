"""Hosts start, stop and fail around the plugin, and nothing is left or passed on."""

import asyncio
import gc
import json
import logging
import logging.config
import os
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from thulium_plugin_prestashop.contract import hookspecs
from thulium_plugin_prestashop.contract.orders import Caller
from thulium_plugin_prestashop.contract.views import Viewer
from thulium_plugin_prestashop.hosting import Host, IntegrationState, installed_plugins
from thulium_plugin_prestashop.hosting.testing import ScriptedType, scripted_plugin
from thulium_plugin_prestashop.sandbox.shop import DemoShop, demo_shop_process
from thulium_plugin_prestashop.testing import FakeHost

VIEWER = Viewer("en")
SETTINGS = {"id_field": "PrestaShop ID"}
HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("thulium_"))


def belongings() -> tuple[int, int, int]:
    """Open files and sockets, threads, tasks of this process. Threads of the loop's own pool, which is bounded and
    grows when the machine is busy, are nobody's.
    """
    gc.collect()
    threads = [thread for thread in threading.enumerate() if not thread.name.startswith("asyncio_")]
    return len(os.listdir("/proc/self/fd")), len(threads), len(asyncio.all_tasks())  # noqa: PTH208 - counted only


async def test_a_hundred_starts_leave_nothing(tmp_path: Path) -> None:
    async with DemoShop(customers=5, orders=10) as shop:
        fake = FakeHost(tmp_path)
        storage, secrets = fake.host.services.integrations, fake.secrets
        async with fake:
            form = {"address": shop.url, "api_key": shop.key}
            integration = await fake.connect("prestashop", form, SETTINGS)
            await fake.run(integration.id)
        counts: list[tuple[int, int, int]] = []
        objects: list[int] = []
        for turn in range(100):
            again = FakeHost(tmp_path)
            for stored in await storage.load():
                await again.host.services.integrations.save(stored)
                handle = stored.config.secret_handle("api_key")
                await again.secrets.put(handle, str(await secrets.get(handle)))
            async with again:
                (entry,) = again.host.integrations.entries()
                assert entry.state is IntegrationState.RUNNING
                assert entry.integration is not None
                assert (await entry.integration.status()).orders == 10
            del again, entry
            if turn in (9, 54, 99):
                counts.append(belongings())
                objects.append(len(gc.get_objects()))
    assert counts[0] == counts[1] == counts[2]
    # Caches may fill for a while; what leaks grows with every start.
    assert objects[2] - objects[1] < 45


@pytest.mark.parametrize("moment", ["customers", "orders"])
async def test_a_host_that_stops_in_the_middle_of_a_run_gets_its_loop_back(
    tmp_path: Path, moment: str
) -> None:
    async with demo_shop_process(customers=600, orders=1500, pace=True) as shop:
        tasks = asyncio.all_tasks()
        async with FakeHost(tmp_path) as fake:
            integration = await fake.connect(
                "prestashop", {"address": shop.url, "api_key": shop.key}, SETTINGS
            )
            (job,) = fake.host.scheduler.jobs(integration.id)
            run = job.run_now()
            async with aclosing(job.watch()) as snapshots:
                async for snapshot in snapshots:
                    if snapshot.progress is not None and snapshot.progress.phase == moment:
                        break
                    assert not run.done
            stopping = time.monotonic()
        assert time.monotonic() - stopping < 1.0
        assert (await run.finished()).cancelled
        assert asyncio.all_tasks() == tasks


async def cancelled() -> None:
    """Awaits a task of its own that somebody cancelled: a cancellation that the host did not ask for."""
    task = asyncio.create_task(asyncio.sleep(1))
    task.cancel()
    await task


def fails() -> None:
    raise LookupError("a bug")


async def fails_later() -> None:
    await asyncio.sleep(0)
    raise LookupError("a bug")


CALLS: dict[str, Callable[[Host], Awaitable[object]]] = {
    "thulium_search_orders": lambda host: host.search_orders("1", VIEWER, 5),
    "thulium_find_by_phone": lambda host: host.find_by_phone("+48601123456"),
    "thulium_customers_merged": lambda host: host.customers_merged("1", ["2"]),
    "thulium_customers_erased": lambda host: host.customers_erased(["1"]),
}


@pytest.mark.parametrize("bug", [fails, fails_later, cancelled], ids=lambda bug: bug.__name__)
@pytest.mark.parametrize("hook", HOOKS)
async def test_an_error_in_one_plugin_reaches_no_other(
    tmp_path: Path, hook: str, bug: Callable[[], Any]
) -> None:
    told: list[str] = []

    async def find_by_phone(phone: str) -> list[Caller]:
        return [Caller(None, phone)]

    good = scripted_plugin(
        "good",
        types=[ScriptedType("good")],
        hooks={
            "thulium_find_by_phone": find_by_phone,
            "thulium_customers_merged": lambda kept: told.append(f"{kept}"),
            "thulium_customers_erased": lambda customers: told.extend(map(str, customers)),
        },
    )
    bad = scripted_plugin("a bad one", hooks={hook: bug})
    (prestashop,), _ = installed_plugins()
    async with FakeHost(tmp_path, plugins=[bad, prestashop, good]) as fake:
        host = fake.host
        assert {kind.id for kind in host.types()} == {"prestashop", "good"}
        assert [kind.key for kind in host.customer_tabs()] == ["prestashop"]
        assert len(host.history_sections()) == len(host.customers_actions()) == 1
        if hook in CALLS:
            await CALLS[hook](host)
        assert [caller.integration for caller in await host.find_by_phone("+48601123456")] == ["+48601123456"]
        told.clear()
        # Who failed is told again later; who took it was told.
        assert await host.customers_merged("1", ["2"]) is (hook != "thulium_customers_merged")
        assert await host.customers_erased(["3"]) is (hook != "thulium_customers_erased")
        assert told == ["1", "3"]
    assert {task.get_name() for task in asyncio.all_tasks()} == {asyncio.current_task().get_name()}  # type: ignore[union-attr]  # there is one


async def test_the_hosts_own_logging_is_what_is_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A host that logs JSON gets all records of the plugin as JSON, at the level it asked for."""
    root, level = list(logging.root.handlers), logging.root.level
    text = '{"level": "%(levelname)s", "logger": "%(name)s"}'
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": {"format": text}},
            "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "json"}},
            "loggers": {"thulium_plugin_prestashop": {"level": "DEBUG", "handlers": ["out"]}},
        }
    )
    try:
        async with DemoShop(customers=5, orders=5) as shop, FakeHost(tmp_path) as fake:
            form = {"address": shop.url, "api_key": shop.key}
            integration = await fake.connect("prestashop", form, SETTINGS)
            shop.service.enabled = False
            assert not (await fake.run(integration.id)).ok
    finally:
        logging.getLogger("thulium_plugin_prestashop").handlers.clear()
        logging.getLogger("thulium_plugin_prestashop").setLevel(logging.NOTSET)
        logging.root.handlers[:] = root
        logging.root.setLevel(level)
    records = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert records
    assert all(record["logger"].startswith("thulium_plugin_prestashop") for record in records)

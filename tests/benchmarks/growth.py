"""What becomes of time, memory and size as a shop grows."""

import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import attrs
import orjson

from tests.benchmarks.contestants import Plugin, PluginOnPostgresql, Reading
from tests.benchmarks.environments import Unavailable
from tests.benchmarks.process import run, shop
from tests.benchmarks.shop import Wanted

IN_MEMORY = 200_000
"""Shops with more orders than that keep their data in a file."""
VIEWS = 1_000
CHANGES = 20
"""Customers, addresses and orders, of each so many, that change before one of the ticks."""


@attrs.frozen
class Size:
    """One row of the table."""

    database: str
    orders: int
    customers: int
    seconds: float
    cpu: float
    rss_mb: float
    stall_ms: float
    stall_p999_ms: float
    requests: int
    mirror_mb: float
    tick_requests: int
    tick_seconds: float
    tick_rss_mb: float
    changed_requests: int
    changed_seconds: float
    tab_p50_ms: float
    tab_p99_ms: float
    search_p50_ms: float
    search_p99_ms: float


def grow(sizes: Iterable[int], tell: Callable[[str], None]) -> list[Size]:
    """Import shops of so many orders (and a third as many customers), then look at them."""
    measured: list[Size] = []
    for orders in sizes:
        for plugin in (Plugin(), PluginOnPostgresql()):
            try:
                measured.append(_measured(orders, plugin, tell))
            except Unavailable as error:
                tell(f"left out: {plugin.name}: {error}")
    return measured


def _measured(orders: int, plugin: Plugin, tell: Callable[[str], None]) -> Size:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = str(folder / "shop.db") if orders > IN_MEMORY else ""
        tell(f"making a shop of {orders:,} orders")
        with shop(Wanted(customers=orders // 3, orders=orders, database=database)) as running:
            tell(f"importing {orders:,} orders: {plugin.name}")
            first = plugin.read(running, folder)
            first_requests = _run_requests(first)
            # Made-up rows bunch at the moment up to which they were made. A change today moves the window past it.
            running.ask("touch", count=1)
            plugin.read(running, folder, again=True)
            tell("a tick of the unchanged shop")
            tick = plugin.read(running, folder, again=True)
            tell(f"a tick after {CHANGES} changes in each table")
            running.ask("touch", count=CHANGES)
            changed = plugin.read(running, folder, again=True)
            if (stored := _figures(changed)["figures"]["orders_stored"]) != CHANGES:
                raise RuntimeError(f"{stored} orders were stored after {CHANGES} changes")
        tell(f"{VIEWS:,} tabs and searches")
        data = folder / "crm"
        place = plugin.place(folder, again=True)
        command = [sys.executable, "-m", "tests.benchmarks.views", str(data), str(VIEWS)]
        views = run(command, environment=place.environment)
        if views.status:
            raise RuntimeError(views.err)
        return Size(
            database="PostgreSQL" if place.address else "SQLite",
            orders=orders,
            customers=orders // 3,
            seconds=first.work_seconds,
            cpu=first.finished.cpu,
            rss_mb=first.finished.rss_mb,
            stall_ms=first.stall_ms,
            stall_p999_ms=first.stall_p999_ms or 0.0,
            requests=first_requests,
            mirror_mb=place.size_mb(),
            tick_requests=_run_requests(tick),
            tick_seconds=tick.work_seconds,
            tick_rss_mb=tick.finished.rss_mb,
            changed_requests=_run_requests(changed),
            changed_seconds=changed.work_seconds,
            **orjson.loads(views.out),
        )


def _run_requests(reading: Reading) -> int:
    """Requests of the run itself, without those that connected the shop."""
    return int(_figures(reading)["requests"])


def _figures(reading: Reading) -> Any:  # noqa: ANN401 - what ``sync --json`` prints
    return orjson.loads(reading.finished.out)

"""What becomes of time, memory and size as a shop grows."""

import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import attrs
import orjson

from tests.benchmarks.contestants import Plugin, Reading
from tests.benchmarks.process import run, shop
from tests.benchmarks.shop import Wanted

IN_MEMORY = 200_000
"""Shops with more orders than that keep their data in a file."""
VIEWS = 1_000


@attrs.frozen
class Size:
    """One row of the table."""

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
    tab_p50_ms: float
    tab_p99_ms: float
    search_p50_ms: float
    search_p99_ms: float


def grow(sizes: Iterable[int], tell: Callable[[str], None]) -> list[Size]:
    """Import shops of so many orders (and a third as many customers), then look at them."""
    return [_measured(orders, tell) for orders in sizes]


def _measured(orders: int, tell: Callable[[str], None]) -> Size:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = str(folder / "shop.db") if orders > IN_MEMORY else ""
        tell(f"making a shop of {orders:,} orders")
        plugin = Plugin()
        with shop(Wanted(customers=orders // 3, orders=orders, database=database)) as running:
            tell(f"importing {orders:,} orders")
            first = plugin.read(running, folder)
            first_requests = _run_requests(first)
            # Made-up rows bunch at the moment up to which they were made. A change today moves the window past it.
            running.ask("touch")
            plugin.read(running, folder, again=True)
            tell("a tick of the unchanged shop")
            tick = plugin.read(running, folder, again=True)
        tell(f"{VIEWS:,} tabs and searches")
        data = folder / "crm"
        views = run([sys.executable, "-m", "tests.benchmarks.views", str(data), str(VIEWS)])
        if views.status:
            raise RuntimeError(views.err)
        mirror = data / "plugins" / "prestashop" / "prestashop.db"
        return Size(
            orders=orders,
            customers=orders // 3,
            seconds=first.work_seconds,
            cpu=first.finished.cpu,
            rss_mb=first.finished.rss_mb,
            stall_ms=first.stall_ms,
            stall_p999_ms=first.stall_p999_ms or 0.0,
            requests=first_requests,
            mirror_mb=mirror.stat().st_size / 1e6,
            tick_requests=_run_requests(tick),
            tick_seconds=tick.work_seconds,
            tick_rss_mb=tick.finished.rss_mb,
            **orjson.loads(views.out),
        )


def _run_requests(reading: Reading) -> int:
    """Requests of the run itself, without those that connected the shop."""
    return int(orjson.loads(reading.finished.out)["requests"])

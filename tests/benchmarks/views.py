"""How fast agents see something: ``python -m tests.benchmarks.views DATA COUNT`` times tabs and searches.

Prints ``{"tab_p50_ms", "tab_p99_ms", "search_p50_ms", "search_p99_ms"}`` over ``COUNT`` cards and order references
picked at random from the mirror in ``DATA``.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import orjson

from tests.benchmarks.databases import MirrorPlace
from thulium_plugin_prestashop.contract.views import TabQuery, Viewer
from thulium_plugin_prestashop.hosting import spare_start_up
from thulium_plugin_prestashop.sandbox.crm import SandboxCrm


async def main(data: Path, count: int) -> dict[str, float]:
    """Time both."""
    address = MirrorPlace.here(data).address or None
    cards, references = await asyncio.to_thread(chosen, data, count)
    async with await SandboxCrm.open(data, schedule=False, database_url=address) as crm:
        (entry,) = crm.host.integrations.entries()
        integration = crm.desk.running(entry.config.id)
        viewer = Viewer()
        spare_start_up()
        tabs = await timed(cards, lambda card: integration.tab(card, viewer, TabQuery()))
        searches = await timed(references, lambda typed: crm.host.search_orders(typed, viewer, 10))
    return {**percentiles("tab", tabs), **percentiles("search", searches)}


def chosen(data: Path, count: int) -> tuple[list[str], list[str]]:
    """Cards and references, the same ones for the same data."""
    mirror = MirrorPlace.here(data)
    cards = [str(row[0]) for row in mirror.rows("SELECT crm_id FROM prestashop_links WHERE crm_id <> ''")]
    ((highest,),) = mirror.rows("SELECT max(id) FROM prestashop_orders")
    step = max(int(str(highest)) // count, 1)
    found = mirror.rows(f"SELECT reference FROM prestashop_orders WHERE id % {step} = 0 LIMIT {count}")  # noqa: S608 - numbers
    references = [str(row[0]) for row in found]
    return cards[:: max(len(cards) // count, 1)][:count], references


async def timed(items: Sequence[str], view: Callable[[str], Awaitable[object]]) -> list[float]:
    """Milliseconds of each, ascending; the very first, which fills caches, is left out."""
    spent: list[float] = []
    for item in items:
        started = time.perf_counter()
        await view(item)
        spent.append((time.perf_counter() - started) * 1_000)
    return sorted(spent[1:])


def percentiles(name: str, spent: Sequence[float]) -> dict[str, float]:
    """The middle and the slowest hundredth."""
    return {f"{name}_p50_ms": spent[len(spent) // 2], f"{name}_p99_ms": spent[len(spent) * 99 // 100]}


if __name__ == "__main__":
    found = asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
    sys.stdout.write(orjson.dumps(found).decode() + "\n")

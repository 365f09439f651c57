"""Many shops in one host: ``python -m tests.benchmarks.many URLS KEY DATA`` configures and runs them all at once.

``URLS`` is a JSON list. Prints what a first import of all and two ticks of all took, how evenly, and what was open.
"""

import asyncio
import os
import statistics
import sys
import time
from pathlib import Path

import orjson

from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.host import Egress
from thulium_plugin_prestashop.hosting import StallMeter, spare_start_up
from thulium_plugin_prestashop.sandbox.crm import SandboxCrm

TYPE = "prestashop"
TICKS = 2


async def main(urls: list[str], key: str, data: Path) -> dict[str, object]:
    """Connect all, then let all run at the same moment, three times."""
    crm = await SandboxCrm.open(data, egress=Egress(allow_private=True), schedule=False)
    try:
        ids = [await connected(crm, number, url, key) for number, url in enumerate(urls)]
        spare_start_up()
        found: dict[str, object] = {"integrations": len(ids), "first": await all_at_once(crm, ids)}
        for number in range(1, TICKS + 1):
            found[f"tick_{number}"] = await all_at_once(crm, ids)
    finally:
        await crm.aclose()
    found["files_after_the_end"] = open_files()
    return found


async def connected(crm: SandboxCrm, number: int, url: str, key: str) -> str:
    """Id of the integration for one shop, with an ID field of its own."""
    field = f"PrestaShop ID {number}"
    await crm.ensure_custom_field(field, CustomFieldType.NUMERIC)
    configured = await crm.configure_integration(
        TYPE, {"address": url, "api_key": key}, {"id_field": field, "name": f"Shop {number}"}
    )
    if configured.id is None:
        raise RuntimeError(str(configured))
    return configured.id


async def all_at_once(crm: SandboxCrm, ids: list[str]) -> dict[str, float]:
    """Run all; seconds until the first, the middle and the last are done, stalls, and the most files open."""
    started = time.perf_counter()
    most = 0
    done: list[float] = []

    async def one(integration: str) -> bool:
        run = await crm.desk.run_now(integration, "benchmark")
        finished = await run.finished()
        done.append(time.perf_counter() - started)
        return finished.ok

    async with StallMeter() as meter:
        runs = asyncio.gather(*(one(integration) for integration in ids))
        while not runs.done():
            most = max(most, open_files())
            await asyncio.wait({runs}, timeout=0.1)
        outcomes = await runs
    return {
        "ok": sum(outcomes),
        "seconds": max(done),
        "first_seconds": min(done),
        "median_seconds": statistics.median(done),
        "longest_stall_ms": meter.longest_ms,
        "stall_p999_ms": meter.percentile(99.9),
        "most_open_files": most,
    }


def open_files() -> int:
    """Files and sockets this process holds open."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names of descriptors, not paths


if __name__ == "__main__":
    found = asyncio.run(main(orjson.loads(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
    sys.stdout.write(orjson.dumps(found).decode() + "\n")

"""The physical limit: the same answers from the same server with the same two requests in flight, thrown away.

``python -m tests.benchmarks.physical URL FILE`` asks for every target in the file (a JSON list of paths with their
queries) once, in order, and prints ``{"seconds", "bytes", "longest_stall_ms"}``. The key comes from ``PRESTASHOP_KEY``.
"""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import orjson
from yarl import URL

from thulium_plugin_prestashop.hosting import StallMeter

IN_FLIGHT = 2


async def reader(session: aiohttp.ClientSession, origin: str, targets: Iterator[str]) -> int:
    """Ask for what is left, one after the other; how many bytes came."""
    size = 0
    for target in targets:
        async with session.get(URL(origin + target, encoded=True)) as response:
            async for chunk in response.content.iter_any():
                size += len(chunk)
    return size


async def main(origin: str, targets: list[str]) -> dict[str, float]:
    """Read everything."""
    auth = {"Authorization": aiohttp.encode_basic_auth(os.environ["PRESTASHOP_KEY"], "")}
    async with StallMeter() as meter, aiohttp.ClientSession(headers=auth) as session:
        started = time.perf_counter()
        left = iter(targets)
        sizes = await asyncio.gather(*(reader(session, origin, left) for _ in range(IN_FLIGHT)))
        seconds = time.perf_counter() - started
    return {"seconds": seconds, "bytes": sum(sizes), "longest_stall_ms": meter.longest_ms}


if __name__ == "__main__":
    wanted = orjson.loads(Path(sys.argv[2]).read_bytes())
    sys.stdout.write(orjson.dumps(asyncio.run(main(sys.argv[1].rstrip("/"), wanted))).decode() + "\n")

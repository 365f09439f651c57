"""``kill -9`` at seeded points, any number of times, ends where an undisturbed run ends."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests.databases import Databases
from thulium_plugin_prestashop.sandbox.shop import demo_shop_process

KILLS = int(os.environ.get("SYNC_KILLS", "60"))


async def test_killing_the_process_loses_and_doubles_nothing(
    tmp_path: Path, databases: Databases, record_property: Callable[[str, object], None]
) -> None:
    # The promise is the same code's on both; on PostgreSQL a process takes longer to start.
    kills, address = (KILLS, []) if databases.server is None else (KILLS // 3, [await databases.new()])
    async with demo_shop_process(customers=300, orders=700) as shop:
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.sync.kill_worker",
            *(shop.url, shop.key, str(tmp_path), str(kills), "7", *map(str, address)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        output, errors = await worker.communicate()
    assert worker.returncode == 0, errors.decode()
    found = json.loads(output)
    record_property("kills", found)
    assert found["kills"] >= min(kills, 50)
    assert found["different"] == []

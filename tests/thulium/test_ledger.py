"""The bridge's notes: a file that is left in order."""

import asyncio
import threading
from pathlib import Path

import pytest

from thulium_plugin_prestashop.thulium.ledger import Ledger
from thulium_plugin_prestashop.thulium.together import undisturbed


def connections() -> int:
    """Each has a thread of its own."""
    return sum("_connection_worker_thread" in thread.name for thread in threading.enumerate())


async def test_closing_waits_for_who_still_reads_and_writes(tmp_path: Path) -> None:
    before = connections()
    ledger = await Ledger.open(tmp_path)
    work = [asyncio.ensure_future(ledger.rows("sklep", number)) for number in range(6)]
    writes = [asyncio.ensure_future(ledger.keep_fact(str(number), number)) for number in range(6)]
    for _ in range(4):
        await asyncio.sleep(0)
    assert not any(task.done() for task in (*work, *writes))
    await ledger.aclose()
    assert await asyncio.gather(*work) == [{}] * 6
    await asyncio.gather(*writes)
    assert connections() == before
    again = await Ledger.open(tmp_path)
    assert [await again.fact(str(number)) for number in range(6)] == list(range(6))
    await again.aclose()


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_undisturbed_work_is_not_cut_however_often_it_is_cancelled(times: int) -> None:
    steps: list[int] = []

    @undisturbed
    async def work() -> None:
        for step in range(20):
            await asyncio.sleep(0)
            steps.append(step)

    task = asyncio.ensure_future(work())
    for _ in range(times):
        await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert steps == list(range(20))

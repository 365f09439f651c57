"""What every peer's puller shares. Runs in the peer's own environment: nothing but the standard library here.

A puller gets one argument, JSON ``{"url", "key", "page", "since", "stall", "work", "version"}``: the shop's address
without a slash, its key, rows a page, ``{resource: date_upd}`` of the run before (or null), the file of the stall
meter, a folder for its files, and the shop's version. It prints one JSON object: ``{"ids": {resource: [...]}, "state":
{resource: date_upd}, "stopped": {resource: why}, "seconds", "longest_stall_ms"}``. The pull runs in
:func:`asyncio.to_thread`, as a host with an event loop would have to run it.
"""

import asyncio
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

RESOURCES = {"customers": "customer", "addresses": "address", "orders": "order"}
Rows = Iterable[dict[str, Any]]
Pull = Callable[[dict[str, Any], str], Rows]


def main(pull: Pull) -> None:
    """Pull the three resources with ``pull(task, resource)`` and print what came."""
    task = json.loads(sys.argv[1])
    sys.stdout.write(json.dumps(asyncio.run(_measured(pull, task))) + "\n")


async def _measured(pull: Pull, task: dict[str, Any]) -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("stall", task["stall"])
    if spec is None or spec.loader is None:
        raise RuntimeError(task["stall"])
    stall = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stall)
    started = time.perf_counter()
    async with stall.StallMeter() as meter:
        found = await asyncio.to_thread(_pull_all, pull, task)
    return {
        **found,
        "seconds": time.perf_counter() - started,
        "longest_stall_ms": meter.longest_ms,
    }


def _pull_all(pull: Pull, task: dict[str, Any]) -> dict[str, Any]:
    ids: dict[str, list[int]] = {}
    state: dict[str, str] = {}
    stopped: dict[str, str] = {}
    for resource in RESOURCES:
        ids[resource] = []
        state[resource] = (task["since"] or {}).get(resource, "")
        try:
            for row in pull(task, resource):
                ids[resource].append(int(row["id"]))
                state[resource] = max(state[resource], str(row.get("date_upd") or ""))
        except Exception as error:  # noqa: BLE001 - what stops a peer is a result of the benchmark
            stopped[resource] = f"{type(error).__name__}: {error}"[:120]
    return {"ids": ids, "state": state, "stopped": stopped}

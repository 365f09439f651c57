"""One process of a company: ``python -m tests.cluster.worker '<JSON of Worker>'``, until its standard input ends.

It says ``{"ready": …}`` once all integrations run. Its log goes to standard error. Leases and intervals are short, so that
a test sees in seconds what takes minutes in life.
"""

import asyncio
import logging
import sys
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from unittest import mock

import attrs
import cattrs
import orjson

from tests.cluster.company import Place, host
from thulium_plugin_prestashop.admin import integration, runtime, turns
from thulium_plugin_prestashop.mirror import claims, engine, linking, postgresql
from thulium_plugin_prestashop.transport.http import HttpClient


@attrs.frozen
class Worker:
    """How a process behaves."""

    name: str
    """Its User-Agent at the shops."""
    place: Place
    every: float
    jitter: float
    lease: float
    unaware: bool = False
    """It neither renews its claims nor notices by its own clock that they have ended: the fence alone stops it."""
    runs_at_once: int = 4
    listen: float = 0.2
    """How often it looks for runs that were asked for elsewhere."""


def hurry(stack: ExitStack, worker: Worker) -> None:
    """Shorten what takes long."""
    for target, name, value in (
        (integration, "EVERY", timedelta(seconds=worker.every)),
        (integration, "JITTER", timedelta(seconds=worker.jitter)),
        (claims, "LEASE_SECONDS", worker.lease),
        (runtime, "LISTEN_SECONDS", worker.listen),
        (turns, "LOOK_SECONDS", 0.1),
        (postgresql, "IDLE_SECONDS", max(worker.lease / 2, 0.5)),
        (engine, "SharedLinking", partial(linking.SharedLinking, lease=worker.lease)),
        (integration, "HttpClient", partial(HttpClient, user_agent=worker.name)),
    ):
        stack.enter_context(mock.patch.object(target, name, value))
    if worker.unaware:
        stack.enter_context(mock.patch.object(turns, "BEATS", 1e-6))
        stack.enter_context(mock.patch.object(turns, "monotonic", return_value=0.0))


async def work(worker: Worker) -> None:
    """Run until standard input ends."""
    async with host(worker.place, runs_at_once=worker.runs_at_once):
        sys.stdout.write(orjson.dumps({"ready": worker.name}).decode() + "\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


def main() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    worker = cattrs.structure(orjson.loads(sys.argv[1]), Worker)
    with ExitStack() as stack:
        hurry(stack, worker)
        asyncio.run(work(worker))


if __name__ == "__main__":
    main()

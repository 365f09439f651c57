"""The demo shop from a command line: prints where it listens and runs until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import orjson

from thulium_plugin_prestashop.sandbox.shop.demo import DemoShop
from thulium_plugin_prestashop.sandbox.shop.faults import Pace
from thulium_plugin_prestashop.sandbox.shop.keys import DEMO_KEY, KEY_LENGTH
from thulium_plugin_prestashop.sandbox.shop.profiles import PROFILES

KEY_VARIABLE = "PRESTASHOP_KEY"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m thulium_plugin_prestashop.sandbox.shop",
        description="A demo shop on the loopback interface that answers like PrestaShop's webservice.",
    )
    parser.add_argument("--profile", choices=list(PROFILES), default="9.1.4", help="version to play")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--orders", type=int, default=6_000)
    parser.add_argument("--seed", type=int, default=1, help="of the made-up data")
    parser.add_argument("--multistore", action="store_true", help="two shops of one group")
    parser.add_argument("--pace", action="store_true", help="answer as slowly as a real shop on two cores")
    parser.add_argument("--database", type=Path, help="a new file for the database; in memory by default")
    parser.add_argument(
        "--recordings", type=Path, help="a folder of recorded answers to load instead of making data up"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object when listening")
    parser.add_argument("--exit-with-parent", action="store_true", help="stop when standard input closes")
    return parser


async def _stdin_closed(stopped: asyncio.Event) -> None:
    """Wait for the end of standard input: the parent closed it or is gone."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while await reader.read(1 << 16):
            continue
        stopped.set()
    finally:
        transport.close()


async def _run(arguments: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with _shop(arguments) as shop:
        if arguments.json:
            sys.stdout.write(orjson.dumps({"url": shop.url, "key": shop.key}).decode() + "\n")
        else:
            sys.stdout.write(f"{shop.url}  {shop.key}\n")
        sys.stdout.flush()
        watcher = asyncio.create_task(_stdin_closed(stopped)) if arguments.exit_with_parent else None
        await stopped.wait()
        if watcher is not None:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)


def _shop(arguments: argparse.Namespace) -> DemoShop:
    pace = Pace() if arguments.pace else None
    if arguments.recordings:
        return DemoShop.from_recordings(arguments.recordings, port=arguments.port, pace=pace)
    return DemoShop(
        arguments.profile,
        customers=arguments.customers,
        orders=arguments.orders,
        seed=arguments.seed,
        multistore=arguments.multistore,
        key=os.environ.get(KEY_VARIABLE) or DEMO_KEY,
        pace=pace,
        path=arguments.database,
        port=arguments.port,
    )


def main() -> int:
    """Run until SIGINT, SIGTERM, or (with ``--exit-with-parent``) the end of standard input."""
    parser = _parser()
    arguments = parser.parse_args()
    key = os.environ.get(KEY_VARIABLE)
    if key and len(key) != KEY_LENGTH:
        parser.error(f"{KEY_VARIABLE} must have {KEY_LENGTH} characters")
    if arguments.database and arguments.database.exists():
        parser.error(f"{arguments.database} exists already; the demo shop only fills new files")
    asyncio.run(_run(arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main())

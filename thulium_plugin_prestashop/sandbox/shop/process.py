"""A demo shop in a process of its own: for benchmarks, and for hosts that must not share its event loop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import attrs
import orjson

MODULE = "thulium_plugin_prestashop.sandbox.shop"
_GRACE = 5.0


@attrs.define
class SpawnedShop:
    """A running demo shop process."""

    url: str
    key: str = attrs.field(repr=False)
    process: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    async def stop(self) -> None:
        """End the process, by force if it does not leave within five seconds."""
        if self.process.returncode is None:
            self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), _GRACE)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        # The pipe's transport would otherwise be closed by the garbage collector, with a warning.
        if self.process.stdin is not None:
            self.process.stdin.close()


async def spawn_demo_shop(
    *,
    profile: str = "9.1.4",
    customers: int = 2_000,
    orders: int = 6_000,
    seed: int = 1,
    multistore: bool = False,
    port: int = 0,
    pace: bool = False,
    arguments: Sequence[str] = (),
    start_timeout: float = 300.0,
) -> SpawnedShop:
    """Start a demo shop in a process that ends with this one.

    Args:
        profile: a version of ``PROFILES``.
        customers: how many customers to make up.
        orders: how many orders to make up.
        seed: of the made-up data.
        multistore: two shops of one group.
        port: 0 for a free one.
        pace: answer as slowly as a real shop.
        arguments: further arguments of the command line.
        start_timeout: seconds to wait until it listens.

    Raises:
        RuntimeError: it ended instead of listening; the message holds what it wrote.
        TimeoutError: it did not listen in time.

    """
    command = [sys.executable, "-m", MODULE, "--json", "--exit-with-parent", "--profile", profile]
    command += [
        "--customers",
        str(customers),
        "--orders",
        str(orders),
        "--seed",
        str(seed),
        "--port",
        str(port),
    ]
    command += ["--multistore"] * multistore + ["--pace"] * pace + list(arguments)
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    shop = SpawnedShop("", "", process)
    try:
        line = await asyncio.wait_for(_first_line(process), start_timeout)
    except BaseException:
        await shop.stop()
        raise
    if not line:
        message = f"the demo shop ended with status {await process.wait()} instead of listening"
        await shop.stop()
        raise RuntimeError(message)
    ready = orjson.loads(line)
    shop.url, shop.key = ready["url"], ready["key"]
    return shop


async def _first_line(process: asyncio.subprocess.Process) -> bytes:
    return b"" if process.stdout is None else await process.stdout.readline()


@asynccontextmanager
async def demo_shop_process(
    *,
    profile: str = "9.1.4",
    customers: int = 2_000,
    orders: int = 6_000,
    seed: int = 1,
    multistore: bool = False,
    port: int = 0,
    pace: bool = False,
    arguments: Sequence[str] = (),
) -> AsyncIterator[SpawnedShop]:
    """Run a demo shop process and end it afterwards; arguments as of ``spawn_demo_shop``."""
    shop = await spawn_demo_shop(
        profile=profile,
        customers=customers,
        orders=orders,
        seed=seed,
        multistore=multistore,
        port=port,
        pace=pace,
        arguments=arguments,
    )
    try:
        yield shop
    finally:
        await shop.stop()

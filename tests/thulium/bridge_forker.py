"""Bridges to be killed, each forked from a process that has imported everything already.

``python -m tests.thulium.bridge_forker`` reads a path of settings from each line of standard input. It prints the
process id of the bridge; the bridge probes Thulium with a test card, prints ``probed``, waits for a line, and
synchronises once. After its end its exit status is printed, or minus the signal that killed it. The first bridge runs
in this process itself, so that the others find everything as warm as in a service that has run for a while.
"""

import asyncio
import gc
import io
import logging
import os
import sys
from pathlib import Path

from tests.thulium.conftest import AT_ONCE
from tests.thulium.quick_sqlite import make_sqlite_quick
from thulium_plugin_prestashop.hosting import installed_plugins
from thulium_plugin_prestashop.thulium import trials
from thulium_plugin_prestashop.thulium.bridge import Bridge, Tuning
from thulium_plugin_prestashop.thulium.configfile import read_settings
from thulium_plugin_prestashop.transport import RemoteError

PLUGINS = tuple(installed_plugins()[0])


def tuning() -> Tuning:
    """Nothing waits, and nothing is looked for twice."""
    return Tuning(retry=AT_ONCE, patience=(0.0,), plugins=PLUGINS)


async def once(path: Path) -> int:
    """What the command does with ``--check --probe`` and then with ``--once``, in one process."""
    async with Bridge(read_settings(path), tuning()) as bridge:
        await bridge.learn()
        await bridge.probe()
        os.write(sys.stdout.fileno(), b"probed\n")
        os.read(sys.stdin.fileno(), 1)
        return (
            await trials.synchronise(bridge, trials.Says(io.StringIO(), as_json=True), dry_run=False)
        ).value


def serve() -> None:
    """Fork one bridge after the other."""
    logging.disable()
    if "--quick" in sys.argv:
        make_sqlite_quick()
    for plugin in PLUGINS:
        plugin.load()
    if path := _line():
        _say(os.getpid())
        _say(_run(path))
    gc.collect()
    gc.freeze()
    while path := _line():
        child = os.fork()
        if child == 0:
            gc.disable()
            os._exit(_run(path))
        _say(child)
        _say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _run(path: str) -> int:
    try:
        return asyncio.run(once(Path(path)))
    except RemoteError:
        return 1


def _line() -> str:
    """A line of standard input, read byte by byte: what follows is the child's."""
    read = b""
    while (byte := os.read(sys.stdin.fileno(), 1)) not in {b"", b"\n"}:
        read += byte
    return read.decode()


def _say(number: int) -> None:
    os.write(sys.stdout.fileno(), f"{number}\n".encode())


if __name__ == "__main__":
    serve()

"""A program that watches its own process: state of the interpreter before and after the plugin's whole life.

Prints JSON: what the import did, and which parts of the global state are not as they were.
"""

# ruff: noqa: PLC0415 - what is imported when is what this program tells

import asyncio
import decimal
import gc
import json
import locale
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
NEVER = (
    "socket.",
    "subprocess.",
    "sqlite3.",
    "os.fork",
    "os.exec",
    "os.putenv",
    "os.chdir",
    "os.remove",
    "os.mkdir",
)
deeds: list[str] = []
watching = False


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Note what touches the world outside."""
    if not watching:
        return
    wrote = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES
    if wrote or (event.startswith(NEVER) and event != "socket.gethostname"):
        deeds.append(f"{event} {arguments[0]!r}")


def global_state() -> dict[str, Any]:
    """What a guest must leave alone."""
    root = logging.getLogger()
    umask = os.umask(0o077)
    os.umask(umask)
    return {
        "working directory": str(Path.cwd()),
        "environment": dict(os.environ),
        "umask": umask,
        "path": list(sys.path),
        "meta path": [repr(type(finder)) for finder in sys.meta_path],
        "hooks": repr((sys.excepthook, sys.unraisablehook, sys.displayhook, threading.excepthook)),
        "signals": {int(number): repr(signal.getsignal(number)) for number in signal.valid_signals()},
        "locale": locale.setlocale(locale.LC_ALL),
        "decimal": (decimal.getcontext().prec, decimal.getcontext().rounding, repr(decimal.getcontext().traps)),
        "collector": (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()),
        "warnings": [repr(entry) for entry in warnings.filters],
        "time-out": socket.getdefaulttimeout(),
        "recursion": sys.getrecursionlimit(),
        "switch interval": sys.getswitchinterval(),
        "loop policy": repr(type(asyncio.get_event_loop_policy())) if sys.version_info < (3, 14) else "",
        "root logger": (root.level, [repr(handler) for handler in root.handlers], root.disabled, logging.root.manager.disable),
        "logger class": repr(logging.getLoggerClass()),
    }  # fmt: skip


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Parts that are not the same."""
    return {key: [before[key], after[key]] for key in before if before[key] != after[key]}


def our_loggers() -> dict[str, str]:
    """Loggers of this package that are not as logging makes them."""
    return {
        name: repr((logger.level, logger.handlers, logger.propagate, logger.disabled))
        for name, logger in logging.root.manager.loggerDict.items()
        if name.startswith("thulium_plugin_prestashop")
        and isinstance(logger, logging.Logger)
        and (logger.level or logger.handlers or not logger.propagate or logger.disabled)
    }


async def live(directory: Path) -> int:
    """Connect, synchronise, show, stop; how many orders were shown."""
    from thulium_plugin_prestashop.contract.views import Viewer
    from thulium_plugin_prestashop.sandbox.shop.process import demo_shop_process
    from thulium_plugin_prestashop.testing import FakeHost

    async with demo_shop_process(customers=10, orders=20) as shop, FakeHost(directory) as fake:
        form = {"address": shop.url, "api_key": shop.key}
        integration = await fake.connect("prestashop", form, {"id_field": "PrestaShop ID"})
        await fake.run(integration.id)
        tabs = [tab for card in fake.customers.records for tab in await fake.host.load_tabs(card, Viewer())]
        return sum(len(tab.table.rows) for tab in tabs)


def main() -> None:
    """Import, live, and tell."""
    global watching  # noqa: PLW0603 - an audit hook cannot be taken away again
    sys.addaudithook(watch)
    before = global_state()
    threads = threading.active_count()
    watching = True
    started = time.process_time()
    import thulium_plugin_prestashop.plugin

    seconds = time.process_time() - started
    modules = [name for name in sys.modules if name.partition(".")[0] in {"sqlalchemy", "aiohttp", "alembic"}]
    thulium_plugin_prestashop.plugin._load()  # noqa: SLF001 - what start-up imports must do nothing either
    watching = False
    changed = differences(before, global_state())
    # The demo shop is no part of the plugin: the server that it stands on adds a filter of warnings.
    import_module("thulium_plugin_prestashop.testing")
    before = global_state()
    told = {
        "seconds": seconds,
        "deeds": deeds,
        "heavy": modules,
        "threads": threading.active_count() - threads,
    }
    with tempfile.TemporaryDirectory() as directory:
        told["orders"] = asyncio.run(live(Path(directory)))
    told["changed"] = changed | differences(before, global_state())
    told["loggers"] = our_loggers()
    told["threads left"] = [thread.name for thread in threading.enumerate()[threads:]]
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()

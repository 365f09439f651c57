"""One ``--once`` in a process of its own, to be killed: ``python -m tests.thulium.bridge_worker bridge.toml``."""

import asyncio
import sys
from pathlib import Path

from tests.thulium.conftest import AT_ONCE
from thulium_plugin_prestashop.thulium.bridge import Tuning
from thulium_plugin_prestashop.thulium.service import run_bridge

if __name__ == "__main__":
    tuning = Tuning(retry=AT_ONCE, patience=(0.0,))
    sys.exit(asyncio.run(run_bridge(Path(sys.argv[1]), once=True, tuning=tuning)))

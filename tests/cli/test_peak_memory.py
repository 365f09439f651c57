"""The peak memory that ``sync --json`` tells is its own, not that of whoever started it."""

import subprocess
import sys

STARTER = """
import subprocess, sys
large = bytearray(b"x") * 400_000_000
del large
script = "from thulium_plugin_prestashop.cli.sync import peak_rss_mb; print(peak_rss_mb())"
sys.exit(subprocess.call([sys.executable, "-c", script]))
"""


def test_a_large_process_may_start_it() -> None:
    told = subprocess.run([sys.executable, "-c", STARTER], capture_output=True, text=True, check=True).stdout
    assert 10 < float(told) < 300

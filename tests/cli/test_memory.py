"""One heap for all threads, and a peak that is the process' own."""

import os
import platform
import subprocess
import sys

import pytest

STARTER = """
import subprocess, sys
large = bytearray(b"x") * 400_000_000
del large
script = "from thulium_plugin_prestashop.cli.memory import peak_rss_mb; print(peak_rss_mb())"
sys.exit(subprocess.call([sys.executable, "-c", script]))
"""

HEAPS = """
import ctypes, threading
from thulium_plugin_prestashop.cli.memory import share_heap

def heap():
    # An address that this thread's own heap, if it has one, does not share with the first thread's.
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    addresses.append(libc.malloc(100) >> 26)

share_heap()
addresses = []
threads = [threading.Thread(target=heap) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
heap()
print(len(set(addresses)))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have one heap anyway")
@pytest.mark.parametrize(("environment", "several"), [({}, False), ({"MALLOC_ARENA_MAX": "8"}, True)])
def test_threads_share_a_heap_unless_somebody_says_otherwise(
    environment: dict[str, str], *, several: bool
) -> None:
    command = [sys.executable, "-c", HEAPS]
    told = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, **environment}
    ).stdout
    assert (int(told) > 1) is several


def test_a_large_process_may_start_it() -> None:
    told = subprocess.run([sys.executable, "-c", STARTER], capture_output=True, text=True, check=True).stdout
    assert 5 < float(told) < 200

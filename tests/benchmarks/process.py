"""Processes whose cost is counted: the shop, which answers questions, and those that read it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Thread
from typing import Any

import attrs
import orjson

from tests.benchmarks.shop import Wanted

ROOT = Path(__file__).parents[2]
WATCH_EVERY = 0.02
"""Seconds between two looks at the memory of a process."""


@attrs.frozen
class Finished:
    """A process that has ended: its output and what it cost."""

    status: int
    out: bytes
    err: str
    seconds: float
    """From its start to its end, the interpreter's start included."""
    cpu: float
    """User and system seconds."""
    rss_mb: float
    """The most memory it had, in MB (10⁶ bytes); Linux tells."""


def run(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> Finished:
    """Run a process to its end; its standard error goes through a file, its output through memory."""
    started = time.perf_counter()
    with (
        TemporaryFile() as errors,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process,
    ):
        if process.stdout is None:
            raise RuntimeError("a pipe is missing")
        with _watched(process.pid) as peak:
            out = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        err = errors.read().decode(errors="replace")
    return Finished(
        process.returncode,
        out,
        err,
        time.perf_counter() - started,
        usage.ru_utime + usage.ru_stime,
        peak[0],
    )


@contextmanager
def _watched(pid: int) -> Iterator[list[float]]:
    """The peak memory of a running process in MB, looked at often, as the one item of a list.

    ``ru_maxrss`` will not do: it also counts what the process that started this one had.
    """
    peak = [0.0]
    ended = Event()

    def watch() -> None:
        while not ended.wait(WATCH_EVERY):
            try:
                told = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
            except OSError:
                return
            if found := told.partition("VmHWM:")[2]:  # one that has ended has none
                peak[0] = float(found.split()[0]) * 1024 / 1e6

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


@attrs.define
class Shop:
    """A running shop process."""

    urls: Sequence[str]
    key: str
    _process: "subprocess.Popen[str]"

    @property
    def url(self) -> str:
        """The address of the only (or first) shop, with a slash at the end."""
        return self.urls[0]

    def ask(self, do: str, **arguments: object) -> Any:  # noqa: ANN401 - whatever was asked for
        """See :mod:`.shop` for the questions."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("a pipe is missing")
        self._process.stdin.write(orjson.dumps({"do": do, **arguments}).decode() + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the shop ended with status {self._process.wait()}")
        return orjson.loads(line)


@contextmanager
def shop(wanted: Wanted) -> Iterator[Shop]:
    """A shop in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.shop", orjson.dumps(attrs.asdict(wanted)).decode()]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a pipe is missing")
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the shop ended with status {process.wait()}")
        ready = orjson.loads(line)
        try:
            yield Shop(ready["urls"], ready["key"], process)
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

"""A demo shop in a process of its own, and the command line as its users call it: as a process."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

CUSTOMERS, ORDERS = 60, 180


@attrs.frozen
class Finished:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the command printed
        """Standard output, which must be exactly one JSON object."""
        lines = self.out.splitlines()
        assert len(lines) == 1, self.out
        return json.loads(lines[0])


@attrs.frozen
class Shop:
    url: str
    key: str


def environment(key: str | None = None, **more: str) -> dict[str, str]:
    """The environment of a command: English, and the key or none."""
    kept = {
        name: value for name, value in os.environ.items() if name not in {"PRESTASHOP_KEY", "LC_ALL", "LANG"}
    }
    return kept | ({} if key is None else {"PRESTASHOP_KEY": key}) | more


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "thulium_plugin_prestashop.cli", *arguments]


Call = Callable[..., Finished]


@pytest.fixture(scope="session")
def call() -> Call:
    """Runs a command to its end."""

    def run(*arguments: str, key: str | None = None, **more: str) -> Finished:
        done = subprocess.run(
            command(*arguments),
            env=environment(key, **more),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def shop() -> Iterator[Shop]:
    """A shop with a few people, some of whom are guests, deleted, or buy on Allegro."""
    with subprocess.Popen(
        command("demo-shop", "--port", "0", "--customers", str(CUSTOMERS), "--orders", str(ORDERS), "--json"),
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield Shop(ready["url"], ready["key"])
        process.terminate()
        assert process.wait(10) == 0


@pytest.fixture(scope="session")
def synchronised(tmp_path_factory: pytest.TempPathFactory, call: Call, shop: Shop) -> tuple[Path, Any]:
    """A CRM with the shop in it, and what the first synchronisation printed."""
    data = tmp_path_factory.mktemp("crm") / "data"
    done = call(
        "sync",
        shop.url,
        "--data",
        str(data),
        "--allegro-field",
        "Allegro",
        "--allow-private",
        "--json",
        key=shop.key,
    )
    assert done.status == 0, done.err
    return data, done.json

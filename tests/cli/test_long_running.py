"""Commands that run on: they stop cleanly, say how to go on, and leave nothing."""

import json
import signal
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call, Shop, command, environment
from thulium_plugin_prestashop.sandbox.shop import DEMO_KEY

CANARY = "CANARY7CANARY7CANARY7CANARY7CANA"


@pytest.fixture
def slow_shop() -> Iterator[str]:
    """A shop that takes as long as a real one, so that a synchronisation can be caught in the middle."""
    with subprocess.Popen(
        [
            *command()[:2],
            "thulium_plugin_prestashop.sandbox.shop",
            *("--port", "0", "--customers", "1500", "--orders", "4000", "--pace", "--json"),
        ],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()


def test_ctrl_c_keeps_what_was_finished_and_the_next_run_goes_on(
    call: Call, slow_shop: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    arguments = ("sync", slow_shop, "--data", str(data), "--allow-private", "--json")
    with subprocess.Popen(
        command(*arguments),
        env=environment(DEMO_KEY),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        _wait_for_orders(data)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out == ""
    assert "run the same command again" in err
    again = call(*arguments, key=DEMO_KEY).json
    assert again["ok"] is True
    assert 0 < again["orders"]["read"] < 4000
    whole = call("export", "--data", str(data)).out.splitlines()
    assert sum(json.loads(line)["kind"] == "order" for line in whole) == 4000


def _wait_for_orders(data: Path) -> None:
    """Until the first page of orders is in the mirror."""
    for _ in range(400):
        if any(_has_orders(file) for file in data.glob("plugins/*/prestashop.db")):
            return
        time.sleep(0.02)
    pytest.fail("no order was stored within 8 s")


def _has_orders(file: Path) -> bool:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as mirror:
        try:
            return bool(mirror.execute("select count(*) from prestashop_orders").fetchone()[0])
        except sqlite3.OperationalError:
            return False  # the table is being made, or the database is being opened for the first time


def test_demo_is_ready_to_be_opened_and_leaves_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        command("demo", "--port", "0", "--customers", "40", "--orders", "100", "--json"),
        env=environment(TMPDIR=str(tmp_path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        ready: dict[str, Any] = json.loads(process.stdout.readline())
        assert set(ready) == {"crm", "shop", "card", "accounts"}
        assert set(ready["accounts"]) == {"admin", "agent"}
        assert all(set(account) == {"login", "password"} for account in ready["accounts"].values())
        assert ready["card"].startswith(ready["crm"])
        for address in (ready["crm"], ready["shop"]):
            with urllib.request.urlopen(address, timeout=10) as page:
                assert page.status == 200
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == ""
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(ready["shop"], timeout=5)


def test_the_key_is_nowhere_to_be_found(call: Call, shop: Shop, tmp_path: Path) -> None:
    """Neither in what commands print nor in any file of the folder; the shop refuses it, which is logged."""
    data = tmp_path / "data"
    said = [
        call("check", shop.url, "--allow-private", key=CANARY),
        call("check", shop.url, "--allow-private", "--json", key=CANARY),
        call("sync", shop.url, "--data", str(data), "--allow-private", key=CANARY),
    ]
    for done in said:
        assert done.status == 2
        assert CANARY not in done.out + done.err
    files = [path for path in data.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if CANARY.encode() in path.read_bytes()]


def test_sandbox_tells_passwords_once(tmp_path: Path) -> None:
    accounts = []
    for _ in range(2):
        with subprocess.Popen(
            command("sandbox", "--port", "0", "--data", str(tmp_path), "--json"),
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            accounts.append(json.loads(process.stdout.readline())["accounts"])
            process.terminate()
            process.communicate(timeout=20)
        assert process.returncode == 0
    assert set(accounts[0]) == {"admin", "agent"}
    assert accounts[1] == {}

"""The service: synchronises by itself, shows its state, stops on SIGTERM, and keeps its secrets."""

import asyncio
import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.thulium.conftest import AT_ONCE
from tests.thulium.test_flow import Way, owned, small_shop, way
from thulium_plugin_prestashop.thulium.bridge import Tuning
from thulium_plugin_prestashop.thulium.service import Pauses, run_bridge
from thulium_plugin_prestashop.thulium.standin import Fault, FaultKind

QUICK = Pauses(reconnect=0.05, copy_again=0.05, leftovers=0.2)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def started(here: Way) -> "asyncio.Task[int]":
    tuning = Tuning(retry=AT_ONCE, patience=(0.0,))
    return asyncio.ensure_future(run_bridge(here.path, tuning=tuning, pauses=QUICK))


async def until(session: aiohttp.ClientSession, url: str, ready: Any) -> dict[str, Any]:  # noqa: ANN401 - a condition
    """The state once it is as wanted; 20 s are for a machine that has other things to do."""
    async with asyncio.timeout(20):
        while True:
            try:
                async with session.get(f"{url}/status.json") as answer:
                    state: dict[str, Any] = await answer.json()
            except aiohttp.ClientConnectorError:
                state = {}
            if state and ready(state):
                return state
            await asyncio.sleep(0.05)


def is_settled(state: dict[str, Any]) -> bool:
    (shop,) = state["shops"]
    return bool(shop["last_ok"]) and state["rows_written"] > 0 and state["customers_waiting"] == 0


async def test_it_synchronises_shows_itself_and_stops_when_told(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with way(tmp_path, small_shop(), status=f"127.0.0.1:{port}") as here:
        here.path.write_text(here.path.read_text().replace('log_level = "CRITICAL"', 'log_level = "DEBUG"'))
        # Out of reach at first: it says so, and begins by itself once that is over.
        here.thulium.faults = [Fault(FaultKind.UNAUTHORISED, times=2)]
        bridge = started(here)
        async with aiohttp.ClientSession() as session:
            state = await until(session, url, is_settled)
            assert state["ok"], state["problems"]
            assert set(here.numbers()) == owned(here.shop)
            here.check_nothing_twice()
            async with session.get(f"{url}/health") as answer:
                assert (answer.status, await answer.json()) == (200, {"ok": True, "problems": []})
            async with session.get(f"{url}/metrics") as answer:
                metrics = await answer.text()
            assert f"thulium_prestashop_rows_written_total {float(len(here.numbers()))}" in metrics
            assert 'thulium_prestashop_shop_last_run_ok{shop="sklep"} 1.0' in metrics
            for language, title in (("pl", "Most PrestaShop"), ("en-GB", "PrestaShop bridge")):
                async with session.get(url, headers={"Accept-Language": language}) as answer:
                    page = await answer.text()
                assert f"<title>{title}</title>" in page
            async with session.get(url, headers={"Host": "evil.example"}) as answer:
                assert answer.status == 421
        os.kill(os.getpid(), signal.SIGTERM)
        assert await asyncio.wait_for(bridge, 10) == 0
        secrets = (here.thulium.password, here.shop.key)
    said = capfd.readouterr().err
    entries = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert {"the bridge works", "the bridge stops"} <= {entry["message"] for entry in entries}
    assert not any(secret in said + page + metrics + json.dumps(state) for secret in secrets)


async def test_a_problem_makes_it_unhealthy_until_it_is_gone(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with way(tmp_path, small_shop(), status=f"127.0.0.1:{port}") as here:
        right = (tmp_path / "key").read_text()
        here.shop.service.enabled = False
        bridge = started(here)
        try:
            async with aiohttp.ClientSession() as session:
                state = await until(session, url, lambda state: not state["ok"])
                assert [problem["key"] for problem in state["problems"]] == ["bridge.shop"]
                assert state["shops"][0]["state"] == "not connected"
                async with session.get(f"{url}/health") as answer:
                    assert answer.status == 503
                here.shop.service.enabled = True
                state = await until(session, url, is_settled)
                assert state["ok"]
        finally:
            bridge.cancel()
            await asyncio.gather(bridge, return_exceptions=True)
        assert right not in json.dumps(state)


async def test_a_caller_is_found_in_the_mirror_and_nothing_is_written_of_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    status, lookup = free_port(), free_port()
    (tmp_path / "token").write_text("kanarek-token-look-up")
    more = f'[lookup]\nlisten = "127.0.0.1:{lookup}"\ntoken = {{ "$file" = "token" }}'
    async with way(tmp_path, small_shop(), status=f"127.0.0.1:{status}", more=more) as here:
        here.path.write_text(here.path.read_text().replace('log_level = "CRITICAL"', 'log_level = "DEBUG"'))
        bridge = started(here)
        try:
            async with aiohttp.ClientSession() as session:
                await until(session, f"http://127.0.0.1:{status}", is_settled)
                record = next(record for record in here.thulium.store.customers.values() if record.phones)
                url = f"http://127.0.0.1:{lookup}/lookup/kanarek-token-look-up"
                async with session.get(url, params={"phone_number": record.phones[0]}) as answer:
                    assert answer.status == 200
                    card = await answer.json()
                assert card["surname"] == record.texts["surname"]
                assert set(card["email"]) <= set(record.emails)
                async with session.get(url, params={"phone_number": "+48500000000"}) as answer:
                    assert answer.status == 404
                async with session.get(f"{url}-", params={"phone_number": record.phones[0]}) as answer:
                    assert answer.status == 404
        finally:
            bridge.cancel()
            await asyncio.gather(bridge, return_exceptions=True)
    said = capfd.readouterr().err
    assert "the bridge works" in said
    assert not [text for text in ("kanarek-token-look-up", *record.phones, *record.emails) if text in said]


async def test_nothing_is_left_when_it_is_cancelled(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        bridge = started(here)
        async with asyncio.timeout(20):
            while not here.thulium.writes:  # noqa: ASYNC110 - the stand-in has no event for it
                await asyncio.sleep(0.01)
        bridge.cancel()
        with pytest.raises(asyncio.CancelledError):
            await bridge
        assert not {
            name
            for task in asyncio.all_tasks()
            if (name := task.get_name()) in {"connect", "copy", "watch sklep"}
        }
        status, _ = await here.bridge(once=True)
        assert status == 0
        here.check_nothing_twice()
        assert set(here.numbers()) == owned(here.shop)


async def test_a_caller_is_known_even_if_the_shop_was_down_when_the_bridge_started(tmp_path: Path) -> None:
    status, lookup = free_port(), free_port()
    (tmp_path / "token").write_text("kanarek-token-look-up")
    more = f'[lookup]\nlisten = "127.0.0.1:{lookup}"\ntoken = {{ "$file" = "token" }}'
    async with way(tmp_path, small_shop(), status=f"127.0.0.1:{status}", more=more) as here:
        assert (await here.bridge(once=True))[0] == 0
        await here.shop.__aexit__(None, None, None)
        bridge = started(here)
        try:
            async with aiohttp.ClientSession() as session:
                url = f"http://127.0.0.1:{status}"
                await until(session, url, lambda state: state["shops"][0]["last_ok"] is False)
                async with session.get(url, headers={"Accept-Language": "en"}) as answer:
                    assert "The last synchronisation failed" in await answer.text()
                record = next(record for record in here.thulium.store.customers.values() if record.phones)
                url = f"http://127.0.0.1:{lookup}/lookup/kanarek-token-look-up"
                async with session.get(url, params={"phone_number": record.phones[0]}) as answer:
                    assert (answer.status, (await answer.json())["surname"]) == (200, record.texts["surname"])
        finally:
            bridge.cancel()
            await asyncio.gather(bridge, return_exceptions=True)


async def test_a_caller_is_known_even_if_thulium_refuses_the_bridge_when_it_starts(tmp_path: Path) -> None:
    status, lookup = free_port(), free_port()
    (tmp_path / "token").write_text("kanarek-token-look-up")
    more = f'[lookup]\nlisten = "127.0.0.1:{lookup}"\ntoken = {{ "$file" = "token" }}'
    async with way(tmp_path, small_shop(), status=f"127.0.0.1:{status}", more=more) as here:
        assert (await here.bridge(once=True))[0] == 0
        here.thulium.faults = [Fault(FaultKind.UNAUTHORISED, times=1_000_000)]
        here.thulium.writes.clear()
        bridge = started(here)
        try:
            async with aiohttp.ClientSession() as session:
                url = f"http://127.0.0.1:{status}"
                state = await until(session, url, lambda state: state["shops"][0]["state"] == "waiting")
                assert "bridge.thulium" in {problem["key"] for problem in state["problems"]}
                record = next(record for record in here.thulium.store.customers.values() if record.phones)
                caller = f"http://127.0.0.1:{lookup}/lookup/kanarek-token-look-up"
                async with session.get(caller, params={"phone_number": record.phones[0]}) as answer:
                    assert (answer.status, (await answer.json())["surname"]) == (200, record.texts["surname"])
                assert here.thulium.writes == []
                here.thulium.faults.clear()
                await until(session, url, lambda state: state["ok"])
        finally:
            bridge.cancel()
            await asyncio.gather(bridge, return_exceptions=True)

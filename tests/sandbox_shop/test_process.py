"""The demo shop in a process of its own."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from thulium_plugin_prestashop.sandbox.shop import DemoShop, demo_shop_process, spawn_demo_shop
from thulium_plugin_prestashop.sandbox.shop.process import MODULE


async def count_customers(url: str, key: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{url}api/customers", params={"ws_key": key, "output_format": "JSON"}) as response,
    ):
        return len((await response.json())["customers"])


async def test_a_spawned_shop_answers_and_ends() -> None:
    async with demo_shop_process(customers=12, orders=3, profile="1.6.1.25") as shop:
        assert await count_customers(shop.url, shop.key) == 12
        assert shop.key not in repr(shop)
    assert shop.process.returncode == 0


async def test_it_ends_when_its_parent_is_gone() -> None:
    shop = await spawn_demo_shop(customers=1, orders=0)
    assert shop.process.stdin is not None
    shop.process.stdin.close()
    assert await asyncio.wait_for(shop.process.wait(), 10) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signals_end_it_at_once(number: signal.Signals) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        MODULE,
        "--json",
        "--customers",
        "1",
        "--orders",
        "0",
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert json.loads(await process.stdout.readline()).keys() == {"url", "key"}
    process.send_signal(number)
    assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_a_shop_that_cannot_start_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "shop.sqlite").touch()
    with pytest.raises(RuntimeError, match="status 2"):
        await spawn_demo_shop(customers=1, orders=0, arguments=["--database", str(tmp_path / "shop.sqlite")])


async def test_a_shop_of_recorded_rows_serves_only_whole_ones() -> None:
    folder = Path(__file__).parent / "recordings" / "9.1.4"
    async with DemoShop.from_recordings(folder) as shop:
        page = json.loads((folder / "103_customers_full_0_50_json.body").read_bytes())["customers"]
        idents = {row["id"] for row in shop.all_customers()}
        assert {customer["id"] for customer in page} <= idents
        assert all(row["email"] for row in shop.all_customers())
        assert len(shop.all_rows("order_states")) == 13
        assert {row["iso_code"] for row in shop.all_rows("currencies")} == {"PLN", "EUR"}

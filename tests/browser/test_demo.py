"""What ``demo`` prints is enough: an agent signs in with it, opens the card and finds the orders."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.browser.conftest import Window

pytestmark = pytest.mark.browser


@pytest.fixture
async def demo() -> AsyncIterator[dict[str, Any]]:
    arguments = ("demo", "--port", "0", "--customers", "60", "--orders", "200", "--json")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "thulium_plugin_prestashop.cli",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    yield json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    process.terminate()
    await process.communicate()


async def test_an_agent_finds_the_orders(demo: dict[str, Any], window: Window) -> None:
    account = demo["accounts"]["agent"]
    async with window() as page:
        await page.goto(demo["card"])
        await page.fill("input[name=login]", account["login"])
        await page.fill("input[name=password]", account["password"])
        await page.keyboard.press("Enter")
        await page.wait_for_url(lambda url: url.split("?")[0] == demo["card"].split("?")[0])
        await page.click("a[href*='/tabs/']")
        await page.wait_for_selector("tr.order")
        assert await page.locator("tr.order .badge").count() > 0
        assert await page.get_by_role("link", name="Administration").count() == 0
        refused = await page.goto(f"{demo['crm']}administration/integrations")
        assert refused is not None
        assert refused.status == 403

"""An agent signs in, opens a card and finds the orders, in Chromium; the picture of the README is taken here."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright

PICTURES = Path(__file__).parent / "pictures"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> str:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        if os.environ.get("THULIUM_REQUIRE_BROWSER"):
            pytest.fail("Chromium is required and not installed")
        # Without a browser there is nothing to walk; the line says how to get one.
        pytest.skip("no Chromium; get it with: apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def demo() -> Iterator[dict[str, Any]]:
    arguments = ["demo", "--port", "0", "--customers", "60", "--orders", "200", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "thulium_plugin_prestashop.cli", *arguments],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.terminate()


async def test_an_agent_finds_the_orders(chromium: str, demo: dict[str, Any]) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = await browser.new_page(viewport={"width": 1280, "height": 860})
        await page.goto(demo["crm"])
        await page.fill("input[name=login]", demo["accounts"]["agent"]["login"])
        await page.fill("input[name=password]", demo["accounts"]["agent"]["password"])
        await page.keyboard.press("Enter")
        await page.wait_for_url(lambda url: "sign-in" not in url)
        await page.goto(demo["card"])
        await page.click("a[href*='/tabs/']")
        await page.wait_for_selector("table")
        assert await page.get_by_text("PrestaShop").count() > 0
        assert await page.locator("tbody tr").count() > 0
        if os.environ.get("THULIUM_TAKE_PICTURES"):
            await page.screenshot(path=PICTURES / "tab.png")
        await page.goto(f"{demo['card']}/history")
        assert await page.get_by_text("ORDERS").count() > 0
        refused = await page.goto(f"{demo['crm']}administration/integrations")
        assert refused is not None
        assert refused.status == 403
        await browser.close()

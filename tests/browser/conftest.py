"""A real browser, if there is one: the system's Chromium, driven by Playwright, which downloads none."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.browser.world import World, open_world

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 15_000
"""Milliseconds that a page may take on a busy machine before a test fails."""


HERE = Path(__file__).parent
MISSING = "skipped tests/browser: no Chromium; get it with: apt-get install chromium"


def find_chromium() -> str | None:
    """Where Chromium is: what ``CHROMIUM`` names, or one of the usual names on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a browser there is nothing to walk: one line says so, instead of one for each test."""
    if find_chromium() is not None or os.environ.get("THULIUM_REQUIRE_BROWSER"):
        return
    walks = [item for item in items if item.path.is_relative_to(HERE)]
    items[:] = [item for item in items if item not in walks]
    config.hook.pytest_deselected(items=walks)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if find_chromium() is None:
        terminalreporter.write_line(MISSING)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; where it is required, a missing one is a failure."""
    found = find_chromium()
    if found is None:
        pytest.fail("Chromium is required (THULIUM_REQUIRE_BROWSER) and not installed")
    return found


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield browser
        await browser.close()


Window: TypeAlias = Callable[..., AbstractAsyncContextManager[Page]]


@pytest.fixture
def window(browser: Browser) -> Window:
    """Opens a window of somebody's own; scripts that fail and refusals of the policy fail the test."""

    @asynccontextmanager
    async def opened(language: str = "en-GB", width: int = 1280, height: int = 860) -> AsyncIterator[Page]:
        context: BrowserContext = await browser.new_context(
            locale=language,
            viewport={"width": width, "height": height},
            color_scheme="light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        page = await context.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        yield page
        await context.close()
        assert complaints == []

    return opened


@pytest.fixture
def pictures() -> Path | None:
    """Where to put pictures, if somebody wants them: a folder, or ``1`` for the one the README shows them from."""
    folder = os.environ.get("THULIUM_TAKE_PICTURES")
    if not folder:
        return None
    path = Path(folder) if os.sep in folder else Path(__file__).parent / "pictures"
    path.mkdir(parents=True, exist_ok=True)
    return path


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as world:
        yield world

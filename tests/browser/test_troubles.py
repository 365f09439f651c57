"""A slow shop, a shop that is down, a server that never answers: what a person sees, and how soon; in both languages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Window
from tests.browser.world import ID_FIELD, World, sign_in
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.sandbox.shop import Fault, Trouble

pytestmark = pytest.mark.browser

NEVER = 600.0
"""Seconds that a slow shop takes: longer than anybody waits."""
SOON = 5_000
"""Milliseconds until a refresh has given up and the page is drawn, on a busy machine; 3 seconds on a free one."""
PATIENT = 25_000
"""Milliseconds until the form has given a silent server up, on a busy machine; some 11 seconds on a free one."""


@pytest.mark.parametrize("locale", ["en", "pl"])
async def test_a_refresh_falls_back_to_what_is_known(world: World, window: Window, locale: str) -> None:
    integration = await world.connect()
    customer = await world.busiest_customer()
    async with window() as page:
        await sign_in(page, world, "agent", locale)
        await page.goto(f"{world.url}/customers/{customer}/tabs/{integration}")
        known = await page.locator("tr.order").count()
        refresh = page.locator("form[action$='/refresh'] button")
        await refresh.click()
        await expect(page.locator(".notice.ok")).to_be_visible()

        fault = world.shop.faults.add(Fault(Trouble.LATENCY, seconds=NEVER))
        await refresh.click()
        await expect(page.locator(".flashes .notice.warning")).to_be_visible(timeout=SOON)
        await expect(page.locator("tr.order")).to_have_count(known)
        world.shop.faults.remove(fault)

        world.shop.faults.add(Fault(Trouble.UNAVAILABLE))
        await page.locator(".match-more summary").click()
        await page.fill("#link-typed", "somebody.new@example.com")
        await page.keyboard.press("Enter")
        typed = page.locator("#link-typed")
        await expect(typed).to_have_attribute("aria-invalid", "true", timeout=SOON)
        await expect(typed).to_be_focused()
        await expect(typed).to_have_value("somebody.new@example.com")


async def test_a_shop_that_is_switched_off_is_a_problem_until_it_is_back(
    world: World, window: Window
) -> None:
    integration = await world.connect()
    customer = await world.busiest_customer()
    tab = f"{world.url}/customers/{customer}/tabs/{integration}"
    async with window() as admin, window() as agent:
        await sign_in(admin, world, "admin", "en")
        await sign_in(agent, world, "agent", "pl")
        world.shop.service.enabled = False
        await admin.goto(f"{world.url}/administration/integrations/{integration}")
        await admin.locator("form[action$='/run'] button").click()
        await expect(admin.locator("[data-part=state]").first).to_have_class("state failed")
        await expect(admin.locator(".notice.error")).to_be_visible()
        await admin.goto(f"{world.url}/customers")
        await expect(admin.locator(".alerts.error")).to_be_visible()
        await agent.goto(tab)
        await expect(agent.locator(".notice.warning")).to_be_visible()
        await expect(agent.locator("tr.order").first).to_be_visible()
        await expect(agent.locator(".alerts")).to_have_count(0)

        world.shop.service.enabled = True
        assert await world.synchronise(integration)
        await admin.reload()
        await expect(admin.locator(".alerts")).to_have_count(0)
        await agent.reload()
        await expect(agent.locator(".notice")).to_have_count(0)


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """Takes every connection and never says a word; its address."""
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for writer in held:
            writer.close()


async def test_a_server_that_never_answers_is_told_on_the_address(world: World, window: Window) -> None:
    async with window() as page, silent_server() as address:
        await sign_in(page, world, "admin", "pl")
        await page.goto(f"{world.url}/administration/integrations")
        await page.locator("form[action$='/new/prestashop'] button").click()
        await page.fill("input[name=address]", address)
        await page.fill("input[name=api_key]", world.shop.key)
        started = monotonic()
        await page.locator("[data-authenticate-button]").click()
        await expect(page.locator("[data-findings-panel]")).to_have_attribute("aria-busy", "true")
        field = page.locator("input[name=address]")
        await expect(field).to_have_attribute("aria-invalid", "true", timeout=PATIENT)
        assert monotonic() - started > 1, "it was tried"
        await expect(field).to_be_focused()
        await expect(page.locator("[data-findings] .finding.error")).to_have_count(1)
        await expect(page.locator("[data-verdict] .notice.error")).to_be_visible()


@pytest.mark.parametrize("locale", ["en", "pl"])
async def test_a_dry_run_can_be_followed_cancelled_and_done(
    world: World, window: Window, locale: str
) -> None:
    await world.crm.ensure_custom_field(ID_FIELD, CustomFieldType.NUMERIC)
    async with window() as page:
        await sign_in(page, world, "admin", locale)
        await page.goto(f"{world.url}/administration/integrations")
        await page.locator("form[action$='/new/prestashop'] button").click()
        await page.fill("input[name=address]", world.shop.url)
        await page.fill("input[name=api_key]", world.shop.key)
        await page.locator("[data-authenticate-button]").click()
        await expect(page.locator("#part-2")).to_be_visible()
        await page.fill("input[name=name]", "Before saving")
        dry_run = page.locator("button[name=then][value=preview]")
        run = page.locator("[data-run]")

        slow = world.shop.faults.add(Fault(Trouble.LATENCY, seconds=NEVER, after=1))
        await dry_run.click()
        await expect(run).to_have_attribute("data-state", "running")
        await page.reload()
        await expect(run).to_have_attribute("data-state", "running")
        await page.locator("[data-part=cancel]").click()
        await expect(run).to_have_attribute("data-state", "done")
        await expect(page.locator("input[name=name]")).to_have_value("Before saving")
        world.shop.faults.remove(slow)

        off = world.shop.faults.add(Fault(Trouble.LATENCY, seconds=0.5, times=3))
        await dry_run.click()
        await page.fill("input[name=name]", "Typed meanwhile")
        facts = page.locator("[data-results] .facts dd")
        await expect(facts.last).to_have_text("300")
        await expect(page.locator("input[name=name]")).to_have_value("Typed meanwhile")
        world.shop.faults.remove(off)

        world.shop.service.enabled = False
        await dry_run.click()
        await expect(page.locator("[data-part=state]")).to_have_class("state failed")
        await expect(page.locator("[data-part=phase]")).not_to_be_empty()
        assert await world.crm.listing.count() == 0

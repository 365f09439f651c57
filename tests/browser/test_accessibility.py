"""axe-core finds nothing on any page: for both roles, light and dark, on a phone and on a desk; and print."""

from collections.abc import Sequence
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it ships no types
from playwright.async_api import Page, expect

from tests.browser.conftest import Window
from tests.browser.world import World, sign_in
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.problems import Problem, Severity
from thulium_plugin_prestashop.contract.text import LocalizedText

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_LOOKS = ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"]
"""Rules whose answer depends on colours and widths; all others are asked once a page."""
REVOKED = LocalizedText(en="The key was revoked.", pl="Klucz unieważniono.")
RENEW = LocalizedText(en="Renew it.", pl="Odnów go.")
SMALL, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 860}


async def found(page: Page, rules: dict[str, Any]) -> list[str]:
    """What is wrong with the page as it is now, in words that lead to it."""
    results = await Axe().run(page, options={"resultTypes": ["violations"], "runOnly": rules})
    return [
        f"{page.url}: {violation['id']}: {node['target']} {node['html'][:160]} {node.get('failureSummary', '')}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


async def examine(page: Page) -> list[str]:
    """The page in both colours and both widths."""
    wrong = await found(page, {"type": "tag", "values": RULES})
    looks = {"type": "rule", "values": OF_LOOKS}
    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    wrong += await found(page, looks)
    await page.set_viewport_size(SMALL)  # type: ignore[arg-type]  # a plain dictionary will do
    if await page.evaluate("document.documentElement.scrollWidth") > SMALL["width"]:
        wrong.append(f"{page.url}: wider than a phone")
    wrong += await found(page, looks)
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    wrong += await found(page, looks)
    await page.set_viewport_size(WIDE)  # type: ignore[arg-type]  # as above
    return wrong


async def examine_all(page: Page, world: World, paths: Sequence[str]) -> list[str]:
    wrong = []
    for path in paths:
        await page.goto(world.url + path)
        for toggle in await page.locator("tr.order .toggle").all():
            await toggle.click()
            break
        wrong += await examine(page)
    return wrong


async def test_axe_finds_nothing(world: World, window: Window) -> None:
    integration = await world.connect()
    customer = await world.busiest_customer()
    await world.talk_about(customer)
    await world.crm.allegro.start(
        (await world.crm.custom_fields.create("Login", CustomFieldType.TEXT, "admin")).name, "admin"
    )
    problem = Problem(integration, "test", Severity.ERROR, REVOKED, RENEW)
    card, admin = f"/customers/{customer}", "/administration"
    of_agents = [
        "/customers",
        card,
        f"{card}/history",
        f"{card}/edit",
        f"{card}/tabs/{integration}",
        "/search?q=a",
    ]
    of_admins = [
        f"{admin}/integrations",
        f"{admin}/integrations/{integration}",
        f"{admin}/integrations/{integration}/settings",
        f"{admin}/custom-fields",
        f"{admin}/problems",
        f"{admin}/users",
        f"{admin}/audit",
    ]
    async with window() as page:
        await page.goto(f"{world.url}/sign-in")
        wrong = await examine(page)
        await sign_in(page, world, "agent", "pl")
        wrong += await examine_all(page, world, [*of_agents, f"{admin}/users"])
    world.shop.service.enabled = False
    assert not await world.synchronise(integration)
    world.shop.service.enabled = True
    await world.crm.host_context().problems.raise_problem(problem)
    async with window() as page:
        await sign_in(page, world, "admin", "en")
        wrong += await examine_all(page, world, [*of_admins, card])
        await page.goto(f"{world.url}{admin}/integrations")
        await page.locator("form[action$='/new/prestashop'] button").click()
        await page.fill("input[name=address]", world.shop.url)
        await page.fill("input[name=api_key]", "W" * 32)
        await page.locator("[data-authenticate-button]").click()
        await expect(page.locator("input[name=api_key]")).to_have_attribute("aria-invalid", "true")
        wrong += await examine(page)
        await page.fill("input[name=api_key]", world.shop.key)
        await page.locator("[data-authenticate-button]").click()
        await expect(page.locator("#part-2")).to_be_visible()
        await page.locator("button[name=then][value=run]:visible").click()
        await expect(page.locator("select[name=id_field]")).to_have_attribute("aria-invalid", "true")
        wrong += await examine(page)
    assert wrong == []

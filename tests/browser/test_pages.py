"""What scripts add to the pages, by keyboard and mouse, with a plugin that is not PrestaShop's."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from playwright.async_api import Page, expect

from tests.browser.conftest import Window
from tests.sandbox_web.corner_shop import KEY, CornerShop
from tests.sandbox_web.people import PASSWORD, Site
from thulium_plugin_prestashop.contract.customers import NewCustomer
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.sandbox.crm import Passwords, Role, SandboxCrm
from thulium_plugin_prestashop.sandbox.web import serve

pytestmark = pytest.mark.browser


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    shop = CornerShop()
    quick = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    async with await SandboxCrm.open(tmp_path, plugins=[shop.installed()], passwords=quick) as crm:
        await crm.accounts.create("boss", "Bożena Boss", Role.ADMIN, password=PASSWORD, locale="en")
        await crm.accounts.create("ola", "Ola Agent", Role.AGENT, password=PASSWORD, locale="en")
        await crm.ensure_custom_field("Corner number", CustomFieldType.NUMERIC)
        new = NewCustomer(reference="1", surname="Nowak", name="Anna", emails=("anna@example.com",))
        (made,) = await crm.customers.create([new])
        assert made.id is not None
        async with serve(crm) as server:
            yield Site(crm, server, shop, made.id)


async def connect(site: Site) -> str:
    configured = await site.crm.configure_integration(
        "corner",
        {"address": "https://corner.example", "key": KEY},
        {"name": "My corner", "field": "Corner number"},
    )
    assert configured.id is not None
    return configured.id


async def sign_in(page: Page, site: Site, login: str) -> None:
    await page.goto(site.server.url)
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/customers")


async def test_findings_come_live_and_errors_stand_on_their_field(site: Site, window: Window) -> None:
    async with window() as page:
        await sign_in(page, site, "boss")
        await page.goto(f"{site.server.url}/administration/integrations")
        await page.get_by_role("button", name="Connect").click()
        await page.fill("input[name=address]", "corner.example")
        await page.fill("input[name=key]", "wrong")
        await page.get_by_role("button", name="Authenticate").click()
        key = page.locator("input[name=key]")
        await expect(key).to_have_attribute("aria-invalid", "true")
        await expect(key).to_be_focused()
        await expect(key).to_have_value("wrong")
        await expect(key).to_have_accessible_description("That key opens nothing. What opens it.")
        await expect(page.locator("[data-findings] .finding")).to_have_count(1)

        await key.fill(KEY)
        await page.keyboard.press("Enter")
        await expect(page.locator("input[name=name]")).to_have_value("My corner")
        await page.get_by_role("button", name="Save and run").click()
        field = page.locator("select[name=field]")
        await expect(field).to_be_focused()
        await expect(field).to_have_attribute("aria-invalid", "true")
        await field.select_option("Corner number")
        await page.get_by_role("button", name="Save and run").click()
        await page.wait_for_url("**/administration/integrations/corner*")
        await expect(page.locator("[data-part=phase]")).to_have_text("Reading orders")
        site.shop.go_on.set()
        await expect(page.locator("[data-part=state]")).to_have_text("Done")


async def test_progress_is_live_in_two_windows_and_can_be_cancelled(site: Site, window: Window) -> None:
    await connect(site)
    async with window() as page, window() as other:
        await sign_in(other, site, "ola")
        await sign_in(page, site, "boss")
        await page.get_by_text("Add", exact=True).click()
        await page.get_by_role("button", name="Start it").click()
        for one in (page, other):
            await expect(one.locator("[data-part=count]")).to_have_text("3 of 12")
            await expect(one.locator("progress")).to_have_attribute("value", "0.25")
        await page.reload()
        await expect(page.locator("[data-part=count]")).to_have_text("3 of 12")
        await expect(other.locator("[data-part=cancel]")).to_have_count(0)
        await page.get_by_role("button", name="Cancel").click()
        for one in (page, other):
            await expect(one.locator("[data-part=state]")).to_contain_text("Cancelled")


async def test_rows_open_by_mouse_and_keyboard_and_search_suggests(site: Site, window: Window) -> None:
    integration = await connect(site)
    async with window() as page:
        await sign_in(page, site, "ola")
        await page.goto(f"{site.server.url}/customers/{site.customer}/tabs/{integration}")
        rows, more = page.locator("tr.order"), page.locator("tr.order-more")
        await expect(rows).to_have_count(25)
        await expect(more.nth(0)).to_be_hidden()
        await rows.nth(0).locator(".badge").click()
        await expect(more.nth(0)).to_be_visible()
        toggle = rows.nth(1).locator(".toggle")
        await toggle.focus()
        await page.keyboard.press("Enter")
        await expect(toggle).to_have_attribute("aria-expanded", "true")
        await expect(more.nth(1)).to_be_visible()
        badge = rows.nth(0).locator(".badge")
        assert await badge.evaluate("badge => getComputedStyle(badge).backgroundColor") == "rgb(50, 205, 50)"

        await page.keyboard.press("/")
        query = page.get_by_role("combobox", name="Search customers and orders")
        await expect(query).to_be_focused()
        await page.keyboard.type("REF028")
        options = page.locator("#bar-suggestions").get_by_role("option")
        await expect(options).to_have_count(1)
        await page.keyboard.press("ArrowDown")
        await expect(options).to_have_attribute("aria-selected", "true")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/tabs/**opened=**")


async def test_no_page_is_wider_than_a_small_phone(site: Site, window: Window) -> None:
    integration = await connect(site)
    site.shop.words.text = "Bardzodługiesłowobezprzerwy" * 20
    card, admin = f"/customers/{site.customer}", "/administration"
    async with window(width=360, height=740) as page:
        await sign_in(page, site, "boss")
        for path in (
            "/customers",
            card,
            f"{card}/history",
            f"{card}/edit",
            f"{card}/tabs/{integration}",
            "/search?q=nowak",
            f"{admin}/integrations",
            f"{admin}/integrations/{integration}",
            f"{admin}/integrations/{integration}/settings",
            f"{admin}/custom-fields",
            f"{admin}/problems",
            f"{admin}/users",
        ):
            await page.goto(site.server.url + path)
            assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
        await page.goto(f"{site.server.url}{card}/history")
        for text in await page.locator(".contact-text:visible").all():
            box = await text.bounding_box()
            assert box is not None
            assert box["width"] > 200, "words need room"
        await page.goto(f"{site.server.url}{card}/tabs/{integration}")
        reference = await page.locator(".col-reference:visible").first.bounding_box()
        assert reference is not None
        assert reference["width"] > 100, "however long the status"


async def test_language_and_theme_stay_on_the_same_page(site: Site, window: Window) -> None:
    async with window() as page:
        await sign_in(page, site, "ola")
        await page.goto(f"{site.server.url}/customers/{site.customer}/history")
        await page.get_by_role("button", name="Przełącz na polski").click()
        await expect(page.get_by_role("heading", name="Kontakty w czasie")).to_be_visible()
        for theme, ground in (("light", "rgb(243, 245, 246)"), ("dark", "rgb(18, 23, 26)")):
            await page.locator("button[name=theme]").click()
            await expect(page.locator("html")).to_have_attribute("data-theme", theme)
            assert await page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == ground
        assert page.url.endswith("/history")

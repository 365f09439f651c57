"""After the first day: search, ties, re-authentication, settings, stopping and removing; in both languages."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Window
from tests.browser.world import World, sign_in
from thulium_plugin_prestashop.sandbox.crm import Card
from thulium_plugin_prestashop.sandbox.shop import DemoShop, Fault, Trouble

pytestmark = pytest.mark.browser

LANGUAGES = pytest.mark.parametrize("locale", ["en", "pl"])


async def card_of(world: World, customer: str) -> Card:
    return await world.crm.cards.get(customer)


async def look_up(page: Page, typed: str) -> None:
    """Type into the search of the top bar, as from anywhere."""
    await page.keyboard.press("/")
    await page.fill("#bar-query", typed)
    await page.keyboard.press("Enter")


@LANGUAGES
async def test_an_agent_searches_unlinks_and_links(world: World, window: Window, locale: str) -> None:
    integration = await world.connect()
    customer = await world.busiest_customer()
    card = await card_of(world, customer)
    phone = card.content.phones[0].number
    async with window() as page:
        await sign_in(page, world, "agent", locale)
        for typed in (card.content.emails[0].email, f"{phone[3:6]} {phone[6:]}"):
            await look_up(page, typed)
            await page.wait_for_url(f"**/customers/{customer}*")
            await expect(page.locator("h1")).to_have_text(card.title)
            await page.goto(f"{world.url}/customers")
        await look_up(page, "nobody-has-this")
        await expect(page.locator(".empty")).to_be_visible()

        page.on("dialog", lambda dialog: dialog.accept())
        await page.goto(f"{world.url}/customers/{customer}/tabs/{integration}")
        numbers = await page.locator("input[name=shop_customer]").evaluate_all(
            "all => all.map(one => one.value)"
        )
        if fold := await page.locator("details.match-list summary").all():
            await fold[0].click()
        for _ in numbers:
            await page.locator("form[action$='/unlink'] button").first.click()
            await expect(page.locator(".notice.ok")).to_be_visible()
            if fold := await page.locator("details.match-list summary").all():
                await fold[0].click()
        await expect(page.locator("tr.order")).to_have_count(0)
        await expect(page.locator("#link-typed")).to_be_visible()
        for typed, found in (("99999999", False), (numbers[0], True)):
            await page.fill("#link-typed", typed)
            await page.keyboard.press("Enter")
            if not found:
                await expect(page.locator("#link-typed")).to_have_attribute("aria-invalid", "true")
        await expect(page.locator(".notice.ok")).to_be_visible()
        assert await page.locator("form[action$='/unlink']").count() == 1


async def change_settings(page: Page, one: str) -> None:
    """Other data, wrong first."""
    await page.goto(f"{one}/settings")
    name = page.locator("input[name=name]")
    await name.fill("")
    await page.locator("form[action$='/settings'] .button.primary").click()
    await expect(name).to_have_attribute("aria-invalid", "true")
    await name.fill("Renamed")
    await page.locator("form[action$='/settings'] .button.primary").click()
    await expect(page.locator("h1")).to_have_text("Renamed")


async def reauthenticate(page: Page, world: World, one: str) -> None:
    """Another shop is refused; the same one keeps its data and its settings."""
    await page.locator("form[action$='/reauthenticate'] button").click()
    address, key = page.locator("input[name=address]"), page.locator("input[name=api_key]")
    async with DemoShop(customers=3, orders=3, seed=9, name="Elsewhere") as other:
        await address.fill(other.url)
        await key.fill(other.key)
        await page.locator("[data-authenticate-button]").click()
        await expect(address).to_have_attribute("aria-invalid", "true")
    await address.fill(world.shop.url)
    await key.fill(world.shop.key)
    await page.locator("[data-authenticate-button]").click()
    await expect(page.locator("#part-2")).to_be_visible()
    await expect(page.locator("input[name=name]")).to_have_value("Renamed")
    await page.locator(".button[name=then][value=save]").click()
    await page.wait_for_url(f"{one}*")


@LANGUAGES
async def test_an_administrator_changes_reauthenticates_stops_and_removes(
    world: World, window: Window, tmp_path: Path, locale: str
) -> None:
    integration = await world.connect()
    order = world.shop.all_orders()[0]
    world.shop.faults.add(Fault(Trouble.BAD_ROW, resource="orders", idents=(order["id"],)))
    world.shop.touch("orders", order["id"], payment="Other")
    await world.synchronise(integration)
    world.shop.faults.clear()
    one = f"{world.url}/administration/integrations/{integration}"
    async with window() as page:
        page.on("dialog", lambda dialog: dialog.accept())
        await sign_in(page, world, "admin", locale)

        await page.goto(one)
        await expect(page.get_by_text(f"orders/{order['id']}", exact=True)).to_be_visible()
        await page.locator("form[action$='/retry'] button").click()
        await expect(page.locator(".notice.ok")).to_be_visible()
        await page.locator("form[action$='/run'] button").click()
        await expect(page.locator("form[action$='/retry']")).to_have_count(0)

        async with page.expect_download() as started:
            await page.locator("a[download]").click()
        file = tmp_path / "diagnostics.json"
        await (await started.value).save_as(file)
        assert world.shop.key not in file.read_text(encoding="utf-8")
        assert json.loads(file.read_text(encoding="utf-8"))["runs"]

        await change_settings(page, one)
        await reauthenticate(page, world, one)
        await page.locator("form[action$='/stop'] button").click()
        await expect(page.locator("form[action$='/start'] button")).to_be_visible()
        await page.locator("form[action$='/start'] button").click()
        await expect(page.locator("form[action$='/stop'] button")).to_be_visible()
        assert (await world.crm.desk.running(integration).status()).orders == 300

        await page.goto(f"{world.url}/administration/audit")
        await expect(page.get_by_role("link", name="Renamed").first).to_be_visible()
        await page.goto(one)
        await page.locator("input[name=data][value=keep]").check()
        await page.locator("form[action$='/remove'] button").click()
        await expect(page.locator("form[action$='/new/prestashop'] button")).to_be_visible()
        assert world.crm.host.integrations.entries() == []


async def test_nothing_moves_while_a_page_is_drawn(world: World, window: Window) -> None:
    integration = await world.connect()
    customer = await world.busiest_customer()
    await world.talk_about(customer)
    moved = """() => new Promise((tell) => {
      let total = 0;
      new PerformanceObserver((seen) => { for (const one of seen.getEntries()) total += one.value; })
        .observe({ type: "layout-shift", buffered: true });
      setTimeout(() => tell(total), 100);
    })"""
    async with window() as page:
        await sign_in(page, world)
        for path in (
            "/customers",
            f"/customers/{customer}",
            f"/customers/{customer}/history",
            f"/customers/{customer}/tabs/{integration}",
            "/administration/integrations",
            f"/administration/integrations/{integration}",
        ):
            for width in (1280, 360):
                await page.set_viewport_size({"width": width, "height": 860})
                await page.goto(world.url + path)
                assert await page.evaluate(moved) < 0.01, (path, width)

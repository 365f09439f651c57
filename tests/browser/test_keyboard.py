"""Without a mouse, and on paper."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Window
from tests.browser.world import PASSWORD, World, sign_in

pytestmark = pytest.mark.browser

FOCUSED = """() => {
  const at = document.activeElement;
  if (at === document.body) return null;
  const box = at.getBoundingClientRect(), style = getComputedStyle(at), bar = document.querySelector(".bar");
  const inBar = bar.contains(at) || at.classList.contains("skip");
  return {
    what: at.outerHTML.slice(0, 160),
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
    seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight,
    covered: !inBar && box.bottom <= bar.getBoundingClientRect().bottom,
  };
}"""
REACHABLE = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")]
  .filter((at) => at.tabIndex >= 0 && !at.closest("[hidden]") && at.checkVisibility()).length"""


async def walk(page: Page) -> int:
    """Press Tab through a page that was just loaded; how many stops there were. Each shows where one is."""
    stops = 0
    await page.evaluate("document.activeElement.blur()")
    while True:
        await page.keyboard.press("Tab")
        at = await page.evaluate(FOCUSED)
        if at is None:
            return stops
        assert at["ring"], at
        assert at["seen"], at
        assert not at["covered"], at
        stops += 1
        assert stops < 500, "the way never ends"


async def test_everything_can_be_done_without_a_mouse(world: World, window: Window) -> None:
    integration = await world.connect()
    customer = await world.busiest_customer()
    async with window() as page:
        await page.goto(f"{world.url}/customers/{customer}/tabs/{integration}")
        await page.focus("#login")
        for typed in ("agent", PASSWORD):
            await page.keyboard.type(typed)
            await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/tabs/**")

        await page.keyboard.press("Tab")
        await expect(page.locator(".skip")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#main")).to_be_focused()
        await page.reload()
        assert await walk(page) == await page.evaluate(REACHABLE)

        toggle = page.locator("tr.order .toggle").first
        await toggle.focus()
        await page.keyboard.press("Space")
        await expect(page.locator("tr.order-more").first).to_be_visible()
        await page.locator("#tab-status").focus()
        await page.keyboard.press("ArrowDown")
        await page.wait_for_url("**status=**")
        await expect(page.locator("tr.order").first).to_be_visible()
        await page.locator(".match-more summary").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#link-typed")).to_be_visible()
        await page.locator("form[action$='/refresh'] button").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".notice")).to_be_visible()


@pytest.mark.parametrize("path", ["/customers", "/administration/integrations", "/customers/new"])
async def test_every_stop_of_a_page_is_seen(world: World, window: Window, path: str) -> None:
    await world.connect()
    async with window(width=700, height=600) as page:
        await sign_in(page, world)
        await page.goto(world.url + path)
        assert await walk(page) == await page.evaluate(REACHABLE)


async def test_a_card_prints_in_ink_on_white(world: World, window: Window) -> None:
    integration = await world.connect()
    customer = await world.busiest_customer()
    async with window() as page:
        await sign_in(page, world, "agent")
        await page.goto(f"{world.url}/customers/{customer}/tabs/{integration}")
        for theme in ("light", "dark"):
            await page.locator("button[name=theme]").click()
            await expect(page.locator("html")).to_have_attribute("data-theme", theme)
        await page.locator("tr.order .toggle").first.click()
        await page.emulate_media(media="print")
        for unprinted in (".bar", ".tabs", ".match", ".toolbar", ".foot"):
            await expect(page.locator(unprinted).first).to_be_hidden()
        await expect(page.locator("tr.order").first).to_be_visible()
        await expect(page.locator("tr.order-more").first).to_be_visible()
        colour = "getComputedStyle(document.documentElement)"
        assert await page.evaluate(f"{colour}.backgroundColor") == "rgb(255, 255, 255)"
        assert await page.evaluate(f"{colour}.color") == "rgb(21, 33, 39)"
        badge = page.locator("tr.order .badge").first
        assert await badge.evaluate("badge => getComputedStyle(badge).printColorAdjust") == "exact"

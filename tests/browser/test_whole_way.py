"""The whole way with PrestaShop's plugin and a shop: sign in, connect, synchronise, open a card; in both languages.

Every step is first done wrong, and corrected in the same form. Words are not repeated here: a person finds the
controls by what they do, and the few that are checked are those the release promises.
"""

import re
from pathlib import Path
from typing import Protocol

import attrs
import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Window
from tests.browser.world import PASSWORD, World
from thulium_plugin_prestashop.contract.views import Viewer
from thulium_plugin_prestashop.hosting import JobSnapshot

pytestmark = pytest.mark.browser

REFUSED = "http://127.0.0.1:9/"
"""The discard port: nobody listens."""


@attrs.frozen
class Said:
    """What the release promises to say, in one language."""

    locale: str
    start: str
    customers: str
    history: str
    orders: str


ENGLISH = Said("en", "Start Synchronization with PrestaShop", "Customers", "Contact history", "ORDERS")
POLISH = Said("pl", "Rozpocznij synchronizację z PrestaShop", "Klienci", "Historia kontaktu", "ZAMÓWIENIA")


PHOTOGRAPHS = {"tab": ENGLISH, "form": ENGLISH, "history": ENGLISH, "phone": POLISH}
"""What is taken on the way, in which language."""


class Photograph(Protocol):
    async def __call__(self, name: str) -> None: ...


@pytest.mark.parametrize("said", [ENGLISH, POLISH], ids=lambda said: said.locale)
async def test_the_whole_way(world: World, window: Window, pictures: Path | None, said: Said) -> None:
    async with window() as page:

        async def photograph(name: str) -> None:
            assert name in PHOTOGRAPHS
            if pictures is not None and PHOTOGRAPHS[name] is said:
                await page.screenshot(path=pictures / f"{name}.png", animations="disabled")

        await sign_in(page, world, said)
        await expect(page.locator(".empty")).to_be_visible()
        await connect(page, world, photograph)
        await start(page, world, said)
        customer = await world.busiest_customer()
        await look_at_the_card(page, world, said, customer, photograph)


async def sign_in(page: Page, world: World, said: Said) -> None:
    await page.goto(world.url)
    for password in ("wrong", PASSWORD):
        await page.fill("#login", "admin")
        await page.fill("#password", password)
        await page.keyboard.press("Enter")
        if password == "wrong":
            await expect(page.get_by_role("alert")).to_be_visible()
    await page.wait_for_url("**/customers")
    if await page.locator("html").get_attribute("lang") != said.locale:
        await page.click("button[name=locale]")
    await expect(page.locator("h1")).to_have_text(said.customers)


async def connect(page: Page, world: World, photograph: Photograph) -> None:
    """Authorization data, wrong twice; other data, without the field at first; a field made on the spot."""
    address, key = page.locator("input[name=address]"), page.locator("input[name=api_key]")
    try_it = page.locator("[data-authenticate-button]")
    await page.goto(f"{world.url}/administration/integrations")
    await page.locator("form[action$='/new/prestashop'] button").click()
    await address.fill(REFUSED)
    await key.fill(world.shop.key)
    await try_it.click()
    await expect(address).to_have_attribute("aria-invalid", "true")
    await address.fill(world.shop.url)
    await key.fill("W" * 32)
    await try_it.click()
    await expect(key).to_have_attribute("aria-invalid", "true")
    await expect(address).not_to_have_attribute("aria-invalid", "true")
    await key.fill(world.shop.key)
    await try_it.click()
    await expect(page.locator("#part-2")).to_be_visible()
    ticked = page.locator(".finding.ok")
    for resource in ("addresses", "countries", "currencies", "customers", "orders", "shops", "order_states"):
        assert await ticked.filter(has_text=resource).count(), resource
    await photograph("form")

    field = page.locator("select[name=id_field]")
    await page.locator("button[name=then][value=run]:visible").click()
    await expect(field).to_have_attribute("aria-invalid", "true")
    await expect(field).to_be_focused()
    await page.locator(".inline-create-fold summary").click()
    await page.fill("input[name=new-id_field]", "PrestaShop ID")
    await page.click("button[name=create_field]")
    await expect(field).to_have_value("PrestaShop ID")
    await page.locator("button[name=then][value=run]:visible").click()
    await page.wait_for_url("**/administration/integrations/*")
    await expect(page.locator("[data-run]")).to_have_attribute("data-state", "done")
    await expect(page.locator("[data-part=state]")).to_have_class("state ok")


async def start(page: Page, world: World, said: Said) -> None:
    """Start Synchronization with PrestaShop, in the Customers tab, upper right."""
    await page.goto(f"{world.url}/customers")
    await expect(page.locator("tbody tr").first).to_be_visible()
    before = [run.last for run in jobs(world)]
    await page.locator("details.menu summary").click()
    await page.get_by_role("button", name=said.start).click()
    await page.wait_for_url("**/customers")
    await expect(page.locator("[data-run]")).to_have_attribute("data-state", "done")
    assert [run.last for run in jobs(world)] != before
    assert all(run.last is not None and run.last.ok for run in jobs(world))


async def look_at_the_card(
    page: Page, world: World, said: Said, customer: str, photograph: Photograph
) -> None:
    (section,) = await world.crm.host.load_sections(customer, Viewer(), 10)
    await world.talk_about(customer, said.locale)
    await page.goto(f"{world.url}/customers/{customer}")
    await page.locator(".tabs a[href*='/tabs/']").click()
    rows = page.locator("tr.order")
    await expect(rows).to_have_count(min(section.total, 25))
    await rows.nth(1).locator(".toggle").click()
    await expect(page.locator("tr.order-more").nth(1).locator(".table.lines")).to_be_visible()
    await page.mouse.move(0, 0)
    await photograph("tab")
    reference = await rows.first.locator(".col-reference bdi").inner_text()

    await page.get_by_role("link", name=said.history).click()
    await expect(page.locator(".section-orders h2")).to_have_text(said.orders)
    await expect(page.locator(".section-orders tr.order").first).to_contain_text(reference)
    assert await page.locator(".contact:not(.order-entry)").count() >= 2
    assert await page.locator(".contact.order-entry").count() >= 2
    await photograph("history")

    await page.fill("#bar-query", reference)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/tabs/**")
    opened = page.locator("tr.order-more:visible")
    await expect(opened).to_have_count(1)

    world.shop.service.enabled = False
    await page.locator("form[action$='/refresh'] button").click()
    await expect(page.locator(".notice").first).to_be_visible()
    await expect(rows).to_have_count(min(section.total, 25))

    world.shop.service.enabled = True
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.emulate_media(color_scheme="dark")
    await page.goto(f"{world.url}/customers/{customer}/tabs/{section.entries[0].key.partition(':')[0]}")
    await page.locator("table.orders").evaluate(
        "table => scrollBy(0, table.getBoundingClientRect().top - 330)"
    )
    await photograph("phone")


def jobs(world: World) -> list[JobSnapshot]:
    return [job.snapshot() for job in world.crm.host.scheduler.jobs()]


def test_the_readme_shows_pictures_that_are_taken_on_the_way() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"tests/browser/pictures/(\w+)\.png", readme))
    kept = {picture.stem for picture in (Path(__file__).parent / "pictures").glob("*.png")}
    assert shown == kept == set(PHOTOGRAPHS)

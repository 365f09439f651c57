"""Whatever a shop holds in any field, a real browser shows it as text, in its place, and runs nothing of it."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Window
from tests.browser.world import World, open_world, sign_in
from thulium_plugin_prestashop.contract.views import Viewer
from thulium_plugin_prestashop.sandbox.shop.store import ROWS
from thulium_plugin_prestashop.sandbox.shop.tables import Field, Kind, resources_of

pytestmark = pytest.mark.browser

EVIL = (
    "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'>\"'&amp;{{7*7}}${7*7}"
    "\N{RIGHT-TO-LEFT OVERRIDE}\N{RIGHT-TO-LEFT ISOLATE}\N{FAMILY}\N{ZERO WIDTH JOINER}\N{COMBINING ACUTE ACCENT}"
)
LONG = "Ł" * 10_000
KEPT = {
    # What links the records, and what PrestaShop itself lets nobody write freely.
    "email": f'"><svg/onload=window.hacked=1>{EVIL[:20]}@example.com',
    "lastname": f"{EVIL}{LONG}",
}


def planted(field: Field) -> str | None:
    """What to put into a column, or ``None`` for one that holds no text."""
    if field.kind is Kind.TEXT:
        return KEPT.get(field.name, EVIL)
    if field.kind is Kind.TRANSLATED:
        return json.dumps({"1": f"{EVIL}pl", "2": f"{EVIL}en"})
    return None


def plant(world: World) -> None:
    """Put hostile text into every text of every record of the shop."""
    for resource in resources_of("9.1.4").values():
        changes = {field.name: text for field in resource.fields if (text := planted(field)) is not None}
        for row in world.shop.all_rows(resource.name):
            world.shop.store.update(resource.name, int(row["id"] or 0), dict(changes))
        if resource.rows:
            texts = {field.name: EVIL for field in resource.rows if field.kind is Kind.TEXT}
            for row in world.shop.all_rows(ROWS):
                world.shop.store.update(ROWS, int(row["id"] or 0), dict(texts))


async def harmless(page: Page, path: str) -> None:
    assert await page.evaluate("window.hacked") is None, path
    foreign = "document.querySelectorAll('main script, main img, main iframe, main svg[onload], main [onerror]').length"
    assert await page.evaluate(foreign) == 0, path
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path


async def test_hostile_text_in_every_field_is_text(tmp_path: Path, window: Window) -> None:
    async with open_world(tmp_path, customers=4, orders=12) as world:
        plant(world)
        integration = await world.connect(name="Hostile")
        (customer, *_) = [card.id async for card in world.crm.iter_customers()]
        (section,) = await world.crm.host.load_sections(customer, Viewer(), 1)
        opened = section.entries[0].key
        card, admin = f"/customers/{customer}", "/administration"
        texts = {
            "/customers": 1,
            card: 1,
            f"{card}/history": 3,
            f"{card}/edit": 0,
            f"{card}/tabs/{integration}?opened={opened}": 5,
            "/search?q=script": 1,
            f"{admin}/integrations": 0,
            f"{admin}/integrations/{integration}": 0,
            f"{admin}/integrations/{integration}/settings": 1,
            f"{admin}/problems": 0,
            f"{admin}/audit": 0,
        }
        async with window(width=360, height=740) as page:
            page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
            await sign_in(page, world, "admin", "en")
            for path, least in texts.items():
                await page.goto(world.url + path)
                await harmless(page, path)
                shown = (await page.locator("main").text_content() or "").count(
                    "<script>window.hacked=1</script>"
                )
                assert shown >= least, (path, shown)

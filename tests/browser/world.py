"""A sandbox CRM with the installed plugin and a demo shop behind it, and people who sign in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
from argon2 import PasswordHasher
from playwright.async_api import Page

from thulium_plugin_prestashop.contract.forms import CustomFieldType, Value
from thulium_plugin_prestashop.contract.host import Egress
from thulium_plugin_prestashop.contract.views import MomentCell, TextCell, Viewer
from thulium_plugin_prestashop.sandbox.crm import (
    Occasion,
    Passwords,
    SandboxCrm,
    seed_accounts,
    seed_contacts,
)
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.sandbox.web import serve

PASSWORD = "a long enough password"
ID_FIELD = "PrestaShop ID"


@attrs.frozen
class World:
    """Both sides at work. ``url`` is the CRM's, without a slash at its end."""

    crm: SandboxCrm
    shop: DemoShop
    url: str

    async def connect(self, **settings: Value) -> str:
        """Configure the shop and import it, without a browser; the integration's id."""
        await self.crm.ensure_custom_field(ID_FIELD, CustomFieldType.NUMERIC)
        configured = await self.crm.configure_integration(
            "prestashop",
            {"address": self.shop.url, "api_key": self.shop.key},
            {"id_field": ID_FIELD, **settings},
        )
        assert configured.id is not None, configured
        await self.synchronise(configured.id)
        return configured.id

    async def synchronise(self, integration: str) -> bool:
        """Run it once; whether it worked."""
        run = await self.crm.desk.run_now(integration, "admin")
        return (await run.finished()).ok

    async def busiest_customer(self, most: int = 25) -> str:
        """The customer with the most orders, but at most ``most``."""
        counts = {
            card.id: sum(tab.table.total for tab in await self.crm.host.load_tabs(card.id, Viewer()))
            async for card in self.crm.iter_customers()
        }
        return max((count, customer) for customer, count in counts.items() if count <= most)[1]

    async def talk_about(self, customer: str, locale: str = "en") -> None:
        """Calls, mails and chats around the newest orders of the customer."""
        (section,) = await self.crm.host.load_sections(customer, Viewer(), 4)
        await seed_contacts(
            self.crm,
            [
                Occasion(customer, reference.text, date.at, locale)
                for row in section.entries
                if isinstance(reference := row.cells["reference"], TextCell)
                and isinstance(date := row.cells["date"], MomentCell)
            ],
        )


@asynccontextmanager
async def open_world(directory: Path, *, customers: int = 60, orders: int = 300) -> AsyncIterator[World]:
    """Both sides, with the accounts ``admin`` and ``agent``; nothing is configured yet."""
    quick = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    async with DemoShop(customers=customers, orders=orders) as shop:
        egress = Egress(allow_private=True)
        async with await SandboxCrm.open(directory, egress=egress, passwords=quick) as crm:
            await seed_accounts(crm, admin_password=PASSWORD, agent_password=PASSWORD)
            async with serve(crm) as server:
                yield World(crm, shop, server.url)


async def sign_in(page: Page, world: World, login: str = "admin", locale: str = "en") -> None:
    """Sign in, and read the pages in ``locale``."""
    await page.goto(f"{world.url}/sign-in")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/customers")
    if await page.locator("html").get_attribute("lang") != locale:
        await page.click("button[name=locale]")
        await page.wait_for_selector(f"html[lang={locale}]")

"""A sandbox CRM with the corner shop's plugin, served over a real socket, and people who use it."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from argon2 import PasswordHasher

from tests.sandbox_web.corner_shop import KEY, CornerShop
from tests.sandbox_web.people import PASSWORD, Person, Site
from thulium_plugin_prestashop.contract.customers import NewCustomer, PostalAddress
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.sandbox.crm import Passwords, Role, SandboxCrm
from thulium_plugin_prestashop.sandbox.web import serve


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    shop = CornerShop()
    quick = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    async with await SandboxCrm.open(tmp_path, plugins=[shop.installed()], passwords=quick) as crm:
        await crm.accounts.create("boss", "Bożena Boss", Role.ADMIN, password=PASSWORD, locale="en")
        await crm.accounts.create("ola", "Ola Agent", Role.AGENT, password=PASSWORD, locale="en")
        await crm.ensure_custom_field("Corner number", CustomFieldType.NUMERIC)
        await crm.ensure_custom_field("Login", CustomFieldType.TEXT)
        new = NewCustomer(
            reference="1",
            surname="Nowak",
            name="Anna",
            emails=("anna@example.com",),
            phones=("+48601602603",),
            address=PostalAddress("Długa 1", "00-001", "Warszawa", "PL"),
            custom_fields={"Login": "anna_n"},
        )
        (made,) = await crm.customers.create([new])
        assert made.id is not None
        async with serve(crm) as server:
            yield Site(crm, server, shop, made.id)


@pytest.fixture
async def connected(site: Site) -> Site:
    """The same with the corner shop connected and running."""
    configured = await site.crm.configure_integration(
        "corner",
        {"address": "https://corner.example", "key": KEY},
        {"name": "My corner", "field": "Corner number"},
    )
    assert configured.id is not None
    return site


async def _person(site: Site) -> AsyncIterator[Person]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield Person(site.server.url, http)


@pytest.fixture
async def nobody(site: Site) -> AsyncIterator[Person]:
    async for person in _person(site):
        yield person


@pytest.fixture
async def agent(site: Site) -> AsyncIterator[Person]:
    async for person in _person(site):
        await person.sign_in("ola")
        yield person


@pytest.fixture
async def admin(site: Site) -> AsyncIterator[Person]:
    async for person in _person(site):
        await person.sign_in("boss")
        yield person

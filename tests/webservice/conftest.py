"""Shops to ask: made-up ones over a real socket, and the recorded answers of real ones."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp.test_utils import TestServer

from tests.webservice.fake_shop import KEY, FakeShop
from thulium_plugin_prestashop.transport import EgressPolicy, HttpClient, RetryPolicy
from thulium_plugin_prestashop.webservice.address import ShopAddress
from thulium_plugin_prestashop.webservice.client import WebserviceClient

QUICK = RetryPolicy(attempts=4, first_wait=0.01, longest_wait=0.02, jitter=0.01)


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with HttpClient(EgressPolicy(allow_private=True), timeout=5) as client:
        yield client


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[FakeShop], Awaitable[ShopAddress]]]:
    async with AsyncExitStack() as stack:

        async def start(shop: FakeShop) -> ShopAddress:
            server = await stack.enter_async_context(TestServer(shop.application()))
            shop.base_url = str(server.make_url("")).rstrip("/")
            return ShopAddress.parse(shop.base_url)

        yield start


@pytest.fixture
def connect(
    http: HttpClient, serve: Callable[[FakeShop], Awaitable[ShopAddress]]
) -> Callable[[FakeShop], Awaitable[WebserviceClient]]:
    async def start(shop: FakeShop) -> WebserviceClient:
        return WebserviceClient(await serve(shop), KEY, http, retry=QUICK)

    return start

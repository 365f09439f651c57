"""The canary: a key, and a customer's data, that must not turn up anywhere but in the requests themselves."""

import base64
import io
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import web

from tests.webservice.conftest import QUICK
from tests.webservice.fake_shop import FRONT_PAGE, FakeShop, Fault
from tests.webservice.test_faults import always, breaks_on, cut, reset
from thulium_plugin_prestashop.transport import HttpClient, RemoteError
from thulium_plugin_prestashop.webservice.address import InvalidAddressError, ShopAddress
from thulium_plugin_prestashop.webservice.client import WebserviceClient
from thulium_plugin_prestashop.webservice.messages import describe
from thulium_plugin_prestashop.webservice.preflight import preflight
from thulium_plugin_prestashop.webservice.query import CUSTOMERS, ORDERS, EmailIs, Query

# A key with characters that change when encoded, as long as a real one; and a customer nobody may read of.
KEY = "K3Y+CANARY/K3Y=CANARY&K3Y CANARY"
EMAIL = "canary.person@example.com"
BASIC = base64.b64encode(f"{KEY}:".encode()).decode()
SPELLINGS = (
    KEY,
    quote(KEY, safe=""),
    quote(KEY),
    BASIC,
    BASIC.rstrip("="),
    quote(BASIC, safe=""),
    "CANARY",
    EMAIL,
)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that any logger says, at the lowest level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Everything())
    # The made-up shop's own access log is the shop's, not ours.
    handler.addFilter(lambda record: not record.name.startswith(("aiohttp.access", "aiohttp.server")))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(1)
    try:
        yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


class _Everything(logging.Formatter):
    """The message with every attribute that a structured logger would write."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{super().format(record)} {record.__dict__}"


async def _echo(request: web.Request, _: FakeShop) -> web.StreamResponse:
    """A hostile page that repeats whatever it was sent."""
    return web.Response(status=500, text=f"<html>{request.url} {dict(request.headers)}</html>")


async def _redirect(_: web.Request, __: FakeShop) -> web.StreamResponse:
    location = f"https://other.test/?url=orders&ws_key={quote(KEY)}&email={EMAIL}"
    return web.Response(status=302, headers={"Location": location})


async def _refused_email(_: web.Request, shop: FakeShop) -> web.StreamResponse:
    query = f"SELECT * FROM customer WHERE email='{EMAIL}' /* {KEY} */"  # noqa: S608 - a shop quotes it, nobody runs it
    return shop.error(500, 97, query, as_json=True)


async def _quoting(_: web.Request, shop: FakeShop) -> web.StreamResponse:
    return shop.error(500, 5, f"[PHP Notice #8] Undefined index: ws_key={KEY} {BASIC}", as_json=True)


STATES: list[list[Fault]] = [
    [],
    [_echo],
    [_redirect],
    [_refused_email],
    [breaks_on([2], _refused_email)],
    [breaks_on([2], _quoting)],
    [reset],
    [cut],
    [always(FRONT_PAGE, 403)],
    [always("", 200)],
    [always("401 Unauthorized", 401)],
    [breaks_on([2], always(f"{KEY} {EMAIL}", 500))],
]


@pytest.mark.parametrize("faults", STATES)
@pytest.mark.parametrize("header_arrives", [True, False])
async def test_the_canary_is_silent(
    serve: Callable[[FakeShop], Awaitable[ShopAddress]],
    http: HttpClient,
    log: io.StringIO,
    faults: list[Fault],
    *,
    header_arrives: bool,
) -> None:
    shop = FakeShop.with_rows(orders=5, customers=5)
    shop.tables["customers"][0]["email"] = EMAIL
    shop.tables["customers"][1]["id_shop"] = f"not a number {EMAIL}"
    shop.tables["orders"][0]["total_paid"] = f"{EMAIL}"
    shop.faults, shop.header_arrives, shop.key = faults, header_arrives, KEY
    address = await serve(shop)
    client = WebserviceClient(address, KEY, http, retry=QUICK)
    said: list[Any] = [client, client._exchange, http]  # noqa: SLF001 - reprs of the inner objects count too
    for question in (
        client.root(),
        client.fetch(Query(ORDERS)),
        client.fetch(Query(CUSTOMERS, (EmailIs(EMAIL),))),
        client.ids(ORDERS),
        client.highest_id(ORDERS),
        client.latest_update(ORDERS),
    ):
        try:
            answer = await question
            said += [answer, getattr(answer, "set_aside", None)]
        except RemoteError as error:
            said += [str(error), error, error.params, error.detail, describe(error), error.__context__]
            said += traceback.format_exception(error)
    found = await preflight(address, KEY, http)
    said += [found, client.shop, client.shop.export(), client.stats]
    text = log.getvalue() + "\n".join(map(repr, said)) + "\n".join(map(str, said))
    for spelling in SPELLINGS:
        assert spelling not in text, text[max(0, text.index(spelling) - 300) : text.index(spelling) + 100]


async def test_a_key_in_a_typed_address_is_not_repeated() -> None:
    with pytest.raises(InvalidAddressError) as caught:
        ShopAddress.parse(f"https://{quote(KEY, safe='')}:@shop.test/")
    assert "CANARY" not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)

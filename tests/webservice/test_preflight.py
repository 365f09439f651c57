"""What an administrator is told, for each thing that can be wrong; the words are held in a snapshot.

``preflight_transcripts.txt`` reads as a person would read it; set ``UPDATE_SNAPSHOTS=1`` to write it anew.
"""

import asyncio
import os
import re
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import attrs
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from tests.transport.certificates import self_signed
from tests.webservice.fake_shop import ACCESS_TIME, FRONT_PAGE, KEY, FakeShop, Fault, made_rows
from tests.webservice.test_faults import always
from thulium_plugin_prestashop.transport import EgressPolicy, HttpClient
from thulium_plugin_prestashop.webservice.address import ShopAddress
from thulium_plugin_prestashop.webservice.messages import LANGUAGES, describe
from thulium_plugin_prestashop.webservice.preflight import Finding, Preflight, preflight, same_shop
from thulium_plugin_prestashop.webservice.resources import RESOURCES

SNAPSHOT = Path(__file__).with_name("preflight_transcripts.txt")
Serve = Callable[[FakeShop], Awaitable[ShopAddress]]


def clock() -> datetime:
    return datetime.fromtimestamp(ACCESS_TIME, UTC)


def healthy() -> FakeShop:
    return FakeShop.with_rows(orders=3, customers=3, addresses=3)


@attrs.frozen
class Case:
    """A shop in some state, the key used, and the findings that are expected."""

    name: str
    shop: Callable[[], FakeShop]
    expected: tuple[str, ...]
    key: str = KEY


def changed(**state: object) -> Callable[[], FakeShop]:
    def make() -> FakeShop:
        shop = healthy()
        for name, value in state.items():
            setattr(shop, name, value)
        return shop

    return make


async def _no_json(request: web.Request, _: FakeShop) -> web.StreamResponse | None:
    return web.Response(body=b"") if request.query.get("output_format") == "JSON" else None


async def _granted_but_refused(request: web.Request, shop: FakeShop) -> web.StreamResponse | None:
    refused = "orders" in request.path
    return shop.error(403, 132, "The key has no permission for this shop", as_json=True) if refused else None


def redirecting(location: str) -> Fault:
    return always("", 302, Location=location)


WITHOUT_ORDERS = {name: "GET" for name in RESOURCES if name != "orders"}
CASES = [
    Case("all well", healthy, ("address.plain_http",)),
    Case("a key without orders", changed(rights=WITHOUT_ORDERS), ("auth.permission", "address.plain_http")),
    Case(
        "a key that can write",
        changed(rights=dict.fromkeys(RESOURCES, "GET PUT POST DELETE")),
        ("auth.can_write", "address.plain_http"),
    ),
    Case(
        "a key without any permission", changed(rights={}), ("auth.permission",) * 7 + ("address.plain_http",)
    ),
    Case("a wrong key", healthy, ("auth.key_unknown",), "WRONGWRONGWRONGWRONGWRONGWRONG12"),
    Case("half a key", healthy, ("auth.key_format",), "HALF"),
    Case("no key", healthy, ("auth.key_empty",), " "),
    Case(
        "granted in the list, refused in fact",
        changed(faults=[_granted_but_refused]),
        ("auth.shop", "address.plain_http"),
    ),
    Case("header stripped", changed(header_arrives=False), ("address.plain_http", "auth.key_in_query")),
    Case(
        "header stripped, also the key in the address",
        changed(faults=[always("401 Unauthorized", 401)]),
        ("auth.header_stripped",),
    ),
    Case("no rewriting", changed(rewriting=False), ("address.plain_http", "address.dispatcher")),
    Case("webservice off", changed(switched_on=False), ("shop.webservice_off",)),
    Case("a maintenance page", changed(faults=[always(FRONT_PAGE, 503)]), ("shop.unavailable",)),
    Case("a firewall", changed(faults=[always(FRONT_PAGE, 403)]), ("shop.blocked",)),
    Case("a CDN without its origin", changed(faults=[always(FRONT_PAGE, 522)]), ("shop.cdn",)),
    Case(
        "a password in front of the shop", changed(faults=[always(FRONT_PAGE, 401)]), ("auth.password_wall",)
    ),
    Case("not a PrestaShop", changed(faults=[always("<html>It works!</html>")]), ("address.not_prestashop",)),
    Case("nothing at this address", changed(faults=[always(FRONT_PAGE, 404)]), ("address.api_missing",)),
    Case(
        "redirect to https",
        changed(faults=[redirecting("https://127.0.0.1/api/")]),
        ("address.redirect_https",),
    ),
    Case(
        "redirect to another host",
        changed(faults=[redirecting("https://www.sklep.pl/?ws_key=" + KEY)]),
        ("address.redirect_host",),
    ),
    Case("redirect to the front page", changed(faults=[redirecting("/?url=")]), ("address.redirect_front",)),
    Case("a clock that is wrong", changed(clock=ACCESS_TIME - 3600), ("shop.clock", "address.plain_http")),
    Case("JSON that never works", changed(faults=[_no_json]), ("address.plain_http", "shop.json_broken")),
    Case("a shop that fails", changed(faults=[always("", 500)]), ("shop.failed",)),
]


def transcript(name: str, found: Preflight) -> str:
    lines = [f"== {name}: {'ok' if found.ok else 'not ok'}, PrestaShop {found.version}"]
    for finding in found.findings:
        told = describe(finding.key, finding.params)
        lines.append(f"{finding.severity} {finding.key}")
        for language in LANGUAGES:
            lines += [f"  {language}  {told.text[language]}", f"      → {told.hint[language]}"]
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", "\n".join(lines)) + "\n\n"


async def test_each_state_of_a_shop_is_explained(serve: Serve, http: HttpClient) -> None:
    told: list[str] = []
    for case in CASES:
        seen: list[Finding] = []
        found = await preflight(await serve(case.shop()), case.key, http, on_finding=seen.append, clock=clock)
        assert tuple(finding.key for finding in found.findings) == case.expected, case.name
        assert seen == list(found.findings)
        assert found.ok == all(finding.severity != "error" for finding in found.findings)
        assert KEY not in repr(found)
        told.append(transcript(case.name, found))
    told += [
        await _refused(http),
        await _private(serve),
        await _untrusted(http),
        await _typed_too_much(serve, http),
    ]
    text = "".join(told)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(text, "utf-8")
    assert text == SNAPSHOT.read_text("utf-8")


async def _refused(http: HttpClient) -> str:
    found = await preflight(ShopAddress.parse(f"http://127.0.0.1:{unused_port()}"), KEY, http)
    assert [finding.key for finding in found.findings] == ["net.refused"]
    return transcript("a port that refuses", found)


async def _private(serve: Serve) -> str:
    async with HttpClient(EgressPolicy()) as guarded:
        found = await preflight(await serve(healthy()), KEY, guarded)
    assert [finding.key for finding in found.findings] == ["net.blocked"]
    return transcript("a private address", found)


async def _untrusted(http: HttpClient) -> str:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    folder = Path(os.environ.get("TMPDIR", "/tmp"))  # noqa: S108 - a throw-away certificate
    path = await asyncio.to_thread(self_signed, folder)
    context.load_cert_chain(path)
    path.unlink()
    server = TestServer(healthy().application(), scheme="https")
    await server.start_server(ssl=context)
    try:
        found = await preflight(ShopAddress.parse(f"https://127.0.0.1:{server.port}"), KEY, http)
    finally:
        await server.close()
    assert [finding.key for finding in found.findings] == ["net.tls_untrusted"]
    return transcript("a certificate nobody trusts", found)


async def _typed_too_much(serve: Serve, http: HttpClient) -> str:
    address = attrs.evolve(await serve(healthy()), path="/pl")
    found = await preflight(address, KEY, http, clock=clock)
    assert [finding.key for finding in found.findings] == ["address.folder"]
    return transcript("a path too many", found)


async def test_a_healthy_shop_is_known_afterwards(serve: Serve, http: HttpClient) -> None:
    shop = healthy()
    loop = asyncio.get_running_loop()
    started = loop.time()
    found = await preflight(await serve(shop), f" {KEY} ", http, clock=clock)
    assert loop.time() - started < 5
    assert found.ok
    assert (found.version, found.shop_name, found.can_write) == ("9.1.4", "Sklep", False)
    assert found.permissions == dict.fromkeys(RESOURCES, True)
    assert [shop.name for shop in found.shops] == ["Sklep"]
    assert found.facts["version"] == "9.1.4"
    assert len(shop.asked) == 8


async def test_a_shop_that_never_answers_is_given_up_in_time(serve: Serve, http: HttpClient) -> None:
    async def asleep(_: web.Request, __: FakeShop) -> web.StreamResponse | None:
        await asyncio.sleep(30)
        return None

    shop = healthy()
    shop.faults.append(asleep)
    loop = asyncio.get_running_loop()
    started = loop.time()
    found = await preflight(await serve(shop), KEY, http, within=0.3)
    assert [finding.key for finding in found.findings] == ["net.timeout"]
    assert loop.time() - started < 2


async def test_an_identity_is_the_shops_own_and_no_other_shops(serve: Serve, http: HttpClient) -> None:
    async def identity(shop: FakeShop) -> str:
        return (await preflight(await serve(shop), KEY, http, clock=clock)).identity

    ours = healthy()
    first = await identity(ours)
    assert first == await identity(ours)  # another port, another address
    assert same_shop(first, first)
    for table in ("orders", "customers", "addresses"):
        ours.tables[table].append(made_rows(9, table)[-1])
    ours.tables["shops"][0]["name"] = "Renamed"
    ours.version = "8.2.4"
    assert await identity(ours) == first
    del ours.tables["customers"][0]
    assert same_shop(first, await identity(ours))
    other = healthy()
    for table in ("orders", "customers", "addresses"):
        other.tables[table][0]["date_add"] = "2019-01-01 10:00:00"
    assert not same_shop(first, await identity(other))
    empty = FakeShop.with_rows(orders=0, customers=0, addresses=0)
    assert await identity(empty) == ""
    assert same_shop(first, "")


async def test_a_multistore_is_one_shop_whichever_of_its_addresses_is_typed(
    serve: Serve, http: HttpClient
) -> None:
    shop = healthy()
    shop.tables["shops"] = made_rows(2, "shops")
    found = await preflight(await serve(shop), KEY, http, clock=clock)
    scopes = [parameters.get("id_group_shop") for name, parameters in shop.asked if name == "orders"]
    assert scopes == ["1"]
    assert len(found.shops) == 2

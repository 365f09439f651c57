"""The HTTP client over real sockets: limits, refusals, and what it never does."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from yarl import URL

from tests.transport.certificates import self_signed
from thulium_plugin_prestashop.transport import (
    AdministratorMustAct,
    EgressPolicy,
    HttpClient,
    OurFault,
    RemoteError,
    TimeWillTell,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[URL]]
LOOPBACK = EgressPolicy(allow_private=True)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(handler: Handler) -> URL:
            application = web.Application()
            application.router.add_route("*", "/{tail:.*}", handler)
            return (await stack.enter_async_context(TestServer(application))).make_url("/")

        yield start


async def test_an_answer_carries_status_headers_body_and_time(serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=418, text=request.headers["User-Agent"], headers={"Retry-After": "3"})

    async with HttpClient(LOOPBACK) as http:
        answer = await http.get(await serve(handler))
    assert answer.status == 418
    assert answer.body.startswith(b"thulium-plugin-prestashop/")
    assert answer.header("retry-after") == "3"
    assert answer.header("x-missing") == ""
    assert 0 < answer.seconds < 5


async def test_a_redirect_is_an_answer_and_not_followed(serve: Serve) -> None:
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=302, headers={"Location": "/elsewhere"})

    async with HttpClient(LOOPBACK) as http:
        answer = await http.get(await serve(handler))
    assert (answer.status, asked) == (302, ["/"])


async def test_cookies_are_not_kept(serve: Serve) -> None:
    seen: list[str | None] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Cookie"))
        response = web.Response()
        response.set_cookie("PrestaShop", "x" * 3000)
        return response

    url = await serve(handler)
    async with HttpClient(LOOPBACK) as http:
        await http.get(url)
        await http.get(url)
    assert seen == [None, None]


async def test_proxies_of_the_environment_are_not_used(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")

    async def handler(_: web.Request) -> web.Response:
        return web.Response(text="direct")

    async with HttpClient(LOOPBACK) as http:
        assert (await http.get(await serve(handler))).body == b"direct"


@pytest.mark.parametrize("compressed", [False, True])
async def test_a_body_is_cut_off_above_the_limit_also_when_it_was_compressed(
    serve: Serve, *, compressed: bool
) -> None:
    async def handler(_: web.Request) -> web.Response:
        body = b"0" * 50_000_000
        if compressed:
            body = gzip.compress(body, 6)
            assert len(body) < 100_000
            return web.Response(body=body, headers={"Content-Encoding": "gzip"})
        return web.Response(body=body)

    async with HttpClient(LOOPBACK, max_bytes=1_000_000) as http:
        with pytest.raises(OurFault) as caught:
            await http.get(await serve(handler))
    assert caught.value.key == "answer.too_large"
    assert caught.value.params["limit"] == 1_000_000


async def test_a_slow_answer_ends_in_its_time(serve: Serve) -> None:
    async def handler(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    url = await serve(handler)
    async with HttpClient(LOOPBACK) as http:
        with pytest.raises(TimeWillTell, match=r"net\.timeout"):
            await http.get(url, within=0.1)


async def test_a_dripping_answer_ends_in_its_time(serve: Serve) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x")
            await asyncio.sleep(0.05)
        return response

    url = await serve(handler)
    async with HttpClient(LOOPBACK) as http:
        with pytest.raises(TimeWillTell, match=r"net\.timeout"):
            await http.get(url, within=0.3)


async def test_refused_connections_and_unknown_names_may_pass() -> None:
    async with HttpClient(LOOPBACK) as http:
        with pytest.raises(TimeWillTell, match=r"net\.refused"):
            await http.get(URL(f"http://127.0.0.1:{unused_port()}/"))
        with pytest.raises(TimeWillTell, match=r"net\.dns"):
            await http.get(URL("http://no-such-shop.invalid/"))


async def test_something_that_is_not_http(unused_tcp_port: int) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", unused_tcp_port), HttpClient(LOOPBACK) as http:
        with pytest.raises(RemoteError) as caught:
            await http.get(URL(f"http://127.0.0.1:{unused_tcp_port}/"))
    assert caught.value.key in ("answer.not_http", "net.reset")


async def test_credentials_in_an_address_are_refused() -> None:
    async with HttpClient(LOOPBACK) as http:
        with pytest.raises(AdministratorMustAct, match=r"net\.bad_address"):
            await http.get(URL("http://KEY:@127.0.0.1/"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize(("trusted", "key"), [(False, "net.tls_untrusted"), (True, "net.tls_name")])
async def test_tls_trouble_is_told_apart(certificate: Path, *, trusted: bool, key: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    trust = ssl.create_default_context(cafile=str(certificate)) if trusted else None
    server = TestServer(web.Application(), scheme="https")
    await server.start_server(ssl=context)
    try:
        async with HttpClient(LOOPBACK, ssl_context=trust) as http:
            with pytest.raises(AdministratorMustAct) as caught:
                await http.get(URL(f"https://127.0.0.1:{server.port}/"))
    finally:
        await server.close()
    assert caught.value.key == key


async def test_https_to_a_plain_port_is_tls_trouble(serve: Serve) -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    url = (await serve(handler)).with_scheme("https")
    async with HttpClient(LOOPBACK) as http:
        with pytest.raises(AdministratorMustAct, match=r"net\.tls"):
            await http.get(url)


async def test_a_closed_client_says_so() -> None:
    http = HttpClient(LOOPBACK)
    await http.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        await http.get(URL("http://127.0.0.1/"))

"""The guard sees numeric addresses only, so no spelling of a private one gets past it."""

import ipaddress
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from thulium_plugin_prestashop.transport import AdministratorMustAct, EgressPolicy, HttpClient
from thulium_plugin_prestashop.transport.egress import is_public

PRIVATE = [
    *("127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "100.127.255.255", "0.0.0.0", "255.255.255.255", "224.0.0.1"),  # noqa: S104 - an address to refuse
    *("192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "240.0.0.1"),
    *("::1", "::", "fe80::1", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
    *("2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe"),
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(address: str) -> None:
    assert not EgressPolicy().permits(address)
    assert EgressPolicy(allow_private=True).permits(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_permitted(address: str) -> None:
    assert EgressPolicy().permits(address)


def test_a_zone_does_not_hide_a_link_local_address() -> None:
    assert not EgressPolicy().permits("fe80::1%eth0")


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_like_the_address_in_it(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for wrapped in (0xFFFF << 32 | number, (0x64FF9B << 96) | number):
        assert is_public(ipaddress.IPv6Address(wrapped)) == is_public(address)


@given(st.ip_addresses(v=4))
def test_retired_tunnels_lead_nowhere(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for tunnel in ((0x2002 << 112) | number << 80, (0x20010000 << 96) | number):
        assert not is_public(ipaddress.IPv6Address(tunnel))


@given(st.ip_addresses())
def test_nothing_unroutable_is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not is_public(address)


@pytest.fixture
async def server() -> AsyncIterator[TestServer]:
    application = web.Application()

    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    application.router.add_get("/{tail:.*}", hello)
    running = TestServer(application, host="127.0.0.1")
    async with running:
        yield running


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "localhost",
        "[::ffff:127.0.0.1]",
        "[::1]",
    ],
)
async def test_no_spelling_of_loopback_is_connected_to(server: TestServer, host: str) -> None:
    async with HttpClient(EgressPolicy()) as http:
        with pytest.raises(AdministratorMustAct) as caught:
            await http.get(URL(f"http://{host}:{server.port}/", encoded=True))
    # aiohttp itself refuses some of the spellings before anything is resolved.
    assert caught.value.key in ("net.blocked", "net.bad_address")


async def test_a_public_name_that_resolves_to_a_private_address_is_refused(
    server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: whatever the first look-up said, the address being connected to decides."""

    def rebind(_: object, port: int, *__: object, **___: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebind)
    async with HttpClient(EgressPolicy()) as http:
        with pytest.raises(AdministratorMustAct, match=r"net\.blocked"):
            await http.get(URL(f"http://shop.example.com:{server.port}/"))


@pytest.mark.parametrize("form", ["127.0.0.1:{port}", "127.0.0.1"])
async def test_an_allowed_destination_is_connected_to_and_no_other(server: TestServer, form: str) -> None:
    policy = EgressPolicy(allowed_hosts=frozenset({form.format(port=server.port)}))
    async with HttpClient(policy) as http:
        answer = await http.get(server.make_url("/"))
        assert answer.body == b"hello"
        with pytest.raises(AdministratorMustAct, match=r"net\.blocked"):
            await http.get(URL(f"http://localhost:{server.port}/"))


def test_an_exemption_names_host_and_port() -> None:
    policy = EgressPolicy(allowed_hosts=frozenset({"Shop.Internal", "[::1]:8080"}))
    assert policy.exempts("shop.internal", 443)
    assert policy.exempts("::1", 8080)
    assert not policy.exempts("::1", 8081)
    assert not policy.exempts("evil.shop.internal", 443)

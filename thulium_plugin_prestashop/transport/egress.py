"""Which addresses we may connect to, decided at the socket.

A name is resolved by the connector and only the address it is about to connect to is judged, so neither a name
that resolves to a private address, nor one that changes between two look-ups (DNS rebinding), nor decimal,
octal, hexadecimal or IPv6 spellings of an address get past it.
"""

import errno
import ipaddress
import socket
from collections.abc import Callable
from typing import Any, TypeAlias

import attrs

AddressInfo: TypeAlias = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[Any, ...]]
IPAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

BLOCKED = "address refused by the egress policy"
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_IPV4_COMPATIBLE = ipaddress.ip_network("::/96")


class BlockedAddressError(PermissionError):
    """Raised in place of a socket. Its text is constant, so that several refusals read as one."""

    def __init__(self) -> None:
        super().__init__(errno.EACCES, BLOCKED)


def _lowercase(hosts: frozenset[str]) -> frozenset[str]:
    return frozenset(host.lower() for host in hosts)


@attrs.frozen
class EgressPolicy:
    """What the host allows.

    ``allow_private`` lifts the guard altogether. ``allowed_hosts`` lifts it for single destinations, written as
    in an address: ``"127.0.0.1:8080"``, ``"shop.internal"`` (every port), ``"[::1]:8080"``.
    """

    allow_private: bool = False
    allowed_hosts: frozenset[str] = attrs.field(default=frozenset(), converter=_lowercase)

    def exempts(self, host: str, port: int | None) -> bool:
        """Whether the destination itself, as written in the address, is allowed whatever it resolves to."""
        host = host.lower()
        bracketed = f"[{host}]" if ":" in host else host
        return self.allow_private or not self.allowed_hosts.isdisjoint(
            {host, bracketed, f"{bracketed}:{port}"}
        )

    def permits(self, address: str) -> bool:
        """Whether a connection to this numeric address may be opened without an exemption."""
        return self.allow_private or is_public(ipaddress.ip_address(address.partition("%")[0]))

    def socket_factory(self, exempt: Callable[[], bool]) -> Callable[[AddressInfo], socket.socket]:
        """Make sockets for ``aiohttp.TCPConnector``; ``exempt`` says whether the current request is exempt."""

        def make(info: AddressInfo) -> socket.socket:
            family, kind, proto, _, sockaddr = info
            if not exempt() and not self.permits(str(sockaddr[0])):
                raise BlockedAddressError
            return socket.socket(family=family, type=kind, proto=proto)

        return make


def is_public(address: IPAddress) -> bool:
    """Whether an address is a public unicast one, also once the IPv4 address inside an IPv6 one is unwrapped.

    Private, loopback, link-local, carrier-grade NAT (100.64/10), multicast, reserved and unspecified addresses
    are not; nor are IPv4-mapped, IPv4-compatible and NAT64 forms of them. 6to4 and Teredo never are: no shop is
    reached through these retired tunnels, and Python's releases disagree on what they are.
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local or address.sixtofour is not None or address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64 or address in _IPV4_COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return None

"""One HTTP client for both sides: bounded in time and size, guarded at the socket, blind to the environment."""

import errno
import ssl
from collections.abc import Mapping
from contextvars import ContextVar
from importlib import metadata
from time import perf_counter
from types import TracebackType
from typing import Final, Self

import aiohttp
import attrs
from yarl import URL

from thulium_plugin_prestashop.transport.egress import BLOCKED, EgressPolicy
from thulium_plugin_prestashop.transport.errors import (
    AdministratorMustAct,
    OurFault,
    RemoteError,
    TimeWillTell,
)

DISTRIBUTION: Final = "thulium-plugin-prestashop"
_CHUNK: Final = 65_536
_GENEROUS_HEADER: Final = 32_768
"""9.x sends a cookie of up to a few kilobytes with every answer."""


@attrs.frozen
class Answer:
    """What a server said: any status, with its whole body. ``seconds`` runs from the request to the last byte."""

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    seconds: float

    def header(self, name: str) -> str:
        """A header's value in whatever case the server wrote its name; ``""`` where it is missing."""
        return self.headers.get(name.lower(), "")


class HttpClient:
    """Sends requests and reads answers; one connection pool per instance, closed by :meth:`aclose`.

    Args:
        policy: Which addresses may be connected to.
        timeout: Seconds for one request from first to last byte, unless the call says otherwise.
        connect_timeout: Seconds for the connection alone, TLS included.
        max_bytes: Largest body read, after decompression; the transfer stops at the first byte above.
        user_agent: How we introduce ourselves; some hosts refuse clients that do not.
        ssl_context: Trust settings other than the system's, for tests and private authorities.

    Redirects are never followed, the environment's proxies are never used, cookies are never kept.

    """

    def __init__(
        self,
        policy: EgressPolicy | None = None,
        *,
        timeout: float = 30.0,
        connect_timeout: float = 8.0,
        max_bytes: int = 32 * 1024 * 1024,
        user_agent: str | None = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.policy = EgressPolicy() if policy is None else policy
        self.timeout = timeout
        self.connect_timeout = connect_timeout
        self.max_bytes = max_bytes
        self._user_agent = user_agent or f"{DISTRIBUTION}/{_version()}"
        self._ssl = ssl_context
        self._session: aiohttp.ClientSession | None = None
        self._closed = False
        # Seen by the socket factory: connections are opened in the task (or a child task) of their request.
        self._exempt: ContextVar[bool] = ContextVar("exempt", default=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every connection; the client cannot be used afterwards."""
        self._closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(
        self, url: URL, *, headers: Mapping[str, str] | None = None, within: float | None = None
    ) -> Answer:
        """``request("GET", …)``."""
        return await self.request("GET", url, headers=headers, within=within)

    async def request(
        self,
        method: str,
        url: URL,
        *,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        within: float | None = None,
    ) -> Answer:
        """Send one request and read its answer whole, whatever the status.

        ``within`` is the number of seconds for all of it, in place of the client's own ``timeout``.

        Raises:
            AdministratorMustAct: ``net.blocked``, ``net.tls*``, ``net.bad_address``: the address or the server
                must change.
            TimeWillTell: ``net.dns``, ``net.refused``, ``net.timeout``, ``net.reset``, ``net.unreachable``.
            OurFault: ``answer.too_large``.

        """
        if url.user is not None or url.password is not None:
            raise AdministratorMustAct("net.bad_address", host=url.host or "")
        host = url.host or ""
        seconds = self.timeout if within is None else within
        limits = aiohttp.ClientTimeout(total=seconds, sock_connect=min(self.connect_timeout, seconds))
        token = self._exempt.set(self.policy.exempts(host, url.port))
        started = perf_counter()
        try:
            async with self._open().request(
                method, url, headers=headers, data=data, timeout=limits, allow_redirects=False
            ) as response:
                body = await self._read(response, host)
                return Answer(
                    status=response.status,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=body,
                    seconds=perf_counter() - started,
                )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            failure = translate(error, host=host, seconds=seconds)
        finally:
            self._exempt.reset(token)
        # Raised here and not in the handler: aiohttp's errors quote the address with its query, which may hold
        # the key, and would travel along as the context of ours.
        raise failure

    async def _read(self, response: aiohttp.ClientResponse, host: str) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.content.iter_chunked(_CHUNK):
            size += len(part)
            if size > self.max_bytes:
                response.close()
                raise OurFault("answer.too_large", host=host, limit=self.max_bytes)
            parts.append(part)
        return b"".join(parts)

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise RuntimeError("the HTTP client is closed")
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit_per_host=4,
                ssl=True if self._ssl is None else self._ssl,
                socket_factory=self.policy.socket_factory(self._exempt.get),
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                headers={"User-Agent": self._user_agent},
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                max_field_size=_GENEROUS_HEADER,
                max_line_size=_GENEROUS_HEADER,
                middlewares=(_write_once,),
            )
        return self._session


async def _write_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from silently repeating a PUT or DELETE when a kept-alive connection breaks: the first one may
    have been carried out, and only the caller knows whether a second one does harm.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        if request.method == "GET":
            raise
        # Of a kind that aiohttp does not repeat, and that reads as a connection broken off all the same.
        raise aiohttp.ClientPayloadError from error


def _version() -> str:
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "0"


def translate(error: Exception, *, host: str, seconds: float) -> RemoteError:
    """The error of our tree for what aiohttp, asyncio or the operating system raised."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            found: RemoteError = TimeWillTell("net.dns", host=host)
        case aiohttp.ClientSSLError() | ssl.SSLError():
            found = AdministratorMustAct(_tls_key(error), host=host)
        case aiohttp.ClientConnectorError():
            found = _connection_error(error.os_error, host)
        case aiohttp.InvalidURL():
            found = AdministratorMustAct("net.bad_address", host=host)
        case TimeoutError():
            found = TimeWillTell("net.timeout", host=host, seconds=round(seconds, 1))
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError():
            found = TimeWillTell("net.reset", host=host)
        case OSError():
            found = _connection_error(error, host)
        case _:
            found = OurFault("answer.not_http", host=host)
    return found


def _connection_error(error: OSError, host: str) -> RemoteError:
    if BLOCKED in str(error):
        return AdministratorMustAct("net.blocked", host=host)
    if isinstance(error, ConnectionRefusedError) or error.errno == errno.ECONNREFUSED:
        return TimeWillTell("net.refused", host=host)
    if isinstance(error, ConnectionError):
        return TimeWillTell("net.reset", host=host)
    return TimeWillTell("net.unreachable", host=host)


def _tls_key(error: Exception) -> str:
    certificate = (
        error.certificate_error if isinstance(error, aiohttp.ClientConnectorCertificateError) else error
    )
    if isinstance(certificate, ssl.SSLCertVerificationError):
        # Codes of OpenSSL's X509_V_ERR_*: 10 expired, 62 host name mismatch, 64 address mismatch.
        return {10: "net.tls_expired", 62: "net.tls_name", 64: "net.tls_name"}.get(
            certificate.verify_code, "net.tls_untrusted"
        )
    return "net.tls"

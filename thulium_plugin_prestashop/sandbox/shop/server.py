"""The web server in front of the webservice: addresses, headers, and everything that goes wrong on the way."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import unquote

import attrs
from aiohttp import web

from thulium_plugin_prestashop.sandbox.shop.addresses import locate
from thulium_plugin_prestashop.sandbox.shop.faults import Faults, Pace, Trouble
from thulium_plugin_prestashop.sandbox.shop.messages import (
    HTML_TYPE,
    JSON_TYPE,
    NGINX_TYPE,
    Answer,
    Request,
    fatal,
)
from thulium_plugin_prestashop.sandbox.shop.page import NOTICES, front_page, nginx_page
from thulium_plugin_prestashop.sandbox.shop.params import Params
from thulium_plugin_prestashop.sandbox.shop.webservice import Webservice

_REALM = (
    'Basic realm="Welcome to PrestaShop Webservice, please enter the authentication key as the login. '
    'No password required."'
)
_LONGEST_LINE = 8_192
"""nginx refuses longer request lines with a 414."""
_KEPT = 10_000
_COOKIE_DAYS = 1_728_000
_THREADS = 4
_KEY_IN_QUERY = re.compile(r"(ws_key(?:\[\])?=)[^&]*")


@attrs.frozen
class Served:
    """One answered request, for tests that count; the key is not in ``target``."""

    method: str
    target: str
    status: int
    records: int
    size: int
    seconds: float
    at: float = 0.0
    """When it came, epoch seconds of the machine."""
    agent: str = ""
    """Who asked: its User-Agent."""


class ShopServer:
    """Serves a ``Webservice`` on the loopback interface."""

    def __init__(
        self, service: Webservice, *, clock: Callable[[], float], faults: Faults, pace: Pace | None, key: str
    ) -> None:
        """Take the service, the shop's clock (epoch seconds), disturbances, a pace to keep, and the key to show."""
        self.served: deque[Served] = deque(maxlen=_KEPT)
        self.netloc = ""
        self._service = service
        self._profile = service.profile
        self._clock = clock
        self._faults = faults
        self._pace = pace
        self._key = key
        self._pool = ThreadPoolExecutor(pace.workers if pace else _THREADS, thread_name_prefix="demo-shop")
        self._slots = asyncio.Semaphore(pace.workers) if pace else None
        self._runner: web.AppRunner | None = None

    @property
    def origin(self) -> str:
        """Scheme and host, without a slash at the end."""
        return f"http://{self.netloc}"

    async def start(self, port: int) -> None:
        """Listen on 127.0.0.1; port 0 takes a free one."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        app.on_response_prepare.append(_drop_made_up_type)
        self._runner = web.AppRunner(app, access_log=None, max_line_size=1 << 20, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        host, bound = self._runner.addresses[0][:2]
        self.netloc = f"{host}:{bound}"

    async def stop(self) -> None:
        """Stop listening and end the threads."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _handle(self, http: web.Request) -> web.StreamResponse:
        started, at = time.perf_counter(), time.time()
        path, _, query = http.raw_path.partition("?")
        answer = await self._answer(http, unquote(path), query)
        response = await self._send(http, answer, started)
        self.served.append(
            Served(
                http.method,
                _KEY_IN_QUERY.sub(r"\1***", http.raw_path),
                answer.status,
                len(answer.page.idents) if answer.page else 0,
                len(answer.body),
                time.perf_counter() - started,
                at,
                http.headers.get("User-Agent", ""),
            )
        )
        return response

    async def _answer(self, http: web.Request, path: str, query: str) -> Answer:
        if len(http.raw_path) + len(http.method) + len(" HTTP/1.1 ") > _LONGEST_LINE:
            return _nginx(414, "Request-URI Too Large")
        place = locate(path, Params.parse(query), self._service.sites.values())
        if place is None or (place.rewritten and self._faults.hit(Trouble.NO_REWRITING, None)):
            return self._front(path)
        segments, params = place.segments, place.params
        resource = segments[0] if segments else None
        if early := await self._disturbed(resource):
            return early
        if http.host != self.netloc:
            return self._redirect(http, segments, params)
        request = Request(
            method=http.method,
            segments=segments,
            params=params,
            key=self._key_of(http.headers, params, resource),
            json=_wants_json(http.headers, params),
            origin=self.origin,
            site=place.site,
        )
        if request.json and self._faults.hit(Trouble.JSON_BROKEN, resource):
            return Answer(200, b"", JSON_TYPE)
        return await self._work(request)

    async def _work(self, request: Request) -> Answer:
        """Answer in a worker thread, at the pace of a real shop if one is to be kept."""
        loop = asyncio.get_running_loop()
        if self._slots is None or self._pace is None:
            return self._spoilt(await loop.run_in_executor(self._pool, self._service.answer, request))
        async with self._slots:
            started = loop.time()
            answer = await loop.run_in_executor(self._pool, self._service.answer, request)
            await asyncio.sleep(max(0.0, started + self._pace.seconds(answer) - loop.time()))
        return self._spoilt(answer)

    def _front(self, path: str) -> Answer:
        if path == "/index.php" or any(path == site.path for site in self._service.sites.values()):
            page = front_page(
                name=self._service.name, version=self._profile.version, url=f"{self.origin}/", key=self._key
            )
            return Answer(200, page.encode(), HTML_TYPE, wrapped=False)
        return _nginx(404, "Not Found")

    def _redirect(self, http: web.Request, segments: tuple[str, ...], params: Params) -> Answer:
        answer = self._service.redirect(self.origin, segments, params)
        if http.host == f"www.{self.netloc}" and self._profile.since(1, 7) and answer.location:
            # With or without www. is the one difference for which PrestaShop keeps the path, and appends all again.
            query = answer.location.partition("?")[2]
            return attrs.evolve(answer, location=f"{self.origin}{http.raw_path}?{query}")
        return answer

    def _key_of(self, headers: Mapping[str, str], params: Params, resource: str | None) -> str | None:
        """Find the key: the user of Basic first, then ``ws_key``; None where neither was sent."""
        header = headers.get("Authorization", "")
        if header and self._faults.hit(Trouble.HEADER_STRIPPED, resource):
            header = ""
        scheme, _, credentials = header.partition(" ")
        if scheme.lower() == "basic":
            try:
                decoded = base64.b64decode(credentials, validate=True).decode("utf-8", "replace")
            except (binascii.Error, ValueError):
                return ""
            return decoded.partition(":")[0]
        return params.get("ws_key")

    async def _disturbed(self, resource: str | None) -> Answer | None:
        if fault := self._faults.hit(Trouble.LATENCY, resource):
            await asyncio.sleep(fault.seconds)
        if fault := self._faults.hit(Trouble.TOO_MANY_REQUESTS, resource):
            answer = _nginx(429, "Too Many Requests")
            return attrs.evolve(answer, retry_after=f"{fault.seconds:g}")
        if self._faults.hit(Trouble.UNAVAILABLE, resource):
            return _nginx(503, "Service Temporarily Unavailable")
        if self._faults.hit(Trouble.EMPTY_500, resource):
            return fatal()
        return None

    def _spoilt(self, answer: Answer) -> Answer:
        """Apply the disturbances that depend on what the answer holds."""
        resource = answer.resource.name if answer.resource else None
        if self._faults.hit_answer(Trouble.BAD_ROW, answer):
            return fatal()
        if fault := self._faults.hit_answer(Trouble.TOO_LARGE, answer):
            return attrs.evolve(_nginx(504, "Gateway Time-out"), delay=fault.seconds)
        if resource and self._faults.hit(Trouble.EMPTY_LIST, resource):
            empty = b"[]"
            if answer.content_type != JSON_TYPE:
                empty = re.sub(
                    rb"(<%s>\n).*(</%s>)" % ((resource.encode(),) * 2), rb"\1\2", answer.body, flags=re.DOTALL
                )
            answer = attrs.evolve(answer, body=empty, page=None)
        if self._faults.hit(Trouble.NOTICES, resource):
            answer = attrs.evolve(answer, noise=NOTICES.encode())
        return answer

    async def _send(self, http: web.Request, answer: Answer, started: float) -> web.StreamResponse:
        if answer.delay:
            await asyncio.sleep(answer.delay)
        response = web.StreamResponse(
            status=answer.status, headers=self._headers(answer, time.perf_counter() - started)
        )
        response.enable_chunked_encoding()
        await response.prepare(http)
        body = answer.noise + answer.body
        resource = answer.resource.name if answer.resource else None
        if http.method == "HEAD":
            body = b""
        elif self._faults.hit(Trouble.RESET, resource):
            await response.write(body[: len(body) // 2])
            # Let the half leave first; then the connection goes, without the end of the body.
            await asyncio.sleep(0)
            if http.transport is not None:
                http.transport.abort()
            return response
        elif self._faults.hit(Trouble.TRUNCATED, resource):
            body = body[: len(body) // 2]
        if body:
            await response.write(body)
        await response.write_eof()
        return response

    def _headers(self, answer: Answer, seconds: float) -> dict[str, str]:
        headers = {"Server": "nginx/1.22.1"}
        if answer.content_type is not None:
            headers["Content-Type"] = answer.content_type
        if answer.challenge:
            headers["WWW-Authenticate"] = _REALM
        if answer.location is not None:
            headers["Location"] = answer.location
        if answer.retry_after is not None:
            headers["Retry-After"] = answer.retry_after
        if answer.wrapped:
            hidden = not answer.authenticated and self._profile.hides_version_before_authentication
            headers |= {
                "Access-Time": str(int(self._clock())),
                "X-Powered-By": "PrestaShop Webservice",
                "PSWS-Version": "0" if hidden else self._profile.version,
                "Execution-Time": f"{seconds:.3f}" if answer.authenticated else "0",
            }
            if answer.status == HTTPStatus.OK:
                headers["Content-Sha1"] = hashlib.sha1(answer.body, usedforsecurity=False).hexdigest()
        if self._profile.sets_cookies and answer.location is None and answer.content_type != NGINX_TYPE:
            headers["Set-Cookie"] = self._cookie()
        return headers

    def _cookie(self) -> str:
        name = hashlib.md5(self.netloc.encode(), usedforsecurity=False).hexdigest()
        expires = formatdate(self._clock() + _COOKIE_DAYS, usegmt=True)
        return f"PrestaShop-{name}=def50200{name}; expires={expires}; Max-Age={_COOKIE_DAYS}; path=/; HttpOnly; SameSite=Lax"


async def _drop_made_up_type(_: web.Request, response: web.StreamResponse) -> None:
    """Take back the type aiohttp adds to an answer that has none, such as PrestaShop's 404."""
    if (
        response.status == HTTPStatus.NOT_FOUND
        and response.headers.get("Content-Type") == "application/octet-stream"
    ):
        del response.headers["Content-Type"]


def _wants_json(headers: Mapping[str, str], params: Params) -> bool:
    asked = (
        params.get("output_format"),
        params.get("io_format"),
        headers.get("Output-Format"),
        headers.get("Io-Format"),
    )
    return "JSON" in asked


def _nginx(status: int, reason: str) -> Answer:
    page = nginx_page(f"{status} {reason}")
    return Answer(status, page.encode(), NGINX_TYPE, wrapped=False)

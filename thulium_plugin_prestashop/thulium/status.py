"""Health, status and metrics over HTTP, on loopback unless told otherwise."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import attrs
import jinja2
import orjson
from aiohttp import web

from thulium_plugin_prestashop.thulium.bridge import Bridge
from thulium_plugin_prestashop.thulium.metrics import CONTENT_TYPE, exposition
from thulium_plugin_prestashop.thulium.state import BridgeState, snapshot
from thulium_plugin_prestashop.thulium.words import MESSAGES

_PAGE: Final = jinja2.Environment(
    loader=jinja2.PackageLoader("thulium_plugin_prestashop.thulium", "pages"), autoescape=True
)
_SAFE: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}


class StatusServer:
    """``/`` for people, ``/status.json`` for programs, ``/health`` for a watchdog, ``/metrics`` for Prometheus."""

    def __init__(self, bridge: Bridge, started: datetime, hosts: frozenset[str]) -> None:
        self._bridge = bridge
        self._started = started
        self._hosts = hosts | {"127.0.0.1", "localhost", "::1"}

    def app(self) -> web.Application:
        """The application to serve."""
        app = web.Application(middlewares=[self._guard], client_max_size=1024)
        app.router.add_get("/", self._page)
        app.router.add_get("/status.json", self._json)
        app.router.add_get("/health", self._health)
        app.router.add_get("/metrics", self._metrics)
        return app

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        # A page on the web whose name is made to resolve to loopback must not read this one.
        if (request.url.host or "") not in self._hosts:
            raise web.HTTPMisdirectedRequest
        answer = await handler(request)
        answer.headers.update(_SAFE)
        return answer

    async def _state(self, locale: str) -> BridgeState:
        return await snapshot(self._bridge, self._started, locale)

    async def _page(self, request: web.Request) -> web.Response:
        asked = request.headers.get("Accept-Language", "").lower()
        locale = (
            "en" if asked.startswith("en") else "pl" if asked.startswith("pl") else self._bridge.viewer.locale
        )
        page = _PAGE.get_template("status.html").render(
            state=await self._state(locale),
            locale=locale,
            say=lambda key, **values: MESSAGES.phrase(locale, f"page.{key}", **values),
            local=self._local,
        )
        return web.Response(text=page, content_type="text/html")

    def _local(self, moment: str | None) -> str:
        """In the company's time zone, as people write it."""
        if moment is None:
            return "—"
        zone = ZoneInfo(self._bridge.viewer.time_zone)
        return f"{datetime.fromisoformat(moment).astimezone(zone):%Y-%m-%d %H:%M}"

    async def _json(self, _: web.Request) -> web.Response:
        state = await self._state("en")
        return web.Response(body=orjson.dumps(attrs.asdict(state)), content_type="application/json")

    async def _health(self, _: web.Request) -> web.Response:
        state = await self._state("en")
        body = {"ok": state.ok, "problems": [problem.key for problem in state.problems]}
        return web.Response(
            body=orjson.dumps(body), status=200 if state.ok else 503, content_type="application/json"
        )

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=exposition(await self._state("en")), headers={"Content-Type": CONTENT_TYPE})

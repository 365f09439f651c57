"""The application of the sandbox CRM's pages, and a server for it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import attrs
from aiohttp import web

from thulium_plugin_prestashop.sandbox.crm import SandboxCrm
from thulium_plugin_prestashop.sandbox.web.assets import Assets, serve_colours
from thulium_plugin_prestashop.sandbox.web.flashes import Flashes
from thulium_plugin_prestashop.sandbox.web.guard import CRM, FLASHES, RENDERER, guarded, refusals_as_pages
from thulium_plugin_prestashop.sandbox.web.pages.runs import FEED, RunFeed
from thulium_plugin_prestashop.sandbox.web.rendering import Renderer
from thulium_plugin_prestashop.sandbox.web.routes import ROUTES
from thulium_plugin_prestashop.sandbox.web.security import LOOPBACK_NAMES, add_headers, check_hosts, may_bind

_LARGEST_BODY = 256 * 1024
"""Bytes of a posted form: no page sends files."""

_SHUTDOWN_SECONDS = 3


@attrs.frozen
class Server:
    """A server at work."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Address of the front page, without a slash at its end."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}"


def create_app(crm: SandboxCrm, *, allowed_hosts: Iterable[str] = LOOPBACK_NAMES) -> web.Application:
    """The pages on ``crm``, which stays the caller's to close.

    ``allowed_hosts`` are the names under which it may be reached; every other Host header is refused (421).
    """
    assets = Assets.read()
    app = web.Application(
        middlewares=(check_hosts(allowed_hosts), refusals_as_pages), client_max_size=_LARGEST_BODY
    )
    app[CRM] = crm
    app[RENDERER] = Renderer(assets, crm.clock.now)
    app[FLASHES] = Flashes()
    app[FEED] = RunFeed(crm)
    app.on_response_prepare.append(add_headers)
    app.on_startup.append(_compile_templates)
    app.on_shutdown.append(_end_streams)
    app.router.add_get("/static/{version}/{name}", assets.serve)
    app.router.add_get("/colours.css", serve_colours)
    for route in ROUTES:
        app.router.add_route(route.method, route.path, guarded(route))
    return app


async def _compile_templates(app: web.Application) -> None:
    await asyncio.to_thread(app[RENDERER].compile_all)


async def _end_streams(app: web.Application) -> None:
    app[FEED].close()


@asynccontextmanager
async def serve(
    crm: SandboxCrm,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    allowed_hosts: Iterable[str] = (),
    public: bool = False,
) -> AsyncIterator[Server]:
    """Serve the pages until the block ends. ``port`` 0 takes a free one.

    Raises ``ValueError`` for an address that other machines can reach, unless ``public`` says that this is meant,
    and ``OSError`` when the port is taken. ``allowed_hosts`` are names to answer for besides loopback and ``host``.
    """
    if not public and not may_bind(host):
        raise ValueError(f"{host} can be reached from other machines; say that this is meant")
    app = create_app(crm, allowed_hosts={*LOOPBACK_NAMES, host.lower(), *allowed_hosts})
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        yield Server(host, runner.addresses[0][1])
    finally:
        await runner.cleanup()

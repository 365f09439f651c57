"""What the web server and the webservice hand each other."""

from __future__ import annotations

import attrs

from thulium_plugin_prestashop.sandbox.shop.params import Params
from thulium_plugin_prestashop.sandbox.shop.records import Page
from thulium_plugin_prestashop.sandbox.shop.tables import Resource

JSON_TYPE = "application/json"
XML_TYPE = "text/xml;charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"
NGINX_TYPE = "text/html"
"""Of pages that never came to PHP."""


@attrs.frozen
class Site:
    """One shop of the installation: its group and the path it lives under (``/eu/``)."""

    ident: int
    group: int = 1
    path: str = "/"


@attrs.frozen
class Request:
    """What the web server hands over. ``key`` is None where none reached PHP."""

    method: str
    segments: tuple[str, ...]
    params: Params
    key: str | None
    json: bool
    origin: str
    """Scheme and host, without a slash at the end."""
    site: int


@attrs.frozen
class Answer:
    """What goes back. ``wrapped`` answers carry the webservice's own headers."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    wrapped: bool = True
    authenticated: bool = True
    location: str | None = None
    challenge: bool = False
    resource: Resource | None = None
    page: Page | None = None
    bare: bool = False
    full: bool = True
    with_rows: bool = False
    retry_after: str | None = None
    delay: float = 0.0
    """Seconds to wait before sending."""
    noise: bytes = b""
    """What PHP printed before the body."""


def type_of(request: Request) -> str:
    """Return the content type of the format the request asks for."""
    return JSON_TYPE if request.json else XML_TYPE


def fatal() -> Answer:
    """PHP died: status 500, nothing in the body, no header of the webservice."""
    return Answer(500, content_type=HTML_TYPE, wrapped=False)

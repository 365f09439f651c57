"""What protects the pages: the Host header's allow-list, response headers, and tokens against forged requests.

The token is derived from the visitor's session cookie, so it needs no storage, dies with the session and survives a
restart. Browsers that say where a request comes from (``Sec-Fetch-Site``, ``Origin``) are held to it as well.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

TOKEN_FIELD = "csrf"  # noqa: S105 - the name of a field, not a secret
TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105 - the name of a header, not a secret
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def host_name(header: str) -> str:
    """The name in a Host header, without its port and brackets, in lower case; ``""`` when it makes no sense."""
    try:
        return (URL(f"http://{header}").host or "").lower()
    except ValueError:
        return ""


def may_bind(host: str) -> bool:
    """Whether ``host`` is this machine only, so that nobody else reaches a sandbox nobody meant to publish."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def token_for(session: str) -> str:
    """The forgery token that belongs to a session cookie."""
    return hmac.new(session.encode(), b"sandbox-crm csrf", hashlib.sha256).hexdigest()


def check_hosts(allowed: Iterable[str]) -> Middleware:
    """Refuse requests for a host name that is not ours: DNS rebinding would make them same-origin."""
    names = frozenset(name.lower() for name in allowed)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if host_name(request.headers.get("Host", "")) not in names:
            raise web.HTTPMisdirectedRequest(text="This server does not answer for that host name.\n")
        return await handler(request)

    return middleware


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: security headers on every answer, refusals too; no caching unless a handler asked for it."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")


async def is_genuine(request: web.Request, secret: str) -> bool:
    """Whether a change was asked for by one of our own pages, with the token of this visitor.

    ``secret`` is the cookie that the token is derived from, ``""`` for a visitor without one. Requests that change
    nothing are always genuine.
    """
    if request.method in _SAFE_METHODS:
        return True
    sent = request.headers.get(TOKEN_HEADER) or str((await request.post()).get(TOKEN_FIELD, ""))
    known = bool(secret) and hmac.compare_digest(sent.encode(), token_for(secret).encode())
    return known and not _comes_from_elsewhere(request)


def _comes_from_elsewhere(request: web.Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin")
    if origin is None:
        return False  # an old browser; the token has been checked
    try:
        return URL(origin).authority != URL(f"http://{request.headers.get('Host', '')}").authority
    except ValueError:
        return True

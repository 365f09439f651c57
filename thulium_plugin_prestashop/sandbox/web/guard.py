"""Between a route and its page: who is it, may they, is the request genuinely theirs; and refusals as pages."""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias
from urllib.parse import quote

import attrs
from aiohttp import web
from aiohttp.typedefs import Handler
from babel import negotiate_locale

from thulium_plugin_prestashop.sandbox.crm import CrmError, NotFound, SandboxCrm
from thulium_plugin_prestashop.sandbox.web.flashes import Flashes
from thulium_plugin_prestashop.sandbox.web.rendering import Renderer
from thulium_plugin_prestashop.sandbox.web.security import is_genuine
from thulium_plugin_prestashop.sandbox.web.visit import (
    LANGUAGE_COOKIE,
    SESSION_COOKIE,
    THEME_COOKIE,
    VISITOR_COOKIE,
    Access,
    Visit,
)
from thulium_plugin_prestashop.sandbox.web.words import LANGUAGES, Words

log = logging.getLogger(__name__)

CRM = web.AppKey("crm", SandboxCrm)
RENDERER = web.AppKey("renderer", Renderer)
FLASHES = web.AppKey("flashes", Flashes)
_VISIT = web.RequestKey("visit", Visit)

THEMES = ("auto", "light", "dark")

Page: TypeAlias = Callable[[Visit], Awaitable[web.StreamResponse]]


@attrs.frozen
class Route:
    """One address: who may ask for it, and the function that answers."""

    method: str
    path: str
    page: Page
    access: Access


async def open_visit(request: web.Request) -> Visit:
    """Who asks; the same object for the whole request."""
    if _VISIT in request:
        return request[_VISIT]
    crm = request.app[CRM]
    token = request.cookies.get(SESSION_COOKIE, "")
    session = await crm.accounts.session(token) if token else None
    if session is not None:
        user, secret = session.user, token
        words, theme = Words.of(user.locale, user.time_zone), user.theme
    else:
        user, secret = None, request.cookies.get(VISITOR_COOKIE, "")
        words, theme = Words.of(_language(request), "UTC"), request.cookies.get(THEME_COOKIE, "auto")
    visit = Visit(
        request=request,
        crm=crm,
        renderer=request.app[RENDERER],
        flashes=request.app[FLASHES],
        words=words,
        user=user,
        secret=secret,
        theme=theme if theme in THEMES else "auto",
    )
    request[_VISIT] = visit
    return visit


def guarded(route: Route) -> Handler:
    """The page behind its guard."""

    async def handler(request: web.Request) -> web.StreamResponse:
        visit = await open_visit(request)
        if route.access is not Access.PUBLIC and visit.user is None:
            return _ask_to_sign_in(visit)
        if route.access is Access.ADMIN and not visit.is_admin:
            raise web.HTTPForbidden
        if not await is_genuine(request, visit.secret):
            return refusal(visit, 403, "forgery")
        return await route.page(visit)

    return handler


def _ask_to_sign_in(visit: Visit) -> web.Response:
    request = visit.request
    takes_pages = any(kind in request.headers.get("Accept", "*/*") for kind in ("text/html", "*/*"))
    if request.method != "GET" or visit.partial or not takes_pages:
        raise web.HTTPUnauthorized
    return visit.go(f"/sign-in?next={quote(request.path_qs, safe='')}")


def refusal(visit: Visit, status: int, key: str, text: str = "") -> web.Response:
    """A page that says why not; ``key`` names its title and text in the catalogue."""
    return visit.render(
        "refusal.html",
        status=status,
        title=visit.words(f"refusal.{key}"),
        text=text or visit.words(f"refusal.{key}_help"),
    )


@web.middleware
async def refusals_as_pages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal and every failure is a page in the visitor's language, without anything of the inside."""
    try:
        return await handler(request)
    except NotFound as error:
        visit = await open_visit(request)
        return refusal(visit, 404, "not_found", visit.words.say(error.message))
    except CrmError as error:
        visit = await open_visit(request)
        return refusal(visit, 409, "refused", visit.words.say(error.message))
    except web.HTTPException as error:
        key = {401: "sign_in", 403: "forbidden", 404: "not_found", 405: "method", 413: "too_large"}.get(
            error.status
        )
        if key is None:
            raise
        page = refusal(await open_visit(request), error.status, key)
        if "Allow" in error.headers:
            page.headers["Allow"] = error.headers["Allow"]
        return page
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return refusal(await open_visit(request), 500, "failure")


def _language(request: web.Request) -> str:
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    accepted = request.headers.get("Accept-Language", "")
    wanted = [part.partition(";")[0].strip().replace("-", "_") for part in accepted.split(",")[:10]]
    return negotiate_locale(wanted, LANGUAGES) or "en"

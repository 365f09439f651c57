"""Signing in and out, language and theme."""

import secrets

from aiohttp import web

from thulium_plugin_prestashop.sandbox.crm import SignInRefused
from thulium_plugin_prestashop.sandbox.web.guard import THEMES
from thulium_plugin_prestashop.sandbox.web.visit import (
    LANGUAGE_COOKIE,
    SESSION_COOKIE,
    THEME_COOKIE,
    VISITOR_COOKIE,
    Visit,
    inside,
)
from thulium_plugin_prestashop.sandbox.web.words import LANGUAGES, Words

_A_YEAR = 365 * 24 * 3600
_TOO_MANY = 429
_UNAUTHORIZED = 401


def _keep(
    visit: Visit, response: web.StreamResponse, name: str, value: str, max_age: int | None = None
) -> None:
    response.set_cookie(
        name, value, max_age=max_age, httponly=True, samesite="Lax", secure=visit.request.secure, path="/"
    )


async def front(visit: Visit) -> web.Response:
    """The front page is the list of customers."""
    return visit.go("/customers")


async def sign_in_form(visit: Visit) -> web.Response:
    """The form, and a cookie that its token is derived from."""
    if visit.user is not None:
        return visit.go("/customers")
    fresh = not visit.secret
    if fresh:
        visit.secret = secrets.token_urlsafe(32)
    page = visit.render("sign_in.html", next=inside(visit.query("next") or "/"), login="", error="")
    if fresh:
        _keep(visit, page, VISITOR_COOKIE, visit.secret)
    return page


async def sign_in(visit: Visit) -> web.Response:
    """Check login and password; too many attempts are refused for a while."""
    login, destination = await visit.field("login"), inside(await visit.field("next") or "/")
    password = str((await visit.request.post()).get("password", ""))
    try:
        signed_in = await visit.crm.accounts.sign_in(login, password, visit.request.remote or "")
    except SignInRefused as error:
        status = _UNAUTHORIZED if error.retry_after is None else _TOO_MANY
        page = visit.render(
            "sign_in.html", status=status, next=destination, login=login, error=visit.words.say(error.message)
        )
        if error.retry_after is not None:
            page.headers["Retry-After"] = str(error.retry_after)
        return page
    page = visit.go(destination)
    _keep(visit, page, SESSION_COOKIE, signed_in.token)
    page.del_cookie(VISITOR_COOKIE, path="/")
    return page


async def sign_out(visit: Visit) -> web.Response:
    """End the session."""
    await visit.crm.accounts.sign_out(visit.secret)
    page = visit.go("/sign-in")
    page.del_cookie(SESSION_COOKIE, path="/")
    return page


async def preferences(visit: Visit) -> web.Response:
    """Language and theme: kept with the user, and in cookies for the sign-in page."""
    locale, theme = await visit.field("locale"), await visit.field("theme")
    page = visit.go(await visit.field("back"))
    if locale in LANGUAGES:
        _keep(visit, page, LANGUAGE_COOKIE, locale, _A_YEAR)
        if visit.user is not None:
            await visit.crm.accounts.set_preferences(visit.user.id, locale=locale)
            visit.words = Words(locale, visit.words.time_zone)
    if theme in THEMES:
        _keep(visit, page, THEME_COOKIE, theme, _A_YEAR)
        if visit.user is not None:
            await visit.crm.accounts.set_preferences(visit.user.id, theme=theme)
    return page

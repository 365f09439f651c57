"""Who gets in where: every route with every role, forged requests, foreign host names, sessions, headers."""

import re

import aiohttp
import pytest

from tests.sandbox_web.people import PASSWORD, Person, Site
from thulium_plugin_prestashop.sandbox.web import serve
from thulium_plugin_prestashop.sandbox.web.guard import Route
from thulium_plugin_prestashop.sandbox.web.routes import ROUTES
from thulium_plugin_prestashop.sandbox.web.visit import Access


def address(route: Route, site: Site) -> str:
    """The route's path with parts that lead somewhere, as far as there is somewhere to lead."""
    parts = {"customer": site.customer, "integration": "corner-1", "draft": "none", "change": "1"}
    return re.sub(r"\{(\w+)(?::[^}]*)?\}", lambda part: parts.get(part[1], "corner"), route.path)


def names(route: Route) -> str:
    return f"{route.method} {route.path}"


PROTECTED = [route for route in ROUTES if route.access is not Access.PUBLIC]
ADMIN_ONLY = [route for route in ROUTES if route.access is Access.ADMIN]


async def test_nobody_gets_past_the_sign_in_page(site: Site, nobody: Person) -> None:
    for route in PROTECTED:
        if route.method == "GET":
            answer = await nobody.get(address(route, site))
            assert (answer.status, answer.headers["Location"][:14]) == (303, "/sign-in?next="), names(route)
        else:
            answer = await nobody.post(address(route, site))
            assert answer.status == 401, names(route)
        assert "Nowak" not in answer.text


async def test_an_agent_gets_403_on_every_page_of_administration(connected: Site, agent: Person) -> None:
    for route in ADMIN_ONLY:
        ask = agent.get if route.method == "GET" else agent.post
        answer = await ask(address(route, connected))
        assert answer.status == 403, names(route)
        assert "for administrators" in answer.text, names(route)


async def test_every_page_answers_whoever_may_see_it(connected: Site, agent: Person, admin: Person) -> None:
    (entry,) = connected.crm.host.integrations.entries()
    connected.shop.go_on.set()
    for person, may in ((agent, {Access.PUBLIC, Access.AGENT}), (admin, set(Access))):
        for route in ROUTES:
            if route.method != "GET" or route.access not in may or route.path == "/runs/events":
                continue
            answer = await person.get(address(route, connected).replace("corner-1", entry.config.id))
            expected = 404 if "{draft}" in route.path else 303 if answer.headers.get("Location") else 200
            assert answer.status == expected, names(route)


async def test_no_route_changes_anything_without_the_visitors_token(
    connected: Site, admin: Person, nobody: Person
) -> None:
    await nobody.get("/sign-in")
    stranger = nobody.token
    for forged in ("", "0" * 64, stranger):
        admin.token = forged
        for route in ROUTES:
            if route.method == "POST":
                answer = await admin.post(address(route, connected))
                assert answer.status == 403, names(route)
                assert "expired" in answer.text, names(route)


async def test_a_page_of_another_site_cannot_post(admin: Person) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ):
        data = {"csrf": admin.token, "locale": "pl"}
        async with admin.http.post(f"{admin.url}/preferences", data=data, headers=headers) as answer:
            assert answer.status == 403, headers
    assert 'lang="en"' in (await admin.get("/customers")).text


async def test_only_our_own_host_names_are_answered(admin: Person) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "[", ""):
        answer = await admin.get("/customers", Host=host)
        assert answer.status == 421, host
        assert "Nowak" not in answer.text
    for host in ("localhost", "LOCALHOST:1234", "[::1]:80"):
        assert (await admin.get("/runs", Host=host)).status == 200, host


async def test_only_loopback_is_bound_unless_told_otherwise(site: Site) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.com"):  # noqa: S104 - that it is refused is the point
        with pytest.raises(ValueError, match="other machines"):
            async with serve(site.crm, host=host):
                pass
    async with serve(site.crm, host="0.0.0.0", public=True, allowed_hosts=["crm.test"]) as server:  # noqa: S104 - meant
        address = f"http://127.0.0.1:{server.port}/sign-in"
        async with aiohttp.ClientSession() as http, http.get(address, headers={"Host": "crm.test"}) as answer:
            assert answer.status == 200


async def test_every_answer_carries_the_security_headers(admin: Person) -> None:
    style = re.search(r'href="(/static/[^"]+)"', (await admin.get("/customers")).text)
    assert style is not None
    paths = ("/customers", "/nowhere", "/runs", "/", "/colours.css?c=abc", style[1], "/static/old/app.js")
    for path in paths:
        headers = (await admin.get(path)).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'"), path
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "DENY", path
        assert headers["Referrer-Policy"] == "same-origin", path


async def test_pages_hold_nothing_that_the_policy_forbids(connected: Site, admin: Person) -> None:
    (entry,) = connected.crm.host.integrations.entries()
    for route in ROUTES:
        if route.method == "GET" and route.path != "/runs/events":
            text = (await admin.get(address(route, connected).replace("corner-1", entry.config.id))).text
            assert not re.search(r"<[^>]+\sstyle=|<style|<[^>]+\son\w+=|javascript:", text), route.path
            assert re.findall(r"<script(?![^>]*\ssrc=)", text) == [], route.path


async def test_cookies_are_for_the_server_only(nobody: Person) -> None:
    opened = await nobody.get("/sign-in")
    signed_in = await nobody.post("/sign-in", login="ola", password=PASSWORD)
    for answer, name in ((opened, "sandbox_visitor"), (signed_in, "sandbox_session")):
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith(f"{name}=")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


async def test_signing_out_ends_the_session_itself(admin: Person) -> None:
    kept = {cookie.key: cookie.value for cookie in admin.http.cookie_jar}
    assert (await admin.post("/sign-out")).status == 303
    async with admin.http.get(f"{admin.url}/runs", cookies=kept, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?next=%2Fruns")


async def test_sign_in_is_refused_in_words_and_then_for_a_while(nobody: Person) -> None:
    answer = await nobody.sign_in("boss", "wrong")
    assert answer.status == 401
    assert "Login or password is wrong." in answer.text
    assert 'value="boss"' in answer.text
    for _ in range(30):
        answer = await nobody.post("/sign-in", login="boss", password="wrong")
        if answer.status == 429:
            break
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert (await nobody.post("/sign-in", login="boss", password=PASSWORD)).status == 429


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1"]
)
async def test_sign_in_leads_nowhere_outside(nobody: Person, target: str) -> None:
    await nobody.get("/sign-in")
    answer = await nobody.post("/sign-in", login="ola", password=PASSWORD, next=target)
    assert answer.headers["Location"] == "/"


async def test_sign_in_leads_to_the_page_that_was_asked_for(nobody: Person, site: Site) -> None:
    asked = await nobody.get(f"/customers/{site.customer}?x=1")
    form = await nobody.get(asked.headers["Location"])
    assert f'name="next" value="/customers/{site.customer}?x=1"' in form.text


async def test_a_failure_says_nothing_of_the_inside(
    site: Site, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr(site.crm.listing, "page", broken)
    answer = await admin.get("/customers")
    assert answer.status == 500
    assert "inside" not in answer.text
    assert "Something went wrong" in answer.text

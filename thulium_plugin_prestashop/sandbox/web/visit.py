"""One request as the pages see it: who asks, in which language, and how to answer."""

from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs
from aiohttp import web

from thulium_plugin_prestashop.contract.problems import Severity
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.contract.views import Viewer
from thulium_plugin_prestashop.sandbox.crm import Role, SandboxCrm, User
from thulium_plugin_prestashop.sandbox.web.flashes import Flash, Flashes
from thulium_plugin_prestashop.sandbox.web.words import Words

if TYPE_CHECKING:
    from thulium_plugin_prestashop.sandbox.web.rendering import Renderer

SESSION_COOKIE = "sandbox_session"
VISITOR_COOKIE = "sandbox_visitor"
LANGUAGE_COOKIE = "sandbox_language"
THEME_COOKIE = "sandbox_theme"


class Access(Enum):
    """Who may ask for a page."""

    PUBLIC = "public"
    AGENT = "agent"
    """Anybody who has signed in."""
    ADMIN = "admin"


@attrs.define
class Visit:
    """What a page function is given."""

    request: web.Request
    crm: SandboxCrm
    renderer: "Renderer"
    flashes: Flashes
    words: Words
    user: User | None
    secret: str
    """The cookie that the forgery token is derived from; ``""`` for a visitor who has none yet."""
    theme: str = "auto"
    address: str = attrs.field(init=False)
    """Where this page can be asked for again; a page that answers a form says it itself."""

    def __attrs_post_init__(self) -> None:
        """A page that was asked for lies where it was asked for."""
        self.address = self.request.path_qs if self.request.method == "GET" else "/"

    @property
    def is_admin(self) -> bool:
        """Whether the pages of Administration are open to this visitor."""
        return self.user is not None and self.user.role is Role.ADMIN

    @property
    def someone(self) -> User:
        """The user, on pages that nobody sees without signing in. Raises 401 otherwise."""
        if self.user is None:
            raise web.HTTPUnauthorized
        return self.user

    @property
    def actor(self) -> str:
        """Login of the user, for the audit log."""
        return self.someone.login

    @property
    def viewer(self) -> Viewer:
        """The reader, as plugins want to know them."""
        return Viewer(locale=self.words.locale, time_zone=str(self.words.time_zone))

    @property
    def partial(self) -> bool:
        """Whether a script asks for a piece of a page."""
        return self.request.headers.get("X-Requested-With") == "fetch"

    def path(self, name: str) -> str:
        """A part of the address that the route names. The route must have it."""
        return self.request.match_info[name]

    def query(self, name: str) -> str:
        """A trimmed query parameter, ``""`` when it is absent."""
        return self.request.query.get(name, "").strip()

    def number(self, name: str, *, default: int = 0, most: int = 10_000_000) -> int:
        """A query parameter that counts, between 0 and ``most``; ``default`` for anything else."""
        text = self.query(name)
        return min(int(text), most) if text.isascii() and text.isdigit() else default

    async def field(self, name: str) -> str:
        """A trimmed text field of the posted form, ``""`` when it is absent."""
        return str((await self.request.post()).get(name, "")).strip()

    def render(self, template: str, *, status: int = 200, **values: object) -> web.Response:
        """A page in the visitor's language."""
        return web.Response(
            text=self.renderer.page(self, template, **values), status=status, content_type="text/html"
        )

    def say(self, text: LocalizedText | str, severity: Severity | None = None) -> None:
        """Keep a sentence for the next page this visitor sees; without a severity it tells of a success."""
        self.flashes.add(self.secret, Flash(severity.value if severity else "ok", self.words.say(text)))

    def go(self, location: str) -> web.Response:
        """Send the visitor to another page of ours after a change."""
        return web.Response(status=303, headers={"Location": inside(location)})


def inside(location: str) -> str:
    """``location`` if it lies on this site, else the front page: no open redirects."""
    parts = urlsplit(location)
    ours = not parts.scheme and not parts.netloc and location.startswith("/")
    return location if ours and "\\" not in location and not location.startswith("//") else "/"

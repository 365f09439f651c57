"""Templates to pages: Jinja with autoescape, the visitor's words, and the helpers that draw plugins' views."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import attrs
from jinja2 import Environment, PackageLoader, StrictUndefined

from thulium_plugin_prestashop.contract.views import Cell
from thulium_plugin_prestashop.sandbox.web import colours
from thulium_plugin_prestashop.sandbox.web.assets import Assets
from thulium_plugin_prestashop.sandbox.web.security import token_for
from thulium_plugin_prestashop.sandbox.web.visit import Visit

_ANCHOR = re.compile(r"[^A-Za-z0-9_-]+")


def cell_kind(cell: Cell) -> str:
    """``"money"`` for a ``MoneyCell``: which macro draws it."""
    return type(cell).__name__.removesuffix("Cell").lower()


def anchor(key: str) -> str:
    """A row's key as an HTML id."""
    return f"r-{_ANCHOR.sub('-', key)}"


def safe_link(url: str) -> str:
    """``url`` if it is a web address, else ``""``: a shop's data must not carry ``javascript:``."""
    return url if url.lower().startswith(("https://", "http://")) else ""


@attrs.define
class Renderer:
    """All templates of one application."""

    assets: Assets
    now: Callable[[], datetime]
    environment: Environment = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Prepare the environment; templates themselves are compiled by :meth:`compile_all`."""
        self.environment = Environment(
            loader=PackageLoader("thulium_plugin_prestashop.sandbox.web"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
            auto_reload=False,
        )
        self.environment.filters |= {
            "anchor": anchor,
            "kind": cell_kind,
            "badge": lambda color: f"badge-{colours.normalise(color)}",
            "safe_link": safe_link,
        }
        self.environment.globals |= {"asset": self.assets.address}

    def compile_all(self) -> None:
        """Compile every template ahead of the first request. Takes some 200 ms: call it in a thread."""
        for name in self.environment.list_templates():
            self.environment.get_template(name)

    def page(self, visit: Visit, template: str, **values: object) -> str:
        """A whole page or a piece of one. Templates must not use a value that nobody gave them."""
        words = visit.words
        common: dict[str, Any] = {
            "t": words,
            "say": words.say,
            "now": self.now(),
            "user": visit.user,
            "is_admin": visit.is_admin,
            "alerts": visit.crm.problems.list() if visit.is_admin else (),
            "theme": visit.theme,
            "csrf": token_for(visit.secret) if visit.secret else "",
            "here": visit.request.path,
            "address_again": visit.address,
            "colors": (),
            "query_text": "",
            "flashes": [] if visit.partial else visit.flashes.take(visit.secret),
        }
        return self.environment.get_template(template).render(common | values)

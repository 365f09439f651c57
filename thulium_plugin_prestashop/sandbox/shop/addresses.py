"""Which shop's webservice, and what of it, an address means."""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from thulium_plugin_prestashop.sandbox.shop.messages import Site
from thulium_plugin_prestashop.sandbox.shop.params import Params


@attrs.frozen
class Place:
    """An address of the webservice, taken apart."""

    site: int
    segments: tuple[str, ...]
    params: Params
    rewritten: bool
    """It needed the web server's rewriting (``/api/…``); ``webservice/dispatcher.php?url=…`` does not."""


def locate(path: str, params: Params, sites: Iterable[Site]) -> Place | None:
    """Take a decoded path apart; None where it is no address of the webservice."""
    path = re.sub(r"/{2,}", "/", path)
    site = max(
        (each for each in sites if path.startswith(each.path)), key=lambda each: len(each.path), default=None
    )
    if site is None:
        return None
    inner = path.removeprefix(site.path)
    if inner == "webservice/dispatcher.php":
        plain = dict(params.plain)
        url = plain.pop("url", "")
        ordered = tuple(pair for pair in params.ordered if pair[0] != "url")
        return Place(
            site.ident, _segments(url), attrs.evolve(params, plain=plain, ordered=ordered), rewritten=False
        )
    if inner != "api" and not inner.startswith("api/"):
        return None
    return Place(site.ident, _segments(inner.removeprefix("api")), params, rewritten=True)


def _segments(path: str) -> tuple[str, ...]:
    parts = path.strip("/").split("/")
    return tuple(parts) if parts != [""] else ()

"""The webservice itself: from a request to an answer, without any socket. Synchronous; runs in a worker thread."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from urllib.parse import urlencode

from thulium_plugin_prestashop.sandbox.shop import render_json
from thulium_plugin_prestashop.sandbox.shop.errors import (
    Problem,
    WebserviceError,
    did_you_mean,
    php_warning,
    with_php8_warnings,
)
from thulium_plugin_prestashop.sandbox.shop.keys import KEY_LENGTH, WebserviceKey
from thulium_plugin_prestashop.sandbox.shop.messages import (
    HTML_TYPE,
    JSON_TYPE,
    XML_TYPE,
    Answer,
    Request,
    Site,
    fatal,
    type_of,
)
from thulium_plugin_prestashop.sandbox.shop.params import Params
from thulium_plugin_prestashop.sandbox.shop.query import bare_display, display_of, full_display, list_query
from thulium_plugin_prestashop.sandbox.shop.records import Page, Scope, listed, single
from thulium_plugin_prestashop.sandbox.shop.render_xml import XmlRenderer
from thulium_plugin_prestashop.sandbox.shop.store import SqlError, Store
from thulium_plugin_prestashop.sandbox.shop.tables import Resource

_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD"})

_NO_TAGS = php_warning("strip_tags() expects parameter 1 to be string, array given", 815, "db/Db.php")
_ARRAY_FILTER_ON_PHP7 = (
    php_warning("preg_match() expects parameter 2 to be string, array given", 1553),
    _NO_TAGS,
    _NO_TAGS,
)


class Webservice:
    """Answers for one store. Keys and the switch ``enabled`` may change at any time."""

    def __init__(
        self,
        store: Store,
        keys: Iterable[WebserviceKey],
        sites: Iterable[Site],
        languages: Mapping[int, str],
        name: str,
    ) -> None:
        """Take the tables, the keys that are known, the shops, the languages (id to ISO code), and a name."""
        self.store = store
        self.profile = store.profile
        self.keys = {key.value.upper(): key for key in keys}
        self.sites = {site.ident: site for site in sites}
        self.languages = dict(languages)
        self.name = name
        self.enabled = True

    def answer(self, request: Request) -> Answer:
        """Answer any request; never raises for what a client sends."""
        shops = self._shops(request)
        if shops is None:
            return self.redirect(request.origin, request.segments, request.params)
        if "ws_key" in request.params.arrays and request.key is None and self.profile.since(8):
            return fatal()
        if request.key is None and "ws_key" not in request.params.arrays:
            return self._without_key(request.method)
        try:
            return self._authorized(request, shops)
        except WebserviceError as error:
            return self._failed(request, error)

    def redirect(self, origin: str, segments: Iterable[str], params: Params) -> Answer:
        """Send to the front page, key included, as PrestaShop does for shops and hosts it does not know."""
        # The rewritten address comes first, as the parameter ``url`` that the dispatcher would have read.
        repeated = [pair for pair in params.ordered if pair[0] != "id_shop"]
        query = urlencode([("url", "/".join(segments)), *repeated])
        location = f"{origin}{self.profile.front_page}?{query}"
        return Answer(302, content_type=HTML_TYPE, wrapped=False, location=location)

    def _shops(self, request: Request) -> tuple[int, ...] | None:
        """Find the shops in scope; None for a shop that does not exist."""
        everything = tuple(self.sites)
        wanted = request.params.get("id_shop")
        if wanted:
            if wanted == "all":
                return everything if self.profile.id_shop_all else None
            return (int(wanted),) if wanted.isdecimal() and int(wanted) in self.sites else None
        group = request.params.get("id_group_shop")
        if group is None and self.profile.id_shop_group:
            group = request.params.get("id_shop_group")
        if group is not None and group.isdecimal():
            return tuple(ident for ident, site in self.sites.items() if site.group == int(group))
        return (request.site,)

    def _without_key(self, method: str) -> Answer:
        if method == "OPTIONS" and self.profile.answers_options:
            return Answer(200, b"200 OK", HTML_TYPE, wrapped=False)
        return Answer(401, b"401 Unauthorized", HTML_TYPE, wrapped=False, challenge=True)

    def _key_of(self, request: Request) -> WebserviceKey:
        if not self.enabled:
            message = (
                "The PrestaShop webservice is disabled. Please activate it in the PrestaShop Back Office"
            )
            raise WebserviceError(503, (Problem(22, message),), authenticated=False)
        if request.key is None:
            message = "trim() expects parameter 1 to be string, array given"
            raise WebserviceError(500, (php_warning(message, 444),), authenticated=False)
        value = request.key.strip()
        if not value:
            raise WebserviceError(401, (Problem(17, "Authentication key is empty"),), authenticated=False)
        if len(value) != KEY_LENGTH:
            raise WebserviceError(
                401, (Problem(18, "Invalid authentication key format"),), authenticated=False
            )
        key = self.keys.get(value.upper())
        no_permission = Problem(21, "No permission for this authentication key")
        if key is None or not key.active:
            problems = (Problem(20, "Authentification key is not active"), no_permission)
            raise WebserviceError(401, problems, authenticated=False)
        if not key.permissions:
            raise WebserviceError(401, (no_permission,), authenticated=False)
        return key

    def _authorized(self, request: Request, shops: tuple[int, ...]) -> Answer:
        key = self._key_of(request)
        if not shops:
            raise WebserviceError.of(404, 999, "This shop group id does not exist")
        if key.shops is not None and not key.shops.intersection(shops):
            raise WebserviceError.of(403, 132, "No permission for this shop with this authentication key")
        scope = Scope(self._languages(request.params.get("language")), shops, default_shop=request.site)
        name = request.segments[0] if request.segments else ""
        method = request.params.get("ps_method") or request.method
        self._check(name, method, key)
        if not name:
            return self._root(request, key)
        resource = self.store.resources.get(name)
        if resource is None:
            # A key may have rights on more than the demo shop sells: such a resource is simply empty.
            return Answer(200, b"[]" if request.json else self._xml(request).nothing(name), type_of(request))
        if "filter" in request.params.arrays:
            if self.profile.since(8):
                return fatal()
            raise WebserviceError(500, _ARRAY_FILTER_ON_PHP7)
        if len(request.segments) > 1 and request.segments[1]:
            return self._single(request, resource, scope)
        if schema := request.params.get("schema"):
            return self._schema(request, resource, schema, scope)
        return self._list(request, resource, scope)

    def _check(self, name: str, method: str, key: WebserviceKey) -> None:
        if name and name not in self.profile.resources:
            message = f'Resource of type "{name}" does not exists. {did_you_mean(name, list(self.profile.resources))}'
            raise WebserviceError.of(400, 27, message)
        if name and name not in key.permissions:
            message = f'Resource of type "{name}" is not allowed with this authentication key'
            raise WebserviceError.of(401, 26, message)
        if method not in _METHODS and not (method == "PATCH" and self.profile.knows_patch):
            raise WebserviceError.of(405, 23, f"Method {method} is not valid")
        # Writing is not part of the demo shop: it is refused even to a key that may, as a read-only one would be.
        if name and (method != "GET" or method not in key.permissions[name]):
            message = f"Method {method} is not allowed for the resource {name} with this authentication key"
            raise WebserviceError.of(405, 25, message)

    def _languages(self, wanted: str | None) -> tuple[str | int, ...]:
        known = tuple(self.languages)
        if not wanted:
            return known
        match = re.match(r"^\[(.*)\]$", wanted)
        inner = match[1] if match else wanted
        if match and (ends := re.fullmatch(r"(\d+),(\d+)", inner, re.ASCII)):
            chosen = [str(ident) for ident in known if int(ends[1]) <= ident <= int(ends[2])]
        else:
            chosen = [part for part in inner.split("|") if part.isdecimal() and int(part) in known]
        if not chosen:
            raise WebserviceError.of(400, 81, "language is not available")
        return tuple(chosen)

    def _xml(self, request: Request, shops: tuple[int, ...] = ()) -> XmlRenderer:
        site = self.sites[shops[0] if len(shops) == 1 else request.site]
        return XmlRenderer(self.profile, f"{request.origin}{site.path}api/")

    def _failed(self, request: Request, error: WebserviceError) -> Answer:
        if request.json:
            body = render_json.render_errors(error.problems, self.profile)
        else:
            body = self._xml(request).errors(error.problems)
        return Answer(
            error.status,
            body,
            type_of(request),
            authenticated=error.authenticated,
            challenge=not error.authenticated and error.status == HTTPStatus.UNAUTHORIZED,
        )

    def _root(self, request: Request, key: WebserviceKey) -> Answer:
        if not request.json:
            body = self._xml(request).root(self.name, key.permissions, self.store.resources)
            return Answer(200, body, XML_TYPE)
        if self.profile.root_json_is_fatal:
            return fatal()
        return Answer(200, render_json.render_root(key.permissions, self.profile), JSON_TYPE)

    def _schema(self, request: Request, resource: Resource, schema: str, scope: Scope) -> Answer:
        if schema not in ("blank", "synopsis"):
            message = "Please select a schema of type 'synopsis' to get the whole schema informations (which fields are required, which kind of content...) or 'blank' to get an empty schema to fill before using POST request"
            raise WebserviceError.of(400, 28, message)
        synopsis = schema == "synopsis"
        if request.json:
            return Answer(
                200, render_json.render_schema(resource, self.profile, synopsis=synopsis), JSON_TYPE
            )
        body = self._xml(request).schema(resource, scope.languages, synopsis=synopsis)
        return Answer(200, body, XML_TYPE)

    def _list(self, request: Request, resource: Resource, scope: Scope) -> Answer:
        try:
            query = list_query(resource, self.profile, request.params, one_shop=len(self.sites) == 1)
        except WebserviceError as error:
            raise (with_php8_warnings(error) if self.profile.since(8) else error) from None
        try:
            page = listed(self.store, query, scope)
        except SqlError:
            if self.profile.sql_failure_is_fatal:
                return fatal()
            page = Page([], [])
        bare = query.display.bare
        if request.json:
            body = render_json.render_list(page.records, resource, self.profile)
        else:
            body = self._xml(request, scope.shops).list(page.records, resource, bare=bare)
        return Answer(
            200,
            body,
            type_of(request),
            resource=resource,
            page=page,
            bare=bare,
            full=request.params.get("display") == "full",
            with_rows=query.display.rows is not None,
        )

    def _single(self, request: Request, resource: Resource, scope: Scope) -> Answer:
        wanted = request.params.get("display")
        display = full_display(resource)
        if wanted is not None:
            # Before 1.7.8 the parameter only switches the default off, whatever it says.
            display = (
                display_of(resource, self.profile, wanted)
                if self.profile.single_obeys_display
                else bare_display(resource)
            )
        match = re.match(r"\d+", request.segments[1], re.ASCII)
        page = single(self.store, resource, int(match[0]), display, scope) if match else Page([], [])
        if not page.records:
            return Answer(404)
        if not request.json:
            body = self._xml(request, scope.shops).single(page.records[0], resource)
            return Answer(200, body, XML_TYPE, resource=resource, page=page)
        if wanted is not None:
            body = render_json.render_list(page.records, resource, self.profile)
        else:
            body = render_json.render_single(page.records[0], resource, self.profile)
        return Answer(200, body, JSON_TYPE, resource=resource, page=page)

"""Questions in whichever format a shop speaks, and answers that are believed only once confirmed."""

from collections.abc import Sequence
from typing import Any, Final

import attrs

from thulium_plugin_prestashop.transport.errors import OurFault, RemoteError, TimeWillTell
from thulium_plugin_prestashop.webservice import answers
from thulium_plugin_prestashop.webservice.bodies import Format, ShopError
from thulium_plugin_prestashop.webservice.exchange import Exchange, Reply
from thulium_plugin_prestashop.webservice.pages import id_of
from thulium_plugin_prestashop.webservice.query import SHOPS, IdIn, Query
from thulium_plugin_prestashop.webservice.resources import Resource

_FORMAT_TROUBLE: Final = frozenset(
    {"answer.empty", "answer.truncated", "answer.unreadable", "shop.php", "shop.failed"}
)
"""Errors that the other format may not have."""
_GIVE_UP_JSON: Final = 3
"""Answers in a row that only XML could give, after which XML is asked for first."""


class Reader:
    """Reads rows and ids of one shop; remembers in its facts what it learns about formats, fields and ids."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._shop = exchange.facts

    async def page(self, query: Query[Any], display: str | None = None) -> Reply:
        """An answer with the rows of a query, in whichever format works; empty only when confirmed."""

        async def once() -> Reply:
            reply = await self._in_either_format(query, display)
            if not reply.document.rows and not await self._is_empty(query):
                raise TimeWillTell("answer.lie", resource=query.resource.name)
            return reply

        tries = self._exchange.retry
        return await tries.run(once, retryable=lambda error: error.key == "answer.lie")

    async def _in_either_format(
        self, query: Query[Any], display: str | None = None, *, single: bool = False
    ) -> Reply:
        """JSON first, or what this shop was found to speak better; the other where the first is broken."""
        form = self._shop.format
        try:
            reply = await self._ask(query, form, display, once=single)
        except (TimeWillTell, OurFault) as error:
            if error.key not in _FORMAT_TROUBLE:
                raise
            other = Format.XML if form is Format.JSON else Format.JSON
            try:
                reply = await self._ask(query, other, display, once=True)
            except RemoteError:
                raise error from None
            self._note_format(form, failed=True)
            reply.document.repairs["other_format"] += 1
            self._exchange.stats.repairs["other_format"] += 1
            return reply
        self._note_format(form, failed=False)
        return reply

    def _note_format(self, form: Format, *, failed: bool) -> None:
        shop = self._shop
        if form is Format.JSON:
            shop.json_failures = shop.json_failures + 1 if failed else 0
            if shop.json_failures >= _GIVE_UP_JSON:
                shop.format = Format.XML
        elif failed:
            shop.format, shop.json_failures = Format.JSON, 0

    async def _ask(
        self, query: Query[Any], form: Format, display: str | None = None, *, once: bool = False
    ) -> Reply:
        """Ask, leaving out the fields that this shop turns out not to know."""
        resource = query.resource
        refused = self._shop.refused.setdefault(resource.name, set())
        for _ in resource.fields:
            asked = display or resource.display(self._shop.version, refused)
            parameters = {"display": asked, **query.parameters()}
            never_twice = () if query.limit == 1 else ("net.timeout",)
            try:
                reply = await self._exchange.ask(
                    resource.name, parameters, form, once=once, never_twice=never_twice
                )
            except OurFault as error:
                field = _refused(error, resource, refused)
                if field is None or display is not None:
                    raise
                refused.add(field)
            else:
                return reply
        raise OurFault("query.rejected", resource=resource.name)

    async def rows_of(self, query: Query[Any], ids: Sequence[int]) -> Reply:
        """Rows by id, for isolation: asked once, in both formats where a single row is left."""
        where = (
            *(condition for condition in query.where if condition.field not in ("id", "date_upd")),
            IdIn(ids),
        )
        part = attrs.evolve(query, where=where, limit=len(ids))
        if len(ids) > 1:
            reply = await self._ask(part, self._shop.format, once=True)
        else:
            reply = await self._in_either_format(part, single=True)
        if not reply.document.rows and await self._bare(part):
            raise TimeWillTell("answer.lie", resource=query.resource.name)
        return reply

    async def ids(self, query: Query[Any]) -> list[int]:
        """The bare list of a query; empty only when confirmed."""

        async def once() -> list[int]:
            ids = await self._bare(query)
            if not ids and not await self._is_empty(query, asked_bare=True):
                raise TimeWillTell("answer.lie", resource=query.resource.name)
            return ids

        found = await self._exchange.retry.run(once, retryable=lambda error: error.key == "answer.lie")
        if found:
            self._shop.known_ids[scoped(query)] = found[0]
        return found

    async def _bare(self, query: Query[Any]) -> list[int]:
        """Ids without ``display``, in the query's order."""
        form = self._shop.format
        try:
            reply = await self._exchange.ask(query.resource.name, query.parameters(), form)
        except (TimeWillTell, OurFault) as error:
            if error.key not in _FORMAT_TROUBLE:
                raise
            other = Format.XML if form is Format.JSON else Format.JSON
            reply = await self._exchange.ask(query.resource.name, query.parameters(), other)
        return [id_ for row in reply.document.rows if (id_ := id_of(row)) is not None]

    async def _is_empty(self, query: Query[Any], *, asked_bare: bool = False) -> bool:
        """Whether an empty answer is true: a failing SQL query answers ``200 []`` too.

        The same question is asked as a bare list of one row; then a row known to exist is asked for, so that a
        database which answers nothing at all is not believed.
        """
        if not asked_bare and await self._bare(attrs.evolve(query, limit=1)):
            return False
        known = self._shop.known_ids.get(scoped(query))
        plain = Query(query.resource, limit=1, scope=query.scope)
        if known is None:
            witness = Query(SHOPS, limit=1)
            return query.resource is SHOPS or bool(await self._bare(witness))
        if await self._bare(attrs.evolve(plain, where=(IdIn((known,)),))):
            return True
        others = await self._bare(plain)  # the known one may have been deleted
        if others:
            self._shop.known_ids[scoped(query)] = others[0]
        return bool(others)


def scoped(query: Query[Any]) -> str:
    """Under which name a known id of this resource, in this scope, is remembered."""
    return "&".join(
        (query.resource.name, *(f"{key}={value}" for key, value in query.scope.parameters().items()))
    )


def _refused(error: OurFault, resource: Resource[Any], already: set[str]) -> str | None:
    """The field to leave out next, when that is what a rejected question was about."""
    if error.key != "query.rejected":
        return None
    code = error.params.get("code")
    if code == answers.UNKNOWN_FIELD:
        field = answers.refused_field((ShopError(answers.UNKNOWN_FIELD, error.detail),))
        if field and field != "id" and field not in already and field in (*resource.fields, *resource.rows):
            return field
    if code is None or code == answers.UNKNOWN_FIELD:
        # The old versions that give no code and no name: the fields that are known to be young go first.
        return next((field for field in resource.since if field not in already), None)
    return None

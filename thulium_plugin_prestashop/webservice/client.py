"""The webservice client: pages of records, lists of ids, and what they cost."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import attrs

from thulium_plugin_prestashop.transport.circuit import Circuit
from thulium_plugin_prestashop.transport.errors import OurFault, TimeWillTell
from thulium_plugin_prestashop.transport.http import HttpClient
from thulium_plugin_prestashop.transport.pace import Budget, Pace
from thulium_plugin_prestashop.transport.retry import RetryPolicy
from thulium_plugin_prestashop.webservice.address import ShopAddress
from thulium_plugin_prestashop.webservice.bodies import Format, Root
from thulium_plugin_prestashop.webservice.exchange import Exchange, Reply, Stats
from thulium_plugin_prestashop.webservice.facts import ShopFacts
from thulium_plugin_prestashop.webservice.isolation import ISOLATABLE, Isolated, isolate
from thulium_plugin_prestashop.webservice.pages import Page, SetAside, Stamp, id_of, in_order, structured
from thulium_plugin_prestashop.webservice.query import (
    DEFAULT_SCOPE,
    Condition,
    IdAbove,
    IdIn,
    Query,
    Scope,
    Sort,
    UpdatedBetween,
)
from thulium_plugin_prestashop.webservice.reader import Reader, scoped
from thulium_plugin_prestashop.webservice.records import Record
from thulium_plugin_prestashop.webservice.resources import Resource
from thulium_plugin_prestashop.webservice.structure import Structurer, moment

__all__ = ["Page", "SetAside", "Stamp", "WebserviceClient"]

R = TypeVar("R", bound=Record)

_BEGINNING: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - shop times are naive; no shop is older


@attrs.define
class _Cost:
    """What the answers that make up one page took and told; others may be on their way meanwhile."""

    seconds: float = 0.0
    size: int = 0
    access_time: datetime | None = None
    repairs: Counter[str] = attrs.Factory(Counter)

    def add(self, reply: Reply) -> Reply:
        self.seconds += reply.answer.seconds
        self.size += len(reply.answer.body)
        self.access_time = reply.access_time or self.access_time
        self.repairs.update(reply.document.repairs)
        return reply


class WebserviceClient:
    """Reads one shop through its webservice.

    Args:
        address: Where the shop is.
        key: The webservice key; it appears in no repr, log or error.
        http: Sends the requests; its owner closes it.
        pace: Shared by everyone who talks to this shop; a new one by default.
        circuit: Shared likewise.
        budget: What this run may spend; unlimited by default.
        retry: How often a question is asked again.
        facts: What an earlier run learned (:attr:`shop` ``.export()``).
        clock: Aware "now", for ``Retry-After`` dates.
        allow_key_in_query: Whether the key may be sent as ``ws_key`` where the header does not arrive.
        within: Seconds for one request; the HTTP client's own time-out by default.

    """

    def __init__(
        self,
        address: ShopAddress,
        key: str,
        http: HttpClient,
        *,
        pace: Pace | None = None,
        circuit: Circuit | None = None,
        budget: Budget | None = None,
        retry: RetryPolicy | None = None,
        facts: Mapping[str, Any] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        allow_key_in_query: bool = True,
        within: float | None = None,
    ) -> None:
        self.address = address
        self.shop = ShopFacts.restore(facts)
        self._structurer = Structurer()
        self._sibling = partial(
            WebserviceClient,
            key=key,
            http=http,
            retry=retry,
            clock=clock,
            allow_key_in_query=allow_key_in_query,
            within=within,
        )
        self._exchange = Exchange(
            address,
            key,
            http,
            facts=self.shop,
            pace=pace or Pace(),
            circuit=circuit or Circuit(),
            budget=budget or Budget(),
            retry=retry or RetryPolicy(),
            now=clock,
            allow_key_in_query=allow_key_in_query,
            within=within,
        )
        self._reader = Reader(self._exchange)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address.base_url})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Nothing is held open here; the HTTP client belongs to whoever made it."""

    def at(self, address: ShopAddress) -> "WebserviceClient":
        """A client with the same key for another address, which has everything about it still to learn."""
        return self._sibling(address)

    @property
    def stats(self) -> Stats:
        """Requests, bytes, seconds, retries and repairs so far."""
        return self._exchange.stats

    async def root(self) -> tuple[Root, Reply]:
        """The listing of resources with the key's rights, always read as XML (as JSON it is broken or bare)."""
        reply = await self._exchange.ask("", {}, Format.XML)
        if reply.document.root is None:
            raise OurFault("answer.unreadable", host=self.address.host)
        return reply.document.root, reply

    async def fetch(self, query: Query[R]) -> Page[R]:
        """One page of records.

        At most ``query.limit`` rows, or fewer where the shop cannot bear so many at once (:attr:`Page.limit`);
        rows asked for by :class:`.query.IdIn` come all at once. A page that fails is cut up until only the rows
        that really fail are set aside; an empty page is believed only once another question has confirmed it.

        Raises:
            RemoteError: See :mod:`.answers` and :mod:`..transport.http` for the keys.

        """
        size = self._exchange.pace.page_size(query.resource.name)
        if not any(isinstance(condition, IdIn) for condition in query.where):
            query = attrs.evolve(query, limit=min(query.limit, size.size))
        cost = _Cost()
        isolated = Isolated()

        async def by_id(ids: Sequence[int]) -> list[Any]:
            return cost.add(await self._reader.rows_of(query, ids)).document.rows

        try:
            reply = cost.add(await self._reader.page(query))
        except (TimeWillTell, OurFault) as error:
            if error.key not in ISOLATABLE or query.limit == 1:
                raise
            size.halve()
            ids = await self._reader.ids(query)
            isolated = await isolate(ids, by_id)
            rows, count = isolated.rows, len(ids)
        else:
            rows, count = reply.document.rows, len(reply.document.rows)
            size.observe(count, reply.answer.seconds, len(reply.answer.body))
            if reply.document.errors:
                # Rows with PHP messages beside them: whatever the messages cost is fetched by id.
                present = {id_of(row) for row in rows}
                missing = [id_ for id_ in await self._reader.ids(query) if id_ not in present]
                isolated = await isolate(missing, by_id)
                rows, count = rows + isolated.rows, count + len(missing)
        records, set_aside = await structured(query, rows, self._structurer)
        set_aside += [
            SetAside(query.resource.name, id_, error.key, error.detail) for id_, error in isolated.bad.items()
        ]
        seen = [record.id for record in records] + [entry.id for entry in set_aside if entry.id is not None]
        if seen:
            self.shop.known_ids[scoped(query)] = seen[0]
        elif count:
            # Not one row says which it is: there is no going on from here, and nothing to set aside.
            raise OurFault("answer.unreadable", resource=query.resource.name)
        return Page(
            records=tuple(in_order(query, records, complete=count < query.limit or bool(isolated.rows))),
            set_aside=tuple(set_aside),
            count=count,
            limit=query.limit,
            last_id=max(seen, default=None),
            seconds=cost.seconds,
            size=cost.size,
            access_time=cost.access_time,
            repairs=dict(cost.repairs),
        )

    def page_size(self, resource: Resource[Any]) -> int:
        """How many rows of it this shop is asked for at once, by the time and size of its last answers."""
        return self._exchange.pace.page_size(resource.name).size

    async def ids(
        self,
        resource: Resource[Any],
        *,
        after: int = 0,
        limit: int = 10_000,
        scope: Scope = DEFAULT_SCOPE,
        where: Sequence[Condition] = (),
    ) -> list[int]:
        """Ids above ``after`` in ascending order, from the bare list: the shop loads no objects for it.

        10,000 ids take a shop some 65 ms. Fewer than ``limit`` means there are no more.
        """
        if after or not any(condition.field == "id" for condition in where):
            where = (*where, IdAbove(after))
        return await self._reader.ids(Query(resource, tuple(where), limit=limit, scope=scope))

    async def highest_id(self, resource: Resource[Any], scope: Scope = DEFAULT_SCOPE) -> int | None:
        """The highest id there is, ``None`` for an empty table."""
        ids = await self._reader.ids(Query(resource, sort=Sort.BY_ID_DESC, limit=1, scope=scope))
        return ids[0] if ids else None

    async def latest_update(
        self, resource: Resource[Any], scope: Scope = DEFAULT_SCOPE, *, not_after: datetime | None = None
    ) -> Stamp | None:
        """The row that changed last, up to ``not_after`` (a wall-clock time of the shop), ``None`` without any.

        Reads the shop's own clock in its own zone: the ceiling of a window of changes.
        """
        where = () if not_after is None else (UpdatedBetween(_BEGINNING, not_after),)
        query = Query(resource, where, Sort.BY_UPDATED_DESC, limit=1, scope=scope)
        reply = await self._reader.page(query, display="[id,date_upd]")
        for row in reply.document.rows:
            id_, date_upd = id_of(row), moment(row.get("date_upd"))
            if id_ is not None and date_upd is not None:
                return Stamp(id_, date_upd)
        return None

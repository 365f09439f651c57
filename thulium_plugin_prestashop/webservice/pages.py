"""A page of records: what came, in which order, what was set aside, and what it cost."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from time import perf_counter
from typing import Any, Final, Generic, TypeVar

import attrs

from thulium_plugin_prestashop.transport.errors import OurFault
from thulium_plugin_prestashop.webservice.query import IdAbove, Query, Sort
from thulium_plugin_prestashop.webservice.records import Record
from thulium_plugin_prestashop.webservice.structure import Structurer, UnreadableRowError, whole

R = TypeVar("R", bound=Record)

_SLICE: Final = 0.004
"""Seconds of structuring after which the event loop gets its turn."""


@attrs.frozen
class SetAside:
    """A row that could not be read: which, why (a message key), and the detail an administrator may see."""

    resource: str
    id: int | None
    reason: str
    detail: str = ""


@attrs.frozen
class Stamp:
    """A row's id and the moment it last changed, in the shop's wall-clock time."""

    id: int
    date_upd: datetime


@attrs.frozen
class Page(Generic[R]):
    """Rows in the asked order.

    ``count`` rows came (readable or not) where at most ``limit`` were asked for: the client may ask for fewer
    than the query's limit, by what the shop can bear. ``last_id`` is the highest id among them, read or set
    aside: where the next page of a keyset begins. ``is_last``: fewer came than were asked for; an empty page has
    been cross-checked. ``seconds`` and ``size`` (bytes) are those of the answers, ``access_time`` the server's
    clock, ``repairs`` what had to be mended, by kind.
    """

    records: tuple[R, ...] = attrs.field(repr=False)
    set_aside: tuple[SetAside, ...]
    count: int
    limit: int
    last_id: int | None
    seconds: float
    size: int
    access_time: datetime | None
    repairs: Mapping[str, int]

    @property
    def is_last(self) -> bool:
        """Whether nothing follows."""
        return self.count < self.limit


def id_of(row: object) -> int | None:
    """The id of a raw row, ``None`` where it has none that could be one."""
    try:
        found = whole(row.get("id")) if isinstance(row, dict) else 0
    except ValueError:
        return None
    return found if found > 0 else None


async def structured(
    query: Query[R], rows: list[Any], structurer: Structurer
) -> tuple[list[R], list[SetAside]]:
    """Records of rows, each id once, in slices that give the event loop its turn."""
    resource = query.resource
    records: dict[int, R] = {}
    set_aside: list[SetAside] = []
    started = perf_counter()
    for index, row in enumerate(rows):
        try:
            record: R = structurer.record(row, resource)
            records.setdefault(record.id, record)
        except UnreadableRowError as error:
            path = f"$.{resource.name}[{index}]{error.path}"
            set_aside.append(SetAside(resource.name, id_of(row), "row.unreadable", path))
        if perf_counter() - started > _SLICE:
            await asyncio.sleep(0)
            started = perf_counter()
    return list(records.values()), set_aside


def in_order(query: Query[R], records: list[R], *, complete: bool) -> list[R]:
    """The records in the asked order.

    Raises:
        OurFault: ``answer.unordered`` for a full page that came in another order, or rows outside the asked ids:
            paging through it would lose rows.

    """
    if query.sort not in (Sort.BY_ID, Sort.BY_ID_DESC):
        return records
    ordered = sorted(records, key=lambda record: record.id, reverse=query.sort is Sort.BY_ID_DESC)
    above = next((condition.after for condition in query.where if isinstance(condition, IdAbove)), 0)
    if (ordered != records and not complete) or any(record.id <= above for record in records):
        raise OurFault("answer.unordered", resource=query.resource.name)
    return ordered

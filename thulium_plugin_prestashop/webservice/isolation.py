"""Down to the bad row: a page that fails is cut in halves by ids until only what really fails is left out."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

import attrs

from thulium_plugin_prestashop.transport.errors import OurFault, RemoteError, TimeWillTell
from thulium_plugin_prestashop.webservice.query import MOST_IDS

Row: TypeAlias = Any
AskForIds: TypeAlias = Callable[[Sequence[int]], Awaitable[list[Row]]]

ISOLATABLE: Final = frozenset(
    {
        *("net.timeout", "net.reset", "answer.empty", "answer.truncated", "answer.unreadable", "answer.lie"),
        *("answer.too_large", "shop.failed", "shop.gateway", "shop.php", "shop.database"),
    }
)
"""Errors that one row, or too many rows, can cause; for others cutting a page up would only multiply them."""

_ENOUGH: Final = 5
"""Single rows that may fail before anything succeeds; then the rows are not the trouble."""


@attrs.define
class Isolated:
    """Rows by id, and what became of the ids that could not be read."""

    rows: list[Row] = attrs.Factory(list)
    bad: dict[int, RemoteError] = attrs.Factory(dict)
    halvings: int = 0


async def isolate(ids: Sequence[int], ask: AskForIds) -> Isolated:
    """Read every row of ``ids`` that can be read.

    ``ask`` reads a few rows by id and raises when it cannot; rows that vanished meanwhile are just not there.

    Raises:
        RemoteError: The shop's trouble is not about single rows: five fail alone, and so do the last and the
            middle one; or an error that cutting up cannot help against.

    """
    found = Isolated()
    pending = [ids[start : start + MOST_IDS] for start in range(0, len(ids), MOST_IDS)][::-1]
    while pending:
        part = pending.pop()
        try:
            found.rows += await ask(part)
        except (TimeWillTell, OurFault) as error:
            if error.key not in ISOLATABLE:
                raise
            if len(part) > 1:
                found.halvings += 1
                middle = len(part) // 2
                pending += (part[middle:], part[:middle])
                continue
            found.bad[part[0]] = error
            if len(found.bad) == _ENOUGH and not found.rows and not await _any_readable(ids, found, ask):
                raise
    return found


async def _any_readable(ids: Sequence[int], found: Isolated, ask: AskForIds) -> bool:
    for candidate in (ids[-1], ids[len(ids) // 2]):
        if candidate in found.bad:
            continue
        try:
            await ask((candidate,))
        except (TimeWillTell, OurFault) as error:
            if error.key not in ISOLATABLE:
                raise
        else:
            return True
    return False

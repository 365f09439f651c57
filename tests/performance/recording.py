"""What a mirror asks of its database, to be explained afterwards."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from thulium_plugin_prestashop.mirror.engine import Mirror

Statement = tuple[str, Any]
_PARAMETERS = re.compile(r"(?:\?|\$\d+(?:::\w+)?)(?:, (?:\?|\$\d+(?:::\w+)?))+")


@contextmanager
def recorded(mirror: Mirror) -> Iterator[list[Statement]]:
    """Every different statement that the mirror executes, with one set of its parameters."""
    found: dict[str, Statement] = {}

    def note(*told: Any) -> None:  # noqa: ANN401 - as SQLAlchemy calls it
        _connection, _cursor, sql, parameters, _context, many = told
        # Lists of different lengths are one statement.
        shape = _PARAMETERS.sub("…", sql)
        found.setdefault(shape, (sql, parameters[0] if many else parameters))

    statements: list[Statement] = []
    event.listen(mirror.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(mirror.engine.sync_engine, "before_cursor_execute", note)
    statements += found.values()

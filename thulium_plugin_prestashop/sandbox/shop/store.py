"""The shop's database: SQLite, in memory or in a file, so that filters, sorting and limits are real SQL.

Like PrestaShop's own tables it has deliberately no index on ``date_upd``.
"""

# ruff: noqa: S608 - names of tables and columns come from this package; values are always bound

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from thulium_plugin_prestashop.sandbox.shop.filters import fold
from thulium_plugin_prestashop.sandbox.shop.profiles import Profile
from thulium_plugin_prestashop.sandbox.shop.tables import Field, Kind, Resource, Value, resources_of

ROWS = "order_rows"
GROUPS = "groups_of_customer"
_BATCH = 2_000

_INDEXES = (
    "CREATE INDEX customer_registered ON customers (id_shop, date_add)",
    "CREATE INDEX customer_email ON customers (ps_fold(email))",
    "CREATE INDEX address_owner ON addresses (id_customer)",
    "CREATE INDEX order_owner ON orders (id_customer)",
    "CREATE INDEX order_reference ON orders (ps_fold(reference))",
    "CREATE INDEX row_order ON order_rows (id_order, id)",
)

Row = dict[str, Value]


class SqlError(Exception):
    """A statement the database refuses, such as a negative limit."""


def _column(field: Field) -> str:
    if field.name == "id":
        return '"id" INTEGER PRIMARY KEY'
    return f'"{field.name}" {"INTEGER" if field.kind in (Kind.INTEGER, Kind.BOOLEAN) else "TEXT"}'


class Store:
    """Tables of the seven resources plus order rows. Safe to use from several threads."""

    def __init__(self, profile: Profile, path: Path | None = None) -> None:
        """Open an empty database; ``path`` must not exist yet."""
        self.profile = profile
        self.resources = resources_of(profile.version)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(
            str(path) if path else ":memory:", check_same_thread=False, isolation_level=None
        )
        self._db.create_function("ps_fold", 1, fold, deterministic=True)
        # A demo shop's data can be generated again: no journal that outlives a crash is needed.
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        for resource in self.resources.values():
            extra = f", {GROUPS} TEXT" if resource.has_groups else ""
            columns = ", ".join(_column(field) for field in resource.fields)
            self._db.execute(f"CREATE TABLE {resource.name} ({columns}{extra})")
        columns = ", ".join(_column(field) for field in self.row_fields)
        self._db.execute(f"CREATE TABLE {ROWS} ({columns}, id_order INTEGER)")

    @property
    def row_fields(self) -> tuple[Field, ...]:
        """Columns of order rows."""
        return self.resources["orders"].rows

    def close(self) -> None:
        """Close the database; a memory database is gone then."""
        with self._lock:
            self._db.close()

    def create_indexes(self) -> None:
        """Create the indexes, best after the first bulk insert."""
        with self._lock:
            for statement in _INDEXES:
                self._db.execute(statement)

    def columns_of(self, table: str) -> dict[str, Value]:
        """Return column names with their defaults, those that no answer shows included."""
        if table == ROWS:
            return {field.name: field.default for field in self.row_fields} | {"id_order": 0}
        resource = self.resources[table]
        hidden: dict[str, Value] = {GROUPS: "[3]"} if resource.has_groups else {}
        return {field.name: field.default for field in resource.fields} | hidden

    def insert(self, table: str, rows: Iterable[Mapping[str, Value]]) -> None:
        """Insert rows; columns left out get PrestaShop's defaults, columns of other releases are dropped."""
        defaults = self.columns_of(table)
        names = ", ".join(f'"{name}"' for name in defaults)
        marks = ", ".join(f":{name}" for name in defaults)
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"
        iterator: Iterator[Mapping[str, Value]] = iter(rows)
        while batch := [{**defaults, **row} for row in islice(iterator, _BATCH)]:
            with self._lock:
                self._db.execute("BEGIN")
                self._db.executemany(statement, batch)
                self._db.execute("COMMIT")

    def update(self, table: str, ident: int, changes: Mapping[str, Value]) -> bool:
        """Change columns of one row; False where there is no such row."""
        assignments = ", ".join(f'"{name}" = :{name}' for name in changes)
        with self._lock:
            cursor = self._db.execute(
                f"UPDATE {table} SET {assignments} WHERE id = :id", {**changes, "id": ident}
            )
            return cursor.rowcount == 1

    def delete(self, table: str, ident: int, *, column: str = "id") -> int:
        """Delete rows and return how many."""
        with self._lock:
            return self._db.execute(f"DELETE FROM {table} WHERE {column} = ?", (ident,)).rowcount

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a SELECT.

        Raises:
            SqlError: the database refuses it.

        """
        with self._lock:
            try:
                return self._db.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise SqlError(str(error)) from error

    def all_rows(self, table: str) -> list[Row]:
        """Return the whole table by id, as stored: the truth to compare with."""
        names = list(self.columns_of(table))
        columns = ", ".join(f'"{name}"' for name in names)
        return [
            dict(zip(names, row, strict=True))
            for row in self.fetch(f"SELECT {columns} FROM {table} ORDER BY id")
        ]

    def row(self, table: str, ident: int) -> Row | None:
        """Return one row as stored."""
        names = list(self.columns_of(table))
        columns = ", ".join(f'"{name}"' for name in names)
        found = self.fetch(f"SELECT {columns} FROM {table} WHERE id = ?", (ident,))
        return dict(zip(names, found[0], strict=True)) if found else None

    def next_id(self, table: str) -> int:
        """Return the id the next row gets; ids are not reused unless the last rows were deleted."""
        return int(self.fetch(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {table}")[0][0])

    def resource(self, name: str) -> Resource:
        """Return a resource by name."""
        return self.resources[name]

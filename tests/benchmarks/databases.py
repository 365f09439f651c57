"""Where the plugin keeps its mirror while it is measured: a file of SQLite, or a database of PostgreSQL.

The server is one as companies have it: what is committed is on disk, autovacuum runs.
"""

import asyncio
import os
import sqlite3
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import attrs

from tests import postgresql
from tests.benchmarks.environments import Unavailable
from thulium_plugin_prestashop.cli.databases import VARIABLE


@cache
def server() -> postgresql.Server:
    """Started once, and stopped when Python ends.

    Raises:
        Unavailable: PostgreSQL is not installed.

    """
    if postgresql.programs() is None:
        raise Unavailable("PostgreSQL is not installed (Debian's package postgresql)")
    return postgresql.start(durable=True)


@attrs.frozen
class MirrorPlace:
    """The mirror of the CRM in a folder: beside it, unless there is an address."""

    data: Path
    address: str = ""

    @classmethod
    def here(cls, data: Path) -> "MirrorPlace":
        """As the environment of this process has it."""
        return cls(data, os.environ.get(VARIABLE, ""))

    @property
    def environment(self) -> Mapping[str, str]:
        """What tells a process of it."""
        return {VARIABLE: self.address}

    @property
    def file(self) -> Path:
        """The SQLite file, if it is one."""
        return self.data / "plugins" / "prestashop" / "prestashop.db"

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What a query gives."""
        if self.address:
            return [tuple(row) for row in asyncio.run(postgresql.fetch(self.address, sql))]
        database = sqlite3.connect(self.file)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def size_mb(self) -> float:
        """How much of the disk it takes, indexes included, in MB (10⁶ bytes)."""
        if not self.address:
            return self.file.stat().st_size / 1e6
        sizes = self.rows(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'prestashop%'"
        )
        return float(str(sizes[0][0])) / 1e6

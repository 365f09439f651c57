"""A PostgreSQL server for tests: real, in a temporary folder, on a Unix socket only, and gone afterwards.

It is Debian's package ``postgresql``, started once for all tests that ask for it; each has a database for itself. Where it is not installed these tests are skipped, unless ``THULIUM_REQUIRE_POSTGRESQL=1``.
"""

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped] # it ships no types
import attrs
from sqlalchemy.engine import make_url

from thulium_plugin_prestashop.mirror.engine import open_database

_ALWAYS = ("listen_addresses=", "max_connections=150", "shared_buffers=64MB")
_FAST = (
    # Nothing here outlives the server, so nothing must be safe on disk.
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "wal_level=minimal",
    "max_wal_senders=0",
)
_DEADLINE = 60
_GUARD = """
folder=$1; shift
exec 3<&0
"$@" 3<&- & server=$!
{
    read -r _ <&3
    kill -QUIT $server
    while kill -0 $server; do sleep 0.05; done
    rm -rf "$folder"
} 2>&- &
wait $server
"""
"""Runs the server until nobody holds the other end of the standard input any more: however the tests end, by Ctrl-C or
by SIGKILL, the server and its folder go.
"""
_ALONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()
"""
_EMPTY = """
DO $$ BEGIN EXECUTE (
    SELECT 'TRUNCATE ' || string_agg(quote_ident(relname), ', ') FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'prestashop_schema'
); END $$
"""


def programs() -> Path | None:
    """The folder of the newest installed server's programs."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]), reverse=True
    )
    if found:
        return found[0].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def required() -> bool:
    """Whether a missing server is a failure."""
    return os.environ.get("THULIUM_REQUIRE_POSTGRESQL") == "1"


def _user() -> pwd.struct_passwd | None:
    """As whom the server runs: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


async def fetch(address: str, statement: str) -> list[Any]:
    """Rows of one statement by the plain driver, at an address as :meth:`Server.address` gives it."""
    url = make_url(address)
    connection = await asyncpg.connect(host=str(url.query["host"]), user=url.username, database=url.database)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


@attrs.define
class Server:
    """A running server; its databases are made here."""

    folder: Path
    programs: Path
    process: subprocess.Popen[bytes]
    _numbers: Iterator[int] = attrs.field(factory=count, init=False)
    _free: list[str] = attrs.field(factory=list, init=False)

    def address(self, database: str) -> str:
        """What the host hands over for this database."""
        return f"postgresql+asyncpg://tests@/{database}?host={self.folder}"

    async def ask(self, statement: str, database: str = "postgres") -> list[Any]:
        """Run one statement from outside and give its rows."""
        return await fetch(self.address(database), statement)

    def query(self, statement: str, address: str) -> str:
        """The same outside a loop, for the database at this address: what ``psql`` prints."""
        done = subprocess.run(
            [
                self.programs / "psql",
                "-XAtq",
                "-h",
                self.folder,
                "-U",
                "tests",
                "-c",
                statement,
                str(make_url(address).database),
            ],
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    async def take(self) -> str:
        """A database with an empty mirror; its name. :meth:`give_back` it."""
        if self._free:
            return self._free.pop()
        name = await self.create()
        await (await open_database(self.address(name))).close()
        return name

    async def give_back(self, name: str) -> None:
        """Empty a mirror for the next test: a third of the time that a new database takes."""
        await self.ask(_ALONE.format(name=name))
        await self.ask(_EMPTY, name)
        self._free.append(name)

    async def create(self) -> str:
        """A new database without any table; its name."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        await self.ask(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return name

    async def drop(self, name: str) -> None:
        """Drop a database, with whoever is still connected."""
        await self.ask(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def stop(self) -> None:
        """End the server at once and remove its folder."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


def start(*, durable: bool = False) -> Server:
    """Start a server; :meth:`Server.stop` it, or it is stopped when Python ends. ``durable`` is one as companies have
    it, for measurements: what is committed is on disk.
    """
    folder_of_programs = programs()
    assert folder_of_programs is not None, "PostgreSQL is not installed"
    user = _user()
    # Not below pytest's folder, which other users may not enter; and short: a socket's path has 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="thulium-pg-"))
    identity: dict[str, Any] = {}
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    try:
        subprocess.run(
            [
                str(folder_of_programs / "initdb"),
                f"--pgdata={folder / 'data'}",
                *("--username=tests", "--auth=trust", "--encoding=UTF8", "--no-sync"),
                # Not the order of bytes, as on most servers of companies: what depends on it fails here.
                *("--locale-provider=icu", "--icu-locale=pl", "--locale=C.UTF-8"),
            ],
            check=True,
            capture_output=True,
            cwd=folder,
            **identity,
        )
        options = [word for option in (*_ALWAYS, *(() if durable else _FAST)) for word in ("-c", option)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *("sh", "-c", _GUARD, "sh", str(folder), str(folder_of_programs / "postgres")),
                    *("-D", str(folder / "data"), "-k", str(folder)),
                    *options,
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=folder,
                # A group of its own: Ctrl-C ends the tests first, and they end the server.
                process_group=0,
                **identity,
            )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    server = Server(folder, folder_of_programs, process)
    atexit.register(server.stop)
    _wait(server, folder_of_programs / "pg_isready")
    return server


def _wait(server: Server, is_ready: Path) -> None:
    deadline = time.monotonic() + _DEADLINE
    while subprocess.run([is_ready, "-q", "-h", server.folder], check=False).returncode:
        if server.process.poll() is not None or time.monotonic() > deadline:
            log = (server.folder / "log").read_text(errors="replace")
            server.stop()
            raise RuntimeError(f"PostgreSQL did not start: {log[-2000:]}")
        time.sleep(0.05)


@contextmanager
def running() -> Iterator[Server]:
    """A server for a while."""
    server = start()
    try:
        yield server
    finally:
        server.stop()
        atexit.unregister(server.stop)

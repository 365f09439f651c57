"""Processes of a company that a test starts, stops, resumes and kills; and what the database saw of their claims."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import attrs
import orjson

from tests.cluster.company import Place, served
from tests.cluster.worker import Worker
from tests.postgresql import Server
from tests.sync.bench import Crm

ROOT = Path(__file__).parents[2]
_AUDIT = (
    "CREATE TABLE audit (integration text, holder text, fence bigint, at float8, due float8)",
    """
    CREATE FUNCTION note_claim() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO audit VALUES (
            NEW.integration, NEW.holder, NEW.fence, extract(epoch from clock_timestamp()), OLD.due_at
        );
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER note_claim AFTER UPDATE ON prestashop_claims FOR EACH ROW
    WHEN (NEW.holder <> OLD.holder OR NEW.fence <> OLD.fence) EXECUTE FUNCTION note_claim()
    """,
)
_NO_AUDIT = ("DROP TABLE audit", "DROP FUNCTION note_claim CASCADE")
_CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = '{name}' AND application_name = 'thulium-prestashop'
"""


@attrs.frozen
class Held:
    """One process did the run of one integration from ``begin`` to ``end`` (epoch s; ``None``: it still does)."""

    integration: str
    pid: int
    fence: int
    begin: float
    end: float | None
    due: float | None = None
    """When it was due."""


@attrs.define(eq=False)
class Process:
    """One worker."""

    worker: Worker
    process: asyncio.subprocess.Process
    said: list[str] = attrs.field(factory=list)
    _reading: list[asyncio.Task[None]] = attrs.field(factory=list)
    _ready: asyncio.Event = attrs.field(factory=asyncio.Event)

    @classmethod
    async def start(cls, worker: Worker) -> Self:
        """Start it; :meth:`ready` waits until it works."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.cluster.worker", orjson.dumps(attrs.asdict(worker)).decode()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        self = cls(worker, process)
        self._reading = [asyncio.create_task(self._listen()), asyncio.create_task(self._read_log())]
        return self

    @property
    def pid(self) -> int:
        return self.process.pid

    async def ready(self) -> None:
        async with asyncio.timeout(60):
            await self._ready.wait()
        assert self.process.returncode is None, self.said

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        if await self.process.stdout.readline() == b"":
            self.said.append("it ended before it was ready")
        self._ready.set()

    async def _read_log(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.said.append(line.decode().rstrip())

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def kill(self) -> None:
        self.process.kill()
        await self._ended()

    async def leave(self) -> None:
        """End as a host that is stopped does."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self._ended()

    async def _ended(self) -> None:
        async with asyncio.timeout(30):
            await self.process.wait()
            await asyncio.gather(*self._reading)
        assert self.process.stdin is not None
        self.process.stdin.close()

    async def aclose(self) -> None:
        """Whatever state it is in."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGCONT)
            await self.kill()


@attrs.define(eq=False)
class Company:
    """One company: its database, its customers, its shops, and the processes that a test starts."""

    server: Server
    database: str
    crm: Crm
    place: Place
    stack: AsyncExitStack
    started: list[Process] = attrs.field(factory=list)

    @classmethod
    @asynccontextmanager
    async def opened(cls, server: Server, shops: Mapping[str, str], key: str) -> AsyncIterator[Self]:
        """``shops``: address by integration."""
        name = await server.take()
        crm = Crm()
        # A socket's path has 107 bytes at most.
        with TemporaryDirectory(prefix="company-") as folder:
            path = Path(folder) / "customers"
            place = Place(server.address(name), str(path), dict(shops), key, folder)
            async with AsyncExitStack() as stack, served(crm, path):
                self = cls(server, name, crm, place, stack)
                for statement in _AUDIT:
                    await self.ask(statement)
                try:
                    yield self
                finally:
                    await asyncio.gather(*(process.aclose() for process in self.started))
                    for statement in _NO_AUDIT:
                        await self.ask(statement)
        await server.give_back(name)

    async def start(self, name: str, *, ready: bool = True, **options: Any) -> Process:  # noqa: ANN401 - fields of Worker
        worker = Worker(name, self.place, **{"every": 1.0, "jitter": 0.2, "lease": 3.0, **options})
        process = await Process.start(worker)
        self.started.append(process)
        if ready:
            await process.ready()
        return process

    async def ask(self, statement: str) -> list[Any]:
        return await self.server.ask(statement, self.database)

    async def cut(self) -> int:
        """Cut all connections of all processes to the database; how many."""
        return len(await self.ask(_CUT.format(name=self.database)))

    async def runs(self, integration: str, *, since: int = 0) -> list[str]:
        """Outcomes of its runs that began at or after ``since``, oldest first."""
        rows = await self.ask(
            f"SELECT outcome FROM prestashop_runs WHERE integration = '{integration}' AND started >= {since} ORDER BY id"  # noqa: S608 - a test's own names
        )
        return [row["outcome"] for row in rows]

    async def holder(self, integration: str) -> int | None:
        """Process that does its run now."""
        rows = await self.ask(
            f"SELECT holder FROM prestashop_claims WHERE integration = '{integration}' AND holder <> ''"  # noqa: S608 - as above
        )
        return int(rows[0]["holder"].split(":")[1]) if rows else None

    async def state(self) -> str:
        """How things stand, for people."""
        claims = await self.ask(
            "SELECT *, extract(epoch from clock_timestamp()) AS now FROM prestashop_claims"
        )
        runs = await self.ask(
            "SELECT integration, outcome, started, finished FROM prestashop_runs ORDER BY id DESC LIMIT 12"
        )
        sessions = await self.ask(
            "SELECT state, wait_event, left(query, 60) AS query FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        lines = [str(dict(row)) for row in (*claims, *runs, *sessions)]
        lines += [
            f"{each.worker.name} ({each.pid}, {each.process.returncode}): {line}"
            for each in self.started
            for line in ("", *each.said)
        ]
        return "\n".join(lines)

    async def held(self) -> list[Held]:
        """Who held what, as the database saw it; a claim ends where it was given back or the next one began."""
        rows = await self.ask("SELECT * FROM audit ORDER BY integration, at, fence")
        found: list[Held] = []
        for row in rows:
            if found and found[-1].integration == row["integration"] and found[-1].end is None:
                found[-1] = attrs.evolve(found[-1], end=row["at"])
            if row["holder"]:
                pid = int(row["holder"].split(":")[1])
                found.append(Held(row["integration"], pid, row["fence"], row["at"], None, row["due"]))
        return found


def in_two_places(held: Sequence[Held]) -> list[tuple[Held, Held]]:
    """Claims of one integration that overlap; those of one integration lie side by side in ``held``."""
    return [
        (one, other)
        for one, other in pairwise(held)
        if one.integration == other.integration and (one.end is None or one.end > other.begin)
    ]


async def until(
    condition: Callable[[], Awaitable[bool]],
    seconds: float,
    what: str,
    state: Callable[[], Awaitable[str]] | None = None,
) -> None:
    """Wait until ``condition()`` holds; otherwise say how things stand."""
    try:
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110 - what is waited for happens in other processes
                await asyncio.sleep(0.05)
    except TimeoutError:
        found = await state() if state is not None else ""
        raise AssertionError(f"not within {seconds} s: {what}\n{found}") from None

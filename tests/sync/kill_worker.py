"""Synchronises a shop in forked children that are killed, again and again, and compares the end with an undisturbed run.

Run by ``test_kill.py`` in a process of its own: ``python -m tests.sync.kill_worker URL KEY DIRECTORY KILLS SEED
[ADDRESS]``. With the address of a PostgreSQL server's database each mirror is a database beside that one, otherwise a
file. It prints one JSON object. Nothing is started before the forks, so every child is a fresh process with warm imports.
"""

import asyncio
import json
import os
import pickle
import random
import signal
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
from sqlalchemy.engine import make_url

from tests import postgresql
from tests.sync.bench import ID_FIELD, Address, Bench, Crm
from tests.sync.interrupted import SteppedMirror
from thulium_plugin_prestashop.contract.customers import (
    Customer,
    CustomerChange,
    Lookup,
    NewCustomer,
    Outcome,
)
from thulium_plugin_prestashop.mirror import engine
from thulium_plugin_prestashop.sync.run import run_sync
from thulium_plugin_prestashop.transport.egress import EgressPolicy
from thulium_plugin_prestashop.transport.http import HttpClient


@attrs.define
class Fuse:
    """Kills this very process when its step has come; there is no handler for SIGKILL."""

    left: int | None

    def step(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)


@attrs.define
class JournalCrm(Crm):
    """A host that outlives its process: every card it wrote is in a file before the answer is given."""

    path: Path = Path()
    step: Callable[[], None] = lambda: None

    def load(self) -> None:
        if self.path.exists():
            with self.path.open("rb") as file:
                while True:
                    try:
                        card = pickle.load(file)  # noqa: S301 - written by ourselves
                    except (EOFError, pickle.UnpicklingError):
                        break  # the last record was being written when the process was killed
                    super().put(card)
                    self.next_id = max(self.next_id, int(card.id) + 1)

    def put(self, card: Customer) -> None:
        super().put(card)
        with self.path.open("ab") as file:
            file.write(pickle.dumps(card))
        self.step()

    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        self.step()
        return await super().find(lookups)

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        self.step()
        outcomes = await super().create(customers)
        self.step()
        return outcomes

    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        self.step()
        outcomes = await super().update(changes)
        self.step()
        return outcomes


@attrs.frozen
class Places:
    """Where the mirrors of the rounds are."""

    address: str = ""
    """Of any database of the server; ``""`` for files."""

    def make(self, directory: Path) -> None:
        """Make the directory and what else is needed before a mirror can be opened."""
        directory.mkdir()
        if self.address:
            asyncio.run(postgresql.fetch(self.address, f'CREATE DATABASE "{directory.name}"'))

    def of(self, directory: Path) -> str | Path:
        if not self.address:
            return directory / "prestashop.db"
        return make_url(self.address).set(database=directory.name).render_as_string(hide_password=False)

    def rows(self, directory: Path, sql: str) -> list[tuple[Any, ...]]:
        """What a query gives, by the plain driver."""
        where = self.of(directory)
        if isinstance(where, str):
            return [tuple(row) for row in asyncio.run(postgresql.fetch(where, sql))]
        database = sqlite3.connect(where)
        found = database.execute(sql).fetchall()
        database.close()
        return found


async def synchronise(url: str, key: str, directory: Path, places: Places, steps: int | None) -> None:
    fuse = Fuse(steps)
    opened = await engine.open_database(places.of(directory))
    mirror = SteppedMirror.of(opened, fuse.step)
    crm = JournalCrm(path=directory / "crm.pickle", step=fuse.step)
    crm.load()
    async with HttpClient(EgressPolicy(allow_private=True)) as http:
        bench = Bench(directory, mirror, http, crm=crm)

        report = await run_sync(bench.job(Address(url, key)), lambda _: None)
    await mirror.close()
    if not report.ok:
        raise SystemExit(f"the run failed: {report.error}")


def child(url: str, key: str, directory: Path, places: Places, steps: int | None) -> int:
    """Run in a fork; the wait status of the process."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            asyncio.run(synchronise(url, key, directory, places, steps))
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(pid, 0)
    return status


def outcome(directory: Path, places: Places) -> dict[str, Any]:
    """What a run leaves, without what may differ: numbers that the host gave, times, and how a card was found again."""
    crm = JournalCrm(path=directory / "crm.pickle")
    crm.load()
    names = {card_id: card.custom_fields[ID_FIELD] for card_id, card in crm.cards.items()}
    found: dict[str, Any] = {
        table: places.rows(directory, f"SELECT * FROM prestashop_{table} ORDER BY 1, 2, 3")  # noqa: S608 - constants
        for table in ("customers", "addresses", "orders", "lookups", "skipped", "phones")
    }
    found["links"] = [
        (row[0], names.get(row[1]), *row[2:])
        for row in places.rows(
            directory,
            "SELECT id_customer, crm_id, login_key, masked_key, blocked, conflict FROM prestashop_links ORDER BY 1",
        )
    ]
    found["cursors"] = places.rows(
        directory,
        "SELECT resource, imported, imported_to, watermark, highest_id FROM prestashop_cursors ORDER BY 1",
    )
    found["cards"] = sorted(
        repr(attrs.evolve(card, id="", emails=tuple(sorted(card.emails)), phones=tuple(sorted(card.phones))))
        for card in crm.cards.values()
    )
    return found


def main(url: str, key: str, directory: str, kills: str, seed: str, *address: str) -> None:
    places = Places(*address)
    randomness = random.Random(int(seed))  # noqa: S311 - a test's seed
    root = Path(directory)
    quiet = root / "quiet"
    places.make(quiet)
    if child(url, key, quiet, places, None):
        raise SystemExit("the undisturbed run failed")
    expected = outcome(quiet, places)
    killed = rounds = 0
    longest = 0
    different: list[str] = []
    while killed < int(kills):
        rounds += 1
        here = root / f"round{rounds}"
        places.make(here)
        in_a_row = 0
        while True:
            # Mostly soon after the start, so that one import is killed many times; sometimes deep inside it.
            steps = randomness.randint(1, randomness.choice([8, 20, 60, 200, 800]))
            status = child(url, key, here, places, steps)
            if os.WIFSIGNALED(status):
                killed += 1
                in_a_row += 1
                continue
            if status:
                raise SystemExit(f"a run ended with {status}")
            break
        longest = max(longest, in_a_row)
        found = outcome(here, places)
        different += [f"round {rounds}: {name}" for name in expected if found[name] != expected[name]]
    print(json.dumps({"kills": killed, "rounds": rounds, "most": longest, "different": different}))  # noqa: T201 - its answer


if __name__ == "__main__":
    main(*sys.argv[1:7])

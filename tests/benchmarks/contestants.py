"""Those who read the shop: this plugin, its peers, and nobody in particular as fast as physics lets them."""

import asyncio
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

import attrs
import orjson

from tests.benchmarks.databases import MirrorPlace, server
from tests.benchmarks.environments import python_of
from tests.benchmarks.process import ROOT, Finished, Shop, run
from tests.benchmarks.shop import RESOURCES

STALL = ROOT / "thulium_plugin_prestashop" / "hosting" / "stall.py"
Ids = Mapping[str, set[int]]


@attrs.frozen
class Reading:
    """One reading of the shop and what it cost."""

    ids: Ids
    """Ids that were delivered, by resource."""
    work_seconds: float
    """The reading alone, without interpreter, imports and setting up."""
    stall_ms: float
    finished: Finished
    stall_p999_ms: float | None = None
    stopped: Mapping[str, str] = attrs.field(factory=dict)
    """Resources that were given up, and why."""


class Contestant(ABC):
    """One of them; ``again`` goes on from what the reading before left in the folder."""

    name: str

    @abstractmethod
    def read(self, shop: Shop, folder: Path, *, again: bool = False) -> Reading:
        """Read the three resources of the shop."""


class Plugin(Contestant):
    """``thulium-prestashop sync``: reads, stores, links, and writes customer cards."""

    name = "this plugin"

    def place(self, folder: Path, *, again: bool) -> MirrorPlace:
        """Where its mirror is; a new one unless ``again``."""
        del again
        return MirrorPlace(folder / "crm")

    def read(self, shop: Shop, folder: Path, *, again: bool = False) -> Reading:
        """One synchronisation into a sandbox CRM."""
        data = folder / "crm"
        if not again:
            shutil.rmtree(data, ignore_errors=True)
        place = self.place(folder, again=again)
        command = [
            sys.executable,
            "-m",
            "thulium_plugin_prestashop.cli",
            "sync",
            shop.url,
            "--data",
            str(data),
        ]
        command += ["--allow-private", "--json", "--allegro-field", "Allegro"]
        finished = run(command, environment={"PRESTASHOP_KEY": shop.key, **place.environment})
        if finished.status:
            raise RuntimeError(finished.err or finished.out.decode())
        told = orjson.loads(finished.out)
        return Reading(
            held(place), told["seconds"], told["longest_stall_ms"], finished, told["stall_p999_ms"]
        )


class PluginOnPostgresql(Plugin):
    """The same with its mirror in PostgreSQL, on the same machine."""

    name = "this plugin, PostgreSQL"

    def place(self, folder: Path, *, again: bool) -> MirrorPlace:
        """See :meth:`Plugin.place`."""
        told = folder / "address"
        if not again:
            running = server()
            told.write_text(running.address(asyncio.run(running.create())))
        return MirrorPlace(folder / "crm", told.read_text())


def held(place: MirrorPlace) -> dict[str, set[int]]:
    """Ids in the mirror, with those that the settings pass over (addresses of nobody)."""
    ids: dict[str, set[int]] = {}
    for resource in RESOURCES:
        kept = place.rows(f"SELECT id FROM prestashop_{resource}")  # noqa: S608 - one of three names
        passed = place.rows(f"SELECT id FROM prestashop_skipped WHERE resource = '{resource}'")  # noqa: S608 - as above
        ids[resource] = {int(str(row[0])) for row in (*kept, *passed)}
    return ids


@attrs.frozen
class Peer(Contestant):
    """A library that only pulls, driven as its documentation suggests, in an environment of its own."""

    name: str
    package: str
    page: int

    def read(self, shop: Shop, folder: Path, *, again: bool = False) -> Reading:
        """Pull; without ``again`` from the beginning."""
        state = folder / "since.json"
        task = {
            "url": shop.url.rstrip("/"),
            "key": shop.key,
            "page": self.page,
            "since": orjson.loads(state.read_bytes()) if again else None,
            "stall": str(STALL),
            "work": str(folder),
        }
        module = f"tests.benchmarks.pullers.pull_{self.package.replace('-', '_')}"
        finished = run([str(python_of(self.package)), "-m", module, orjson.dumps(task).decode()])
        if finished.status:
            raise RuntimeError(finished.err)
        told = orjson.loads(finished.out)
        state.write_bytes(orjson.dumps(told["state"]))
        ids = {resource: set(found) for resource, found in told["ids"].items()}
        return Reading(ids, told["seconds"], told["longest_stall_ms"], finished, stopped=told["stopped"])


class Physical(Contestant):
    """The answers that the plugin asked for last, read with two requests in flight and thrown away."""

    name = "physical limit"

    def read(self, shop: Shop, folder: Path, *, again: bool = False) -> Reading:
        """Ask for what the shop has just served."""
        del again
        targets = folder / "targets.json"
        targets.write_bytes(orjson.dumps([each["target"] for each in shop.ask("served")]))
        shop.ask("forget")
        command = [sys.executable, "-m", "tests.benchmarks.physical", shop.url, str(targets)]
        finished = run(command, environment={"PRESTASHOP_KEY": shop.key})
        if finished.status:
            raise RuntimeError(finished.err)
        told = orjson.loads(finished.out)
        return Reading({}, told["seconds"], told["longest_stall_ms"], finished)


PEERS = (
    Peer("dlt (page 100)", "dlt", 100),
    Peer("dlt (page 500)", "dlt", 500),
    Peer("prestapyt (page 100)", "prestapyt", 100),
    Peer("prestashop-python (page 100)", "prestashop-python", 100),
    Peer("Airbyte CDK (page 50)", "airbyte", 50),
)

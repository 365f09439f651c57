"""All contestants in turn on the same shop with the same rows."""

import statistics
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import attrs

from tests.benchmarks.contestants import PEERS, Contestant, Physical, Plugin, PluginOnPostgresql, Reading
from tests.benchmarks.environments import Unavailable
from tests.benchmarks.process import Shop, shop
from tests.benchmarks.shop import RESOURCES, Wanted
from thulium_plugin_prestashop.sandbox.shop import PROFILES

Tell = Callable[[str], None]


@attrs.frozen
class Scene:
    """A shop and how far away it is."""

    name: str
    wanted: Wanted


SCENES = (
    Scene("as slow as a real shop, 30 ms away", Wanted(pace=True, latency=0.030)),
    Scene("as fast as it can, 0 ms away", Wanted()),
    Scene("as fast as it can, 30 ms away", Wanted(latency=0.030)),
    Scene("as fast as it can, 150 ms away", Wanted(latency=0.150)),
)


@attrs.frozen
class Result:
    """One row of the table: medians over the repetitions."""

    scene: str
    contestant: str
    rows: int | None
    """Distinct rows delivered; ``None`` where nothing is kept."""
    of: int
    requests: int
    seconds: float
    """The process from start to end."""
    work_seconds: float
    cpu: float
    rss_mb: float
    stall_ms: float
    stall_p999_ms: float | None = None
    missing: int | None = None
    """Rows not delivered after two runs, of which the shop changed during the first."""
    versions: str = ""
    """How many PrestaShop versions were read whole."""
    note: str = ""


def compare(scenes: Iterable[Scene], peers: Sequence[str], repeat: int, tell: Tell) -> list[Result]:
    """Every contestant on every scene, in turn, ``repeat`` times."""
    results: list[Result] = []
    for scene in scenes:
        with shop(scene.wanted) as running, tempfile.TemporaryDirectory() as folder:
            truth = sum(len(ids) for ids in running.ask("truth").values())
            readings: dict[str, list[tuple[Reading, int]]] = {}
            for number in range(repeat):
                for contestant in contestants(peers):
                    tell(f"{scene.name}: {contestant.name}, {number + 1} of {repeat}")
                    own = Path(folder) / contestant.name.replace(" ", "-")
                    own.mkdir(exist_ok=True)
                    if not isinstance(contestant, Physical):
                        running.ask("forget")
                    try:
                        reading = contestant.read(running, own)
                    except Unavailable as error:
                        tell(f"left out: {contestant.name}: {error}")
                        continue
                    readings.setdefault(contestant.name, []).append((reading, len(running.ask("served"))))
            results += [_median(scene.name, name, truth, found) for name, found in readings.items()]
    return results


def contestants(peers: Sequence[str]) -> list[Contestant]:
    """The plugin, the limit of what it asked for, the plugin on PostgreSQL, and the peers that are wanted."""
    return [
        Plugin(),
        Physical(),
        PluginOnPostgresql(),
        *(peer for peer in PEERS if not peers or peer.package in peers),
    ]


def _median(scene: str, name: str, truth: int, found: Sequence[tuple[Reading, int]]) -> Result:
    last, requests = found[-1]

    def middle(value: Callable[[Reading], float]) -> float:
        return statistics.median(value(reading) for reading, _ in found)

    p999 = [reading.stall_p999_ms for reading, _ in found if reading.stall_p999_ms is not None]
    return Result(
        scene=scene,
        contestant=name,
        rows=sum(len(ids) for ids in last.ids.values()) if last.ids else None,
        of=truth,
        requests=requests,
        seconds=middle(lambda reading: reading.finished.seconds),
        work_seconds=middle(lambda reading: reading.work_seconds),
        cpu=middle(lambda reading: reading.finished.cpu),
        rss_mb=middle(lambda reading: reading.finished.rss_mb),
        stall_ms=middle(lambda reading: reading.stall_ms),
        stall_p999_ms=statistics.median(p999) if p999 else None,
        note="; ".join(f"{resource}: {why}" for resource, why in last.stopped.items()),
    )


def churn(peers: Sequence[str], tell: Tell) -> dict[str, int]:
    """Rows of the shop that were not delivered after two runs, by contestant. The shop changes during the first."""
    missing: dict[str, int] = {}
    for contestant in contestants(peers):
        if isinstance(contestant, Physical):
            continue
        tell(f"while the shop changes: {contestant.name}")
        with shop(Wanted(pace=True)) as running, tempfile.TemporaryDirectory() as folder:
            try:
                missing[contestant.name] = _churned(contestant, running, Path(folder))
            except Unavailable as error:
                tell(f"left out: {contestant.name}: {error}")
    return missing


def _churned(contestant: Contestant, running: Shop, folder: Path) -> int:
    running.ask("churn", on=True)
    first = contestant.read(running, folder)
    running.ask("churn", on=False)
    second = contestant.read(running, folder, again=True)
    truth = running.ask("truth")
    return sum(
        len(set(truth[resource]) - first.ids[resource] - second.ids[resource]) for resource in RESOURCES
    )


def versions(peers: Sequence[str], tell: Tell) -> dict[str, str]:
    """How many rows of each version's shop were delivered, and how many versions whole."""
    whole: dict[str, list[str]] = {}
    for version in PROFILES:
        with shop(Wanted(profile=version, customers=400, orders=1_200)) as running:
            truth = running.ask("truth")
            for contestant in contestants(peers):
                if isinstance(contestant, Physical):
                    continue
                tell(f"PrestaShop {version}: {contestant.name}")
                with tempfile.TemporaryDirectory() as folder:
                    try:
                        ids = contestant.read(running, Path(folder)).ids
                    except Unavailable:
                        continue
                lost = sum(len(set(truth[resource]) - ids[resource]) for resource in RESOURCES)
                whole.setdefault(contestant.name, []).append("" if not lost else f"{version}: {lost} lost")
    return {
        name: f"{found.count('')} of {len(found)}" + "".join(f", {each}" for each in found if each)
        for name, found in whole.items()
    }

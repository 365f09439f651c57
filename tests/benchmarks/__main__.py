"""``python -m tests.benchmarks``: everything about speed, measured on one machine in one go. See README.md."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import orjson

from tests.benchmarks import contest, growth, processes, report
from tests.benchmarks.environments import REQUIREMENTS
from tests.benchmarks.process import run, shop
from tests.benchmarks.shop import Wanted

PARTS = ("contest", "growth", "many", "processes")
SIZES = (10_000, 100_000)
LARGEST = 1_000_000


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all by default")
    parser.add_argument(
        "--peer", action="append", choices=list(REQUIREMENTS), help="only this peer; may be repeated"
    )
    parser.add_argument(
        "--no-peers",
        action="store_true",
        help="this plugin and the physical limit alone; nothing is installed",
    )
    parser.add_argument("--quick", action="store_true", help="the shop as slow as a real one only, once")
    parser.add_argument("--repeat", type=int, default=3, help="repetitions, of which medians are shown")
    parser.add_argument(
        "--million",
        action="store_true",
        help="grow up to 1,000,000 orders: ten minutes more and 3 GB of disk",
    )
    parser.add_argument("--shops", type=int, default=200, help="integrations of the part many")
    parser.add_argument(
        "--processes",
        type=int,
        nargs="+",
        default=processes.COUNTS,
        help="how many processes are measured, one after the other",
    )
    parser.add_argument("--integrations", type=int, default=1_000, help="integrations of the part processes")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--chart", type=Path, help="write the contest's chart to this SVG file")
    return parser


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _contest(arguments: argparse.Namespace) -> list[contest.Result]:
    peers: Sequence[str] = ("none",) if arguments.no_peers else arguments.peer or ()
    scenes = contest.SCENES[:1] if arguments.quick else contest.SCENES
    results = contest.compare(scenes, peers, 1 if arguments.quick else arguments.repeat, _tell)
    missing = contest.churn(peers, _tell)
    versions = contest.versions(peers, _tell)
    return [
        attrs.evolve(each, missing=missing.get(each.contestant), versions=versions.get(each.contestant, ""))
        for each in results
    ]


def _many(count: int) -> dict[str, Any]:
    _tell(f"{count} shops in one host")
    with (
        shop(Wanted(customers=30, orders=90, shops=count)) as running,
        tempfile.TemporaryDirectory() as folder,
    ):
        urls = orjson.dumps(list(running.urls)).decode()
        finished = run([sys.executable, "-m", "tests.benchmarks.many", urls, running.key, f"{folder}/crm"])
    if finished.status:
        raise RuntimeError(finished.err)
    return {**orjson.loads(finished.out), "cpu": finished.cpu, "rss_mb": finished.rss_mb}


def main() -> None:
    """Measure what is wanted and print it."""
    parser = _parser()
    arguments = parser.parse_args()
    parts = arguments.parts or PARTS
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    found: dict[str, Any] = {}
    texts: list[str] = []
    if "contest" in parts:
        results = _contest(arguments)
        found["contest"] = [attrs.asdict(each) for each in results]
        for scene in dict.fromkeys(each.scene for each in results):
            rows = [each for each in results if each.scene == scene]
            texts.append(f"## A shop {scene}\n\n{report.contest_table(rows)}")
        if arguments.chart:
            first = [each for each in results if each.scene == contest.SCENES[0].name]
            arguments.chart.write_text(report.chart(first), encoding="utf-8")
    if "growth" in parts:
        sizes = growth.grow((*SIZES, LARGEST) if arguments.million else SIZES, _tell)
        found["growth"] = [attrs.asdict(each) for each in sizes]
        texts.append(f"## As a shop grows\n\n{report.growth_table(sizes)}")
    if "many" in parts:
        found["many"] = _many(arguments.shops)
        texts.append(f"## {arguments.shops} shops in one host\n\n{report.many_table(found['many'])}")
    if "processes" in parts:
        measured = processes.measure(arguments.integrations, _tell, arguments.processes)
        found["processes"] = [attrs.asdict(each) for each in measured]
        title = f"{arguments.integrations:,} integrations in several processes"
        texts.append(f"## {title}\n\n{report.processes_table(measured)}")
    printed = orjson.dumps(found).decode() if arguments.json else "\n\n".join(texts)
    sys.stdout.write(printed + "\n")


if __name__ == "__main__":
    main()

"""Mutated bodies: real answers and made-up pages, cut, spliced, repeated and dirtied.

Run as a program to try many more than the test suite does::

    python -m tests.webservice.fuzzing 200000

and get one line of figures; the first body that breaks a promise is written to ``fuzz-failure.bin``.
"""

import random
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import attrs

from tests.recordings.recorded import VERSIONS, answers
from tests.webservice import rendering
from tests.webservice.fake_shop import NOTICE, made_rows
from thulium_plugin_prestashop.webservice import bodies
from thulium_plugin_prestashop.webservice.bodies import Document
from thulium_plugin_prestashop.webservice.resources import RESOURCES
from thulium_plugin_prestashop.webservice.structure import Structurer, UnreadableRowError

MOST_SECONDS: Final = 1.0
MOST_BYTES: Final = 50_000_000
_DIRT: Final = (
    *(
        b"]]>",
        b"<![CDATA[",
        b"\x0b",
        b"\x00",
        b"\xff",
        b"\xb3",
        b"\\",
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b"<",
        b">",
        b"&",
    ),
    *(
        b"</prestashop>",
        b"<prestashop>",
        b'{"orders":[',
        b'{"errors":[',
        b"</id>",
        b"<!DOCTYPE x [",
        b"&lol;",
        b"\\u",
    ),
    *(
        NOTICE.encode(),
        b"\xef\xbb\xbf",
        b"null",
        b"1e999",
        b"-0",
        b"9" * 400,
        b'"id":',
        b"\xed\xa0\x80",
        b"{" * 300,
    ),
)


@attrs.frozen
class Seed:
    """A body to start from, and the resource it answers for."""

    resource: str
    body: bytes


def seeds() -> list[Seed]:
    """Distinct recorded bodies of moderate size, and made-up pages of every version in both formats."""
    found = {
        (recorded.resource, recorded.body): Seed(recorded.resource, recorded.body)
        for version in VERSIONS
        for recorded in answers(version)
        if 0 < len(recorded.body) < 12_000 and recorded.resource in {*RESOURCES, ""}
    }
    made = [
        Seed(resource, render(resource, made_rows(3, resource), version).encode())
        for resource in RESOURCES
        for version in rendering.VERSIONS
        for render in (rendering.to_json, rendering.to_xml)
    ]
    return [*found.values(), *made]


def mutated(start: list[Seed], source: random.Random) -> Iterator[Seed]:
    """Endless mutations, the same for the same source."""
    while True:
        seed = source.choice(start)
        body = bytearray(seed.body)
        for _ in range(source.randint(1, 6)):
            if body:
                _mutate(body, start, source)
        yield Seed(seed.resource, bytes(body))


def _mutate(body: bytearray, start: list[Seed], source: random.Random) -> None:
    at, end = sorted((source.randrange(len(body) + 1), source.randrange(len(body) + 1)))
    match source.randrange(8):
        case 0:
            body[at:at] = source.choice(_DIRT)
        case 1:
            del body[at : min(end, at + 40)]
        case 2:
            del body[at:]
        case 3:
            body[at : at + 1] = bytes([source.randrange(256)])
        case 4:
            body[at:at] = body[at:end][:2000] * source.randint(1, 3)
        case 5:
            other = source.choice(start).body
            body[at:end] = other[: source.randrange(len(other) + 1)]
        case 6:
            body[at:at] = source.choice(_DIRT) * source.randint(1, 200)
        case _:
            del body[:at]


def read(seed: Seed, structurer: Structurer) -> tuple[Document, list[Any], int]:
    """A body read as the client does: the document, records of its rows, how many rows were set aside."""
    document = bodies.read(seed.body, seed.resource)
    records: list[Any] = []
    set_aside = 0
    resource = RESOURCES.get(seed.resource)
    if resource is None:
        return document, [], 0
    for row in document.rows:
        try:
            records.append(structurer.record(row, resource))
        except UnreadableRowError:
            set_aside += 1
    return document, records, set_aside


def main(count: int, number: int = 20261124) -> int:
    """Read ``count`` mutated bodies; 1 when a promise was broken."""
    structurer, outcomes = Structurer(), Counter[str]()
    slowest, largest = 0.0, 0
    stream = mutated(seeds(), random.Random(number))  # noqa: S311 - reproducible, not secret
    began = perf_counter()
    for index in range(count):
        seed = next(stream)
        watched = index % 50 == 0
        if watched:
            tracemalloc.start()
        started = perf_counter()
        try:
            document, records, set_aside = read(seed, structurer)
        except Exception:
            Path("fuzz-failure.bin").write_bytes(seed.body)
            raise
        took = perf_counter() - started
        if watched:
            largest = max(largest, tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        slowest = max(slowest, took)
        if took > MOST_SECONDS or largest > MOST_BYTES:
            Path("fuzz-failure.bin").write_bytes(seed.body)
            return 1
        outcomes[document.kind.value] += 1
        outcomes["records"] += len(records)
        outcomes["set aside"] += set_aside
        outcomes["errors of the webservice"] += bool(document.errors)
    figures = ", ".join(f"{name} {number}" for name, number in sorted(outcomes.items()))
    seconds = perf_counter() - began
    sys.stdout.write(
        f"{count} bodies in {seconds:.0f} s: {figures}; slowest {slowest * 1000:.0f} ms, "
        f"most memory {largest / 1e6:.1f} MB (every 50th measured)\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000))

"""Whatever a shop sends ends in records or a known error, soon and in little memory.

``python -m tests.webservice.fuzzing 200000`` tries many more.
"""

import gc
import random
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.webservice.fuzzing import MOST_BYTES, MOST_SECONDS, Seed, mutated, read, seeds
from thulium_plugin_prestashop.transport import Answer, RemoteError
from thulium_plugin_prestashop.webservice.address import ShopAddress
from thulium_plugin_prestashop.webservice.answers import judge
from thulium_plugin_prestashop.webservice.bodies import Kind
from thulium_plugin_prestashop.webservice.messages import KEYS
from thulium_plugin_prestashop.webservice.resources import RESOURCES
from thulium_plugin_prestashop.webservice.structure import Structurer, UnreadableRowError

ADDRESS = ShopAddress.parse("https://shop.test")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def check(seed: Seed, status: int, structurer: Structurer) -> None:
    started = process_time()
    document, records, set_aside = read(seed, structurer)
    answer = Answer(status, {"location": seed.body[:40].decode("latin-1")}, seed.body, 0.1)
    error = judge(answer, document, resource=seed.resource, address=ADDRESS, now=NOW)
    assert process_time() - started < MOST_SECONDS
    if error is None:
        assert document.kind in (Kind.ROWS, Kind.ROOT)
    else:
        assert isinstance(error, RemoteError)
        assert error.key in KEYS
    if seed.resource in RESOURCES:
        assert len(records) + set_aside == len(document.rows)


def test_mutated_bodies_end_in_records_or_a_known_error() -> None:
    structurer = Structurer()
    source = random.Random(7)  # noqa: S311 - reproducible, not secret
    stream = mutated(seeds(), source)
    for _ in range(20_000):
        check(
            next(stream), source.choice([200, 200, 200, 301, 400, 401, 403, 404, 429, 500, 503]), structurer
        )


STRUCTURER = Structurer()


@settings(max_examples=300)
@given(st.binary(max_size=300), st.sampled_from([*RESOURCES, ""]), st.integers(100, 599))
def test_any_bytes_with_any_status(body: bytes, resource: str, status: int) -> None:
    check(Seed(resource, body), status, STRUCTURER)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=10), inside, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300)
@given(st.sampled_from(sorted(RESOURCES)), st.data())
def test_any_value_in_any_field(resource: str, data: st.DataObject) -> None:
    fields = (*RESOURCES[resource].fields, "associations")
    row = data.draw(st.dictionaries(st.sampled_from(fields), JSON) | JSON)
    try:
        record = STRUCTURER.record(row, RESOURCES[resource])
    except UnreadableRowError:
        return
    assert record.id > 0


@pytest.fixture
def fresh_heap() -> Iterator[None]:
    """What the tests before have left is none of the collector's business: it would be counted as the reader's time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("fresh_heap")
def test_bodies_made_to_be_slow_are_not() -> None:
    """Shapes that make careless readers quadratic, recurse or swell, at two megabytes each."""
    many = 2_000_000
    shapes = [
        b"{" * many,
        b"[" * many,
        b'{"orders":[' + b"[" * many,
        b'{"orders":[{"id":' * (many // 17),
        b'{"orders":["' + b"\\" * many,
        b'x{"orders":[{"a":"' * (many // 18),
        b"<prestashop>" + b"<a><![CDATA[" * (many // 12) + b"</prestashop>",
        b"<prestashop>" + b"<a>" * (many // 3) + b"</prestashop>",
        b"<prestashop><a><![CDATA[" + b"]]>" * (many // 3) + b"]]></a></prestashop>",
        b"<prestashop>" + b"<a/>" * (many // 4) + b"</prestashop>",
        b"<prestashop " + b"a " * (many // 2) + b"</prestashop>",
        b"<prestashop><" + b"a<" * (many // 2) + b"</prestashop>",
        b"\x00" * many,
        b" " * many,
        b'{"orders":[{"id":' + b"9" * many + b"}]}",
    ]
    for body in shapes:
        started = process_time()
        read(Seed("orders", body), STRUCTURER)
        assert process_time() - started < MOST_SECONDS, body[:40]
    for body in shapes:
        tracemalloc.start()
        try:
            read(Seed("orders", body), STRUCTURER)
            assert tracemalloc.get_traced_memory()[1] < MOST_BYTES, body[:40]
        finally:
            tracemalloc.stop()

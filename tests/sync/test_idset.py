"""A set of ids is a set, however they lie."""

from hypothesis import given
from hypothesis import strategies as st

from thulium_plugin_prestashop.sync.idset import IdSet

IDS = st.integers(1, 20_000) | st.integers(1, 2**63 - 1)


@given(st.lists(st.lists(IDS)), st.integers(1, 50))
def test_holds_what_a_set_would(groups: list[list[int]], size: int) -> None:
    ids, expected = IdSet(), set[int]()
    for group in groups:
        ids.update([*group, 0])
        expected.update(group)
    batches = list(ids.batches(size))
    assert list(ids) == sorted(expected) == [row_id for batch in batches for row_id in batch]
    assert all(len(batch) == size for batch in batches[:-1])
    ids.clear()
    assert list(ids) == []

"""Millions of ids in little memory."""

from collections.abc import Iterable, Iterator
from typing import Final

import attrs

_BITS: Final = 4_096
"""Ids of one block: half a kilobyte."""


@attrs.define
class IdSet:
    """A set of positive ids as bits: ids given one after the other take a bit each, where a ``set`` takes 60 bytes."""

    _blocks: dict[int, bytearray] = attrs.field(factory=dict, init=False)

    def update(self, ids: Iterable[int]) -> None:
        """Add these; zeros, which stand for nobody, are left out."""
        blocks = self._blocks
        for row_id in ids:
            if row_id > 0:
                number, bit = divmod(row_id, _BITS)
                block = blocks.get(number)
                if block is None:
                    block = blocks[number] = bytearray(_BITS // 8)
                block[bit >> 3] |= 1 << (bit & 7)

    def __iter__(self) -> Iterator[int]:
        """All of them, ascending."""
        for number in sorted(self._blocks):
            for place, byte in enumerate(self._blocks[number]):
                if byte:
                    first = number * _BITS + place * 8
                    yield from (first + bit for bit in range(8) if byte >> bit & 1)

    def batches(self, size: int) -> Iterator[list[int]]:
        """All of them, ascending, in lists of at most ``size``."""
        batch: list[int] = []
        for row_id in self:
            batch.append(row_id)
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch

    def clear(self) -> None:
        """Take all out."""
        self._blocks.clear()

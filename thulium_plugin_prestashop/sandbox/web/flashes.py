"""Sentences kept for the next page a visitor sees, such as *Saved.*; in memory, because losing one harms nobody."""

import hashlib
from collections import OrderedDict

import attrs

_MOST_VISITORS = 500
_MOST_EACH = 5


@attrs.frozen
class Flash:
    """One sentence; ``kind`` is ``"ok"`` or the value of a severity."""

    kind: str
    text: str


@attrs.define
class Flashes:
    """Per visitor, the oldest visitors forgotten first."""

    _kept: OrderedDict[bytes, list[Flash]] = attrs.field(factory=OrderedDict)

    def add(self, visitor: str, flash: Flash) -> None:
        """Keep ``flash`` for a visitor, known by their cookie (of which only a digest is kept)."""
        key = _key(visitor)
        self._kept[key] = [*self._kept.get(key, []), flash][-_MOST_EACH:]
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST_VISITORS:
            self._kept.popitem(last=False)

    def waiting(self, visitor: str) -> bool:
        """Whether anything is kept for the visitor."""
        return _key(visitor) in self._kept

    def take(self, visitor: str) -> list[Flash]:
        """What was kept, and forget it."""
        return self._kept.pop(_key(visitor), [])


def _key(visitor: str) -> bytes:
    return hashlib.sha256(visitor.encode()).digest()

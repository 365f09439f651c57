"""Batches: how large, and what their answers say of each record.

Neither the largest batch nor the answer to ``POST`` and ``PUT batch/customers`` is documented. ``DELETE`` of the
same resource answers with a map from id to ``{http_status, message?}``. So several shapes are understood, and what
is not understood is *unclear*: the caller then looks whether the write happened, instead of assuming it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from thulium_plugin_prestashop.thulium.records import whole

Json = Any

_WRAPPERS = ("result", "results", "customers", "data")


@attrs.frozen
class Verdict:
    """What an answer says of one record: done (with the ``id``, if it says one), refused (``error``), or unclear."""

    done: bool = False
    id: int | None = None
    error: str | None = None

    @property
    def unclear(self) -> bool:
        """Whether nobody knows."""
        return not self.done and self.error is None


UNCLEAR = Verdict()
GONE = Verdict(error="404")
"""There is no such card any more."""


def read_created(answer: Json, count: int) -> list[Verdict]:
    """One verdict for each record of a ``POST``, in the order sent. A record is done only if its id is said."""
    verdicts = [_verdict(entry) for entry in _in_order(_unwrap(answer), count)]
    return [UNCLEAR if verdict.done and verdict.id is None else verdict for verdict in verdicts]


def read_changed(answer: Json, ids: Sequence[int]) -> list[Verdict]:
    """One verdict for each card of a ``PUT``."""
    body = _unwrap(answer)
    if isinstance(body, Mapping) and all(key.isdigit() for key in body):
        return [_verdict(body.get(str(number))) for number in ids]
    verdicts = [_verdict(entry) for entry in _in_order(body, len(ids))]
    # An answer about another card than the one asked about says nothing of this one.
    return [
        verdict if verdict.id in (None, number) else UNCLEAR
        for verdict, number in zip(verdicts, ids, strict=True)
    ]


def _unwrap(answer: Json) -> Json:
    if isinstance(answer, Mapping):
        for wrapper in _WRAPPERS:
            if isinstance(answer.get(wrapper), Mapping | list):
                return answer[wrapper]
    return answer


def _in_order(body: Json, count: int) -> list[Json]:
    if isinstance(body, Mapping) and {str(number) for number in range(count)} == set(body):
        return [body[str(number)] for number in range(count)]
    if isinstance(body, list) and len(body) == count:
        return body
    return [None] * count


def _verdict(entry: Json) -> Verdict:
    if (number := whole(entry)) is not None:
        return Verdict(done=True, id=number)
    if not isinstance(entry, Mapping):
        return UNCLEAR
    number = whole(entry.get("customer_id", entry.get("id")))
    status = whole(entry.get("http_status", entry.get("status")))
    words = _words(entry)
    if status is None:
        # Without a status, words without an id are a refusal, and an id is a success.
        status = 400 if words and number is None else 200 if number is not None else None
    if status is None or status < 200 or status >= 500:  # noqa: PLR2004 - neither success nor client error
        return UNCLEAR
    if status < 300:  # noqa: PLR2004 - the class of success (RFC 9110, 15.3)
        return Verdict(done=True, id=number)
    return Verdict(error=words or f"HTTP {status}", id=number)


def _words(entry: Mapping[str, Json]) -> str:
    errors = entry.get("errors")
    listed = errors if isinstance(errors, list) else []
    words = [str(error["message"]) for error in listed if isinstance(error, Mapping) and error.get("message")]
    return "; ".join([*words, str(entry["message"])] if entry.get("message") else words)


class BatchSize:
    """How many records to send at once: half after a batch was too much, a little more after one went well."""

    def __init__(self, size: int = 50, largest: int = 200) -> None:
        self.size = size
        self._largest = largest

    def went_well(self) -> None:
        """Grow by a quarter."""
        self.size = min(self._largest, self.size + max(1, self.size // 4))

    def refused(self, status: int) -> None:
        """A whole batch was refused: halve, or give batches up where there is no such resource."""
        if status in {404, 405, 501}:
            self._largest = 1
        self.too_much()
        self.size = min(self.size, self._largest)

    def too_much(self) -> None:
        """Halve, down to one record."""
        self.size = max(1, self.size // 2)

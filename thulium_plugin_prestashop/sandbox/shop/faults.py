"""Disturbances of real life, switched on and off at run time: slow, broken, lying, refusing shops."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import attrs

from thulium_plugin_prestashop.sandbox.shop.messages import Answer


@attrs.frozen
class Pace:
    """How long a real shop takes, in seconds, and how many requests it works on at once.

    The defaults were measured on two cores with PHP 8.2 and MariaDB: the associations are half the cost of an order.
    """

    request: float = 0.010
    order_full: float = 0.0008
    order: float = 0.0006
    """An order with chosen fields and its rows."""
    order_flat: float = 0.00024
    """An order with chosen fields and without rows."""
    record: float = 0.00017
    """A customer, an address or a row of the small tables."""
    bare: float = 0.000004
    """One id of a listing without ``display``."""
    workers: int = 2

    def seconds(self, answer: Answer) -> float:
        """Return the time the answer would have taken."""
        if answer.page is None or answer.resource is None:
            return self.request
        count = len(answer.page.idents)
        if answer.bare:
            return self.request + count * self.bare
        if answer.resource.name != "orders":
            return self.request + count * self.record
        if not answer.with_rows:
            return self.request + count * self.order_flat
        return self.request + count * (self.order_full if answer.full else self.order)


class Trouble(Enum):
    """What goes wrong."""

    LATENCY = "latency"
    """``seconds`` more before each answer."""
    EMPTY_500 = "empty 500"
    """A fatal error of PHP: status 500 and nothing else."""
    RESET = "reset"
    """The connection breaks in the middle of the body."""
    TRUNCATED = "truncated"
    """Status 200 and half a body."""
    EMPTY_LIST = "empty list"
    """A failing SQL query: ``200 []`` although there are rows."""
    TOO_MANY_REQUESTS = "429"
    """Status 429; ``seconds`` go into Retry-After."""
    UNAVAILABLE = "503"
    """Status 503 with a page of HTML, as from a proxy or a host under maintenance."""
    NOTICES = "notices"
    """PHP's notices are printed before the body."""
    BAD_ROW = "bad row"
    """Every answer that shows one of ``idents`` (more than its id) is an empty 500."""
    TOO_LARGE = "too large"
    """Answers of more than ``size`` records (more than their ids) end after ``seconds`` in a 504."""
    JSON_BROKEN = "JSON broken"
    """JSON answers are 200 with an empty body, as from 1.6.1.0-14 on PHP 7."""
    HEADER_STRIPPED = "header stripped"
    """The Authorization header never reaches PHP."""
    NO_REWRITING = "no rewriting"
    """``/api`` is a page of HTML with status 404; only ``webservice/dispatcher.php`` answers."""


def _frozen(idents: Iterable[int]) -> frozenset[int]:
    return frozenset(idents)


@attrs.frozen
class Fault:
    """One disturbance and whom it meets.

    ``resource`` limits it to one resource; the first ``after`` matching requests are spared, then every ``every``-th
    is hit, ``times`` in all (None: until it is removed).
    """

    trouble: Trouble
    resource: str | None = None
    times: int | None = None
    after: int = 0
    every: int = 1
    seconds: float = 0.0
    size: int = 0
    idents: frozenset[int] = attrs.field(default=(), converter=_frozen)


@attrs.define
class _Running:
    fault: Fault
    seen: int = 0
    hit: int = 0


class Faults:
    """The disturbances in force."""

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        """Begin with some, or none."""
        self._running = [_Running(fault) for fault in faults]

    def add(self, fault: Fault) -> Fault:
        """Switch one on, and return it for ``remove``."""
        self._running.append(_Running(fault))
        return fault

    def remove(self, fault: Fault) -> None:
        """Switch one off."""
        self._running = [each for each in self._running if each.fault is not fault]

    def clear(self) -> None:
        """Switch all off."""
        self._running = []

    def hit(self, trouble: Trouble, resource: str | None) -> Fault | None:
        """Tell whether a request meets that trouble, and count it."""
        for running in self._running:
            if self._matches(running, trouble, resource) and self._count(running):
                return running.fault
        return None

    def hit_answer(self, trouble: Trouble, answer: Answer) -> Fault | None:
        """Tell whether an answer meets trouble that depends on the records it shows."""
        if answer.page is None or answer.resource is None or answer.bare:
            return None
        for running in self._running:
            fault = running.fault
            meets = (
                bool(fault.idents.intersection(answer.page.idents))
                if trouble is Trouble.BAD_ROW
                else len(answer.page.idents) > fault.size
            )
            if self._matches(running, trouble, answer.resource.name) and meets and self._count(running):
                return fault
        return None

    @staticmethod
    def _matches(running: _Running, trouble: Trouble, resource: str | None) -> bool:
        fault = running.fault
        return fault.trouble is trouble and fault.resource in (None, resource)

    @staticmethod
    def _count(running: _Running) -> bool:
        fault = running.fault
        running.seen += 1
        if running.seen <= fault.after or (running.seen - fault.after - 1) % fault.every:
            return False
        if fault.times is not None and running.hit >= fault.times:
            return False
        running.hit += 1
        return True

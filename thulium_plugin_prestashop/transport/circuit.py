"""A breaker per remote system: after repeated failure nobody asks for a while."""

from collections.abc import Callable
from time import monotonic

from thulium_plugin_prestashop.transport.errors import TimeWillTell


class Circuit:
    """Opens after ``threshold`` failures in a row, for ``first_pause`` seconds, doubling up to ``longest_pause``.

    While it is open :meth:`check` raises ``circuit.open`` with the seconds left in ``retry_after``. When the pause
    is over one request goes through; its failure opens the circuit again for longer, its success closes it.
    """

    def __init__(
        self,
        *,
        threshold: int = 5,
        first_pause: float = 60.0,
        longest_pause: float = 900.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._threshold = threshold
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._clock = clock
        self._failures = 0
        self._pause = first_pause
        self._open_until: float | None = None
        self._trial = False

    @property
    def is_open(self) -> bool:
        """Whether a request would be refused now."""
        return self.opens_in > 0

    @property
    def opens_in(self) -> float:
        """Seconds until the next request is let through; 0 when it would be now."""
        return 0.0 if self._open_until is None else max(0.0, self._open_until - self._clock())

    def check(self) -> None:
        """Raise :class:`TimeWillTell` while the circuit is open."""
        left = self.opens_in
        if left > 0:
            raise TimeWillTell("circuit.open", retry_after=left, seconds=round(left))
        if self._open_until is not None:
            # The one trial request: the next one waits for its outcome, at most for another pause.
            self._trial = True
            self._open_until = self._clock() + self._pause

    def succeeded(self) -> None:
        """The remote system answered: close."""
        self._failures = 0
        self._pause = self._first_pause
        self._open_until = None
        self._trial = False

    def failed(self) -> None:
        """One more failure; may open the circuit."""
        self._failures += 1
        if self._trial:
            self._trial = False
            self._pause = min(self._pause * 2, self._longest_pause)
            self._open_until = self._clock() + self._pause
        elif self._open_until is None and self._failures >= self._threshold:
            self._open_until = self._clock() + self._pause

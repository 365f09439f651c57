"""Asking again: jittered exponential backoff with a cap, and the server's own word over ours."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import attrs
import stamina

from thulium_plugin_prestashop.transport.errors import TimeWillTell

T = TypeVar("T")


@attrs.frozen
class RetryPolicy:
    """How often and how long one question is asked again.

    ``attempts`` counts the first one too. Waits grow from ``first_wait`` by doubling up to ``longest_wait``
    seconds, each with up to ``jitter`` seconds on top. ``patience`` is the longest wait that a server may ask
    for (``Retry-After``) before the question is given back to the caller, who may come again in another run.
    """

    attempts: int = 4
    first_wait: float = 0.5
    longest_wait: float = 8.0
    jitter: float = 0.5
    budget: float = 60.0
    patience: float = 30.0

    async def run(self, ask: Callable[[], Awaitable[T]], *, retryable: Callable[[TimeWillTell], bool]) -> T:
        """Call ``ask`` until it succeeds, fails for good, or attempts or budget are used up.

        Raises whatever ``ask`` raised last. Only :class:`TimeWillTell` that ``retryable`` accepts is repeated,
        and none whose ``retry_after`` exceeds ``patience``.
        """

        def again(error: Exception) -> bool:
            if not isinstance(error, TimeWillTell) or not retryable(error):
                return False
            return error.retry_after is None or error.retry_after <= self.patience

        async for attempt in stamina.retry_context(
            on=again,
            attempts=self.attempts,
            timeout=self.budget,
            wait_initial=self.first_wait,
            wait_max=self.longest_wait,
            wait_jitter=self.jitter,
        ):
            with attempt:
                return await ask()
        raise AssertionError("unreachable: stamina raises the last error")


def parse_retry_after(value: str, now: datetime) -> float | None:
    """Seconds to wait by a ``Retry-After`` header, given as seconds or as an HTTP date (RFC 9110, 10.2.3).

    ``now`` is aware. Answers ``None`` for an empty or unreadable header, never a negative number.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), 86_400))
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, min((moment - now).total_seconds(), 86_400.0))

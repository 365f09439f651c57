"""Background tasks that belong to a host."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

log = logging.getLogger(__name__)

PATIENCE = 5.0
TRIES = 3


class TaskSpawner:
    """Starts named tasks, logs what fails, and cancels all of them at the end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def tasks(self) -> frozenset[asyncio.Task[Any]]:
        """Those that have not ended."""
        return frozenset(self._tasks)

    def spawn(self, name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run ``work`` in the background. Raises ``RuntimeError`` once the host is stopping."""
        if self._closed:
            work.close()
            raise RuntimeError(f"{name}: the host is stopping")
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def aclose(self) -> None:
        """Cancel what still runs and wait until it has ended."""
        self._closed = True
        await cancel_and_wait(*self._tasks)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background task %s failed", task.get_name(), exc_info=error)


async def cancel_and_wait(*tasks: asyncio.Task[Any], patience: float = PATIENCE, tries: int = TRIES) -> None:
    """Cancel ``tasks`` and return when all have ended, whatever they ended with.

    A task that swallows its cancellation is cancelled again every ``patience`` seconds, and given up after ``tries``:
    a host that cannot stop is worse than a task that is left.
    """
    pending = set(tasks)
    for _ in range(tries):
        for task in pending:
            task.cancel()
        if pending:
            _, pending = await asyncio.wait(pending, timeout=patience)
    for task in pending:
        log.error("task %s does not let itself be cancelled", task.get_name())

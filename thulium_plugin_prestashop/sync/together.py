"""Steps side by side, whose first failure is raised as itself."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def together(*steps: Coroutine[Any, Any, None]) -> None:
    """Run all steps at once and wait for all of them. When one fails the others are cancelled, and its own error is
    raised, not a group of one.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None

"""Work that would hold the event loop, done in a thread that does not stay."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def run_in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call ``function`` in a thread of its own, which ends with it.

    :func:`asyncio.to_thread` would leave a thread in the loop's pool, and a host that has stopped leaves none.
    """
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="thulium-host")
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, partial(function, *args, **kwargs))
    finally:
        pool.shutdown(wait=False)

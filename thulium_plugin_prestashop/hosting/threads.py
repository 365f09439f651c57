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
    work = asyncio.get_running_loop().run_in_executor(pool, partial(function, *args, **kwargs))
    try:
        return await work
    finally:
        # When the work is done, the thread ends within microseconds; when it was cancelled, nobody waits for it.
        pool.shutdown(wait=work.done() and not work.cancelled())

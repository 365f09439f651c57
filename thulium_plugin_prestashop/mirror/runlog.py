"""The log of runs: one row per run, written when it starts and when it ends, kept for 90 days."""

import secrets
from collections.abc import Mapping
from typing import Final

import attrs
import orjson
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.mirror.tables import orders, runs

KEPT_SECONDS: Final = 90 * 86_400
"""How long runs, and orders that vanished from the shop, are kept."""


@attrs.frozen
class Run:
    """One run; times in UTC epoch seconds. ``outcome``: running, ok, failed, cancelled, interrupted."""

    id: str
    started: int
    finished: int | None
    mode: str
    trigger: str
    outcome: str
    error: str
    message: LocalizedText
    figures: Mapping[str, int | float | str]


def new_run_id(started: float) -> str:
    """Sorts by start; random enough for two runs of one millisecond."""
    return f"{int(started * 1000):012x}{secrets.token_hex(4)}"


async def begin_run(connection: AsyncConnection, integration: str, run: Run) -> None:
    """Write that a run has started. One that never ended (the process was killed) is closed as interrupted, and
    what is older than 90 days goes.
    """
    of_integration = runs.c.integration == integration
    await connection.execute(
        update(runs)
        .where(of_integration, runs.c.outcome == "running")
        .values(outcome="interrupted", finished=run.started)
    )
    horizon = run.started - KEPT_SECONDS
    await connection.execute(delete(runs).where(of_integration, runs.c.started < horizon))
    await connection.execute(
        insert(runs).values(
            integration=integration,
            id=run.id,
            started=run.started,
            finished=None,
            mode=run.mode,
            trigger=run.trigger,
            outcome="running",
        )
    )


async def end_run(connection: AsyncConnection, integration: str, run: Run) -> None:
    """Write how a run ended."""
    await connection.execute(
        update(runs)
        .where(runs.c.integration == integration, runs.c.id == run.id)
        .values(
            finished=run.finished,
            mode=run.mode,
            outcome=run.outcome,
            error=run.error,
            message=orjson.dumps({"en": run.message.en, "pl": run.message.pl}).decode(),
            figures=orjson.dumps(dict(run.figures)).decode(),
        )
    )


async def list_runs(connection: AsyncConnection, integration: str, limit: int = 50) -> list[Run]:
    """The newest runs, newest first."""
    answer = await connection.execute(
        select(runs).where(runs.c.integration == integration).order_by(runs.c.id.desc()).limit(limit)
    )
    return [
        Run(
            id=row["id"],
            started=row["started"],
            finished=row["finished"],
            mode=row["mode"],
            trigger=row["trigger"],
            outcome=row["outcome"],
            error=row["error"],
            message=LocalizedText(**orjson.loads(row["message"] or b'{"en": "", "pl": ""}')),
            figures=orjson.loads(row["figures"] or b"{}"),
        )
        for row in answer.mappings()
    ]


async def purge_removed_orders(connection: AsyncConnection, integration: str, now: int) -> int:
    """Delete orders that vanished from the shop more than 90 days ago; how many."""
    done = await connection.execute(
        delete(orders).where(orders.c.integration == integration, orders.c.removed_at < now - KEPT_SECONDS)
    )
    return int(done.rowcount)

"""What the bridge says of itself: one snapshot for the JSON, the page and the metrics."""

from datetime import UTC, datetime

import attrs

from thulium_plugin_prestashop.contract.problems import Severity
from thulium_plugin_prestashop.thulium.bridge import Bridge


@attrs.frozen
class ShopState:
    """One shop."""

    id: str
    name: str
    state: str
    """``waiting``, ``queued``, ``running``, ``cancelling``, ``stopped``; ``not connected`` when it never started."""
    last_run: str | None
    last_ok: bool | None
    message: str
    next_run: str | None
    progress: str


@attrs.frozen
class ProblemState:
    """One problem."""

    owner: str
    key: str
    severity: str
    since: str
    message: str
    what_to_do: str


@attrs.frozen
class BridgeState:
    """All of it. ``ok``: no problem of severity error."""

    ok: bool
    thulium: str
    started: str
    now: str
    shops: tuple[ShopState, ...]
    problems: tuple[ProblemState, ...]
    cards_created: int
    cards_changed: int
    records_refused: int
    rows_written: int
    customers_waiting: int
    """Whose orders are still to be copied."""
    api_requests: int
    api_writes: int


async def snapshot(bridge: Bridge, started: datetime, locale: str) -> BridgeState:
    """The bridge now, in one language."""
    problems = tuple(
        ProblemState(
            owner=raised.problem.integration,
            key=raised.problem.key,
            severity=raised.problem.severity.value,
            since=_moment(raised.since) or "",
            message=raised.problem.message.for_locale(locale),
            what_to_do=raised.problem.what_to_do.for_locale(locale),
        )
        for raised in bridge.problems.list()
    )
    return BridgeState(
        ok=all(problem.severity != Severity.ERROR.value for problem in problems),
        thulium=bridge.api.host,
        started=_moment(started) or "",
        now=_moment(bridge.clock.now()) or "",
        shops=tuple(_shop(bridge, shop.id, shop.name, locale) for shop in bridge.settings.shops),
        problems=problems,
        cards_created=bridge.customers.created,
        cards_changed=bridge.customers.changed,
        records_refused=bridge.customers.rejected,
        rows_written=bridge.rows_written,
        customers_waiting=await bridge.ledger.queue_length(),
        api_requests=bridge.api.requests,
        api_writes=bridge.api.writes,
    )


def _shop(bridge: Bridge, shop: str, name: str, locale: str) -> ShopState:
    jobs = bridge.host.scheduler.jobs(shop)
    if not jobs:
        return ShopState(shop, name, "not connected", None, None, "", None, "")
    job = jobs[0].snapshot()
    progress = job.progress if job.busy else None
    last = job.last
    return ShopState(
        id=shop,
        name=name,
        state=job.state.value,
        last_run=_moment(last.finished) if last else None,
        last_ok=last.ok if last else None,
        message=last.result.message.for_locale(locale) if last and last.result else "",
        next_run=_moment(job.next_due),
        progress=f"{progress.title.for_locale(locale)} {progress.done}/{progress.total or '?'}"
        if progress
        else "",
    )


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else None

"""Several processes on one PostgreSQL: a thousand integrations, and who does the runs.

First all are imported by four processes. Then, for 1, 2, 4 and 8 processes, two things are measured. *All at once*: every
integration is due at the same moment; how many ticks a minute they do. *At their pace*: integrations become due evenly
over time, six times as often as in life; how late they begin. Jitter is off, so all processes wake at the very moment
something is due, which is the worst for the database.
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from statistics import median
from time import monotonic
from typing import Any, Final

import attrs

from tests import postgresql
from tests.benchmarks.process import Shop, shop
from tests.benchmarks.shop import Wanted
from tests.cluster.processes import Company, Held, Process, in_two_places

COUNTS: Final = (1, 2, 4, 8)
IMPORTERS: Final = 4
SHOPS: Final = 100
EVERY: Final = 300.0
"""Seconds between two runs of one integration, instead of 1,800."""
WATCHED: Final = 60.0
"""Seconds for which integrations become due at their pace."""
LEASE: Final = 30.0
LONGEST: Final = 600.0
_LOAD: Final = """
SELECT xact_commit + xact_rollback AS transactions, active_time, tup_returned + tup_fetched AS rows
FROM pg_stat_database WHERE datname = current_database()
"""


@attrs.frozen
class Load:
    """What the database did in a while."""

    transactions: float
    """A second."""
    busy: float
    """Statements under way on average."""
    connections: int


@attrs.frozen
class Measured:
    """One number of processes."""

    processes: int
    integrations: int
    ticks_a_minute: float
    """With everything due at once."""
    shares: list[int]
    """How many of these ticks each process did."""
    at_once_load: Load
    ticks: int
    """Begun at their pace."""
    late_ms: float
    late_p99_ms: float
    latest_ms: float
    pace_load: Load
    in_two_places: int
    strangers: int
    """Requests at a shop by a process that had none of its integrations."""
    most_at_a_shop: int
    """Requests in flight at one shop, over all processes."""
    starved: int
    """Integrations that were due and had no run."""


def measure(integrations: int, tell: Callable[[str], None], counts: Sequence[int] = COUNTS) -> list[Measured]:
    """All of it; some minutes."""
    with ExitStack() as stack:
        running = stack.enter_context(shop(Wanted(customers=8, orders=16, shops=min(SHOPS, integrations))))
        server = stack.enter_context(postgresql.running())
        return asyncio.run(_measure(server, running, integrations, tell, counts))


async def _measure(
    server: postgresql.Server,
    running: Shop,
    integrations: int,
    tell: Callable[[str], None],
    counts: Sequence[int],
) -> list[Measured]:
    addresses = {
        f"integration-{number:04}": running.urls[number % len(running.urls)] for number in range(integrations)
    }
    async with Company.opened(server, addresses, running.key) as company:
        seconds = await _import(company, IMPORTERS)
        tell(f"{integrations} first imports by {IMPORTERS} processes: {seconds:.0f} s")
        found = []
        for count in counts:
            found.append(await _with(company, running, addresses, count))
            tell(str(found[-1]))
    return found


async def _start(company: Company, count: int, every: float) -> list[Process]:
    first = len(company.started)
    return list(
        await asyncio.gather(
            *(
                company.start(f"process-{first + number}", every=every, jitter=0.0, lease=LEASE, listen=2.0)
                for number in range(count)
            )
        )
    )


async def _stop(processes: Sequence[Process]) -> None:
    await asyncio.gather(*(process.leave() for process in processes))


async def _runs(company: Company) -> int:
    """Integrations that have ended a run since the audit was emptied."""
    rows = await company.ask("SELECT count(DISTINCT integration) AS done FROM audit WHERE holder = ''")
    return int(rows[0]["done"])


async def _until_done(company: Company, wanted: int) -> float:
    started = monotonic()
    while await _runs(company) < wanted and monotonic() - started < LONGEST:  # noqa: ASYNC110 - other processes' work
        await asyncio.sleep(0.5)
    return monotonic() - started


async def _import(company: Company, count: int) -> float:
    processes = await _start(company, count, 5.0)
    seconds = await _until_done(company, len(company.place.shops))
    await _stop(processes)
    return seconds


async def _with(company: Company, running: Shop, addresses: Mapping[str, str], count: int) -> Measured:
    processes = await _start_all_due(company, count, 0.0)
    running.ask("forget")
    before = await _statistics(company)
    seconds = await _until_done(company, len(addresses))
    at_once = await _load(company, before)
    await _stop(processes)
    held = await company.held()
    visits = running.ask("visits")
    done = [each for each in held if each.end is not None]
    shares = Counter(each.pid for each in held)
    first = min(each.begin for each in held)
    last = max(each.end for each in done if each.end is not None)
    starved = len(addresses) - len({each.integration for each in done})
    measured = Measured(
        processes=count,
        integrations=len(addresses),
        ticks_a_minute=len(done) / max(last - first, min(seconds, 1.0)) * 60,
        shares=sorted(shares.values()),
        at_once_load=at_once,
        ticks=0,
        late_ms=0.0,
        late_p99_ms=0.0,
        latest_ms=0.0,
        pace_load=at_once,
        in_two_places=len(in_two_places(held)),
        strangers=_strangers(held, visits, addresses, processes),
        most_at_a_shop=_most_at_once(visits),
        starved=starved,
    )
    return await _at_their_pace(company, running, addresses, count, measured)


async def _at_their_pace(
    company: Company, running: Shop, addresses: Mapping[str, str], count: int, measured: Measured
) -> Measured:
    processes = await _start_all_due(company, count, EVERY)
    running.ask("forget")
    before = await _statistics(company)
    await asyncio.sleep(WATCHED)
    load = await _load(company, before)
    overdue = await company.ask(
        "SELECT 1 FROM prestashop_claims WHERE due_at < extract(epoch from clock_timestamp()) - 30 AND holder = ''"
    )
    await _stop(processes)
    held = await company.held()
    visits = running.ask("visits")
    late = sorted((each.begin - each.due) * 1000 for each in held if each.due is not None)
    return attrs.evolve(
        measured,
        ticks=len(held),
        late_ms=median(late),
        late_p99_ms=late[min(int(len(late) * 0.99), len(late) - 1)],
        latest_ms=late[-1],
        pace_load=load,
        in_two_places=measured.in_two_places + len(in_two_places(held)),
        strangers=measured.strangers + _strangers(held, visits, addresses, processes),
        most_at_a_shop=max(measured.most_at_a_shop, _most_at_once(visits)),
        starved=measured.starved + len(overdue),
    )


async def _start_all_due(company: Company, count: int, spread: float) -> list[Process]:
    """Start processes while nothing is due, then let all be due from now on, evenly over ``spread`` seconds."""
    await company.ask("UPDATE prestashop_claims SET due_at = extract(epoch from clock_timestamp()) + 100000")
    await company.ask("TRUNCATE audit")
    names = list(company.place.shops)
    random.Random(8).shuffle(names)  # noqa: S311 - an order, not a secret
    warm_up = 10.0 + 2.5 * count
    for start in range(0, len(names), 10):
        some = names[start : start + 10]
        delay = warm_up + spread * start / len(names)
        listed = ", ".join(f"'{name}'" for name in some)
        await company.ask(
            f"UPDATE prestashop_claims SET due_at = extract(epoch from clock_timestamp()) + {delay}"  # noqa: S608 - own names
            f" WHERE integration IN ({listed})"
        )
    started = monotonic()
    processes = await _start(company, count, EVERY)
    await asyncio.sleep(max(0.0, warm_up - (monotonic() - started)))
    return processes


async def _statistics(company: Company) -> tuple[float, Mapping[str, Any]]:
    (row,) = await company.ask(_LOAD)
    return monotonic(), row


async def _load(company: Company, before: tuple[float, Mapping[str, Any]]) -> Load:
    then, old = before
    now, new = await _statistics(company)
    (backends,) = await company.ask(
        "SELECT count(*) AS held FROM pg_stat_activity WHERE application_name = 'thulium-prestashop'"
    )
    return Load(
        transactions=(new["transactions"] - old["transactions"]) / (now - then),
        busy=(new["active_time"] - old["active_time"]) / 1000 / (now - then),
        connections=backends["held"],
    )


def _strangers(
    held: Sequence[Held],
    visits: Sequence[Sequence[Any]],
    addresses: Mapping[str, str],
    processes: Sequence[Process],
) -> int:
    times: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    names = {process.pid: process.worker.name for process in processes}
    for each in held:
        span = (each.begin, float("inf") if each.end is None else each.end)
        times[addresses[each.integration], names[each.pid]].append(span)
    return sum(
        not any(begin <= at <= end for begin, end in times[url, agent]) for url, agent, at, _ in visits
    )


def _most_at_once(visits: Sequence[Sequence[Any]]) -> int:
    """The most requests in flight at one shop."""
    moments: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for url, _, at, seconds in visits:
        moments[url] += [(at, 1), (at + seconds, -1)]
    most = 0
    for each in moments.values():
        now = 0
        # At the same moment one ends before another begins.
        for _, change in sorted(each):
            now += change
            most = max(most, now)
    return most

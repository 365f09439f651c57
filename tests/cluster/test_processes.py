"""Real processes on a real PostgreSQL that are killed, stopped and cut off while shops change."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from time import time
from typing import Any

import pytest

from tests.cluster.company import id_field
from tests.cluster.processes import Company, Held, Process, in_two_places, until
from tests.postgresql import Server
from tests.sync.bench import Bench, Crm
from thulium_plugin_prestashop.mirror.engine import open_database
from thulium_plugin_prestashop.sandbox.shop import DemoShop, Fault, Trouble
from thulium_plugin_prestashop.transport.egress import EgressPolicy
from thulium_plugin_prestashop.transport.http import HttpClient

LEASE = 3.0
LATE = 3.0
"""Seconds that a busy machine may add."""
COMPARED = {
    "customers": "id, email, firstname, lastname, date_upd, checksum",
    "addresses": "id, id_customer, city, date_upd, checksum",
    "orders": "id, reference, id_customer, payment, date_upd, checksum",
}
ROW: dict[str, str | int | float | None] = {
    "product_id": 1,
    "product_quantity": 1,
    "product_name": "Kubek",
    "unit_price_tax_incl": "12.30",
}


@pytest.fixture
async def shops() -> AsyncIterator[dict[str, DemoShop]]:
    """Three shops that answer slowly enough to be found in the middle of a run."""
    async with AsyncExitStack() as stack:
        yield {
            f"shop-{number}": await stack.enter_async_context(
                DemoShop(
                    customers=20,
                    orders=40,
                    seed=number,
                    faults=[Fault(Trouble.LATENCY, seconds=0.03)],
                )
            )
            for number in (1, 2, 3)
        }


@pytest.fixture
async def company(postgresql_server: Server, shops: dict[str, DemoShop]) -> AsyncIterator[Company]:
    addresses = {integration: shop.url for integration, shop in shops.items()}
    key = next(iter(shops.values())).key
    async with Company.opened(postgresql_server, addresses, key) as opened:
        yield opened


def disturb(shop: DemoShop, choice: random.Random, number: int) -> None:
    """Something changes in the shop."""
    if choice.random() < 0.3:
        customer = shop.insert_customer(email=f"new{number}.{shop.url[-6:-1]}@example.com", id_shop=1)
        address = shop.insert_address(customer, city="Sopot")
        shop.insert_order([ROW], id_customer=customer, id_shop=1, id_address_delivery=address)
        return
    resource = choice.choice(["orders", "customers", "addresses"])
    row = choice.choice(shop.all_rows(resource))
    column = {"orders": "payment", "customers": "firstname", "addresses": "city"}[resource]
    shop.touch(resource, int(row["id"] or 0), **{column: f"Zmiana {number}"})


async def undisturbed(shops: dict[str, DemoShop], folder: Path) -> tuple[dict[str, list[Any]], Crm]:
    """What one process alone makes of the shops as they are now, in a file; and its customers."""
    mirror = await open_database(folder / "undisturbed.db")
    try:
        async with HttpClient(EgressPolicy(allow_private=True)) as http:
            bench = Bench(folder, mirror, http)
            for integration, shop in shops.items():
                assert (await bench.run(shop, integration)).ok
            rows = {
                table: [
                    tuple(row)
                    for row in await bench.rows(
                        f"SELECT integration, {columns} FROM prestashop_{table} ORDER BY integration, id"  # noqa: S608 - constants
                    )
                ]
                for table, columns in COMPARED.items()
            }
    finally:
        await mirror.close()
    return rows, bench.crm


async def mirrored(company: Company) -> dict[str, list[Any]]:
    return {
        table: [
            tuple(row)
            for row in await company.ask(
                f"SELECT integration, {columns} FROM prestashop_{table} ORDER BY integration, id"  # noqa: S608 - constants
            )
        ]
        for table, columns in COMPARED.items()
    }


def takeovers(held: Sequence[Held], gone: Sequence[tuple[int, float]]) -> list[float]:
    """For each run that a process had when it was killed or stopped: seconds until another one began it again."""
    return [
        min(each.begin for each in held if each.integration == lost.integration and each.fence > lost.fence)
        - moment
        for pid, moment in gone
        for lost in held
        if lost.pid == pid and lost.begin <= moment and (lost.end is None or lost.end > moment)
    ]


def strangers(company: Company, shops: dict[str, DemoShop], held: Sequence[Held]) -> list[str]:
    """Requests at a shop by a process that did not have its run at that moment."""
    pids = {process.worker.name: process.pid for process in company.started}
    return [
        f"{integration}: {served.agent} at {served.at:.3f}"
        for integration, shop in shops.items()
        for served in shop.served
        if served.agent in pids
        and not any(
            each.integration == integration
            and each.pid == pids[served.agent]
            and each.begin <= served.at
            and (each.end is None or served.at <= each.end)
            for each in held
        )
    ]


async def test_nothing_is_lost_or_doubled_whatever_happens_to_the_processes(
    company: Company,
    shops: dict[str, DemoShop],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    choice = random.Random(8)  # noqa: S311 - a test's seed
    running = list(await asyncio.gather(*(company.start(f"process-{number}") for number in range(3))))
    stopped: list[asyncio.Task[None]] = []
    number, done = 0, dict.fromkeys(("kill", "stop", "cut"), 0)
    gone: list[tuple[int, float]] = []

    asleep: set[Process] = set()

    async def stop(process: Process) -> None:
        asleep.add(process)
        process.signal(signal.SIGSTOP)
        await asyncio.sleep(LEASE + 1.0)
        process.signal(signal.SIGCONT)
        asleep.remove(process)

    for what in choice.sample(["kill", "stop", "cut"] * 2, 6):
        for shop in shops.values():
            disturb(shop, choice, number := number + 1)
        await asyncio.sleep(choice.uniform(0.2, 1.2))
        # Preferably somebody who is at work.
        busy = {await company.holder(integration) for integration in shops}
        free = [each for each in running if each not in asleep] or running
        victim = next((each for each in free if each.pid in busy), choice.choice(free))
        done[what] += 1
        match what:
            case "kill":
                gone.append((victim.pid, time()))
                running.remove(victim)
                await victim.kill()
                running.append(await company.start(f"process-{len(company.started)}", ready=False))
            case "stop":
                gone.append((victim.pid, time()))
                stopped.append(asyncio.create_task(stop(victim)))
            case "cut":
                await company.cut()
    await asyncio.gather(*stopped)
    quiet = int(time()) + 1

    async def settled() -> bool:
        ok = [await company.runs(integration, since=quiet) for integration in shops]
        return all(outcomes.count("ok") >= 2 for outcomes in ok)

    await until(settled, 60, "two quiet runs of each shop", company.state)
    await asyncio.gather(*(process.leave() for process in running))

    expected, crm = await undisturbed(shops, tmp_path)
    assert await mirrored(company) == expected
    numbers = [
        (name, value)
        for card in company.crm.cards.values()
        for name, value in card.custom_fields.items()
        if name in map(id_field, shops)
    ]
    assert len(numbers) == len(set(numbers)), "no customer of a shop stands on two cards"
    held = await company.held()
    record_property("cluster", {"claims": len(held), "cards": len(crm.cards), **done})
    assert not in_two_places(held)
    assert all(seconds <= LEASE + LATE for seconds in takeovers(held, gone)), takeovers(held, gone)
    # A process that was stopped finds its requests answered, and sends none that the database would not let it: at
    # most two were on their way at each shop it was reading.
    assert len(strangers(company, shops, held)) <= 2 * done["stop"] * len(shops)
    assert len({each.pid for each in held}) >= 3, "all took part"


HALF_SAID = """
SELECT 1 FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active' AND wait_event = 'ClientRead'
"""
"""Sessions whose client stopped between two messages of one statement: PostgreSQL 15 has no time limit that ends them,
and what they have locked stays so until the client goes on."""


async def test_the_fence_refuses_the_late_writer(
    company: Company, shops: dict[str, DemoShop], tmp_path: Path
) -> None:
    """A process that neither looks at its clock nor renews goes on writing where it was stopped: the database refuses,
    and nothing of it is there.
    """
    slow = [shop.faults.add(Fault(Trouble.LATENCY, seconds=0.3)) for shop in shops.values()]
    late = await company.start("late", lease=LEASE, unaware=True)

    async def at_work() -> bool:
        return await company.holder("shop-1") == late.pid

    await until(at_work, 20, "the first process works")

    async def stopped() -> bool:
        late.signal(signal.SIGSTOP)
        if not await company.ask(HALF_SAID):
            return True
        late.signal(signal.SIGCONT)
        return False

    await until(stopped, 20, "it is stopped between two statements")
    for shop, fault in zip(shops.values(), slow, strict=True):
        shop.faults.remove(fault)
    other = await company.start("other", lease=LEASE)

    async def finished() -> bool:
        return all([(await company.runs(integration)).count("ok") for integration in shops])

    await until(finished, 30, "the other process did it all", company.state)
    await other.leave()
    before = await mirrored(company)
    late.signal(signal.SIGCONT)

    async def refused() -> bool:
        return any("was taken over by another process" in line for line in late.said)

    await until(refused, 20, "the late writer is refused", company.state)
    assert not in_two_places(await company.held())
    assert await mirrored(company) == before == (await undisturbed(shops, tmp_path))[0]

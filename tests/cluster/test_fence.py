"""A run that is overtaken at any moment writes nothing more, neither to the mirror nor to the host."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import attrs
import pytest

from tests.sync.bench import Bench, Crm
from thulium_plugin_prestashop.contract.customers import Customer, Lookup
from thulium_plugin_prestashop.mirror.claims import Claim, Claims, OvertakenError
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.sync.run import run_sync
from thulium_plugin_prestashop.transport.egress import EgressPolicy
from thulium_plugin_prestashop.transport.http import HttpClient

TABLES = ("customers", "addresses", "orders", "links", "phones", "cursors", "runs", "shops_state", "lookups")


class Time:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@attrs.define(kw_only=True)
class OvertakenWhileAsked(Crm):
    """Another process takes over while the host is being asked who these people are."""

    time: Time
    other: Claims
    taken: bool = False

    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        found = await super().find(lookups)
        if not self.taken:
            self.taken = True
            self.time.now += 31
            assert isinstance(await self.other.claim("1"), Claim)
        return found


async def contents(bench: Bench) -> dict[str, list[Any]]:
    return {
        table: sorted(map(repr, await bench.rows(f"SELECT * FROM prestashop_{table}")))  # noqa: S608 - constants
        for table in TABLES
    }


async def test_nothing_is_written_to_the_host_once_another_process_has_taken_over(
    mirror: Mirror, tmp_path: Path
) -> None:
    time = Time()
    mine, other = (Claims(mirror, clock=time, holder=name) for name in ("a", "b"))
    claim = await mine.claim("1")
    assert isinstance(claim, Claim)
    crm = OvertakenWhileAsked(time=time, other=other)
    async with (
        DemoShop(customers=6, orders=9, seed=2) as shop,
        HttpClient(EgressPolicy(allow_private=True)) as http,
    ):
        bench = Bench(tmp_path, mine.fenced(claim), http, crm=crm)
        with pytest.raises(OvertakenError):
            await run_sync(bench.job(shop), bench.told.append)
    assert crm.taken
    assert crm.writes == 0
    assert crm.cards == {}
    assert await bench.rows("SELECT * FROM prestashop_links") == []


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_is_written_to_the_mirror_from_any_moment_on(
    mirror: Mirror, tmp_path: Path, seed: int
) -> None:
    """Another process takes over between any two of the run's steps; then it does the run itself, to its end."""
    time, steps = Time(), random.Random(seed).randint(1, 8)  # noqa: S311 - a test's seed
    mine, other = (Claims(mirror, clock=time, holder=name) for name in ("a", "b"))
    claim = await mine.claim("1")
    assert isinstance(claim, Claim)
    fenced = mine.fenced(claim)
    taking: list[asyncio.Task[tuple[Claim, dict[str, list[Any]]]]] = []
    async with (
        DemoShop(customers=6, orders=9, seed=2) as shop,
        HttpClient(EgressPolicy(allow_private=True)) as http,
    ):
        bench = Bench(tmp_path, fenced, http)

        async def take_over() -> tuple[Claim, dict[str, list[Any]]]:
            time.now += 31
            got = await other.claim("1")
            assert isinstance(got, Claim)
            return got, await contents(bench)

        job = bench.job(shop)
        fetch = job.client.fetch

        async def overtaken(query: Any) -> Any:  # noqa: ANN401 - the client's own
            nonlocal steps
            page = await fetch(query)
            steps -= 1
            if steps == 0:
                # It goes on although this step may be cancelled, as another process would.
                taking.append(asyncio.create_task(take_over()))
                await asyncio.shield(taking[0])
            return page

        with mock.patch.object(job.client, "fetch", overtaken), pytest.raises(OvertakenError):
            await run_sync(job, bench.told.append)
        newer, found = await taking[0]
        assert await contents(bench) == found
        again = Bench(tmp_path, other.fenced(newer), http, crm=bench.crm)
        assert (await again.run(shop)).ok
        assert len(await again.rows("SELECT * FROM prestashop_orders")) == len(shop.all_rows("orders"))
        outcomes = [row[0] for row in await again.rows("SELECT outcome FROM prestashop_runs ORDER BY id")]
    assert outcomes == ["interrupted", "ok"]

"""The shop of a benchmark: demo shops in a process of their own, asked and disturbed by lines of JSON.

``python -m tests.benchmarks.shop '<JSON of Wanted>'`` prints one line with the addresses, then answers one line for
each line it reads: ``{"do": "served"}``, ``{"do": "visits"}``, ``{"do": "forget"}``, ``{"do": "touch", "count": 1}``,
``{"do": "churn", "on": true}``, ``{"do": "truth"}``. It ends with its standard input.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Self

import attrs
import orjson

from thulium_plugin_prestashop.sandbox.shop import DemoShop, Fault, Pace, Trouble

RESOURCES = ("customers", "addresses", "orders")
CHURN_EVERY = 0.1
"""Seconds between two disturbances: the order that has not changed for longest is changed; every second time, the
lowest order is deleted; every fifth time, an order is placed."""


@attrs.frozen
class Wanted:
    """Which shop to play."""

    profile: str = "9.1.4"
    customers: int = 2_000
    orders: int = 6_000
    pace: bool = False
    latency: float = 0.0
    """Seconds that each request takes on the way."""
    shops: int = 1
    database: str = ""
    """A new file for the data of a large shop; in memory by default."""


class Churn:
    """Changes, deletes and places orders while somebody reads the shop."""

    def __init__(self, shop: DemoShop) -> None:
        self._shop = shop
        self._oldest: list[int] = []
        self._lowest: list[int] = []
        self._task: asyncio.Task[None] | None = None
        self.changes = 0

    async def switch(self, *, on: bool) -> None:
        """Begin, or stop and wait for the end."""
        if on and self._task is None:
            rows = sorted(self._shop.all_rows("orders"), key=lambda row: str(row["date_upd"]))
            self._oldest = [int(row["id"] or 0) for row in rows]
            self._lowest = sorted(self._oldest)
            self._task = asyncio.create_task(self._run())
        elif not on and self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        while self._oldest and self._lowest:
            await asyncio.sleep(CHURN_EVERY)
            self._disturb()

    def _disturb(self) -> None:
        with suppress(KeyError):  # it was deleted in the meantime
            self._shop.touch("orders", self._oldest.pop(0))
        if self.changes % 2 == 0:
            with suppress(KeyError):
                self._shop.delete("orders", self._lowest.pop(0))
        if self.changes % 5 == 0:
            line: dict[str, str | int] = {
                "product_name": "Kubek",
                "product_quantity": 1,
                "unit_price_tax_incl": "19.99",
            }
            self._shop.insert_order([line], id_customer=1, id_address_delivery=1, id_address_invoice=1)
        self.changes += 1


async def answer(shops: Sequence[DemoShop], churn: Churn, command: dict[str, Any]) -> object:
    """Do what one line asks for, of the first shop; ``touch`` changes the newest ``count`` rows of each table, ``visits``
    are of all shops, and so is ``forget``.
    """
    shop = shops[0]
    match command["do"]:
        case "served":
            return [
                {"target": each.target, "status": each.status, "records": each.records, "size": each.size}
                for each in shop.served
            ]
        case "visits":
            return [[each.url, seen.agent, seen.at, seen.seconds] for each in shops for seen in each.served]
        case "forget":
            for each in shops:
                each.served.clear()
            return True
        case "touch":
            for resource in RESOURCES:
                _touch_newest(shop, resource, command["count"])
            return True
        case "churn":
            await churn.switch(on=command["on"])
            return churn.changes
        case "truth":
            return {resource: [row["id"] for row in shop.all_rows(resource)] for resource in RESOURCES}
        case other:
            raise ValueError(other)


def _touch_newest(shop: DemoShop, resource: str, count: int) -> None:
    for number in range(shop.store.next_id(resource) - 1, 0, -1):
        if count == 0:
            return
        with suppress(KeyError):  # there is no such row
            shop.touch(resource, number)
            count -= 1


async def serve(wanted: Wanted) -> None:
    """Play the shops until standard input ends."""
    async with AsyncExitStack() as stack:
        shops = [
            await stack.enter_async_context(
                DemoShop(
                    wanted.profile,
                    customers=wanted.customers,
                    orders=wanted.orders,
                    seed=number,
                    pace=Pace() if wanted.pace else None,
                    faults=[Fault(Trouble.LATENCY, seconds=wanted.latency)] if wanted.latency else [],
                    path=Path(wanted.database) if wanted.database else None,
                )
            )
            for number in range(1, wanted.shops + 1)
        ]
        churn = Churn(shops[0])
        _say({"urls": [shop.url for shop in shops], "key": shops[0].key})
        async for line in _Lines():
            _say(await answer(shops, churn, orjson.loads(line)))
        await churn.switch(on=False)


def _say(found: object) -> None:
    sys.stdout.write(orjson.dumps(found).decode() + "\n")
    sys.stdout.flush()


class _Lines:
    """Lines of standard input, without holding the event loop."""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        line: str = await asyncio.to_thread(sys.stdin.readline)
        if not line:
            raise StopAsyncIteration
        return line


if __name__ == "__main__":
    asyncio.run(serve(Wanted(**orjson.loads(sys.argv[1]))))

"""At most two requests per shop, over all processes that share one database.

Within a process everybody who talks to a shop queues for the same two places. Where other processes may talk to that
shop too (several integrations of one shop, or an agent's refresh beside a run elsewhere), each place is also leased in
the database: taken when it is first needed, kept while it is in use, given back when it is idle or when a process that
has none waits. One small transaction a second renews all places of a process at all shops; a request of a run under way
costs no round trip of its own. A process that stalls loses its places when their lease ends.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random, SystemRandom
from time import monotonic
from typing import Any, Final

import attrs
from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.mirror.moments import database_now
from thulium_plugin_prestashop.mirror.tables import places

log = logging.getLogger(__name__)

AT_ONCE: Final = 2
"""Requests in flight at one shop: four are no faster, and each is slower."""
LEASE_SECONDS: Final = 10.0
"""How long a place stays taken when its process is not heard of."""
BEAT_SECONDS: Final = 1.0
"""How often a process renews its places, and learns who waits for one."""
_SHORTEST_PAUSE: Final = 0.03
_LONGEST_PAUSE: Final = 0.25
_WAITING_SECONDS: Final = 2.0
"""How long a process counts as waiting after it asked."""
_FIRST_WAITER: Final = -1
"""The number under which a process waits in an empty queue; who comes later has a lower one."""


@attrs.define(eq=False)
class _Place:
    """A place in the database that this process holds."""

    shop: "ShopPlaces"
    number: int
    until: float
    """By this process's monotonic clock; counted from before it was asked for, so never later than in the database."""
    used: bool = True
    wanted: bool = False
    """A process without any waits: it is given back after the request under way."""


class ShopPlaces:
    """The places of this process at one shop. See :class:`.transport.pace.Slots`."""

    def __init__(self, desk: "Places", shop: str, integration: str) -> None:
        self.shop = shop
        self.integration = integration
        self.held: list[_Place] = []
        self._desk = desk
        self._local = asyncio.Semaphore(AT_ONCE)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a place, and hold it for one request."""
        async with self._local:
            place = self._idle() or await self._desk.take(self)
            try:
                yield
            finally:
                place.used = False
                if place.wanted:
                    await self._desk.give_back(place)

    def _idle(self) -> _Place | None:
        for place in self.held:
            if not place.used and not place.wanted and place.until > monotonic():
                place.used = True
                return place
        return None


class Places:
    """All places of one process in one database. Close it with :meth:`close`."""

    def __init__(
        self,
        mirror: Mirror,
        holder: str,
        *,
        lease: float = LEASE_SECONDS,
        beat: float = BEAT_SECONDS,
        random: Random | None = None,
    ) -> None:
        self._mirror = mirror
        self._holder = holder
        self._lease = lease
        self._pause = beat
        self._random = SystemRandom() if random is None else random
        self._shops: dict[str, ShopPlaces] = {}
        self._beating: asyncio.Task[None] | None = None

    @property
    def _own_lock(self) -> str:
        """What this process does to its own rows waits for no shop."""
        return f"{self._holder}:places"

    def at(self, shop: str, integration: str) -> ShopPlaces:
        """The places at ``shop`` (host name and path), the same for all integrations of this process."""
        return self._shops.setdefault(shop, ShopPlaces(self, shop, integration))

    async def close(self) -> None:
        """Give everything back and end the task that renews it."""
        self._shops.clear()
        if self._beating is None:
            return
        self._beating.cancel()
        await asyncio.gather(self._beating, return_exceptions=True)
        self._beating = None
        async with self._mirror.writing(self._own_lock) as connection:
            await connection.execute(delete(places).where(places.c.holder == self._holder))

    async def take(self, shop: ShopPlaces) -> _Place:
        """Wait until the database grants a place."""
        pause = _SHORTEST_PAUSE
        while True:
            asked = monotonic()
            number = await self._ask(shop)
            if number is not None:
                place = _Place(shop, number, asked + self._lease)
                shop.held.append(place)
                if self._beating is None or self._beating.done():
                    self._beating = asyncio.create_task(self._beat(), name="prestashop-places")
                return place
            await asyncio.sleep(pause * self._random.uniform(0.5, 1.5))
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _ask(self, shop: ShopPlaces) -> int | None:
        mine = places.c.holder == self._holder
        here = places.c.shop == shop.shop
        async with self._mirror.writing(_lock(shop)) as connection:
            now = await database_now(connection)
            await connection.execute(delete(places).where(here, places.c.until <= now))
            found = await connection.execute(
                select(places.c.holder, places.c.number, places.c.waiting).where(here)
            )
            rows = found.all()
            taken = [row for row in rows if not row.waiting]
            own = {row.number for row in taken if row.holder == self._holder}
            queue = {row.holder: row.number for row in rows if row.waiting}
            number = queue.pop(self._holder, min(queue.values(), default=_FIRST_WAITER + 1) - 1)
            # Who has one already does not take the last from somebody who has none, and who has just given one back
            # does not take it again before those who have waited.
            mine_next = not queue if own else number > max(queue.values(), default=number - 1)
            if len(taken) < AT_ONCE and mine_next:
                await connection.execute(delete(places).where(here, mine, places.c.waiting))
                free = next(number for number in range(AT_ONCE) if number not in own)
                await connection.execute(
                    insert(places).values(**self._row(shop, free), until=now + self._lease)
                )
                return free
            if not own:
                await connection.execute(delete(places).where(here, mine, places.c.waiting))
                await connection.execute(
                    insert(places).values(
                        **self._row(shop, number), until=now + _WAITING_SECONDS, waiting=True
                    )
                )
        return None

    def _row(self, shop: ShopPlaces, number: int) -> dict[str, Any]:
        return {
            "integration": shop.integration,
            "shop": shop.shop,
            "holder": self._holder,
            "number": number,
        }

    async def give_back(self, place: _Place) -> None:
        """Let others have it now."""
        if place not in place.shop.held:
            return
        place.shop.held.remove(place)
        try:
            async with self._mirror.writing(self._own_lock) as connection:
                await connection.execute(delete(places).where(self._is(place)))
        except (SQLAlchemyError, OSError) as error:
            # It ends with its lease.
            log.warning("a place at a shop could not be given back: %s", type(error).__name__)

    async def _beat(self) -> None:
        """Renew what is in use, give back what is idle, and learn who waits; ends when nothing is held."""
        failing = False
        while any(shop.held for shop in self._shops.values()):
            await asyncio.sleep(self._pause)
            try:
                await self._renew()
            except (SQLAlchemyError, OSError) as error:
                if not failing:
                    log.warning("places at shops could not be renewed: %s", type(error).__name__)
                failing = True
            else:
                failing = False

    async def _renew(self) -> None:
        held = [place for shop in self._shops.values() for place in shop.held]
        idle = [place for place in held if not place.used]
        busy = [place for place in held if place.used]
        for place in idle:
            place.shop.held.remove(place)
        asked = monotonic()
        kept: set[tuple[str, int]] = set()
        wanted: set[str] = set()
        async with self._mirror.writing(self._own_lock) as connection:
            now = await database_now(connection)
            if idle:
                await connection.execute(delete(places).where(or_(*map(self._is, idle))))
            if busy:
                found = await connection.execute(
                    update(places)
                    .where(or_(*map(self._is, busy)))
                    .values(until=now + self._lease)
                    .returning(places.c.shop, places.c.number)
                )
                kept = {(row.shop, row.number) for row in found}
                waiting = await connection.execute(
                    select(places.c.shop)
                    .where(
                        places.c.shop.in_({place.shop.shop for place in busy}),
                        places.c.waiting,
                        places.c.holder != self._holder,
                        places.c.until > now,
                    )
                    .distinct()
                )
                wanted = set(waiting.scalars())
        for place in busy:
            if (place.shop.shop, place.number) in kept:
                place.until = asked + self._lease
                place.wanted = place.shop.shop in wanted
            elif place in place.shop.held:
                # It was taken away; the request under way is the last.
                place.shop.held.remove(place)

    def _is(self, place: _Place) -> Any:  # noqa: ANN401 - a condition
        return and_(
            places.c.integration == place.shop.integration,
            places.c.shop == place.shop.shop,
            places.c.holder == self._holder,
            places.c.number == place.number,
        )


def _lock(shop: ShopPlaces) -> str:
    return f"shop:{shop.shop}"

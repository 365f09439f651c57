"""``DemoShop``: a demo shop inside the running event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, time
from pathlib import Path
from typing import Self

from thulium_plugin_prestashop.sandbox.shop.data import Specification, populate
from thulium_plugin_prestashop.sandbox.shop.edits import Edits, ShopClock
from thulium_plugin_prestashop.sandbox.shop.faults import Fault, Faults, Pace
from thulium_plugin_prestashop.sandbox.shop.keys import DEMO_KEY, WebserviceKey
from thulium_plugin_prestashop.sandbox.shop.messages import Site
from thulium_plugin_prestashop.sandbox.shop.profiles import PROFILES
from thulium_plugin_prestashop.sandbox.shop.recorded import Recording, load_rows
from thulium_plugin_prestashop.sandbox.shop.server import Served, ShopServer
from thulium_plugin_prestashop.sandbox.shop.store import Store
from thulium_plugin_prestashop.sandbox.shop.webservice import Webservice

LANGUAGES = {1: "pl", 2: "en"}


class DemoShop(Edits):
    """PrestaShop's webservice with made-up data, on a loopback port. Use as an asynchronous context manager.

    ``url`` is the shop's address (``http://127.0.0.1:40123/``), ``key`` opens it, ``faults`` and ``clock`` can be
    changed while it runs, ``served`` holds what was asked, ``enabled`` is the switch of the webservice.
    """

    def __init__(
        self,
        profile: str = "9.1.4",
        *,
        customers: int = 200,
        orders: int = 600,
        seed: int = 1,
        multistore: bool = False,
        key: str = DEMO_KEY,
        keys: Iterable[WebserviceKey] = (),
        zone: str = "Europe/Warsaw",
        until: datetime | None = None,
        pace: Pace | None = None,
        faults: Iterable[Fault] = (),
        path: Path | None = None,
        port: int = 0,
        name: str = "Sklep",
    ) -> None:
        """Describe the shop; nothing happens before it is started.

        Args:
            profile: a version of ``PROFILES``.
            customers: how many customers to make up; addresses are about 1.57 times as many.
            orders: how many orders to make up, with about three rows each.
            seed: the same seed, counts and end give the same data.
            multistore: two shops of one group, the second under ``/eu/``.
            key: the key with the seven GET permissions.
            keys: further keys.
            zone: the shop's time zone.
            until: the naive wall-clock time no made-up row is later than; the last midnight by default.
            pace: answer as slowly as a real shop; None for as fast as possible.
            faults: disturbances from the start.
            path: a new file for the database, for very large shops; in memory by default.
            port: 0 for a free one.
            name: the shop's name.

        """
        self.profile = PROFILES[profile]
        self.key = key
        self.clock = ShopClock(zone)
        self.faults = Faults(tuple(faults))
        self._keys = (WebserviceKey.reading(key), *keys)
        self._pace = pace
        self._path = path
        self._port = port
        self._name = name
        end = until or datetime.combine(self.clock.wall(), time.min)
        wanted = Specification(end, customers, orders, seed, multistore)
        self._fill: Callable[[Store], None] = lambda store: populate(store, wanted)
        self._sites: tuple[Site, ...] = (Site(1), Site(2, path="/eu/")) if multistore else (Site(1),)
        self._server: ShopServer | None = None
        self._service: Webservice | None = None

    @classmethod
    def from_recordings(cls, folder: Path, *, port: int = 0, pace: Pace | None = None) -> Self:
        """Make a shop of the rows that a folder of recorded answers shows whole, with its keys and its version.

        Args:
            folder: holds ``index.json`` and the bodies it names.
            port: 0 for a free one.
            pace: as in the constructor.

        """
        recording = Recording.read(folder)
        shop = cls(
            recording.version, key=recording.key, keys=recording.other_keys, port=port, pace=pace, customers=0
        )
        shop._fill = lambda store: load_rows(store, recording)
        shop._sites = recording.sites
        shop._name = recording.shop_name
        return shop

    @property
    def url(self) -> str:
        """The shop's address, with a slash at the end."""
        return f"{self._running.origin}/"

    @property
    def served(self) -> deque[Served]:
        """The last requests, oldest first."""
        return self._running.served

    @property
    def service(self) -> Webservice:
        """The webservice behind the socket, to change keys or switch it off (``service.enabled``)."""
        if self._service is None:
            message = "the demo shop is not running"
            raise RuntimeError(message)
        return self._service

    @property
    def _running(self) -> ShopServer:
        if self._server is None:
            message = "the demo shop is not running"
            raise RuntimeError(message)
        return self._server

    async def start(self) -> None:
        """Fill the database in a thread and listen."""
        self.store = await asyncio.to_thread(self._prepare)
        self._service = Webservice(self.store, self._keys, self._sites, LANGUAGES, self._name)
        self._server = ShopServer(
            self._service, clock=self.clock, faults=self.faults, pace=self._pace, key=self.key
        )
        try:
            await self._server.start(self._port)
        except BaseException:
            await self.stop()
            raise

    def _prepare(self) -> Store:
        store = Store(self.profile, self._path)
        try:
            self._fill(store)
        except BaseException:
            store.close()
            raise
        return store

    async def stop(self) -> None:
        """Stop listening and close the database."""
        if self._server is not None:
            await self._server.stop()
            self._server = None
            self._service = None
            self.store.close()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

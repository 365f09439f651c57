"""Fills a store with made-up data: the same for the same seed, counts and end, in memory that does not grow."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import islice
from typing import Any

import attrs

from thulium_plugin_prestashop.sandbox.shop import small_tables
from thulium_plugin_prestashop.sandbox.shop.dates import Calendar
from thulium_plugin_prestashop.sandbox.shop.people import People
from thulium_plugin_prestashop.sandbox.shop.purchases import Purchases
from thulium_plugin_prestashop.sandbox.shop.store import ROWS, Store

_BATCH = 2_000


@attrs.frozen
class Specification:
    """What to make up. ``until`` is the naive wall-clock time nothing is later than."""

    until: datetime
    customers: int = 200
    orders: int = 600
    seed: int = 1
    multistore: bool = False


def populate(store: Store, wanted: Specification) -> None:
    """Fill an empty store and index it. Takes about 0.1 ms for each customer and order."""
    rng = random.Random(wanted.seed)  # noqa: S311 - repeatable data are the point; nothing here is a secret
    calendar = Calendar(wanted.until)
    store.insert("shops", small_tables.shops(multistore=wanted.multistore))
    store.insert("currencies", small_tables.currencies())
    store.insert("countries", small_tables.countries())
    store.insert("order_states", small_tables.order_states())
    people = People(rng, calendar, wanted.customers, multistore=wanted.multistore)
    _pairs(store, "customers", people.customers(), "addresses", people.take_addresses)
    if wanted.customers:
        store.insert("addresses", [people.ownerless_address()])
    purchases = Purchases(rng, calendar, people, wanted.orders)
    _pairs(store, "orders", purchases.orders(), ROWS, purchases.take_rows)
    store.create_indexes()


def _pairs(
    store: Store,
    owners: str,
    rows: Iterable[dict[str, Any]],
    owned: str,
    take: Callable[[], list[dict[str, Any]]],
) -> None:
    """Insert rows batch by batch, each followed by what was made beside it."""
    iterator = iter(rows)
    while batch := list(islice(iterator, _BATCH)):
        store.insert(owners, batch)
        store.insert(owned, take())

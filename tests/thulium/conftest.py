"""A stand-in of Thulium with a bridge's customers on it, without any wait."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest

from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.hosting import SystemClock
from thulium_plugin_prestashop.thulium.api import ThuliumApi, parse_address
from thulium_plugin_prestashop.thulium.behaviour import Behaviour
from thulium_plugin_prestashop.thulium.customers import RestCustomers
from thulium_plugin_prestashop.thulium.fields import FieldTypes
from thulium_plugin_prestashop.thulium.find import CardFinder
from thulium_plugin_prestashop.thulium.ledger import Ledger
from thulium_plugin_prestashop.thulium.standin import StandIn, Store, Switches
from thulium_plugin_prestashop.thulium.writes import CardFields
from thulium_plugin_prestashop.transport import Circuit, EgressPolicy, HttpClient, RetryPolicy

ID_FIELD = "PrestaShop ID"
TYPES = FieldTypes(
    {ID_FIELD: CustomFieldType.NUMERIC, "Firma": CustomFieldType.TEXT, "Ostatnie": CustomFieldType.DATE}
)
AT_ONCE = RetryPolicy(attempts=4, first_wait=0.0, longest_wait=0.0, jitter=0.0)


def new_store() -> Store:
    """The custom fields and the field group that an administrator made."""
    return Store(
        fields={ID_FIELD: "numeric", "Firma": "text", "Ostatnie": "date", "Uwagi": "text"},
        groups={
            "Orders": (
                2,
                {"Numer": 11, "Referencja": 12, "Data": 13, "Status": 14, "Kwota": 15, "Produkty": 16},
            ),
            "Flota": (3, {"Rejestracja": 21}),
        },
    )


@attrs.define
class Bench:
    """What the tests work with."""

    thulium: StandIn
    api: ThuliumApi
    ledger: Ledger
    finder: CardFinder
    customers: RestCustomers

    @property
    def store(self) -> Store:
        return self.thulium.store


def new_api(thulium: StandIn, http: HttpClient) -> ThuliumApi:
    """A client that repeats at once and never gives up on the whole system."""
    return ThuliumApi(
        parse_address(thulium.address),
        thulium.user,
        thulium.password,
        http,
        retry=AT_ONCE,
        circuit=Circuit(threshold=1000),
    )


@asynccontextmanager
async def bench(
    directory: Path,
    switches: Switches | None = None,
    *,
    store: Store | None = None,
    behaviour: Behaviour | None = None,
) -> AsyncIterator[Bench]:
    """A stand-in and a bridge's customers on it."""
    async with (
        StandIn(store or new_store(), switches) as thulium,
        HttpClient(EgressPolicy(allow_private=True)) as http,
    ):
        api = new_api(thulium, http)
        ledger = await Ledger.open(directory)
        try:
            finder = CardFinder(api, ledger, TYPES, behaviour or Behaviour(), SystemClock())
            customers = RestCustomers(
                api,
                finder,
                ledger,
                CardFields(TYPES, company="Firma"),
                key_fields=lambda: frozenset({ID_FIELD}),
                patience=(0.0,),
            )
            yield Bench(thulium, api, ledger, finder, customers)
        finally:
            await ledger.aclose()


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[Bench]:
    """The most ordinary Thulium."""
    async with bench(tmp_path) as made:
        yield made

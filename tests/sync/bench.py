"""A host in memory, as strict as a real one, and a way to run one synchronisation against a demo shop."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import attrs
from sqlalchemy import text

from thulium_plugin_prestashop.contract.customers import (
    ByCustomField,
    ByEmail,
    ById,
    Customer,
    CustomerChange,
    CustomField,
    Lookup,
    NewCustomer,
    Outcome,
)
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.host import AllegroIntegration, Egress, HostContext
from thulium_plugin_prestashop.contract.problems import Problem
from thulium_plugin_prestashop.contract.tasks import Progress, Trigger
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.mirror.engine import Mirror
from thulium_plugin_prestashop.sync.job import SyncJob
from thulium_plugin_prestashop.sync.report import SyncReport
from thulium_plugin_prestashop.sync.run import run_sync
from thulium_plugin_prestashop.sync.settings import SyncSettings
from thulium_plugin_prestashop.transport.http import HttpClient
from thulium_plugin_prestashop.transport.pace import Pace
from thulium_plugin_prestashop.transport.retry import RetryPolicy
from thulium_plugin_prestashop.webservice.address import ShopAddress
from thulium_plugin_prestashop.webservice.client import WebserviceClient

T = TypeVar("T")
ID_FIELD = "PrestaShop ID"
LOGIN_FIELD = "Allegro login"
WARSAW = ZoneInfo("Europe/Warsaw")


@attrs.define
class Crm:
    """The host's customers in memory; counts what is really written."""

    cards: dict[str, Customer] = attrs.field(factory=dict)
    merged: dict[str, str] = attrs.field(factory=dict)
    refuse: Callable[[NewCustomer | CustomerChange], LocalizedText | None] = lambda _: None
    writes: int = 0
    calls: Counter[str] = attrs.field(factory=Counter)
    next_id: int = 1
    _emails: dict[str, dict[str, None]] = attrs.field(factory=dict)
    _fields: dict[tuple[str, str], dict[str, None]] = attrs.field(factory=dict)

    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        self.calls["find"] += 1
        await asyncio.sleep(0)
        return [self._find(lookup) for lookup in lookups]

    def _find(self, lookup: Lookup) -> list[Customer]:
        match lookup:
            case ByEmail(email):
                ids = list(self._emails.get(email.casefold(), {}))
            case ByCustomField(name, value):
                ids = list(self._fields.get((name, value), {}))
            case ById(card_id):
                ids = [self.merged.get(card_id, card_id)]
        return [self.cards[card_id] for card_id in ids if card_id in self.cards]

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        self.calls["create"] += 1
        await asyncio.sleep(0)
        outcomes = []
        for new in customers:
            if (error := self.refuse(new)) is not None:
                outcomes.append(Outcome(new.reference, error=error))
                continue
            assert new.surname, "a host requires a surname"
            card_id, self.next_id = str(self.next_id), self.next_id + 1
            self.put(
                Customer(
                    card_id,
                    new.name,
                    new.surname,
                    new.emails,
                    new.phones,
                    new.company,
                    new.tax_number,
                    new.address,
                    new.invoice_address,
                    dict(new.custom_fields),
                )
            )
            self.writes += 1
            outcomes.append(Outcome(new.reference, card_id))
        return outcomes

    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        self.calls["update"] += 1
        await asyncio.sleep(0)
        return [self._update(change) for change in changes]

    def _update(self, change: CustomerChange) -> Outcome:
        if (error := self.refuse(change)) is not None:
            return Outcome(change.id, error=error)
        card = self.cards[change.id]
        held = {email.casefold() for email in card.emails}
        changed = attrs.evolve(
            card,
            emails=(*card.emails, *(e for e in change.add_emails if e.casefold() not in held)),
            phones=(*card.phones, *(p for p in change.add_phones if p not in card.phones)),
            custom_fields={**card.custom_fields, **change.custom_fields},
            **{
                name: value
                for name in ("name", "surname", "company", "tax_number", "address", "invoice_address")
                if (value := getattr(change, name)) is not None
            },
        )
        self.put(changed)
        self.writes += changed != card
        return Outcome(change.id, change.id, changed=changed != card)

    def put(self, card: Customer) -> None:
        """Store a card as an agent might, counting nothing."""
        if (old := self.cards.get(card.id)) is not None:
            self._index(old, add=False)
        self.cards[card.id] = card
        self._index(card, add=True)

    def drop(self, card_id: str) -> None:
        """Delete a card."""
        self._index(self.cards.pop(card_id), add=False)

    def _index(self, card: Customer, *, add: bool) -> None:
        tables: list[dict[str, None]] = [
            self._emails.setdefault(email.casefold(), {}) for email in card.emails
        ]
        tables += [self._fields.setdefault(item, {}) for item in card.custom_fields.items()]
        for table in tables:
            if add:
                table[card.id] = None
            else:
                table.pop(card.id, None)


class _Fields:
    async def list(self) -> list[CustomField]:
        return [
            CustomField(ID_FIELD, CustomFieldType.NUMERIC),
            CustomField(LOGIN_FIELD, CustomFieldType.TEXT),
        ]


@attrs.define
class Allegro:
    found: AllegroIntegration | None = None

    async def integration(self) -> AllegroIntegration | None:
        return self.found


@attrs.define
class Clock:
    """Real time, moved by ``ahead`` seconds."""

    ahead: float = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + self.ahead, UTC)


class _Nothing:
    async def get(self, _handle: str) -> str | None:
        return None

    async def put(self, _handle: str, _secret: str) -> None:
        return None

    async def delete(self, _handle: str) -> None:
        return None

    async def raise_problem(self, _problem: Problem) -> None:
        return None

    async def resolve(self, _integration: str, _key: str) -> None:
        return None

    def running(self, _type_id: str) -> tuple[Any, ...]:
        return ()

    def fields_in_use(self, *, except_integration: str | None = None) -> dict[str, str]:
        return {except_integration or "": ""}

    def spawn(self, name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        return asyncio.create_task(work, name=name)


def make_host(
    directory: Path, crm: Crm, *, allegro: Allegro | None = None, clock: Clock | None = None
) -> HostContext:
    nothing = _Nothing()
    return HostContext(
        name="test",
        customers=crm,
        custom_fields=_Fields(),
        secrets=nothing,
        problems=nothing,
        integrations=nothing,
        allegro=allegro or Allegro(),
        clock=clock or Clock(),
        spawner=nothing,
        egress=Egress(allow_private=True),
        data_directory=directory,
    )


class Shop(Protocol):
    """Where a shop is: a demo shop in this process or another one."""

    @property
    def url(self) -> str: ...

    @property
    def key(self) -> str: ...


@attrs.frozen
class Address:
    """A shop in another process."""

    url: str
    key: str


@attrs.define
class Bench:
    """One host, one mirror, and runs of any number of integrations."""

    directory: Path
    mirror: Mirror
    http: HttpClient
    crm: Crm = attrs.field(factory=Crm)
    allegro: Allegro = attrs.field(factory=Allegro)
    clock: Clock = attrs.field(factory=Clock)
    settings: SyncSettings = attrs.field(factory=lambda: SyncSettings(id_field=ID_FIELD, time_zone=WARSAW))
    told: list[Progress] = attrs.field(factory=list)

    @property
    def host(self) -> HostContext:
        return make_host(self.directory, self.crm, allegro=self.allegro, clock=self.clock)

    def client(self, url: str, key: str) -> WebserviceClient:
        return WebserviceClient(
            ShopAddress.parse(url),
            key,
            self.http,
            pace=Pace(),
            retry=RetryPolicy(attempts=2, first_wait=0.001, longest_wait=0.002),
            clock=self.clock.now,
        )

    def job(self, shop: Shop, integration: str = "1", **options: Any) -> SyncJob:  # noqa: ANN401 - fields of SyncJob
        return SyncJob(
            integration=integration,
            client=self.client(shop.url, shop.key),
            mirror=self.mirror,
            host=self.host,
            settings=options.pop("settings", self.settings),
            **options,
        )

    async def run(self, shop: Shop, integration: str = "1", **options: Any) -> SyncReport:  # noqa: ANN401 - fields of SyncJob
        return await run_sync(self.job(shop, integration, **options), self.told.append)

    async def run_by_person(self, shop: Shop, **options: Any) -> SyncReport:  # noqa: ANN401 - fields of SyncJob
        return await self.run(shop, trigger=Trigger.PERSON, **options)

    async def rows(self, sql: str, **parameters: Any) -> list[Any]:  # noqa: ANN401 - values of SQL parameters
        """Rows of a query on the mirror."""
        async with self.mirror.reading() as connection:
            return list(await connection.execute(text(sql), parameters))

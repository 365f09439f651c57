"""A host's services in memory. :class:`MemoryCustomers` keeps every promise of the contract; its suite holds it to that."""

import asyncio
import builtins
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

import attrs
import phonenumbers

from thulium_plugin_prestashop.contract.customers import (
    ByCustomField,
    ByEmail,
    ById,
    Customer,
    CustomerChange,
    CustomerId,
    CustomField,
    Lookup,
    NewCustomer,
    Outcome,
)
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.host import AllegroIntegration
from thulium_plugin_prestashop.contract.text import LocalizedText

SLICE = 50
"""Records worked on before the event loop gets its turn."""


class _RefusedError(Exception):
    """A record that cannot be written, in words."""

    def __init__(self, en: str, pl: str) -> None:
        super().__init__(en)
        self.message = LocalizedText(en=en, pl=pl)


class MemoryCustomFields:
    """The contract's ``CustomFields``: name to type."""

    def __init__(self, types: Mapping[str, CustomFieldType]) -> None:
        self.types = dict(types)

    async def list(self) -> builtins.list[CustomField]:
        """All definitions."""
        return [CustomField(name, kind) for name, kind in self.types.items()]


class MemoryCustomers:
    """The contract's ``Customers``. ``records`` are all there are, by id: eight digits."""

    def __init__(self, fields: MemoryCustomFields) -> None:
        self._fields = fields
        self.records: dict[CustomerId, Customer] = {}
        self._by_email: dict[str, set[CustomerId]] = {}
        self._by_value: dict[tuple[str, str], set[CustomerId]] = {}
        self._given = 0

    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        """See the contract."""
        found = []
        for place, lookup in enumerate(lookups):
            await _turn(place)
            ids = sorted(self._match(lookup) & self.records.keys())
            found.append([self.records[each] for each in ids])
        return found

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        """See the contract."""
        outcomes = []
        for place, new in enumerate(customers):
            await _turn(place)
            try:
                record = self._created(new)
            except _RefusedError as refusal:
                outcomes.append(Outcome(new.reference, error=refusal.message, changed=False))
            else:
                self._keep(record)
                outcomes.append(Outcome(new.reference, id=record.id))
        return outcomes

    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        """See the contract."""
        outcomes = []
        for place, change in enumerate(changes):
            await _turn(place)
            try:
                old = self._known(change.id)
                new = self._changed(old, change)
            except _RefusedError as refusal:
                outcomes.append(Outcome(change.id, error=refusal.message, changed=False))
            else:
                self._keep(new)
                outcomes.append(Outcome(change.id, id=new.id, changed=new != old))
        return outcomes

    def restore(self, record: Customer) -> None:
        """Hold this customer, as if it had been there before."""
        self._given = max(self._given, int(record.id))
        self._keep(record)

    def _match(self, lookup: Lookup) -> set[CustomerId]:
        match lookup:
            case ById(id=customer):
                return {customer}
            case ByEmail(email=email):
                return self._by_email.get(email.strip().casefold(), set())
            case ByCustomField(name=name, value=value):
                return self._by_value.get((name, value), set())

    def _keep(self, record: Customer) -> None:
        if (old := self.records.get(record.id)) is not None:
            for email in old.emails:
                self._by_email[email.casefold()].discard(record.id)
            for place in old.custom_fields.items():
                self._by_value[place].discard(record.id)
        self.records[record.id] = record
        for email in record.emails:
            self._by_email.setdefault(email.casefold(), set()).add(record.id)
        for place in record.custom_fields.items():
            self._by_value.setdefault(place, set()).add(record.id)

    def _known(self, customer: CustomerId) -> Customer:
        try:
            return self.records[customer]
        except KeyError:
            raise _RefusedError(f"There is no customer {customer}.", f"Nie ma klienta {customer}.") from None

    def _created(self, new: NewCustomer) -> Customer:
        if not new.surname.strip():
            raise _RefusedError("A customer needs a surname.", "Klient musi mieć nazwisko.")
        values = self._values(new.custom_fields)
        self._given += 1
        parts = {
            field.name: getattr(new, field.name)
            for field in attrs.fields(Customer)
            if field.name not in {"id", "custom_fields", "emails", "phones"}
        }
        return Customer(
            id=f"{self._given:08d}",
            emails=_joined((), new.emails, str.casefold),
            phones=_joined((), new.phones, _e164),
            custom_fields=values,
            **parts,
        )

    def _changed(self, old: Customer, change: CustomerChange) -> Customer:
        named = ("name", "surname", "company", "tax_number", "address", "invoice_address")
        given = {part: value for part in named if (value := getattr(change, part))}
        return attrs.evolve(
            old,
            emails=_joined(old.emails, change.add_emails, str.casefold),
            phones=_joined(old.phones, change.add_phones, _e164),
            custom_fields={**old.custom_fields, **self._values(change.custom_fields)},
            **given,
        )

    def _values(self, given: Mapping[str, str]) -> dict[str, str]:
        values = {}
        for name, value in given.items():
            kind = self._fields.types.get(name)
            if kind is None:
                raise _RefusedError(f"There is no field {name}.", f"Nie ma pola {name}.")
            if value and not _fits(value, kind):
                raise _RefusedError(f"{name} does not take {value}.", f"Pole {name} nie przyjmuje {value}.")
            if value:
                values[name] = value
        return values


class MemorySecrets:
    """The contract's ``Secrets``, unencrypted: for tests, never for keys of real shops."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}

    async def get(self, handle: str) -> str | None:
        """The secret, or ``None``."""
        return self._secrets.get(handle)

    async def put(self, handle: str, secret: str) -> None:
        """Store or replace it."""
        self._secrets[handle] = secret

    async def delete(self, handle: str) -> None:
        """Forget it; nothing happens if it is not there."""
        self._secrets.pop(handle, None)

    @property
    def handles(self) -> frozenset[str]:
        """Handles of all secrets there are."""
        return frozenset(self._secrets)


@attrs.define
class FixedAllegro:
    """The contract's ``Allegro``: runs when ``running`` is set, with that login field."""

    running: AllegroIntegration | None = None

    async def integration(self) -> AllegroIntegration | None:
        """The integration, or ``None`` when it does not run."""
        return self.running


async def _turn(place: int) -> None:
    if place % SLICE == SLICE - 1:
        await asyncio.sleep(0)


def _joined(old: tuple[str, ...], new: tuple[str, ...], key: Callable[[str], str]) -> tuple[str, ...]:
    """What is there, and what is new by ``key``."""
    kept = {key(text.strip()): text.strip() for text in reversed((*old, *new)) if text.strip()}
    return tuple(dict.fromkeys(kept[key(text.strip())] for text in (*old, *new) if text.strip()))


def _e164(phone: str) -> str:
    try:
        number = phonenumbers.parse(phone, "PL")
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _fits(value: str, kind: CustomFieldType) -> bool:
    try:
        if kind is CustomFieldType.NUMERIC:
            return Decimal(value).is_finite()
        if kind is CustomFieldType.DATE:
            date.fromisoformat(value)
    except (InvalidOperation, ValueError):
        return False
    return True

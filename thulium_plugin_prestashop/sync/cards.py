"""What to write on a card: only what is missing, and nothing that was offered before.

Every value that a run puts on a card, or finds there, is remembered by a four-byte hash in the link. It is offered
once: an e-mail that an agent has removed, or a company that an agent has cleared, does not come back with the next
change of the customer in the shop.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import attrs

from thulium_plugin_prestashop.contract.customers import (
    Customer,
    CustomerChange,
    NewCustomer,
    PostalAddress,
)
from thulium_plugin_prestashop.mirror.rows import email_key
from thulium_plugin_prestashop.sync.profile import Profile, e164

HASH_BYTES: Final = 4


def hash_of(field: str, value: str) -> bytes:
    """The hash by which a value is remembered."""
    return blake2b(f"{field}\0{value}".encode(), digest_size=HASH_BYTES).digest()


@attrs.define
class Offered:
    """The values once offered to a card for one customer of the shop."""

    hashes: set[bytes]

    @classmethod
    def unpack(cls, packed: bytes) -> "Offered":
        """From a link."""
        return cls({packed[at : at + HASH_BYTES] for at in range(0, len(packed), HASH_BYTES)})

    def pack(self) -> bytes:
        """For a link; the same values give the same bytes."""
        return b"".join(sorted(self.hashes))

    def first_time(self, field: str, value: str) -> bool:
        """Whether this value has not been offered before; from now on it has."""
        key = hash_of(field, value)
        if key in self.hashes:
            return False
        self.hashes.add(key)
        return True


@attrs.define
class Draft:
    """What one batch wants to write on one card, gathered from all the shop's customers that are on it."""

    card: Customer
    """The card as the host holds it; for one to be created, an empty one with the draft's key as its id."""
    new: bool
    name: str | None = None
    surname: str | None = None
    emails: dict[str, str] = attrs.field(factory=dict)
    """E-mails to add by their case-folded form."""
    phones: dict[str, None] = attrs.field(factory=dict)
    company: str | None = None
    tax_number: str | None = None
    address: PostalAddress | None = None
    invoice_address: PostalAddress | None = None
    custom_fields: dict[str, str] = attrs.field(factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self.new and self == Draft(self.card, self.new)

    def add(self, person: Profile, offered: Offered, emails: Sequence[str]) -> None:
        """Add what this person contributes; ``emails`` are those that no other card holds."""
        held = {email_key(email) for email in self.card.emails} | self.emails.keys()
        for email in emails:
            if offered.first_time("email", email_key(email)) and email_key(email) not in held:
                self.emails[email_key(email)] = email
        held_phones = {e164(phone, "PL") or phone for phone in self.card.phones} | self.phones.keys()
        for phone in person.phones:
            if offered.first_time("phone", phone) and phone not in held_phones:
                self.phones[phone] = None
        if self.new and not self.surname:
            self.surname = person.surname
            self.name = person.name
            offered.first_time("name", person.name)
            offered.first_time("surname", person.surname)
        self._fill("name", person.name, offered)
        self._fill("surname", person.surname, offered)
        self._fill("company", person.company, offered)
        self._fill("tax_number", person.tax_number, offered)
        self._fill_address("address", person.address, offered)
        self._fill_address("invoice_address", person.invoice_address, offered)

    def _fill(self, field: str, value: str, offered: Offered) -> None:
        if value and offered.first_time(field, value) and not getattr(self.card, field):
            self._set(field, value)

    def _fill_address(self, field: str, value: PostalAddress | None, offered: Offered) -> None:
        if value is None:
            return
        text = f"{value.street}\n{value.postcode}\n{value.city}\n{value.country}"
        if offered.first_time(field, text) and getattr(self.card, field) is None:
            self._set(field, value)

    def _set(self, field: str, value: Any) -> None:  # noqa: ANN401 - text or address, as the field takes
        # The first of several people on one card speaks; the others only fill what it leaves empty.
        if not getattr(self, field):
            setattr(self, field, value)

    def set_field(self, name: str, value: str, *, may_replace: frozenset[str] = frozenset()) -> None:
        """Fill a custom field; what it holds is replaced only if it is one of ``may_replace``."""
        held = self.card.custom_fields.get(name, "")
        if held != value and (not held or held in may_replace):
            self.custom_fields[name] = value

    def creation(self) -> NewCustomer:
        """For :meth:`..contract.customers.Customers.create`."""
        return NewCustomer(
            reference=self.card.id,
            surname=self.surname or "",
            name=self.name or "",
            emails=tuple(self.emails.values()),
            phones=tuple(self.phones),
            company=self.company or "",
            tax_number=self.tax_number or "",
            address=self.address,
            invoice_address=self.invoice_address,
            custom_fields=self.custom_fields,
        )

    def change(self) -> CustomerChange:
        """For :meth:`..contract.customers.Customers.update`."""
        return CustomerChange(
            id=self.card.id,
            name=self.name,
            surname=self.surname,
            add_emails=tuple(self.emails.values()),
            add_phones=tuple(self.phones),
            company=self.company,
            tax_number=self.tax_number,
            address=self.address,
            invoice_address=self.invoice_address,
            custom_fields=self.custom_fields,
        )


def primary(members: Mapping[int, bool]) -> int:
    """Whose id stands in the ID field: the registered customer's before a guest's, then the oldest."""
    return min(members, key=lambda row_id: (not members[row_id], row_id))

"""The host's customers, as a plugin finds, creates and updates them: always in batches.

Custom fields are addressed by their display name, as Thulium's REST API does. The host may run no transaction
together with the plugin; every write can be repeated, and a rejection belongs to one record, never to a batch.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias

import attrs

from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.text import LocalizedText

CustomerId: TypeAlias = str
"""The host's own key of a customer, opaque to the plugin."""


@attrs.frozen
class PostalAddress:
    """One address on a card. ``country`` is ISO 3166-1 alpha-2, or ``""``."""

    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""


@attrs.frozen
class Customer:
    """A customer as the host holds it. Phones are as the host stores them; compare them in E.164."""

    id: CustomerId
    name: str = ""
    surname: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    company: str = ""
    tax_number: str = ""
    address: PostalAddress | None = None
    invoice_address: PostalAddress | None = None
    custom_fields: Mapping[str, str] = attrs.field(factory=dict)
    """Name to value; numbers and ISO dates as text. Empty fields are absent."""


@attrs.frozen
class NewCustomer:
    """A customer to create. ``reference`` is the caller's own label, handed back in the outcome."""

    reference: str
    surname: str
    name: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    company: str = ""
    tax_number: str = ""
    address: PostalAddress | None = None
    invoice_address: PostalAddress | None = None
    custom_fields: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class CustomerChange:
    """What to change on one customer; ``None`` and empty mean *leave as it is*. E-mails and phones are added."""

    id: CustomerId
    name: str | None = None
    surname: str | None = None
    add_emails: tuple[str, ...] = ()
    add_phones: tuple[str, ...] = ()
    company: str | None = None
    tax_number: str | None = None
    address: PostalAddress | None = None
    invoice_address: PostalAddress | None = None
    custom_fields: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class ByCustomField:
    """Customers whose custom field ``name`` holds exactly ``value``."""

    name: str
    value: str


@attrs.frozen
class ByEmail:
    """Customers with this e-mail, compared case-folded."""

    email: str


@attrs.frozen
class ById:
    """The customer with this id; after a merge, the customer that it was merged into."""

    id: CustomerId


Lookup: TypeAlias = ByCustomField | ByEmail | ById


@attrs.frozen
class Outcome:
    """What became of one write: ``id`` on success, otherwise ``error`` in words for an administrator."""

    reference: str
    """:attr:`NewCustomer.reference`, or the customer's id for a change."""
    id: CustomerId | None = None
    error: LocalizedText | None = None
    changed: bool = True
    """False when everything was already there and the host wrote nothing."""


class Customers(Protocol):
    """The host's customers. Every answer has one entry per question, in the same order."""

    async def find(self, lookups: Sequence[Lookup]) -> list[list[Customer]]:
        """The customers that match each look-up; none is an empty list, several are all of them."""
        ...

    async def create(self, customers: Sequence[NewCustomer]) -> list[Outcome]:
        """Create customers. The host does not look for duplicates: the caller has."""
        ...

    async def update(self, changes: Sequence[CustomerChange]) -> list[Outcome]:
        """Apply changes. An e-mail or phone that is already there (case-folded, E.164) is not added again."""
        ...


@attrs.frozen
class CustomField:
    """A custom field of the host's customers."""

    name: str
    type: CustomFieldType
    used_by: str | None = None
    """Id of the integration whose key it is, if any."""


class CustomFields(Protocol):
    """Definitions of the custom fields of customers."""

    async def list(self) -> list[CustomField]:
        """All definitions."""
        ...

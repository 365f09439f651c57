"""What the sandbox CRM hands out: cards, lists, contacts, accounts."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import attrs

from thulium_plugin_prestashop.contract.customers import Customer, PostalAddress
from thulium_plugin_prestashop.contract.forms import CustomFieldType


@attrs.frozen
class Email:
    """An e-mail address of a customer, with the agent's word for it (private, work)."""

    email: str
    description: str = ""


@attrs.frozen
class Phone:
    """A phone of a customer: ``number`` as typed, ``e164`` as compared (``""`` when it is no phone number)."""

    number: str
    description: str = ""
    e164: str = ""


@attrs.frozen
class CardEdit:
    """All that an agent can change on a card. What is left out of it is taken off the card."""

    name: str = ""
    surname: str = ""
    company: str = ""
    tax_number: str = ""
    note: str = ""
    emails: tuple[Email, ...] = ()
    phones: tuple[Phone, ...] = ()
    address: PostalAddress | None = None
    invoice_address: PostalAddress | None = None
    custom_fields: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen
class Card:
    """A customer card. ``merged`` are the ids of customers that were merged into this one."""

    id: str
    content: CardEdit
    created_at: datetime
    updated_at: datetime
    merged: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What to call the customer: name and surname, else company, else the first e-mail or phone, else the id."""
        content = self.content
        return (
            f"{content.name} {content.surname}".strip()
            or content.company
            or next((email.email for email in content.emails), "")
            or next((phone.number for phone in content.phones), "")
            or self.id
        )

    def customer(self) -> Customer:
        """The card as the contract knows it."""
        content = self.content
        return Customer(
            id=self.id,
            name=content.name,
            surname=content.surname,
            emails=tuple(email.email for email in content.emails),
            phones=tuple(phone.number for phone in content.phones),
            company=content.company,
            tax_number=content.tax_number,
            address=content.address,
            invoice_address=content.invoice_address,
            custom_fields=dict(content.custom_fields),
        )


@attrs.frozen
class CustomerPage:
    """A page of the list of customers, and how many there are in all."""

    rows: tuple[Card, ...]
    total: int
    offset: int
    limit: int


class ChangeKind(Enum):
    """What was done to a card."""

    EDIT = "edit"
    MERGE = "merge"
    UNDO = "undo"


@attrs.frozen
class Change:
    """One change of a card by a person. ``parts`` are the names of the fields of :class:`CardEdit` that it touched."""

    id: int
    customer: str
    at: datetime
    actor: str
    kind: ChangeKind
    parts: tuple[str, ...]
    merged: tuple[str, ...]
    """Ids of the customers that a merge took in."""
    undone: bool


class ContactKind(Enum):
    """How a customer and the company were in touch."""

    CALL = "call"
    MAIL = "mail"
    CHAT = "chat"


class Direction(Enum):
    """Who began: the customer (in) or the company (out)."""

    IN = "in"
    OUT = "out"


@attrs.frozen
class NewContact:
    """A contact to record. ``seconds``: how long a call or chat took."""

    customer: str
    kind: ContactKind
    direction: Direction
    at: datetime
    subject: str
    preview: str = ""
    agent: str = ""
    seconds: int | None = None


@attrs.frozen
class Contact:
    """A recorded contact."""

    id: int
    customer: str
    kind: ContactKind
    direction: Direction
    at: datetime
    subject: str
    preview: str
    agent: str
    seconds: int | None


@attrs.frozen
class ContactPage:
    """Contacts, newest first. ``older`` is what to pass as ``before`` for the next page; ``None`` at the end."""

    entries: tuple[Contact, ...]
    older: tuple[datetime, int] | None


@attrs.frozen
class FieldDetails:
    """A custom field for its administrator: how many customers have a value, and whose key it is."""

    name: str
    type: CustomFieldType
    values: int
    used_by: str | None
    """Name of the integration that needs it."""


class Role(Enum):
    """What an account may do: agents work with customers, administrators configure too."""

    AGENT = "agent"
    ADMIN = "admin"


@attrs.frozen
class User:
    """An account."""

    id: int
    login: str
    name: str
    role: Role
    locale: str
    time_zone: str
    theme: str
    active: bool


@attrs.frozen
class Session:
    """Somebody who is signed in. ``csrf`` goes into every form and comes back with it."""

    user: User
    csrf: str = attrs.field(repr=False)
    expires_at: datetime


@attrs.frozen
class SignedIn:
    """A sign-in that worked. ``token`` is for the cookie; the database knows its hash only."""

    token: str = attrs.field(repr=False)
    session: Session


@attrs.frozen
class AuditEntry:
    """Who did what, when."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]

"""What to send for a new card and for a change, given the card as it is now. Nothing an agent entered is lost."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from thulium_plugin_prestashop.contract.customers import CustomerChange, NewCustomer, PostalAddress
from thulium_plugin_prestashop.thulium.behaviour import Behaviour, Lists
from thulium_plugin_prestashop.thulium.fields import FieldTypes
from thulium_plugin_prestashop.thulium.records import Card
from thulium_plugin_prestashop.thulium.values import country_name, email_key, phone_key

Json = Any


@attrs.frozen
class CardFields:
    """Where the card holds what Thulium's customers have no readable field for."""

    types: FieldTypes
    company: str | None = None
    """Custom field for the company's name."""
    tax_number: str | None = None
    """Custom field for the tax number; ``nip`` can be written, but the API does not show whether it is filled."""
    country: str = "PL"
    """Where phone numbers without a prefix belong."""
    locale: str = "pl"


@attrs.frozen
class Plan:
    """What to send for one card; nothing to send is an empty ``payload``."""

    payload: Mapping[str, Json]
    emails: tuple[str, ...] = ()
    """Keys of the e-mails that the card has once this is done."""
    phones: tuple[str, ...] = ()
    withheld: int = 0
    """E-mails and phones that could not be added without the risk of losing others."""
    unseen: bool = False
    """Whether it adds to a list that the card does not show: reading again won't tell whether it was done, so it goes
    by itself, where the answer's status does."""


def plan_new(customer: NewCustomer, fields: CardFields) -> Plan:
    """A new card: everything, since there is nothing to lose."""
    custom = {name: fields.types.wire(name, value) for name, value in customer.custom_fields.items()}
    for name, value in ((fields.company, customer.company), (fields.tax_number, customer.tax_number)):
        if name and value:
            custom.setdefault(name, fields.types.wire(name, value))
    payload: dict[str, Json] = {"surname": customer.surname, "fill_read_only_custom_fields": True}
    optional: dict[str, Json] = {
        "name": customer.name,
        "email": _unique(customer.emails, email_key),
        "phone_number": _unique(customer.phones, lambda phone: phone_key(phone, fields.country)),
        "job": customer.company,
        "nip": customer.tax_number,
        "address": _address(customer.address, fields.locale),
        "invoice_address": _address(customer.invoice_address, fields.locale),
        "custom_fields": custom,
    }
    payload.update({key: value for key, value in optional.items() if value})
    return Plan(
        payload,
        tuple(map(email_key, customer.emails)),
        tuple(phone_key(phone, fields.country) for phone in customer.phones),
    )


def plan_change(change: CustomerChange, card: Card, fields: CardFields, behaviour: Behaviour) -> Plan:
    """What differs between the card and the change. E-mails and phones that are there already are not sent to be
    added; whether the others may be sent, and with which, is :class:`.behaviour.Lists`'s to say.
    """
    names = (("name", change.name, card.name), ("surname", change.surname, card.surname))
    payload: dict[str, Json] = {key: value for key, value, held in names if value and value != held}
    for key, address, there in (
        ("address", change.address, card.address),
        ("invoice_address", change.invoice_address, card.invoice_address),
    ):
        if address and address != there and (sent := _address(address, fields.locale)):
            payload[key] = sent
    wanted = dict(change.custom_fields)
    for name, value in ((fields.company, change.company), (fields.tax_number, change.tax_number)):
        if name and value:
            wanted.setdefault(name, value)
    custom = {
        name: fields.types.wire(name, value)
        for name, value in wanted.items()
        if not fields.types.same(name, value, card.custom_fields.get(name, ""))
    }
    if custom:
        payload.update(custom_fields=custom, fill_read_only_custom_fields=True)
    emails = _added(
        change.add_emails,
        card.emails,
        email_key,
        behaviour,
        complete=card.emails_complete or bool(behaviour.shows_all_emails),
    )
    phones = _added(
        change.add_phones,
        card.phones,
        lambda phone: phone_key(phone, fields.country),
        behaviour,
        complete=card.phones_complete,
    )
    if emails.send:
        payload["email"] = list(emails.send)
    if phones.send:
        payload["phone_number"] = list(phones.send)
    return Plan(
        payload,
        emails.keys,
        phones.keys,
        withheld=emails.withheld + phones.withheld,
        unseen=emails.unseen or phones.unseen,
    )


def merge_changes(changes: Iterable[CustomerChange]) -> CustomerChange:
    """Several changes of one card as one, the later winning: two writes planned on one reading would undo one
    another's e-mails.
    """
    merged, *others = changes
    for other in others:
        given = {
            field: value
            for field in ("name", "surname", "company", "tax_number", "address", "invoice_address")
            if (value := getattr(other, field)) is not None
        }
        merged = attrs.evolve(
            merged,
            add_emails=(*merged.add_emails, *other.add_emails),
            add_phones=(*merged.add_phones, *other.add_phones),
            custom_fields={**merged.custom_fields, **other.custom_fields},
            **given,
        )
    return merged


@attrs.frozen
class _Added:
    send: tuple[str, ...]
    keys: tuple[str, ...]
    withheld: int = 0
    unseen: bool = False


def _added(
    wanted: Iterable[str],
    shown: tuple[str, ...],
    key: Callable[[str], str],
    behaviour: Behaviour,
    *,
    complete: bool,
) -> _Added:
    there = set(map(key, shown))
    new = {key(value): value for value in wanted if key(value) not in there}
    if not new:
        return _Added((), ())
    if behaviour.lists is Lists.EXTENDS:
        return _Added(tuple(new.values()), tuple(new), unseen=not complete)
    if complete:
        return _Added((*shown, *new.values()), tuple(new))
    # Replacing a list of which a part is hidden would lose that part.
    return _Added((), (), withheld=len(new))


def _unique(values: Iterable[str], key: Callable[[str], str]) -> list[str]:
    first: dict[str, str] = {}
    for value in values:
        first.setdefault(key(value), value)
    return list(first.values())


def _address(address: PostalAddress | None, locale: str) -> dict[str, str]:
    if address is None or address == PostalAddress():
        return {}
    # Street and numbers stay together: taking "ul. Długa 5/7" apart is a guess that goes wrong on "1 Maja 3".
    parts = {
        "street": address.street,
        "postcode": address.postcode,
        "city": address.city,
        "country": country_name(address.country, locale),
    }
    return {key: value for key, value in parts.items() if value}

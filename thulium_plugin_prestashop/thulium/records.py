"""What the API answers, read leniently: a key that is missing, null or of another type never stops a page."""

from collections.abc import Mapping
from typing import Any, TypeGuard

import attrs

from thulium_plugin_prestashop.contract.customers import Customer, PostalAddress
from thulium_plugin_prestashop.thulium.values import country_code, email_key

Json = Any


@attrs.frozen
class Card:
    """A customer as the API shows it."""

    id: int
    name: str = ""
    surname: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    emails_complete: bool = False
    """Whether the answer held a list of e-mails. The documented sample holds one e-mail as text, and does not say
    whether a card with several shows only its first one then."""
    phones_complete: bool = False
    tax_number: str = ""
    address: PostalAddress | None = None
    invoice_address: PostalAddress | None = None
    custom_fields: Mapping[str, str] = attrs.field(factory=dict)
    """Filled ones only."""
    field_names: frozenset[str] = frozenset()
    """All that the answer names, also the empty ones: how definitions show themselves, which no resource lists."""

    @property
    def email_keys(self) -> frozenset[str]:
        """The e-mails shown, case-folded."""
        return frozenset(map(email_key, self.emails))

    def as_customer(self, company: str = "", tax_number: str = "") -> Customer:
        """In the contract's terms. ``company`` and ``tax_number`` come from the custom fields named for them."""
        return Customer(
            id=str(self.id),
            name=self.name,
            surname=self.surname,
            emails=self.emails,
            phones=self.phones,
            company=company,
            tax_number=tax_number or self.tax_number,
            address=self.address,
            invoice_address=self.invoice_address,
            custom_fields=dict(self.custom_fields),
        )


def read_card(row: Json) -> Card | None:
    """One customer; ``None`` for what has no readable id."""
    if not isinstance(row, dict) or (number := whole(row.get("customer_id", row.get("id")))) is None:
        return None
    emails, all_emails = _texts(row, "emails", "email")
    phones, all_phones = _texts(row, "phone_numbers", "phone_number")
    fields = row.get("custom_fields")
    fields = fields if isinstance(fields, dict) else {}
    return Card(
        id=number,
        name=text(row.get("name")),
        surname=text(row.get("surname")),
        emails=emails,
        phones=phones,
        emails_complete=all_emails,
        phones_complete=all_phones,
        tax_number=text(row.get("nip")),
        address=_address(row.get("address")),
        invoice_address=_address(row.get("invoice_address")),
        custom_fields={name: filled for name, value in fields.items() if (filled := text(value))},
        field_names=frozenset(fields),
    )


@attrs.frozen
class FieldGroup:
    """A group of custom fields: each of its items is one row on a card."""

    id: int
    name: str
    fields: Mapping[str, int]
    """Name to field id."""


def read_group(row: Json) -> FieldGroup | None:
    """One group of ``customer_field_groups``; ``None`` for what is not one."""
    if not isinstance(row, dict) or (number := whole(row.get("group_id", row.get("id")))) is None:
        return None
    fields = {
        text(field.get("name")): field_id
        for field in _dicts(row.get("fields"))
        if (field_id := whole(field.get("field_id", field.get("id")))) is not None
    }
    return FieldGroup(number, text(row.get("name")), fields)


@attrs.frozen
class Item:
    """One row on a card: field id to value."""

    id: int
    values: Mapping[int, str]


def read_item(row: Json) -> Item | None:
    """One row of ``customer_field_group_items``, with its values under ``values`` (as they are sent) or ``fields``.

    The documented sample shows the group's definition in that place; such a row has no ``item_id``: ``None``.
    """
    if not isinstance(row, dict) or (number := whole(row.get("item_id"))) is None:
        return None
    held = _dicts(row.get("values")) or _dicts(row.get("fields"))
    values = {
        field_id: text(entry.get("value"))
        for entry in held
        if (field_id := whole(entry.get("field_id", entry.get("id")))) is not None
    }
    return Item(number, values)


def text(value: Json) -> str:
    """Text of a text, number or flag; ``""`` for anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip() if isinstance(value, str | int | float) else ""


def whole(value: Json) -> int | None:
    """A whole number, also written as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def _texts(row: Mapping[str, Json], plural: str, singular: str) -> tuple[tuple[str, ...], bool]:
    many, one = row.get(plural), row.get(singular)
    found = [*(many if _is_list(many) else []), *(one if _is_list(one) else [one])]
    # In the order given, each once: the singular repeats the first of the plural.
    return tuple(dict.fromkeys(filled for value in found if (filled := text(value)))), _is_list(
        many
    ) or _is_list(one)


def _is_list(value: Json) -> TypeGuard[list[Json]]:
    return isinstance(value, list)


def _dicts(value: Json) -> list[dict[str, Json]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _address(value: Json) -> PostalAddress | None:
    if not isinstance(value, dict):
        return None
    street = text(value.get("street"))
    numbers = "/".join(filter(None, (text(value.get("building")), text(value.get("flat")))))
    address = PostalAddress(
        street=" ".join(filter(None, (street, numbers))),
        postcode=text(value.get("postcode")),
        city=text(value.get("city")),
        country=country_code(text(value.get("country"))),
    )
    return address if address != PostalAddress() or text(value.get("country")) else None

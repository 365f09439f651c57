"""What the stand-in holds: customers, field groups, rows; and how it answers questions about them."""

import itertools
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs

from thulium_plugin_prestashop.thulium.standin.switches import Switches

Json = Any

_TEXTS = ("name", "surname", "nip", "job", "identifier", "note")
_SHORTEST_PHONE = 6
_ADDRESSES = ("address", "invoice_address")


class RefusedError(Exception):
    """What the API says of a record it does not take."""


@attrs.define
class Record:
    """One customer."""

    id: int
    texts: dict[str, str] = attrs.field(factory=dict)
    emails: list[str] = attrs.field(factory=list)
    phones: list[str] = attrs.field(factory=list)
    addresses: dict[str, dict[str, str]] = attrs.field(factory=dict)
    fields: dict[str, str] = attrs.field(factory=dict)


@attrs.define
class Row:
    """One item of a field group."""

    id: int
    group: int
    customer: int
    values: dict[int, str]


@attrs.define
class Store:
    """All of it, in memory. ``fields`` are the custom fields of customers: name to type; ``groups`` the field groups:
    name to (group id, name to field id).
    """

    fields: dict[str, str] = attrs.field(factory=dict)
    groups: dict[str, tuple[int, dict[str, int]]] = attrs.field(factory=dict)
    customers: dict[int, Record] = attrs.field(factory=dict)
    rows: dict[int, Row] = attrs.field(factory=dict)
    refused_surnames: set[str] = attrs.field(factory=set)
    """Customers of these names are refused, as if for a reason that only Thulium knows."""
    _ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(101))
    _row_ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(901))

    # Customers

    def add(self, data: Mapping[str, Json], switches: Switches | None = None) -> Record:
        """A new customer. Raises :class:`RefusedError`."""
        if not str(data.get("surname") or "").strip():
            raise RefusedError("Surname is required.")
        record = Record(0)
        self._apply(record, data, attrs.evolve(switches or Switches(), lists="replace"))
        record.id = next(self._ids)
        self.customers[record.id] = record
        return record

    def change(self, number: int, data: Mapping[str, Json], switches: Switches) -> None:
        """Change what is given. Raises ``KeyError``, :class:`RefusedError`."""
        self._apply(self.customers[number], data, switches)

    def remove(self, number: int) -> None:
        """Delete a customer with its rows. Raises ``KeyError``."""
        del self.customers[number]
        self.rows = {key: row for key, row in self.rows.items() if row.customer != number}

    def search(self, query: Mapping[str, str], switches: Switches) -> list[Record]:
        """Customers that fit all filters of a query string, by id."""
        wanted: dict[str, list[str]] = {}
        for key, value in query.items():
            if key.startswith("custom_fields["):
                wanted.setdefault(key.removeprefix("custom_fields[").split("]", 1)[0], []).append(value)
        if unknown := wanted.keys() - self.fields.keys():
            if switches.unknown_fields == "refused":
                raise RefusedError(f"Unknown custom field: {', '.join(sorted(unknown))}.")
            if switches.unknown_fields == "nothing":
                return []
            wanted = {name: values for name, values in wanted.items() if name in self.fields}
        found = []
        for _, record in sorted(self.customers.items()):
            emails = record.emails if switches.emails_searched == "all" else record.emails[:1]
            fits = all(
                any(_matches(record.fields.get(name, ""), value, switches) for value in values)
                for name, values in wanted.items()
            )
            if fits and ("email" not in query or any(_matches(e, query["email"], switches) for e in emails)):
                found.append(record)
        return found

    def show(self, record: Record, query: Mapping[str, str], switches: Switches) -> dict[str, Json]:
        """A customer as GET shows it."""
        shown: dict[str, Json] = {
            "customer_id": record.id,
            "name": record.texts.get("name", ""),
            "surname": record.texts.get("surname", ""),
            "phone_number": record.phones[0] if record.phones else "",
            "phone_numbers": record.phones,
            "email": record.emails if switches.emails_shown == "list" else "".join(record.emails[:1]),
            "company_id": "",
            "identifier": record.texts.get("identifier", ""),
            "type": "",
            "group": "",
            "company_flag": "",
            "account_manager": "",
            "updated_at": "",
        }
        if switches.emails_shown == "plural":
            shown["emails"] = record.emails
        if query.get("include_custom_fields") == "true":
            shown["custom_fields"] = {
                name: record.fields.get(name)
                for name in self.fields
                if name in record.fields or switches.empty_fields == "null"
            }
        for key in _ADDRESSES:
            if query.get(f"include_{key}") == "true":
                shown[key] = record.addresses.get(key, {})
        return shown

    def _apply(self, record: Record, data: Mapping[str, Json], switches: Switches) -> None:
        custom = data.get("custom_fields") or {}
        if switches.unknown_fields != "refused":
            custom = {name: value for name, value in custom.items() if name in self.fields}
        self._check(custom)
        if data.get("surname", record.texts.get("surname")) in self.refused_surnames:
            raise RefusedError("This customer is not accepted.")
        emails, phones = _listed(data.get("email")), _listed(data.get("phone_number"))
        _check_contacts(emails, phones)
        for key in _TEXTS:
            if key in data:
                record.texts[key] = str(data[key])
        for key in _ADDRESSES:
            if key in data:
                record.addresses[key] = {name: str(value) for name, value in data[key].items()}
        record.fields.update({name: str(value) for name, value in custom.items()})
        if "email" in data:
            record.emails = _merged(record.emails, emails, switches.lists)
        if "phone_number" in data:
            record.phones = _merged(record.phones, phones, switches.lists)

    def _check(self, custom: Mapping[str, Json]) -> None:
        for name, value in custom.items():
            if name not in self.fields:
                raise RefusedError(f"Unknown custom field: {name}.")
            if self.fields[name] == "numeric":
                try:
                    Decimal(str(value))
                except InvalidOperation:
                    raise RefusedError(f"Value of {name} is not a number.") from None

    # Rows of field groups

    def add_row(self, group: int, customer: int, values: Mapping[int, str]) -> Row:
        """A new row. Raises :class:`RefusedError`."""
        if customer not in self.customers:
            raise RefusedError("Unknown group or customer.")
        self._check_row(group, values)
        row = Row(next(self._row_ids), group, customer, dict(values))
        self.rows[row.id] = row
        return row

    def change_row(self, number: int, values: Mapping[int, str], switches: Switches) -> None:
        """Change a row. Raises ``KeyError``, :class:`RefusedError`."""
        row = self.rows[number]
        self._check_row(row.group, values)
        row.values = dict(values) if switches.item_put == "replace" else {**row.values, **values}

    def _check_row(self, group: int, values: Mapping[int, str]) -> None:
        known = next((fields for number, fields in self.groups.values() if number == group), None)
        if known is None:
            raise RefusedError("Unknown group or customer.")
        if values.keys() - set(known.values()):
            raise RefusedError("Unknown field.")

    def rows_of(self, customer: int, group: str) -> list[dict[str, str]]:
        """The rows of a card by field name, for tests to look at."""
        number, fields = self.groups[group]
        names = {field: name for name, field in fields.items()}
        return [
            {names[field]: value for field, value in row.values.items()}
            for row in self.rows.values()
            if row.customer == customer and row.group == number
        ]


def _check_contacts(emails: list[str], phones: list[str]) -> None:
    if bad := [email for email in emails if "@" not in email]:
        raise RefusedError(f"Wrong e-mail format: {bad[0]}.")
    if bad := [phone for phone in phones if sum(map(str.isdigit, phone)) < _SHORTEST_PHONE]:
        raise RefusedError(f"Wrong phone number format: {bad[0]}.")


def _matches(held: str, asked: str, switches: Switches) -> bool:
    if switches.case == "ignored":
        held, asked = held.casefold(), asked.casefold()
    return held == asked if switches.filters == "exact" else bool(asked) and asked in held


def _listed(value: Json) -> list[str]:
    if value is None:
        return []
    return [str(entry) for entry in value] if isinstance(value, list) else [str(value)]


def _merged(held: list[str], given: list[str], lists: str) -> list[str]:
    if lists == "replace":
        return given
    if lists == "append":
        return [*held, *given]
    return [*held, *(value for value in given if value not in held)]

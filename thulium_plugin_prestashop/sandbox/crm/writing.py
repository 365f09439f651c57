"""Writing many cards at once: what changed and nothing else, one statement a table."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from thulium_plugin_prestashop.contract.customers import PostalAddress
from thulium_plugin_prestashop.sandbox.crm import schema
from thulium_plugin_prestashop.sandbox.crm.errors import NotFound
from thulium_plugin_prestashop.sandbox.crm.loading import FieldDefinition
from thulium_plugin_prestashop.sandbox.crm.normalise import email_key, field_value, fold, phone_key
from thulium_plugin_prestashop.sandbox.crm.records import CardEdit, Email, Phone

HEAD = ("name", "surname", "company", "tax_number", "note")
ADDRESSES = ("address", "invoice_address")
EMPTY_ADDRESS = PostalAddress()


def clean(content: CardEdit, fields: Mapping[str, FieldDefinition]) -> CardEdit:
    """The content as it is kept: trimmed, e-mails and phones once each, field values checked.

    Raises :class:`CrmError` for a custom field that does not exist or does not take its value.
    """
    emails: dict[str, Email] = {}
    for email in content.emails:
        if key := email_key(email.email):
            emails.setdefault(key, Email(email.email.strip(), email.description.strip()))
    phones: dict[str, Phone] = {}
    for phone in content.phones:
        if key := phone_key(phone.number):
            e164 = key if key.startswith("+") else ""
            phones.setdefault(key, Phone(phone.number.strip(), phone.description.strip(), e164))
    values = {}
    for name, value in content.custom_fields.items():
        if name not in fields:
            raise NotFound("not_found.custom_field", field=name, name=name)
        if kept := field_value(name, fields[name].type, value):
            values[name] = kept
    return CardEdit(
        **{part: " ".join(getattr(content, part).split()) for part in HEAD if part != "note"},
        note=content.note.strip(),
        emails=tuple(emails.values()),
        phones=tuple(phones.values()),
        address=_clean_address(content.address),
        invoice_address=_clean_address(content.invoice_address),
        custom_fields=values,
    )


def _clean_address(address: PostalAddress | None) -> PostalAddress | None:
    if address is None:
        return None
    trimmed = PostalAddress(
        address.street.strip(),
        address.postcode.strip(),
        address.city.strip(),
        address.country.strip().upper(),
    )
    return None if trimmed == EMPTY_ADDRESS else trimmed


@attrs.define
class CardWriter:
    """Collects what to write, then writes it in :meth:`flush`. Contents have gone through :func:`clean`."""

    fields: Mapping[str, FieldDefinition]
    now: datetime
    _inserts: dict[str, list[dict[str, Any]]] = attrs.field(factory=dict, init=False)
    _heads: list[dict[str, Any]] = attrs.field(factory=list, init=False)
    _touched: set[int] = attrs.field(factory=set, init=False)
    _emptied: dict[str, list[int]] = attrs.field(factory=dict, init=False)
    _taken_addresses: list[dict[str, Any]] = attrs.field(factory=list, init=False)
    _taken_values: list[dict[str, Any]] = attrs.field(factory=list, init=False)

    def create(self, number: int, content: CardEdit) -> None:
        """A new card under this id."""
        self._insert(
            "customers",
            id=number,
            search=_search(content),
            created_at=self.now,
            updated_at=self.now,
            **{part: getattr(content, part) for part in HEAD},
        )
        self._add_emails(number, content.emails)
        self._add_phones(number, content.phones)
        self._put_addresses(number, CardEdit(), content)
        self._put_values(number, CardEdit(), content)

    def change(self, number: int, old: CardEdit, new: CardEdit) -> bool:
        """Turn ``old`` into ``new``; false when they are the same."""
        if old == new:
            return False
        if any(getattr(old, part) != getattr(new, part) for part in HEAD):
            self._heads.append(
                {
                    "number": number,
                    "search": _search(new),
                    "updated_at": self.now,
                    **{part: getattr(new, part) for part in HEAD},
                }
            )
        else:
            self._touched.add(number)
        if old.emails != new.emails:
            known = self._known("emails", number, old.emails, new.emails)
            self._add_emails(number, new.emails[known:])
        if old.phones != new.phones:
            known = self._known("phones", number, old.phones, new.phones)
            self._add_phones(number, new.phones[known:])
        self._put_addresses(number, old, new)
        self._put_values(number, old, new)
        return True

    async def flush(self, connection: AsyncConnection) -> None:
        """Write all that was collected."""
        tables = schema.metadata.tables
        for name, owners in self._emptied.items():
            table = tables[name]
            await connection.execute(sa.delete(table).where(table.c.customer_id.in_(owners)))
        await self._take(connection, schema.addresses, "kind", self._taken_addresses)
        await self._take(connection, schema.custom_values, "field_id", self._taken_values)
        if self._heads:
            customers = schema.customers
            parts: dict[str, Any] = {
                column: sa.bindparam(column) for column in ("search", "updated_at", *HEAD)
            }
            update = sa.update(customers).where(customers.c.id == sa.bindparam("number")).values(**parts)
            await connection.execute(update, self._heads)
        if self._touched:
            touch = sa.update(schema.customers).where(schema.customers.c.id.in_(sorted(self._touched)))
            await connection.execute(touch.values(updated_at=self.now))
        for name in ("customers", "emails", "phones"):
            if rows := self._inserts.get(name):
                await connection.execute(sa.insert(tables[name]), rows)
        await self._upsert(connection, schema.addresses, ("street", "postcode", "city", "country"))
        await self._upsert(connection, schema.custom_values, ("value",))

    async def _take(
        self, connection: AsyncConnection, table: sa.Table, key: str, rows: list[dict[str, Any]]
    ) -> None:
        if rows:
            mine = sa.and_(
                table.c.customer_id == sa.bindparam("owner"), table.c[key] == sa.bindparam("which")
            )
            await connection.execute(sa.delete(table).where(mine), rows)

    async def _upsert(self, connection: AsyncConnection, table: sa.Table, columns: Sequence[str]) -> None:
        if rows := self._inserts.get(table.name):
            new = insert(table)
            replace = {column: new.excluded[column] for column in columns}
            await connection.execute(
                new.on_conflict_do_update(index_elements=list(table.primary_key), set_=replace), rows
            )

    def _insert(self, table: str, **row: object) -> None:
        self._inserts.setdefault(table, []).append(row)

    def _known(self, table: str, number: int, old: Sequence[object], new: Sequence[object]) -> int:
        """How many of ``new`` are there already, in order; if it is no continuation of ``old``, all are written anew."""
        if new[: len(old)] == old:
            return len(old)
        self._emptied.setdefault(table, []).append(number)
        return 0

    def _add_emails(self, number: int, emails: Sequence[Email]) -> None:
        for email in emails:
            self._insert(
                "emails",
                customer_id=number,
                email=email.email,
                email_key=email_key(email.email),
                description=email.description,
            )

    def _add_phones(self, number: int, phones: Sequence[Phone]) -> None:
        for phone in phones:
            self._insert(
                "phones",
                customer_id=number,
                number=phone.number,
                phone_key=phone.e164 or phone_key(phone.number),
                description=phone.description,
            )

    def _put_addresses(self, number: int, old: CardEdit, new: CardEdit) -> None:
        for kind in ADDRESSES:
            address: PostalAddress | None = getattr(new, kind)
            if address == getattr(old, kind):
                continue
            if address is None:
                self._taken_addresses.append({"owner": number, "which": kind})
            else:
                parts = attrs.asdict(address)
                self._insert("addresses", customer_id=number, kind=kind, **parts)

    def _put_values(self, number: int, old: CardEdit, new: CardEdit) -> None:
        for name, value in new.custom_fields.items():
            if old.custom_fields.get(name) != value:
                self._insert("custom_values", customer_id=number, field_id=self.fields[name].id, value=value)
        for name in old.custom_fields:
            if name not in new.custom_fields and name in self.fields:
                self._taken_values.append({"owner": number, "which": self.fields[name].id})


async def next_customer_id(connection: AsyncConnection) -> int:
    """The first id that was never given; stays free until the writing transaction ends."""
    last = await connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'customers'")
    return (last.scalar() or 0) + 1


def _search(content: CardEdit) -> str:
    return fold(f"{content.name} {content.surname} {content.company} {content.tax_number}")

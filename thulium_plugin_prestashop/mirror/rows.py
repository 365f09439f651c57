"""Records of the shop as rows of the mirror.

A row is a dict of the table's columns without ``integration``. Its ``checksum`` covers everything the shop sent and
nothing that was derived from settings, so that changing a setting does not make every row look changed.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from hashlib import blake2b
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

import orjson

from thulium_plugin_prestashop.webservice.records import Address, Customer, Order

Row: TypeAlias = dict[str, Any]

_MICRO: Final = Decimal(1_000_000)
_LONGEST_KEY: Final = 500
"""Characters of four bytes each, beside the integration's id, fit into an index of PostgreSQL."""
_CUT_KEY: Final = 400


def checksum(values: object) -> int:
    """A signed 64-bit hash of what orjson can write; the chance of missing one change is 1 in 10¹⁹."""
    return int.from_bytes(blake2b(orjson.dumps(values), digest_size=8).digest(), "big", signed=True)


def email_key(email: str) -> str:
    """What all spellings of one e-mail share."""
    return as_key(email.strip().casefold())


def reference_key(reference: str) -> str:
    """What all spellings of one order reference share."""
    return as_key(reference.strip().upper())


def as_key(text: str) -> str:
    """The text as it can be compared and indexed: what people type may hold a NUL, which PostgreSQL refuses, and no
    entry of its indexes may be longer than a third of a page. Longer texts than any shop holds end in a hash.
    """
    text = text.replace("\x00", "\ufffd")
    if len(text) <= _LONGEST_KEY:
        return text
    return f"{text[:_CUT_KEY]}#{blake2b(text.encode(errors='replace'), digest_size=16).hexdigest()}"


def wall_text(moment: datetime | None) -> str | None:
    """A naive shop time as the mirror holds it."""
    return None if moment is None else moment.isoformat(" ", "seconds")


def wall_time(text: str | None) -> datetime | None:
    """The naive shop time that :func:`wall_text` wrote."""
    return None if text is None else datetime.fromisoformat(text)


def epoch(moment: datetime | None, zone: ZoneInfo) -> int | None:
    """UTC epoch seconds of a naive shop time. The hour that happens twice in autumn is taken the first time; the
    one that is skipped in spring is read as if the clock had not been moved.
    """
    return None if moment is None else int(moment.replace(tzinfo=zone).timestamp())


def micro(amount: Decimal) -> int:
    """An amount in whole millionths."""
    return int((amount * _MICRO).to_integral_value(ROUND_HALF_EVEN))


def customer_row(record: Customer) -> Row:
    """A customer; new and changed ones are pending for the link phase."""
    row: Row = {
        "id": record.id,
        "email": record.email,
        "email_key": email_key(record.email),
        "firstname": record.firstname,
        "lastname": record.lastname,
        "company": record.company,
        "siret": record.siret,
        "is_guest": record.is_guest,
        "active": record.active,
        "deleted": record.deleted,
        "id_shop": record.id_shop,
        "id_lang": record.id_lang,
        "date_add": wall_text(record.date_add),
        "date_upd": wall_text(record.date_upd),
    }
    row["checksum"] = checksum(list(row.values()))
    row["pending"] = True
    return row


def address_row(record: Address) -> Row:
    """An address."""
    row: Row = {
        "id": record.id,
        "id_customer": record.id_customer,
        "id_country": record.id_country,
        "alias": record.alias,
        "company": record.company,
        "firstname": record.firstname,
        "lastname": record.lastname,
        "vat_number": record.vat_number,
        "dni": record.dni,
        "address1": record.address1,
        "address2": record.address2,
        "postcode": record.postcode,
        "city": record.city,
        "other": record.other,
        "phone": record.phone,
        "phone_mobile": record.phone_mobile,
        "deleted": record.deleted,
        "date_add": wall_text(record.date_add),
        "date_upd": wall_text(record.date_upd),
    }
    row["checksum"] = checksum(list(row.values()))
    return row


def order_row(record: Order, zone: ZoneInfo) -> Row:
    """An order with its lines; ``zone`` is the shop's."""
    lines = orjson.dumps(
        [
            [
                line.id,
                line.product_id,
                line.product_attribute_id,
                line.product_quantity,
                line.product_name,
                line.product_reference,
                str(line.unit_price_tax_incl),
                str(line.unit_price_tax_excl),
            ]
            for line in record.rows
        ]
    )
    row: Row = {
        "id": record.id,
        "reference": record.reference,
        "reference_key": reference_key(record.reference),
        "id_customer": record.id_customer,
        "id_shop": record.id_shop,
        "id_currency": record.id_currency,
        "state": record.current_state,
        "total_micro": micro(record.total_paid),
        "payment": record.payment,
        "module": record.module,
        "tracking": record.shipping_number,
        "id_address_delivery": record.id_address_delivery,
        "id_address_invoice": record.id_address_invoice,
        "gift_message": record.gift_message,
        "note": record.note,
        "valid": record.valid,
        "date_add": wall_text(record.date_add),
        "date_upd": wall_text(record.date_upd),
    }
    sent = [*row.values(), lines.decode()]
    row["checksum"] = checksum(sent)
    row["rows"] = lines
    row["placed_at"] = epoch(record.date_add, zone)
    row["removed_at"] = None
    return row


def rows_of(records: Sequence[Customer | Address | Order], zone: ZoneInfo) -> list[Row]:
    """Rows of records of one kind."""
    made: list[Row] = []
    for record in records:
        if isinstance(record, Order):
            made.append(order_row(record, zone))
        elif isinstance(record, Address):
            made.append(address_row(record))
        else:
            made.append(customer_row(record))
    return made

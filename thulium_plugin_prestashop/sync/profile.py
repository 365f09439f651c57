"""What the shop knows of one customer that belongs on a card."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from re import Pattern
from typing import Final

import attrs
import phonenumbers

from thulium_plugin_prestashop.contract.customers import PostalAddress
from thulium_plugin_prestashop.mirror.links import StoredRow
from thulium_plugin_prestashop.mirror.rows import email_key
from thulium_plugin_prestashop.sync.marketplaces import (
    is_notice_sender,
    login_by_pattern,
    login_in_alias,
    masked,
)

ANONYMOUS: Final = frozenset({"anonymous@psgdpr.com"})
"""Where PrestaShop's GDPR module moves what erased customers leave behind: nobody in particular."""
LONGEST_EMAIL: Final = 254


@attrs.frozen
class Profile:
    """One customer of the shop, as a card would show it. Texts are stripped; missing ones are ``""``."""

    id: int
    name: str
    surname: str
    emails: tuple[str, ...]
    """Both forms of a masked address, the full one first; otherwise one at most."""
    email_key: str
    """What identifies by e-mail; ``""`` when nothing does."""
    masked_key: str
    """The masked address without its order part; ``""`` outside marketplaces."""
    login: str
    phones: tuple[str, ...]
    """E.164, newest address first."""
    company: str
    tax_number: str
    address: PostalAddress | None
    invoice_address: PostalAddress | None
    registered: bool
    """Neither a guest nor deleted."""
    guest: bool
    deleted: bool
    has_orders: bool

    @property
    def anonymous(self) -> bool:
        """Whether this stands for nobody in particular."""
        return self.email_key in ANONYMOUS


@lru_cache(maxsize=16_384)
def e164(typed: str, country: str) -> str:
    """A telephone number in E.164, or ``""`` for what cannot be one; ``country`` is ISO 3166-1 alpha-2 or ``""``."""
    if sum(map(str.isdigit, typed)) < 5:  # noqa: PLR2004 - no public telephone number is shorter
        return ""
    try:
        number = phonenumbers.parse(typed, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _clean(text: str) -> str:
    return " ".join(text.split())


def _postal(row: StoredRow, countries: Mapping[int, str]) -> PostalAddress | None:
    street = ", ".join(part for part in (_clean(row["address1"]), _clean(row["address2"])) if part)
    postcode, city = _clean(row["postcode"]), _clean(row["city"])
    if not (street or postcode or city):
        return None
    return PostalAddress(
        street=street, postcode=postcode, city=city, country=countries.get(row["id_country"], "")
    )


def _login(
    addresses: Sequence[StoredRow], notes: Sequence[str], pattern: Pattern[str] | None, *, marketplace: bool
) -> str:
    for row in addresses:
        login = login_in_alias(row["alias"], row["firstname"], row["lastname"], marketplace=marketplace)
        if login:
            return login
    texts = [row[column] for row in addresses for column in ("alias", "other", "company")]
    return login_by_pattern(pattern, [*texts, *notes])


def _surname(lastname: str, company: str, emails: Sequence[str], row_id: int) -> str:
    """A host requires a surname; shops have customers without one."""
    local = emails[0].partition("@")[0] if emails else ""
    return lastname or company or local or f"PrestaShop #{row_id}"


def profile(
    customer: StoredRow,
    addresses: Sequence[StoredRow],
    notes: Sequence[str] | None,
    countries: Mapping[int, str],
    pattern: Pattern[str] | None,
) -> Profile:
    """Put together what is known of one customer.

    Args:
        customer: Its row of the mirror.
        addresses: Its addresses, newest first, deleted ones included (their alias may hold the login).
        notes: Notes of its orders, newest first; ``None`` when it has no orders.
        countries: ISO codes by the shop's country id.
        pattern: Where else the marketplace login may stand; its first group is the login.

    """
    email = customer["email"].strip()
    usable = "@" in email and len(email) <= LONGEST_EMAIL and not is_notice_sender(email)
    mask = masked(email) if usable else None
    emails = mask.forms if mask else (email,) if usable else ()
    current = [row for row in addresses if not row["deleted"]]
    phones = dict.fromkeys(
        number
        for row in current
        for column in ("phone_mobile", "phone")
        if (number := e164(row[column], countries.get(row["id_country"], "")))
    )
    company = _clean(customer["company"]) or next(
        (text for row in current if (text := _clean(row["company"]))), ""
    )
    taxed = next((row for row in current if _clean(row["vat_number"])), None)
    firstname, lastname = _clean(customer["firstname"]), _clean(customer["lastname"])
    return Profile(
        id=customer["id"],
        name=firstname,
        surname=_surname(lastname, company, emails, customer["id"]),
        emails=emails,
        email_key=email_key(email) if usable else "",
        masked_key=mask.fixed if mask else "",
        login=_login(addresses, notes or (), pattern, marketplace=mask is not None),
        phones=tuple(phones),
        company=company,
        tax_number=_clean(taxed["vat_number"]) if taxed is not None else _clean(customer["siret"]),
        address=next((found for row in current if (found := _postal(row, countries))), None),
        invoice_address=_postal(taxed, countries) if taxed is not None else None,
        registered=not customer["is_guest"] and not customer["deleted"],
        guest=bool(customer["is_guest"]),
        deleted=bool(customer["deleted"]),
        has_orders=notes is not None,
    )

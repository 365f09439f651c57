"""Made-up customers and their addresses, deterministic for a seed."""

# ruff: noqa: PLR2004 - shares and chances are numbers where they are used; a name for each would hide them

from __future__ import annotations

import random
from array import array
from collections.abc import Iterator
from typing import Any

from thulium_plugin_prestashop.sandbox.shop.dates import Calendar
from thulium_plugin_prestashop.sandbox.shop.filters import ZERO_MOMENT
from thulium_plugin_prestashop.sandbox.shop.identities import Identities
from thulium_plugin_prestashop.sandbox.shop.store import GROUPS
from thulium_plugin_prestashop.sandbox.shop.vocabulary import (
    ALIASES,
    CITIES,
    COMPANY_FORMS,
    CUSTOMER_NOTES,
    FOREIGN_CITIES,
    STREETS,
)

SPAN = 8.5 * 365 * 86_400
"""How far back the shop's history goes, in seconds."""
BULK_MOMENT = "2024-05-01 03:00:00"
"""Very many customers carry this date of change, as after an import or a script of the shop's owner."""
POLAND = 14
_FIRST_ADDRESS = 101
_NIP_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)

ENOUGH_FOR_CURIOSITIES = 30
"""From this many rows on, the curiosities below are among them."""

CURIOSITIES: dict[int, dict[str, Any]] = {
    3: {"note": "a ]]> b"},
    4: {"date_upd": ZERO_MOMENT},
    5: {"firstname": "Ewa", "lastname": "Kwiatkowska", "company": "Kwiaciarnia 🌷 Ewa", "id_gender": 2},
    6: {"note": r"Kod \u0142 wpisany wprost"},
    7: {"deleted": 1},
    8: {"active": 0},
    10: {"firstname": "Jan", "lastname": "Nowak", "email": "JAN.NOWAK@EXAMPLE.COM", "is_guest": 0},
    11: {"firstname": "Jan", "lastname": "Nowak", "email": "jan.nowak@example.com", "is_guest": 1},
    12: {
        "firstname": "Ola",
        "lastname": "Dwasklepy",
        "email": "dwa.sklepy@example.com",
        "id_shop": 1,
        "is_guest": 0,
    },
    13: {
        "firstname": "Ola",
        "lastname": "Dwasklepy",
        "email": "dwa.sklepy@example.com",
        "id_shop": 2,
        "is_guest": 0,
    },
}
"""What customers at these positions have that few have; position 9 changed in the hour that happened twice."""


class People:
    """Makes customers and addresses, and remembers what orders need to know about them, compactly."""

    def __init__(self, rng: random.Random, calendar: Calendar, count: int, *, multistore: bool) -> None:
        """Prepare ``count`` customers."""
        self._rng = rng
        self._calendar = calendar
        self._count = count
        self._multistore = multistore
        self._identities = Identities(rng)
        self.idents = array("L")
        self.shops = array("B")
        self.ages = array("L")
        self.first_address = array("L")
        self.address_counts = array("B")
        self.nicks: dict[int, str] = {}
        self._addresses: list[dict[str, Any]] = []
        self._last_address = _FIRST_ADDRESS - 1

    def customers(self) -> Iterator[dict[str, Any]]:
        """Make the customers; after each batch, ``take_addresses`` gives the addresses that belong to them."""
        ident = 0
        curious = self._count >= ENOUGH_FOR_CURIOSITIES
        for position in range(self._count):
            ident += 1 if self._rng.random() > 0.02 else 2  # now and then somebody was deleted
            yield self._customer(ident, position, curious=curious)

    def take_addresses(self) -> list[dict[str, Any]]:
        """Hand over the addresses made so far."""
        taken, self._addresses = self._addresses, []
        return taken

    def ownerless_address(self) -> dict[str, Any]:
        """An address of nobody, as suppliers and broken modules leave behind."""
        self._last_address += 1
        moment = "2022-02-02 02:02:02"
        return {
            "id": self._last_address,
            "id_country": POLAND,
            "alias": "sierota",
            "firstname": "Klienta",
            "lastname": "Bez",
            "address1": "ul. Nieznana 1",
            "postcode": "00-001",
            "city": "Warszawa",
            "date_add": moment,
            "date_upd": moment,
        }

    def _customer(self, ident: int, position: int, *, curious: bool) -> dict[str, Any]:
        rng = self._rng
        identity, guest = self._identities.next()
        age = int(SPAN * rng.random() ** 1.3) + 3_600
        added = self._calendar.ago(age)
        changed = max(added, self._calendar.ago(age * rng.random())) if rng.random() < 0.4 else added
        if rng.random() < 0.15 and added < BULK_MOMENT:
            changed = BULK_MOMENT
        company = self._company(identity.lastname) if rng.random() < 0.12 else ""
        row: dict[str, Any] = {
            "id": ident,
            "id_default_group": 2 if guest else 3,
            GROUPS: "[2]" if guest else "[3]",
            "id_lang": 1 if rng.random() < 0.95 else 2,
            "secure_key": f"{rng.getrandbits(128):032x}",
            "passwd": "$2y$10$" + "x" * 53,
            "deleted": int(rng.random() < 0.02),
            "lastname": identity.lastname,
            "firstname": identity.firstname,
            "email": identity.email,
            "id_gender": identity.gender,
            "birthday": rng.choice((None, None, None, "1984-07-19", "1953-04-25", "0000-00-00")),
            "newsletter": int(rng.random() < 0.3),
            "company": company,
            "active": int(rng.random() > 0.03),
            "note": rng.choice(CUSTOMER_NOTES) if rng.random() < 0.03 else rng.choice((None, "")),
            "is_guest": int(guest),
            "id_shop": 2 if self._multistore and rng.random() < 0.13 else 1,
            "date_add": added,
            "date_upd": changed,
        }
        if curious:
            row |= CURIOSITIES.get(position, {})
            if position == 9:  # see CURIOSITIES
                row["date_upd"] = self._calendar.twice
            if not self._multistore:
                row["id_shop"] = 1
        self.idents.append(ident)
        self.shops.append(row["id_shop"])
        self.ages.append(age)
        if identity.nick:
            self.nicks[ident] = identity.nick
        self._address_rows(row, identity.nick)
        return row

    def _company(self, lastname: str) -> str:
        return self._rng.choice(COMPANY_FORMS).format(lastname)

    def _nip(self) -> str:
        """A tax number with a right check digit, as people spell it."""
        while True:
            digits = [self._rng.randrange(1, 10) for _ in range(9)]
            check = sum(weight * digit for weight, digit in zip(_NIP_WEIGHTS, digits, strict=True)) % 11
            if check < 10:  # a remainder of 10 is never given out
                break
        nip = "".join(map(str, digits)) + str(check)
        spaced = f"{nip[:3]} {nip[3:6]} {nip[6:8]} {nip[8:]}"
        return self._rng.choice((nip, f"PL{nip}", f"PL {nip}", spaced, spaced.replace(" ", "-")))

    def _phone(self) -> str:
        digits = str(self._rng.randrange(500_000_000, 889_999_999))
        parts = (digits[:3], digits[3:6], digits[6:])
        return self._rng.choice(
            (
                digits,
                f"+48{digits}",
                f"0048{digits}",
                " ".join(parts),
                "-".join(parts),
                f"+48 {' '.join(parts)}",
            )
        )

    def _address_rows(self, customer: dict[str, Any], nick: str) -> None:
        rng = self._rng
        # 1.57 addresses a customer on average, as on the shops that were recorded.
        count = 1 + (rng.random() < 0.4) + (rng.random() < 0.17)
        self.first_address.append(self._last_address + 1)
        self.address_counts.append(count)
        for number in range(count):
            self._last_address += 1
            self._addresses.append(self._address(customer, nick, number))

    def _address(self, customer: dict[str, Any], nick: str, number: int) -> dict[str, Any]:
        rng = self._rng
        country, (city, postcode), street = POLAND, rng.choice(CITIES), rng.choice(STREETS)
        if rng.random() < 0.03:
            country = rng.choice(tuple(FOREIGN_CITIES))
            city, postcode, street = FOREIGN_CITIES[country]
        alias, other = rng.choice(ALIASES), ""
        if nick:
            way = rng.random()
            if number == 0 or way < 0.6:  # most carry the login where modules put it
                alias = f"{customer['firstname']} {customer['lastname']} [{nick}]"[:64]
            elif way < 0.8:
                other = f"login: {nick}\nDostawa: Allegro Paczkomaty InPost"
        if self._last_address == _FIRST_ADDRESS + 2 and self._count >= ENOUGH_FOR_CURIOSITIES:
            other = "kod do bramy\x0b1234"
        company = customer["company"] if number == 0 or rng.random() < 0.5 else ""
        house = f"{rng.randrange(1, 120)}" + (f"/{rng.randrange(1, 90)}" if rng.random() < 0.5 else "")
        return {
            "id": self._last_address,
            "id_customer": customer["id"],
            "id_country": country,
            "alias": alias,
            "company": company,
            "firstname": customer["firstname"],
            "lastname": customer["lastname"],
            "vat_number": self._nip() if company and rng.random() < 0.9 else "",
            "address1": f"{street} {house}",
            "address2": "kod do bramy #1234" if rng.random() < 0.04 else "",
            "postcode": postcode,
            "city": city,
            "other": other,
            "phone": self._phone() if rng.random() < 0.7 else "",
            "phone_mobile": self._phone() if rng.random() < 0.4 else "",
            "deleted": int(bool(customer["deleted"]) or (number > 0 and rng.random() < 0.1)),
            "date_add": customer["date_add"],
            "date_upd": max(customer["date_add"], customer["date_upd"]),
        }

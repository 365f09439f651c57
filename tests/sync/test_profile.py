"""What of a shop's customer belongs on a card."""

import re
from typing import Any

import pytest

from thulium_plugin_prestashop.contract.customers import PostalAddress
from thulium_plugin_prestashop.sync.profile import Profile, e164, profile

COUNTRIES = {14: "PL", 1: "DE", 6: "ES"}


def customer(**columns: Any) -> Any:  # noqa: ANN401 - a row by column name
    return {
        "id": 7,
        "email": "jan@example.com",
        "email_key": "jan@example.com",
        "firstname": "Jan",
        "lastname": "Kowalski",
        "company": "",
        "siret": "",
        "is_guest": False,
        "active": True,
        "deleted": False,
        **columns,
    }


def address(**columns: Any) -> Any:  # noqa: ANN401 - a row by column name
    return {
        "id": 1,
        "id_country": 14,
        "alias": "Dom",
        "company": "",
        "firstname": "Jan",
        "lastname": "Kowalski",
        "vat_number": "",
        "dni": "",
        "address1": "",
        "address2": "",
        "postcode": "",
        "city": "",
        "other": "",
        "phone": "",
        "phone_mobile": "",
        "deleted": False,
        **columns,
    }


def made(who: Any, *addresses: Any, notes: list[str] | None = None, pattern: str = "") -> Profile:  # noqa: ANN401
    return profile(who, addresses, notes, COUNTRIES, re.compile(pattern) if pattern else None)


@pytest.mark.parametrize(
    ("typed", "country", "expected"),
    [
        ("601 234 567", "PL", "+48601234567"),
        ("601-234-567", "PL", "+48601234567"),
        ("+48 601 234 567", "PL", "+48601234567"),
        ("0048601234567", "PL", "+48601234567"),
        ("(22) 555 12 34", "PL", "+48225551234"),
        ("030 123456", "DE", "+4930123456"),
        ("+48601234567", "DE", "+48601234567"),
        ("601234567", "", ""),
        ("000", "PL", ""),
        ("brak", "PL", ""),
        ("", "PL", ""),
        ("12345678901234567890", "PL", ""),
    ],
)
def test_phones_become_e164_by_the_address_country(typed: str, country: str, expected: str) -> None:
    assert e164(typed, country) == expected


def test_a_card_gets_names_phones_company_tax_number_and_addresses() -> None:
    home = address(id=3, address1="ul. Długa  5", address2="m. 2", postcode="00-001", city="Warszawa")
    firm = address(
        id=2,
        company="Kowalski S.A.",
        vat_number="PL 5250001009",
        address1="Rynek 1",
        postcode="50-001",
        city="Wrocław",
        phone="71 300 10 20",
        phone_mobile="601234567",
    )
    found = made(customer(firstname=" Jan ", email=" Jan@Example.com "), home, firm)
    assert (found.name, found.surname, found.emails, found.email_key) == (
        "Jan",
        "Kowalski",
        ("Jan@Example.com",),
        "jan@example.com",
    )
    assert found.phones == ("+48601234567", "+48713001020")
    assert (found.company, found.tax_number) == ("Kowalski S.A.", "PL 5250001009")
    assert found.address == PostalAddress("ul. Długa 5, m. 2", "00-001", "Warszawa", "PL")
    assert found.invoice_address == PostalAddress("Rynek 1", "50-001", "Wrocław", "PL")


def test_deleted_addresses_give_no_phone_but_may_hold_the_login() -> None:
    old = address(deleted=True, phone="601234567", city="Łódź", alias="Jan Kowalski [nick]")
    found = made(customer(), old)
    assert (found.phones, found.address, found.login) == ((), None, "nick")


@pytest.mark.parametrize(
    ("columns", "company", "surname"),
    [
        ({"lastname": "Nowak"}, "Firma", "Nowak"),
        ({"lastname": " "}, "Firma", "Firma"),
        ({"lastname": ""}, "", "jan"),
        ({"lastname": "", "email": ""}, "", "PrestaShop #7"),
        ({"lastname": "", "email": "no address"}, "", "PrestaShop #7"),
    ],
)
def test_there_is_always_a_surname(columns: dict[str, str], company: str, surname: str) -> None:
    assert made(customer(**columns), address(company=company)).surname == surname


def test_a_masked_address_identifies_by_its_lasting_part() -> None:
    found = made(customer(email="8awgqyk6a5+cub31c122@allegromail.pl"))
    assert found.emails == ("8awgqyk6a5+cub31c122@allegromail.pl", "8awgqyk6a5@allegromail.pl")
    assert found.masked_key == "8awgqyk6a5@allegromail.pl"


def test_a_sender_of_notices_identifies_nobody() -> None:
    found = made(customer(email="powiadomienia@allegromail.pl"))
    assert (found.emails, found.email_key, found.masked_key) == ((), "", "")


@pytest.mark.parametrize(
    ("where", "value"), [("other", "nick=ola"), ("alias", "nick=ola"), ("company", "nick=ola")]
)
def test_a_pattern_finds_the_login_in_addresses(where: str, value: str) -> None:
    assert made(customer(), address(**{where: value}), pattern=r"nick=(\w+)").login == "ola"


def test_a_pattern_finds_the_login_in_notes_of_orders_last() -> None:
    assert made(customer(), address(), notes=["nick=ola"], pattern=r"nick=(\w+)").login == "ola"
    found = made(customer(), address(other="nick=ewa"), notes=["nick=ola"], pattern=r"nick=(\w+)")
    assert found.login == "ewa"


def test_what_gdpr_left_behind_is_nobody() -> None:
    assert made(customer(email="Anonymous@psgdpr.com")).anonymous
    assert not made(customer()).anonymous

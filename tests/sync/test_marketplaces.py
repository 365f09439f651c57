"""Masked addresses and logins, with addresses as marketplaces really issue them."""

import re

import pytest

from thulium_plugin_prestashop.sync.marketplaces import (
    is_notice_sender,
    login_by_pattern,
    login_in_alias,
    masked,
)


@pytest.mark.parametrize(
    ("email", "marketplace", "forms"),
    [
        (
            "8awgqyk6a5+cub31c122@allegromail.pl",
            "allegro",
            ("8awgqyk6a5+cub31c122@allegromail.pl", "8awgqyk6a5@allegromail.pl"),
        ),
        ("8awgqyk6a5@allegromail.pl", "allegro", ("8awgqyk6a5@allegromail.pl",)),
        (
            "2b2sudbqn9+5886ad639@user.allegrogroup.pl",
            "allegro",
            ("2b2sudbqn9+5886ad639@user.allegrogroup.pl", "2b2sudbqn9@user.allegrogroup.pl"),
        ),
        (
            "8AWGQYK6A5+CUB31C122@AllegroMail.pl",
            "allegro",
            ("8awgqyk6a5+cub31c122@allegromail.pl", "8awgqyk6a5@allegromail.pl"),
        ),
        # A code may happen to hold no digit.
        (
            "istnolltcj+5886ad639@allegromail.pl",
            "allegro",
            ("istnolltcj+5886ad639@allegromail.pl", "istnolltcj@allegromail.pl"),
        ),
        ("istnolltcj@allegromail.pl", "allegro", ("istnolltcj@allegromail.pl",)),
        # Amazon's lasting form holds a plus of its own: only what follows a second one is the order's.
        (
            "sn1i9ljql7+7w5e1s4+a05056221zodtbjjfaapk@marketplace.amazon.de",
            "amazon",
            (
                "sn1i9ljql7+7w5e1s4+a05056221zodtbjjfaapk@marketplace.amazon.de",
                "sn1i9ljql7+7w5e1s4@marketplace.amazon.de",
            ),
        ),
        (
            "sn1i9ljql7+7w5e1s4@marketplace.amazon.pl",
            "amazon",
            ("sn1i9ljql7+7w5e1s4@marketplace.amazon.pl",),
        ),
        ("abc123@marketplace.amazon.co.uk", "amazon", ("abc123@marketplace.amazon.co.uk",)),
        ("2084fd1bc5d8935cb072@members.ebay.com", "ebay", ("2084fd1bc5d8935cb072@members.ebay.com",)),
    ],
)
def test_a_masked_address_is_kept_in_both_forms(email: str, marketplace: str, forms: tuple[str, ...]) -> None:
    found = masked(email)
    assert found is not None
    assert (found.marketplace, found.forms) == (marketplace, forms)


@pytest.mark.parametrize(
    "email",
    [
        "jan+zakupy@gmail.com",
        "jan.kowalski@wp.pl",
        "8awgqyk6a5+cub31c122@allegromail.pl.example.com",
        "a+b+c@amazon.com",
        "a+b+c@marketplace.amazon.de.example.com",
        "sklep@allegro.pl",
        "",
        "@allegromail.pl",
    ],
)
def test_other_addresses_are_never_cut(email: str) -> None:
    assert masked(email) is None


@pytest.mark.parametrize(
    ("email", "sender"),
    [
        ("powiadomienia@allegromail.pl", True),
        ("ertesitesek@allegromail.com", True),
        ("8awgqyk6a5+cub31c122@allegromail.pl", False),
        ("powiadomienia@example.com", False),
    ],
)
def test_senders_of_notices_are_no_buyers(email: str, *, sender: bool) -> None:
    assert is_notice_sender(email) is sender


@pytest.mark.parametrize(
    ("alias", "first", "last", "marketplace", "login"),
    [
        ("Jan Kowalski [client:44300]", "Jan", "Kowalski", True, "client:44300"),
        ("Jan Kowalski [nick_77]", "Jan", "Kowalski", False, "nick_77"),
        ("JAN  KOWALSKI [nick]", "Jan", "Kowalski", False, "nick"),
        # Anybody may name an address like this; without a masked e-mail it is no login.
        ("Dom [parter]", "Jan", "Kowalski", False, ""),
        ("Firma Sp. z o.o. [nick]", "Jan", "Kowalski", True, "nick"),
        ("Jan Kowalski", "Jan", "Kowalski", True, ""),
        ("Jan Kowalski [nick", "Jan", "Kowalski", True, ""),
        ("Jan Kowalski [two words]", "Jan", "Kowalski", True, ""),
        ("Jan Kowalski []", "Jan", "Kowalski", True, ""),
        ("", "", "", True, ""),
    ],
)
def test_the_login_in_an_alias(
    alias: str,
    first: str,
    last: str,
    login: str,
    *,
    marketplace: bool,
) -> None:
    assert login_in_alias(alias, first, last, marketplace=marketplace) == login


def test_a_pattern_finds_the_login_in_the_first_text_that_has_it() -> None:
    pattern = re.compile(r"login:\s*(\S+)")
    assert login_by_pattern(pattern, ["Dom", "login: ola88", "login: other"]) == "ola88"
    assert login_by_pattern(pattern, ["Dom"]) == ""
    assert login_by_pattern(None, ["login: ola88"]) == ""


def test_a_pattern_looks_at_the_beginning_of_a_long_text_only() -> None:
    assert login_by_pattern(re.compile(r"login: (\S+)"), ["x" * 1_000 + "login: ola"]) == ""

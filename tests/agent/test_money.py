from decimal import Decimal

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from thulium_plugin_prestashop.agent.money import UNKNOWN_CURRENCY, from_micro, money


@pytest.mark.parametrize(
    ("micro", "currency", "amount"),
    [
        (61_800_000, "PLN", "61.80"),
        (0, "PLN", "0.00"),
        (5, "PLN", "0.00"),
        (-1_005_000, "EUR", "-1.01"),
        (61_805_000, "PLN", "61.81"),
        (1_234_500_000, "JPY", "1235"),
        (1_234_500, "KWD", "1.235"),
        (999_999_999_999_999_999, "PLN", "1000000000000.00"),
    ],
)
def test_millionths_become_an_amount_in_the_currencys_own_decimals(
    micro: int, currency: str, amount: str
) -> None:
    assert str(from_micro(micro, currency)) == amount


@pytest.mark.parametrize(
    ("amount", "currency", "polish", "english"),
    [
        ("61.8", "PLN", "61,80 zł", "PLN 61.80"),
        ("12345.6", "EUR", "12 345,60 €", "€12,345.60"),
        ("1234", "JPY", "1 234 JPY", "¥1,234"),
        ("-5", "PLN", "-5,00 zł", "-PLN 5.00"),
        ("5", "", "5,00 ¤", "¤5.00"),
    ],
)
def test_an_amount_reads_as_people_write_it(amount: str, currency: str, polish: str, english: str) -> None:
    texts = [
        money(Decimal(amount), currency, Locale(language)).text.replace("\xa0", " ")
        for language in ("pl", "en")
    ]
    assert texts == [polish, english]


def test_an_amount_in_a_currency_we_do_not_know_says_so() -> None:
    assert money(Decimal("5.5"), "", Locale("pl")).currency == UNKNOWN_CURRENCY


@given(st.integers(-(10**15), 10**15), st.sampled_from(["PLN", "EUR", "JPY", "KWD", "HUF", "XXX"]))
def test_rounding_moves_an_amount_by_at_most_half_a_unit_and_never_twice(micro: int, currency: str) -> None:
    amount = from_micro(micro, currency)
    unit = Decimal(1).scaleb(amount.as_tuple().exponent)  # type: ignore[arg-type]  # finite, so an int
    assert abs(amount - Decimal(micro) / 10**6) <= unit / 2
    assert money(amount, currency, Locale("pl")).amount == amount
    assert from_micro(-micro, currency) == -amount

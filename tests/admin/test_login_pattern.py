from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thulium_plugin_prestashop.admin.login_pattern import PatternError, compile_login_pattern
from thulium_plugin_prestashop.sync.marketplaces import LONGEST_TEXT

SECONDS = 0.2
"""Far above what a search takes, far below what one that backtracks takes."""


@pytest.mark.parametrize(
    ("pattern", "text", "login"),
    [
        (r"Allegro: (\S+)", "zamówienie, ALLEGRO: kupujacy_7 dziękuję", "kupujacy_7"),
        (r"\[([^\]]+)\]", "Jan Kowalski [jan.k]", "jan.k"),
        (r"nick\s*[:=]\s*(\w{3,20})", "nick = ala_ma", "ala_ma"),
        (r"^login ([a-z0-9_-]+)$", "login a-b_9", "a-b_9"),
        (r"(\d{5})", "x 12345", "12345"),
        (r"a?b(c)", "xbc", "c"),
        (r"żółw (ł+)", "ŻÓŁW ŁŁ", "ŁŁ"),
    ],
)
def test_patterns_of_everyday_find_the_login(pattern: str, text: str, login: str) -> None:
    found = compile_login_pattern(pattern).search(text)
    assert found is not None
    assert found[1] == login


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("Allegro", "pattern_groups"),
        ("(a)(b)", "pattern_groups"),
        ("(a", "pattern_groups"),
        ("a)", "pattern_groups"),
        ("([z-a])", "pattern_invalid"),
        ("(a|b)", "pattern_unsupported"),
        ("(a)+", "pattern_unsupported"),
        ("(a+)+", "pattern_unsupported"),
        (r"(a)\1", "pattern_unsupported"),
        ("(?=a)(b)", "pattern_unsupported"),
        ("(?P<x>a)", "pattern_unsupported"),
        ("(a*?)", "pattern_unsupported"),
        ("([a-z&&[b]])", "pattern_unsupported"),
        (r"(.+)\]", "pattern_ambiguous"),
        (r"(\w+\d+)", "pattern_ambiguous"),
        (r"(\w*)[a-z]?\d", "pattern_ambiguous"),
        (r"(a{1,3}a)", "pattern_ambiguous"),
        ("(a)" + "b" * 200, "too_long"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_reason(pattern: str, key: str) -> None:
    with pytest.raises(PatternError) as raised:
        compile_login_pattern(pattern)
    assert raised.value.key == key


atoms = st.sampled_from(["a", "b", ".", r"\w", r"\d", r"\s", "[ab]", "[^a]", r"\S", "x", "-", r"\]"])
repeats = st.sampled_from(["", "", "*", "+", "?", "{2}", "{0,50}", "{3,}"])
pieces = st.lists(st.tuples(atoms, repeats).map("".join), min_size=1, max_size=8)


@settings(deadline=None, max_examples=300)
@given(pieces, pieces, st.sampled_from(["a", "ab", "a1", " ", "x-"]))
def test_a_pattern_that_is_taken_answers_at_once(before: list[str], inside: list[str], unit: str) -> None:
    try:
        compiled = compile_login_pattern(f"{''.join(before)}({''.join(inside)})")
    except PatternError as error:
        assert error.key == "pattern_ambiguous"  # noqa: PT017 - other patterns go on below
        return
    text = (unit * LONGEST_TEXT)[: LONGEST_TEXT - 1] + "!"
    started = process_time()
    compiled.search(text)
    assert process_time() - started < SECONDS


@given(st.text(max_size=60))
def test_whatever_is_typed_is_taken_or_refused(pattern: str) -> None:
    try:
        assert compile_login_pattern(pattern).groups == 1
    except PatternError as error:
        assert error.key.startswith(("pattern_", "too_long"))  # noqa: PT017 - others are taken

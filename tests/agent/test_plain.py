import pytest
from hypothesis import given
from hypothesis import strategies as st

from thulium_plugin_prestashop.agent.plain import folded, from_html


@pytest.mark.parametrize(
    ("html", "plain"),
    [
        ("Proszę dzwonić", "Proszę dzwonić"),
        (
            "<p>Proszę <b>dzwonić</b></p><p>po 16:00&nbsp;&amp; nie wcześniej</p>",
            "Proszę dzwonić\npo 16:00 & nie wcześniej",
        ),
        ("raz<br />dwa<BR>trzy", "raz\ndwa\ntrzy"),
        ("5 < 6 & 7 > 2", "5 < 6 & 7 > 2"),
        ("&lt;p&gt;", "&lt;p&gt;"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("<p>x</p><img src=x onerror=alert(1)>", "x\n<img src=x onerror=alert(1)>"),
        ("<parcel> to <boss>", "<parcel> to <boss>"),
        ("", ""),
    ],
)
def test_formatting_becomes_lines_and_everything_else_stays_in_sight(html: str, plain: str) -> None:
    assert from_html(html) == plain


@given(st.text(st.characters(exclude_characters="<>&")))
def test_text_without_markup_is_not_touched(text: str) -> None:
    assert from_html(text) == text.strip()


@pytest.mark.parametrize(
    ("text", "key"), [("Żółw ŁADNY", "zolw ladny"), ("ﬁlm", "film"), ("Straße", "strasse")]
)
def test_searching_knows_neither_case_nor_diacritics(text: str, key: str) -> None:
    assert folded(text) == key

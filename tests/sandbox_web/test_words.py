"""Both languages say all there is to say, and nothing a person reads stands outside the catalogue."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thulium_plugin_prestashop.contract.catalogue import Message
from thulium_plugin_prestashop.sandbox.crm.audit import Action
from thulium_plugin_prestashop.sandbox.web import colours
from thulium_plugin_prestashop.sandbox.web.words import MESSAGES, Words

PACKAGE = Path(str(files("thulium_plugin_prestashop.sandbox.web")))
TEMPLATES = sorted(PACKAGE.glob("templates/*.html"))
SOURCES = sorted(PACKAGE.rglob("*.py"))
PLURALS = {"en": {"one", "other"}, "pl": {"one", "few", "many", "other"}}
POLISH, ENGLISH = Words.of("pl", "Europe/Warsaw"), Words.of("en", "Europe/Warsaw")


def placeholders(message: Message) -> set[str]:
    texts = [message] if isinstance(message, str) else list(message.values())
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    english, polish = MESSAGES.messages["en"], MESSAGES.messages["pl"]
    assert set(english) == set(polish)
    for key, message in english.items():
        assert placeholders(message) | {"count"} == placeholders(polish[key]) | {"count"}, key
        assert isinstance(message, str) == isinstance(polish[key], str), key


def test_every_plural_has_all_forms_of_its_language() -> None:
    for locale, messages in MESSAGES.messages.items():
        for key, message in messages.items():
            assert isinstance(message, str) or set(message) == PLURALS[locale], f"{locale} {key}"


def named_keys() -> Iterator[str]:
    """Literal keys in templates and code; keys that are put together are the walking tests' to find."""
    for template in TEMPLATES:
        yield from re.findall(r'\bt\("([a-z_.]+[a-z_])"(?!\s*~)', template.read_text(encoding="utf-8"))
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name) and node.args:
                name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                first = node.args[0]
                if name == "words" and isinstance(first, ast.Constant):
                    yield str(first.value)


def test_every_key_that_a_page_names_is_in_the_catalogue() -> None:
    named = set(named_keys())
    assert len(named) > 150
    assert named <= set(MESSAGES.messages["en"])


def test_every_message_is_used_somewhere() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in [*TEMPLATES, *SOURCES])
    stems = set(re.findall(r'"([a-z_]+\.[a-z_]*)"\s*~', text)) | set(
        re.findall(r'f"([a-z_]+\.[a-z_]*)\{', text)
    )
    unused = [
        key
        for key in MESSAGES.messages["en"]
        if f'"{key}"' not in text and not any(key.startswith(stem) for stem in stems)
    ]
    assert unused == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_words_of_its_own(template: Path) -> None:
    text = re.sub(
        r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "\0", template.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    attributes = re.findall(r'\b(?:title|aria-label|placeholder|alt|label)="([^"]*)"', text)
    outside = re.sub(r"<[^>]*>", "\0", text)
    for piece in [*attributes, *outside.split("\0")]:
        assert not re.search(r"\w{2,}", piece), piece


def test_moments_and_spans_are_in_the_readers_language_and_zone() -> None:
    at = datetime(2026, 11, 24, 7, 15, tzinfo=UTC)
    assert POLISH.moment(at) == "24 lis 2026, 08:15"
    assert ENGLISH.moment(at) == "Nov 24, 2026, 08:15"
    assert POLISH.day(at) == "wtorek, 24 listopada 2026"
    assert POLISH.ago(at - timedelta(minutes=5), at) == "5 minut temu"
    assert ENGLISH.ago(at + timedelta(minutes=20), at) == "in 20 minutes"
    assert ENGLISH.ago(at, at) == "just now"
    assert POLISH.number(12345.5) == "12\u00a0345,5"
    assert (ENGLISH.seconds(245), ENGLISH.seconds(3723)) == ("4:05", "1:02:03")
    assert Words.of("de", "No/Where") == Words.of("en", "UTC")


@given(st.integers(0, 0xFFFFFF).map(lambda number: f"{number:06x}"))
def test_the_ink_on_any_colour_is_readable(color: str) -> None:
    assert colours.contrast(colours.readable_on(color), color) >= 4.5


@given(st.text(max_size=40))
def test_no_text_gets_into_the_stylesheet_but_a_colour(text: str) -> None:
    rule = colours.stylesheet([colours.normalise(text)])
    assert re.fullmatch(r"\.badge-[0-9a-f]{6}\{background:#[0-9a-f]{6};color:#(000000|ffffff)\}", rule)


def test_everything_that_is_written_down_has_its_words() -> None:
    actions = {f"audit.did_{action.replace('.', '_')}" for action in get_args(Action)}
    assert actions == {key for key in MESSAGES.messages["en"] if key.startswith("audit.did_")}

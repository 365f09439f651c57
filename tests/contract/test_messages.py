"""The plugin's catalogue is complete in both languages, and every message is used somewhere."""

import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from babel import Locale

import thulium_plugin_prestashop
from thulium_plugin_prestashop.agent.notices import reason
from thulium_plugin_prestashop.contract.catalogue import Message
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.webservice.messages import KEYS

PACKAGE = Path(thulium_plugin_prestashop.__file__).parent
ROOMS = ("agent", "admin", "sync", "mirror", "plugin.py")


def texts(message: Message) -> Mapping[str, str]:
    return {"": message} if isinstance(message, str) else message


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_messages() -> None:
    assert MESSAGES.messages["pl"].keys() == MESSAGES.messages["en"].keys()


@pytest.mark.parametrize("key", sorted(MESSAGES.messages["en"]))
def test_a_message_takes_the_same_values_in_both_languages(key: str) -> None:
    polish, english = (MESSAGES.messages[locale][key] for locale in ("pl", "en"))
    assert isinstance(polish, str) == isinstance(english, str)
    wanted = {frozenset(placeholders(text)) for text in (*texts(polish).values(), *texts(english).values())}
    assert len(wanted) == 1
    assert all(text.strip() for text in (*texts(polish).values(), *texts(english).values()))


@pytest.mark.parametrize("locale", ["pl", "en"])
def test_plural_messages_have_every_form_of_their_language(locale: str) -> None:
    wanted = {*Locale(locale).plural_form.tags, "other"}
    for key, message in MESSAGES.messages[locale].items():
        if not isinstance(message, str):
            assert message.keys() == wanted, key


def sources() -> Iterator[str]:
    for room in ROOMS:
        path = PACKAGE / room
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield file.read_text(encoding="utf-8")


def mentioned() -> tuple[set[str], list[re.Pattern[str]]]:
    """Keys written out in the code, and patterns of those put together from parts.

    ``reader.phrase("x")`` means ``agent.x``; helpers such as ``_text("x")`` put ``admin.authentication.`` in front,
    and their own f-string is found as a pattern.
    """
    literal, patterns = set(), []
    for source in sources():
        for dynamic, text in re.findall(r"(f?)\"([a-z_]+(?:\.(?:[a-z_]|\{[^}]*\})+)+)\"", source):
            if dynamic:
                patterns.append(re.compile(r"[a-z_0-9]+".join(map(re.escape, re.split(r"\{[^}]*\}", text)))))
            else:
                literal.add(text)
    return literal, patterns


def test_every_message_is_used() -> None:
    literal, patterns = mentioned()
    unused = [
        key
        for key in MESSAGES.messages["en"]
        for name in [key.removeprefix("agent.")]
        if not {key, name} & literal and not any(p.fullmatch(key) or p.fullmatch(name) for p in patterns)
    ]
    assert unused == []


def test_every_key_written_out_exists() -> None:
    literal, _ = mentioned()
    prefixes = ("admin.", "agent.", "sync.")
    assert {key for key in literal if key.startswith(prefixes)} <= MESSAGES.messages["en"].keys()
    words = {word for source in sources() for word in re.findall(r"reader\.phrase\(\"([a-z_.]+)\"", source)}
    assert words
    assert {f"agent.{word}" for word in words} <= MESSAGES.messages["en"].keys()


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_failure_of_the_shop_means_something_to_an_agent(key: str) -> None:
    """Only answers we cannot read and questions we asked wrongly are left to the administrator's log."""
    meaning = reason(key)
    assert f"agent.notice.{meaning}" in MESSAGES.messages["en"]
    if key.startswith(("auth.", "net.", "shop.", "address.")):
        assert meaning in {"access", "unreachable"}

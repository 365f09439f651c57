"""What the bridge says: in both languages, with the same values, and nothing that nobody says."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from thulium_plugin_prestashop.thulium.behaviour import Lists
from thulium_plugin_prestashop.thulium.words import MESSAGES

PACKAGE = Path(__file__).parents[2] / "thulium_plugin_prestashop" / "thulium"
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def texts(message: str | Mapping[str, str]) -> list[str]:
    return [message] if isinstance(message, str) else list(message.values())


def test_both_languages_say_the_same_things() -> None:
    assert MESSAGES.messages["en"].keys() == MESSAGES.messages["pl"].keys()


@pytest.mark.parametrize("key", sorted(MESSAGES.messages["en"]))
def test_a_message_takes_the_same_values_in_both_languages(key: str) -> None:
    english, polish = (texts(MESSAGES.messages[locale][key]) for locale in ("en", "pl"))
    wanted = {frozenset(PLACEHOLDER.findall(text)) for text in (*english, *polish)}
    assert len(wanted) == 1
    if isinstance(MESSAGES.messages["pl"][key], Mapping):
        assert {"one", "few", "many", "other"} == set(MESSAGES.messages["pl"][key])


def test_every_message_is_said_somewhere() -> None:
    source = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    source += (PACKAGE / "pages" / "status.html").read_text()
    made = {f"check.lists_{lists.value}" for lists in Lists} | {"error.net.tls"}
    made |= {f"page.state_{state}" for state in ("waiting", "queued", "running", "cancelling", "stopped")}
    made |= {"page.state_not_connected", "page.ok", "page.not_ok", "page.retrying"}
    for key in MESSAGES.messages["en"].keys() - made:
        spoken = [key, *(key.removeprefix(f"{part}.") for part in ("error", "page", "todo", "config"))]
        assert any(f'"{name}"' in source for name in spoken), key

"""quality.toml claims nothing that is not there."""

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

from thulium_plugin_prestashop.admin.runtime import KEY
from thulium_plugin_prestashop.mirror.migrate import VERSION_TABLE
from thulium_plugin_prestashop.mirror.tables import metadata
from thulium_plugin_prestashop.testing import FakeHost

TREE = Path(__file__).parents[2]
SCALES: dict[str, dict[str, dict[str, Any]]] = tomllib.loads(
    (TREE / "tests" / "quality.toml").read_text(encoding="utf-8")
)
RULES = {
    f"{scale}.{part}.{rule}": verdict
    for scale, parts in SCALES.items()
    for part, rules in parts.items()
    for rule, verdict in rules.items()
}
COUNTS = {"home-assistant": {"bronze": 20, "silver": 10, "gold": 21, "platinum": 3}}
"""Rules of each tier; pretix's checklist has no names, and is counted by its chapters."""
CHAPTERS = [
    "meta",
    "isolation",
    "security",
    "privacy",
    "internationalization",
    "functionality",
    "code",
    "hosted",
]


def test_no_rule_is_left_out() -> None:
    for scale, parts in COUNTS.items():
        assert {part: len(rules) for part, rules in SCALES[scale].items()} == parts
    assert list(SCALES["pretix"]) == CHAPTERS


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_is_done_or_exempt_with_its_reason(rule: str) -> None:
    verdict = RULES[rule]
    if "exempt" in verdict:
        assert verdict.keys() == {"exempt"}
        assert len(verdict["exempt"]) > 15
        assert verdict["exempt"].endswith(".")
        return
    assert verdict.keys() == {"done"}
    assert verdict["done"]
    for proof in verdict["done"]:
        assert holds(proof), proof


def holds(proof: str) -> bool:
    """Whether the test, or the words in a file, are there."""
    if "::" in proof:
        file, _, name = proof.partition("::")
        tree = ast.parse((TREE / file).read_text(encoding="utf-8"))
        return any(
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name
            for node in ast.walk(tree)
        )
    file, _, words = proof.partition("#")
    return words in (TREE / file).read_text(encoding="utf-8")


def test_every_room_has_tests() -> None:
    package = TREE / "thulium_plugin_prestashop"
    rooms = {room.name for room in package.iterdir() if (room / "__init__.py").exists()} - {
        "sandbox",
        "locale",
    }
    rooms |= {
        f"sandbox_{room.name}" for room in (package / "sandbox").iterdir() if (room / "__init__.py").exists()
    }
    rooms |= {"plugin"}
    tested = {folder.name for folder in (TREE / "tests").iterdir() if any(folder.glob("test_*.py"))}
    assert rooms <= tested


async def test_whatever_is_stored_with_the_host_bears_our_name(tmp_path: Path) -> None:
    assert all(name.startswith("prestashop_") for name in (*metadata.tables, VERSION_TABLE))
    async with FakeHost(tmp_path) as fake:
        context = fake.context()
        assert list(context.state) == [KEY] == ["prestashop"]
        assert context.data_directory.name == "prestashop"
        stored = [file.name for file in context.data_directory.iterdir()]
    assert {name.partition(".")[0] for name in stored} == {"prestashop"}

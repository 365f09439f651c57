"""Imports point one way: the contracts of pyproject.toml hold, and they name every room there is."""

import tomllib
from pathlib import Path

from importlinter import cli

TREE = Path(__file__).parents[2]
PACKAGE = "thulium_plugin_prestashop"


def _contracts() -> list[dict[str, object]]:
    settings = tomllib.loads((TREE / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: list[dict[str, object]] = settings["tool"]["importlinter"]["contracts"]
    return contracts


def test_no_room_imports_what_it_must_not_know() -> None:
    assert (
        cli.lint_imports(config_filename=str(TREE / "pyproject.toml"), no_cache=True)
        == cli.EXIT_STATUS_SUCCESS
    )


def test_every_room_is_named_by_a_contract() -> None:
    rooms = {
        f"{PACKAGE}.{entry.stem}"
        for entry in (TREE / PACKAGE).iterdir()
        if (entry.is_dir() and (entry / "__init__.py").exists()) or entry.suffix == ".py"
    }
    ruled: set[str] = set()
    for contract in _contracts():
        sources = contract["source_modules"]
        assert isinstance(sources, list)
        ruled.update(sources)
    # The command line joins both sides, and words know nobody; everything else is ruled.
    assert rooms - ruled == {f"{PACKAGE}.{free}" for free in ("__init__", "cli", "locale")}

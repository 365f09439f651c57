"""Imports point one way: the contracts of pyproject.toml hold, and they name every room there is."""

import subprocess
import sys
import tomllib
from pathlib import Path

TREE = Path(__file__).parents[2]
PACKAGE = "thulium_plugin_prestashop"


def _contracts() -> list[dict[str, object]]:
    settings = tomllib.loads((TREE / "pyproject.toml").read_text(encoding="utf-8"))
    contracts: list[dict[str, object]] = settings["tool"]["importlinter"]["contracts"]
    return contracts


def test_no_room_imports_what_it_must_not_know() -> None:
    # In a process of its own: the linter sets up logging, which would silence the loggers of all tests after it.
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=TREE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


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

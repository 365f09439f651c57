"""What is shipped: complete, the same in both distributions, and enough without any extra."""

import ast
import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_string
from email.message import Message
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import attrs
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TREE = Path(__file__).parents[2]
PACKAGE = "thulium_plugin_prestashop"
PYPROJECT = (TREE / "pyproject.toml").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads(PYPROJECT)["project"]
BARE = (
    "plugin.py",
    "contract",
    "transport",
    "webservice",
    "sync",
    "mirror",
    "agent",
    "admin",
    "locale",
    "hosting",
)
"""What works without extras; ``hosting/secrets.py`` says of itself that it needs one."""
BY_NAME = {"aiosqlite", "alembic", "tzdata"}
"""Dependencies that others load by name: the driver in a database address, the migration tool when it is needed, zones."""


@attrs.frozen
class Built:
    """Wheel and sdist: name inside the archive to content."""

    wheel: dict[str, bytes]
    sdist: dict[str, bytes]

    @property
    def metadata(self) -> Message:
        return message_from_string(self._info("METADATA"))

    @property
    def entry_points(self) -> str:
        return self._info("entry_points.txt")

    def _info(self, name: str) -> str:
        (content,) = [text for path, text in self.wheel.items() if path.endswith(f".dist-info/{name}")]
        return content.decode()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=TREE, check=True, capture_output=True
    )
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = {name: archive.read(name) for name in archive.namelist()}
    in_sdist = {}
    with tarfile.open(sdist) as packed:
        for member in packed.getmembers():
            file = packed.extractfile(member)
            if file is not None:
                in_sdist[member.name.partition("/")[2]] = file.read()
    return Built(in_wheel, in_sdist)


def test_wheel_and_sdist_hold_the_same_package(built: Built) -> None:
    def package(files: dict[str, bytes]) -> dict[str, bytes]:
        return {name: content for name, content in files.items() if name.startswith(f"{PACKAGE}/")}

    wheel = package(built.wheel)
    assert wheel.pop(f"{PACKAGE}/plugin.toml") == built.sdist["plugin.toml"]
    assert wheel == package(built.sdist)


def test_the_wheel_holds_what_is_read_at_run_time(built: Built) -> None:
    tree = {
        str(file.relative_to(TREE))
        for file in (TREE / PACKAGE).rglob("*")
        if file.is_file() and not any(part.startswith((".", "__pycache__")) for part in file.parts)
    }
    shipped = {name for name in built.wheel if name.startswith(f"{PACKAGE}/")} - {f"{PACKAGE}/plugin.toml"}
    assert shipped == tree
    for needed in (
        "py.typed",
        "contract/README.md",
        "locale/pl/admin.toml",
        "sandbox/web/templates/layout.html",
    ):
        assert f"{PACKAGE}/{needed}" in shipped


def test_the_wheel_brings_nothing_else(built: Built) -> None:
    assert {name.partition("/")[0].partition("-")[0] for name in built.wheel} == {PACKAGE}


def test_the_sdist_can_be_tested(built: Built) -> None:
    tests = {
        str(file.relative_to(TREE))
        for file in (TREE / "tests").rglob("*")
        if file.is_file() and not any(part.startswith((".", "__pycache__")) for part in file.parts)
    }
    assert tests <= built.sdist.keys()
    for needed in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "plugin.toml", ".ci/run"):
        assert needed in built.sdist


def test_the_metadata_is_complete(built: Built) -> None:
    metadata = built.metadata
    assert metadata["Name"] == "thulium-plugin-prestashop"
    assert metadata["Version"] == PROJECT["version"]
    assert metadata["License-Expression"] == "MIT"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert str(metadata.get_payload()).startswith("# thulium_plugin_prestashop")
    for needed in ("Summary", "Author", "Keywords", "Requires-Python"):
        assert metadata[needed], needed
    classifiers = set(metadata.get_all("Classifier", []))
    assert {f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13)} <= classifiers
    assert "Typing :: Typed" in classifiers
    assert set(metadata.get_all("Provides-Extra", [])) == {"sandbox", "bridge", "postgresql", "test"}


def test_the_changelog_knows_this_version() -> None:
    assert f"\n## {PROJECT['version']}" in (TREE / "CHANGELOG.md").read_text(encoding="utf-8")


def test_only_what_is_meant_is_registered(built: Built) -> None:
    """Nothing for pytest: the kit's fixtures come to whoever names them."""
    groups = re.findall(r"^\[(.+)\]$", built.entry_points, re.MULTILINE)
    assert sorted(groups) == ["console_scripts", "thulium.plugins"]


def test_every_dependency_says_what_it_is_for() -> None:
    listed = PYPROJECT.partition("\ndependencies = [\n")[2].partition("\n]\n")[0].splitlines()
    assert len(listed) == 2 * len(PROJECT["dependencies"])
    assert all(line.startswith("    # ") and line.endswith(".") for line in listed[::2])


def test_every_import_of_the_bare_plugin_is_a_declared_dependency() -> None:
    declared = {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]}
    modules = packages_distributions()
    used: set[str] = set()
    for room in BARE:
        path = TREE / PACKAGE / room
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            if file.name == "secrets.py" or "migrations" in file.parts:
                continue
            for module in imported(file) - sys.stdlib_module_names - {PACKAGE}:
                names = {canonicalize_name(name) for name in modules[module]}
                assert names & declared, f"{file.relative_to(TREE)} imports {module}"
                used |= names
    assert declared - used == BY_NAME


def imported(file: Path) -> set[str]:
    """Top-level names of the modules a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_the_plugin_lives_without_extras(tmp_path: Path) -> None:
    worker = Path(__file__).with_name("bare.py")
    done = subprocess.run(
        [sys.executable, str(worker), str(tmp_path)], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"ok": True, "orders": 20, "status": 2}
    assert "pip install 'thulium-plugin-prestashop[sandbox]'" in done.stderr

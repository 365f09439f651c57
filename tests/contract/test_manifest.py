"""Manifest, entry point, hooks and settings say the same."""

import inspect
import json
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pluggy
import pytest

from thulium_plugin_prestashop import plugin
from thulium_plugin_prestashop.admin.facts import Choices
from thulium_plugin_prestashop.admin.forms import authorization_form, settings_form
from thulium_plugin_prestashop.admin.integration import EVERY, JITTER, TASK
from thulium_plugin_prestashop.contract import CONTRACT_VERSION, hookspecs
from thulium_plugin_prestashop.contract.catalogue import Catalogue
from thulium_plugin_prestashop.contract.forms import FieldKind
from thulium_plugin_prestashop.contract.manifest import (
    Manifest,
    ManifestError,
    Setting,
    find_manifest,
    read_manifest,
)
from thulium_plugin_prestashop.locale import MESSAGES

ROOT = Path(__file__).parents[2]
FINDS_THE_MANIFEST = """
import json, sys
from importlib.metadata import entry_points
from thulium_plugin_prestashop.contract.manifest import find_manifest, read_manifest
point, = entry_points(group="thulium.plugins", name="prestashop")
manifest = read_manifest(find_manifest(point))
loaded = [name for name in sys.modules if name.startswith("thulium_plugin_prestashop")]
print(json.dumps([manifest.id, loaded]))
"""


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    return read_manifest(ROOT / "plugin.toml")


@pytest.fixture(scope="module")
def project() -> dict[str, object]:
    project: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    return project


def test_reading_the_manifest_imports_nothing_of_the_plugin() -> None:
    found = subprocess.run(
        [sys.executable, "-c", FINDS_THE_MANIFEST], capture_output=True, text=True, check=True
    )
    plugin_id, loaded = json.loads(found.stdout)
    assert plugin_id == "prestashop"
    assert set(loaded) == {
        "thulium_plugin_prestashop",
        "thulium_plugin_prestashop.contract",
        "thulium_plugin_prestashop.contract.manifest",
        "thulium_plugin_prestashop.contract.text",
    }


def test_the_installed_entry_point_leads_to_this_plugin(manifest: Manifest) -> None:
    (point,) = entry_points(group=hookspecs.ENTRY_POINT_GROUP, name=manifest.id)
    assert point.value == manifest.entry_point == plugin.__name__
    assert point.load() is plugin
    assert read_manifest(find_manifest(point)) == manifest


def test_the_manifest_is_of_the_released_version(manifest: Manifest, project: dict[str, object]) -> None:
    assert manifest.version == project["version"]
    assert manifest.contract == CONTRACT_VERSION


def test_every_hook_listed_is_implemented_with_the_specified_arguments(manifest: Manifest) -> None:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin)
    manager.check_pending()
    implemented = {name for name in vars(plugin) if name.startswith("thulium_")}
    assert set(manifest.hooks) == implemented
    for name in implemented:
        specified = inspect.signature(getattr(hookspecs, name)).parameters
        mine = inspect.signature(getattr(plugin, name)).parameters
        assert [(each.name, each.annotation) for each in mine.values()] == [
            (each.name, each.annotation) for each in specified.values()
        ]


def test_the_settings_are_the_fields_of_the_two_forms(manifest: Manifest) -> None:
    forms = (authorization_form(), settings_form(Choices(), time_zone="Europe/Warsaw"))
    assert list(manifest.settings) == [
        Setting(
            key=field.key,
            form=form.key,
            kind=field.kind.value,
            required=field.required,
            secret=field.kind is FieldKind.SECRET,
        )
        for form in forms
        for field in form.fields
    ]


def test_the_periodic_task_is_the_declared_one(manifest: Manifest) -> None:
    (task,) = manifest.tasks
    assert (task.key, task.every_minutes * 60, task.jitter_minutes * 60) == (
        TASK,
        EVERY.total_seconds(),
        JITTER.total_seconds(),
    )


def test_the_locales_are_those_of_the_catalogue(manifest: Manifest) -> None:
    assert set(manifest.locales) == set(MESSAGES.messages)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[plugin", "is not TOML"),
        ("", "plugin"),
        ('[plugin]\nid = "x"', "required field missing @ plugin.name"),
        ('[plugin]\nid = "x"\nsurprise = 1', "surprise"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_named(tmp_path: Path, text: str, where: str) -> None:
    file = tmp_path / "plugin.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError, match=r"^plugin\.toml: ") as raised:
        read_manifest(file)
    assert where in str(raised.value)


def test_a_package_without_a_manifest_is_named() -> None:
    with pytest.raises(ManifestError, match=r"json ships no plugin\.toml"):
        find_manifest(EntryPoint("x", "json", hookspecs.ENTRY_POINT_GROUP))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(tmp_path / "plugin.toml")


def test_plurals_follow_the_language(tmp_path: Path) -> None:
    for locale, forms in (
        ("en", 'one = "{count} order", other = "{count} orders"'),
        (
            "pl",
            'one = "{count} zamówienie", few = "{count} zamówienia", many = "{count} zamówień", other = "{count} zamówienia"',
        ),
    ):
        (tmp_path / locale).mkdir()
        (tmp_path / locale / "x.toml").write_text(f"[x]\nfound = {{ {forms} }}\n", encoding="utf-8")
    catalogue = Catalogue.read(tmp_path)
    assert [catalogue.phrase("pl", "x.found", count=count) for count in (1, 2, 5, 22)] == [
        "1 zamówienie",
        "2 zamówienia",
        "5 zamówień",
        "22 zamówienia",
    ]
    assert catalogue.text("x.found", count=1).en == "1 order"
    with pytest.raises(TypeError, match="whole number"):
        catalogue.phrase("pl", "x.found", count="5")
    with pytest.raises(KeyError):
        catalogue.phrase("pl", "x.lost")

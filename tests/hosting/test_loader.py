"""Plugins found by entry point, checked by manifest, registered or refused with a reason."""

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from thulium_plugin_prestashop.contract import CONTRACT_VERSION
from thulium_plugin_prestashop.contract.hookspecs import ENTRY_POINT_GROUP
from thulium_plugin_prestashop.hosting import PluginError, inspect_plugin, installed_plugins
from thulium_plugin_prestashop.hosting.loader import new_manager, register
from thulium_plugin_prestashop.hosting.testing import scripted_plugin

MANIFEST = """
[plugin]
id = "{id}"
name = {{ en = "Example", pl = "Przykład" }}
version = "1.0"
contract = "0.1.0"
host = "{host}"
entry_point = "{package}.plugin"
hooks = [{hooks}]
capabilities = []
locales = ["en", "pl"]
tasks = []
settings = []

[plugin.permissions]
crm_read = []
crm_write = []
network = []
personal_data = []
retention = {{ en = "", pl = "" }}
"""

CODE = """
from thulium_plugin_prestashop.contract.hookspecs import hookimpl

@hookimpl
def thulium_startup(host):
    return None
"""

HOST = ">=0.1,<0.2"


class Packages:
    """Packages of plugins in a folder that Python imports from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(
        self,
        package: str,
        *,
        id: str = "example",  # noqa: A002 - the manifest's own key
        host: str = HOST,
        hooks: str = '"thulium_startup"',
        code: str = CODE,
    ) -> EntryPoint:
        home = self.folder / package
        home.mkdir()
        (home / "__init__.py").write_text("")
        (home / "plugin.py").write_text(code)
        (home / "plugin.toml").write_text(MANIFEST.format(id=id, host=host, package=package, hooks=hooks))
        return EntryPoint("example", f"{package}.plugin", ENTRY_POINT_GROUP)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield Packages(tmp_path)
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_plugin_is_registered_under_its_id(packages: Packages) -> None:
    manager = new_manager()
    register(manager, inspect_plugin(packages.make("plugin_good")))
    assert manager.has_plugin("example")


def test_looking_at_plugins_imports_none_of_them(packages: Packages) -> None:
    entry_point = packages.make("plugin_unread", code="raise SystemExit('imported')")
    assert inspect_plugin(entry_point).id == "example"
    assert "plugin_unread.plugin" not in sys.modules


def test_this_very_plugin_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "thulium_plugin_prestashop.hosting.loader.entry_points",
        lambda group: [EntryPoint("prestashop", "thulium_plugin_prestashop.plugin", group)],
    )
    plugins, errors = installed_plugins()
    assert [plugin.id for plugin in plugins] == ["prestashop"]
    assert errors == []


@pytest.mark.parametrize(
    ("host", "accepted"),
    [
        (">=0.1,<0.2", True),
        (f"=={CONTRACT_VERSION}", True),
        ("~=0.1.0", True),
        (">=0.2", False),
        ("<0.1", False),
        ("", True),
    ],
)
def test_the_range_of_contract_versions_decides(packages: Packages, host: str, accepted: bool) -> None:  # noqa: FBT001 - a parameter of the test
    entry_point = packages.make("plugin_ranged", host=host)
    if accepted:
        assert inspect_plugin(entry_point).manifest.host == host
    else:
        with pytest.raises(
            PluginError, match=f"needs contract {host}, and this host offers {CONTRACT_VERSION}"
        ):
            inspect_plugin(entry_point)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"host": "whatever"}, "not a range of versions"),
        ({"id": "another"}, "its manifest calls it another"),
    ],
)
def test_a_manifest_that_does_not_fit_says_why(
    packages: Packages, change: dict[str, str], reason: str
) -> None:
    with pytest.raises(PluginError, match=reason):
        inspect_plugin(packages.make("plugin_odd", **change))


def test_a_manifest_must_name_the_entry_point(packages: Packages) -> None:
    packages.make("plugin_named")
    with pytest.raises(PluginError, match=r"names plugin_named.plugin, its entry point plugin_named.other"):
        inspect_plugin(EntryPoint("example", "plugin_named.other", ENTRY_POINT_GROUP))


@pytest.mark.parametrize(
    ("hooks", "code", "reason"),
    [
        ('"thulium_startup", "thulium_shutdown"', CODE, "does not implement: thulium_shutdown"),
        ("", CODE, "does not list: thulium_startup"),
        ('"thulium_startup"', "raise RuntimeError('broken wheel')", "importing it failed.*broken wheel"),
        ('"thulium_strtup"', CODE.replace("startup", "strtup"), "unknown hook 'thulium_strtup'"),
        ('"thulium_startup"', CODE.replace("(host)", "(host, more)"), "more"),
    ],
)
def test_a_plugin_that_breaks_its_word_is_not_registered(
    packages: Packages, hooks: str, code: str, reason: str
) -> None:
    manager = new_manager()
    plugin = inspect_plugin(packages.make("plugin_wrong", hooks=hooks, code=code))
    with pytest.raises(PluginError, match=reason) as refusal:
        register(manager, plugin)
    assert refusal.value.plugin == "example"
    assert not manager.has_plugin("example")
    register(manager, scripted_plugin("next"))
    assert manager.has_plugin("next"), "the next plugin is not harmed"


def test_one_bad_plugin_hides_no_good_one(packages: Packages) -> None:
    good = packages.make("plugin_one")
    bad = EntryPoint("missing", "plugin_of_nowhere.plugin", ENTRY_POINT_GROUP)
    plugins, errors = installed_plugins([bad, good])
    assert [plugin.id for plugin in plugins] == ["example"]
    assert [(error.plugin, error.reason) for error in errors] == [
        ("missing", "plugin_of_nowhere ships no plugin.toml")
    ]


def test_an_id_can_be_registered_once() -> None:
    manager = new_manager()
    register(manager, scripted_plugin("twin"))
    with pytest.raises(PluginError, match="twice"):
        register(manager, scripted_plugin("twin"))
    assert manager.has_plugin("twin"), "the first one stays"

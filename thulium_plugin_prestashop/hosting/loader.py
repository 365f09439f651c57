"""Find plugins by their entry point, read what they say of themselves, and register them."""

from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points

import attrs
import pluggy
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from thulium_plugin_prestashop.contract import CONTRACT_VERSION, hookspecs
from thulium_plugin_prestashop.contract.manifest import Manifest, ManifestError, find_manifest, read_manifest
from thulium_plugin_prestashop.contract.text import LocalizedText


class PluginError(Exception):
    """A plugin cannot be used; ``plugin`` names it (its id, or its entry point), ``reason`` says why.

    ``message`` is what the plugin itself said to its administrator, if it did.
    """

    def __init__(self, plugin: str, reason: str, message: LocalizedText | None = None) -> None:
        super().__init__(f"plugin {plugin}: {reason}")
        self.plugin = plugin
        self.reason = reason
        self.message = message


@attrs.frozen
class InstalledPlugin:
    """A plugin whose manifest has been read and fits; nothing of it has been imported yet."""

    manifest: Manifest
    load: Callable[[], object]
    """Imports it; the answer has its hooks."""

    @property
    def id(self) -> str:
        """Its id."""
        return self.manifest.id


def new_manager() -> pluggy.PluginManager:
    """A plugin manager of one host, with the contract's hooks."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def inspect_plugin(entry_point: EntryPoint, *, contract_version: str = CONTRACT_VERSION) -> InstalledPlugin:
    """Read and check the manifest without importing the plugin. Raises :class:`PluginError`."""
    try:
        manifest = read_manifest(find_manifest(entry_point))
    except ManifestError as error:
        raise PluginError(entry_point.name, str(error)) from error
    if manifest.id != entry_point.name:
        raise PluginError(entry_point.name, f"its manifest calls it {manifest.id}")
    if manifest.entry_point != entry_point.value:
        raise PluginError(
            manifest.id, f"its manifest names {manifest.entry_point}, its entry point {entry_point.value}"
        )
    try:
        accepted = SpecifierSet(manifest.host)
    except InvalidSpecifier as error:
        raise PluginError(manifest.id, f"host = {manifest.host!r} is not a range of versions") from error
    if not accepted.contains(contract_version, prereleases=True):
        raise PluginError(
            manifest.id, f"it needs contract {manifest.host}, and this host offers {contract_version}"
        )
    return InstalledPlugin(manifest, entry_point.load)


def installed_plugins(
    found: Iterable[EntryPoint] | None = None, *, contract_version: str = CONTRACT_VERSION
) -> tuple[list[InstalledPlugin], list[PluginError]]:
    """Every plugin of the group ``thulium.plugins`` that fits this host, by name, and why the others do not."""
    plugins: list[InstalledPlugin] = []
    errors: list[PluginError] = []
    candidates = entry_points(group=hookspecs.ENTRY_POINT_GROUP) if found is None else found
    for entry_point in sorted(candidates, key=lambda candidate: candidate.name):
        try:
            plugins.append(inspect_plugin(entry_point, contract_version=contract_version))
        except PluginError as error:
            errors.append(error)
    return plugins, errors


def register(manager: pluggy.PluginManager, plugin: InstalledPlugin) -> None:
    """Import the plugin and register its hooks under its id. Raises :class:`PluginError`; then nothing of it is
    registered.
    """
    try:
        module = plugin.load()
    except Exception as error:
        raise PluginError(plugin.id, f"importing it failed: {error!r}") from error
    try:
        manager.register(module, name=plugin.id)
    except ValueError as error:
        raise PluginError(plugin.id, "it is registered twice") from error
    except pluggy.PluginValidationError as error:
        manager.unregister(name=plugin.id)
        raise PluginError(plugin.id, str(error)) from error
    try:
        manager.check_pending()
        _compare_hooks(manager, plugin, module)
    except pluggy.PluginValidationError as error:
        manager.unregister(name=plugin.id)
        raise PluginError(plugin.id, str(error)) from error
    except PluginError:
        manager.unregister(name=plugin.id)
        raise


def _compare_hooks(manager: pluggy.PluginManager, plugin: InstalledPlugin, module: object) -> None:
    implemented = {caller.name for caller in manager.get_hookcallers(module) or ()}
    listed = set(plugin.manifest.hooks)
    if missing := sorted(listed - implemented):
        raise PluginError(
            plugin.id, f"its manifest lists hooks that it does not implement: {', '.join(missing)}"
        )
    if unlisted := sorted(implemented - listed):
        raise PluginError(
            plugin.id, f"it implements hooks that its manifest does not list: {', '.join(unlisted)}"
        )

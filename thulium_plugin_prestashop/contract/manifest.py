"""The plugin's manifest, read without importing the plugin.

``plugin.toml`` stands beside ``pyproject.toml`` and is shipped inside the wheel as
``<package>/plugin.toml``; a host finds it through the entry point's module name.
"""

import tomllib
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs
import cattrs

from thulium_plugin_prestashop.contract.text import LocalizedText

FILE_NAME = "plugin.toml"


class ManifestError(Exception):
    """The manifest is missing or says something a host can't take; the message names file and key."""


@attrs.frozen
class Permissions:
    """What the plugin asks for, so that an administrator can review it."""

    crm_read: tuple[str, ...]
    crm_write: tuple[str, ...]
    network: tuple[str, ...]
    personal_data: tuple[str, ...]
    retention: LocalizedText


@attrs.frozen
class Task:
    """A periodic task: interval in minutes."""

    key: str
    every_minutes: int
    jitter_minutes: int


@attrs.frozen
class Setting:
    """One setting of the integration's forms."""

    key: str
    form: str
    kind: str
    required: bool = False
    secret: bool = False


@attrs.frozen
class Manifest:
    """All of ``plugin.toml``."""

    id: str
    name: LocalizedText
    version: str
    contract: str
    """Version of the contract it was built for."""
    host: str
    """Range of contract versions a host must offer, such as ``">=0.1,<0.2"``."""
    entry_point: str
    hooks: tuple[str, ...]
    capabilities: tuple[str, ...]
    locales: tuple[str, ...]
    permissions: Permissions
    tasks: tuple[Task, ...]
    settings: tuple[Setting, ...]


def read_manifest(path: Path) -> Manifest:
    """Read one file. Raises :class:`ManifestError` with the path inside the file of what is wrong."""
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ManifestError(f"{path.name}: cannot be read ({error.strerror})") from error
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"{path.name}: is not TOML ({error})") from error
    converter = cattrs.Converter(forbid_extra_keys=True)
    try:
        return converter.structure(raw.get("plugin"), Manifest)
    except Exception as error:
        reasons = "; ".join(cattrs.transform_error(error, path="plugin"))
        raise ManifestError(f"{path.name}: {reasons}") from error


def find_manifest(entry_point: EntryPoint) -> Path:
    """Where the manifest of an installed plugin lies: in its top package, or beside it in a source tree.

    Finding a top-level package does not run its code. Raises :class:`ManifestError`.
    """
    package = entry_point.module.partition(".")[0]
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for candidate in (Path(folder) / FILE_NAME, Path(folder).parent / FILE_NAME):
            if candidate.is_file():
                return candidate
    raise ManifestError(f"{package} ships no {FILE_NAME}")

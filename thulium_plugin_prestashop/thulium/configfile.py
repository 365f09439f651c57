"""Reads ``bridge.toml``: what does not fit is said with its place, secrets come from the environment or from files.

A secret is written ``{ "$env" = "NAME" }`` or ``{ "$file" = "/path" }``, never as itself, so that the file can be
shown and kept in version control.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

import attrs
import cattrs
from cattrs.v import transform_error

from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.thulium.config import BridgeSettings, Secret
from thulium_plugin_prestashop.thulium.contradictions import contradictions
from thulium_plugin_prestashop.thulium.words import MESSAGES, CannotStartError, placed

_KINDS: Final = {str: "text", int: "whole", bool: "flag"}
"""The key of the sentence that says what a value of this kind looks like."""


class ConfigError(CannotStartError):
    """The settings cannot be used; ``reasons`` say why, each with its place in the file."""


def read_settings(path: Path, environment: Mapping[str, str] | None = None) -> BridgeSettings:
    """Read and check one file. Raises :class:`ConfigError`."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(_say(str(path), "unreadable", reason=error.strerror)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(_say(str(path), "not_toml", reason=error)) from error
    reasons: list[LocalizedText] = []
    resolved = _resolve(raw, "", os.environ if environment is None else environment, path.parent, reasons)
    try:
        settings = _converter().structure(resolved, BridgeSettings)
    except Exception as error:
        reasons += _misshapen(error)
        raise _refused(path, raw, reasons) from error
    if reasons := reasons or contradictions(settings):
        raise _refused(path, raw, reasons)
    return attrs.evolve(settings, data=path.parent / settings.data)


def _refused(path: Path, raw: Mapping[str, Any], reasons: Iterable[LocalizedText]) -> ConfigError:
    thulium = raw.get("thulium")
    locale = thulium.get("locale") if isinstance(thulium, dict) else None
    return ConfigError(
        *(placed(path.name, reason) for reason in reasons), locale=locale if isinstance(locale, str) else None
    )


def _resolve(
    value: Any,  # noqa: ANN401 - a TOML tree
    place: str,
    environment: Mapping[str, str],
    folder: Path,
    reasons: list[LocalizedText],
) -> Any:  # noqa: ANN401 - a TOML tree
    if isinstance(value, list):
        return [
            _resolve(entry, f"{place}[{number}]", environment, folder, reasons)
            for number, entry in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$env"}:
        secret = environment.get(str(value["$env"]), "")
        if not secret:
            reasons.append(_say(place, "no_variable", name=value["$env"]))
        return Secret(secret)
    if value.keys() == {"$file"}:
        return _from_file(folder / str(value["$file"]), place, reasons)
    return {
        key: _resolve(entry, f"{place}.{key}" if place else key, environment, folder, reasons)
        for key, entry in value.items()
    }


def _from_file(file: Path, place: str, reasons: list[LocalizedText]) -> Secret:
    secret = ""
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        reasons.append(_say(place, "no_secret_file", file=file, reason=error.strerror))
    except UnicodeDecodeError:
        reasons.append(_say(place, "not_text_file", file=file))
    else:
        if not secret:
            reasons.append(_say(place, "empty_file", file=file))
    return Secret(secret)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook(Secret, _secret)
    converter.register_structure_hook(Path, lambda value, _: Path(str(value)))
    for kind in (str, int, bool):
        # cattrs converts: the text "false" would be a true flag.
        converter.register_structure_hook(kind, _as_written)
    return converter


def _secret(value: Any, _: type) -> Secret:  # noqa: ANN401 - whatever stands in the file
    if isinstance(value, Secret):
        return value
    raise _UnfitError("secret")


def _as_written(value: Any, kind: type) -> Any:  # noqa: ANN401 - a TOML value
    if type(value) is kind:
        return value
    raise _UnfitError(_KINDS[kind])


class _UnfitError(ValueError):
    """A value of another kind than is wanted. Its text is the key of the sentence, and not what stood there."""


def _misshapen(error: Exception) -> list[LocalizedText]:
    """Place and reason of everything that does not fit."""
    polish, english = _lines(error, "pl"), _lines(error, "en")
    return [
        placed(place.removeprefix("$").removeprefix(".") or "bridge", LocalizedText(en=en, pl=pl))
        for (pl, _, place), (en, _, _) in zip(polish, english, strict=True)
    ]


def _lines(error: Exception, locale: str) -> list[tuple[str, str, str]]:
    def words(problem: BaseException, kind: type | None) -> str:
        return _words(locale, problem, kind)

    return [line.rpartition(" @ ") for line in transform_error(error, path="$", format_exception=words)]


def _words(locale: str, problem: BaseException, kind: type | None) -> str:
    if isinstance(problem, _UnfitError):
        return MESSAGES.phrase(locale, f"config.{problem}")
    if isinstance(problem, cattrs.ForbiddenExtraKeysError):
        return MESSAGES.phrase(locale, "config.unknown", keys=", ".join(sorted(problem.extra_fields)))
    if isinstance(problem, KeyError):
        return MESSAGES.phrase(locale, "config.missing")
    if isinstance(problem, ValueError) and isinstance(kind, type) and issubclass(kind, Enum):
        return MESSAGES.phrase(locale, "config.one_of", known=", ".join(str(member.value) for member in kind))
    return MESSAGES.phrase(locale, "config.shape")


def _say(place: str, key: str, **values: object) -> LocalizedText:
    return placed(place, MESSAGES.text(f"config.{key}", **values))

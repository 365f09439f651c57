"""Other data as typed settings, with what is wrong on the field it belongs to."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Final, TypeAlias, TypeVar, cast
from zoneinfo import ZoneInfo

import attrs

from thulium_plugin_prestashop.admin.forms import FILL, NEVER, SETTINGS_VERSION
from thulium_plugin_prestashop.admin.login_pattern import PatternError, compile_login_pattern
from thulium_plugin_prestashop.admin.zones import find_zone
from thulium_plugin_prestashop.contract.forms import FieldError, Values
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.sync.settings import SyncSettings

LONGEST_NAME: Final = 100

T = TypeVar("T")


@attrs.frozen
class Settings:
    """What an administrator decided about one shop."""

    name: str
    id_field: str
    time_zone: ZoneInfo
    shops: frozenset[int]
    """Empty for all active shops."""
    since: date | None
    guests: bool
    hidden_states: frozenset[int]
    fill_existing: bool
    login_pattern: re.Pattern[str] | None

    def for_sync(self) -> SyncSettings:
        """What a run needs of it."""
        return SyncSettings(
            id_field=self.id_field,
            time_zone=self.time_zone,
            name=self.name,
            shops=self.shops,
            since=self.since,
            guests=self.guests,
            existing_customers=FILL if self.fill_existing else NEVER,
            login_pattern=self.login_pattern,
        )


class SettingsError(ValueError):
    """Settings that can't be used, with every error on its field."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__(", ".join(f"{error.field}: {error.key}" for error in errors))
        self.errors = errors


class _FieldError(ValueError):
    def __init__(self, key: str, **params: object) -> None:
        super().__init__(key)
        self.key = key
        self.params = params


def field_error(field: str, key: str, **params: object) -> FieldError:
    """An error of this plugin's catalogue on a field."""
    return FieldError(field, key, MESSAGES.text(f"admin.error.{key}", **params))


def read_settings(values: Values, *, today: date) -> Settings:
    """Settings from what the form holds; fields that are missing have the form's default.

    ``today`` is the day in the company. Raises :class:`SettingsError` with all errors, in the form's order.
    """
    errors: list[FieldError] = []

    def read(field: str, reader: Callable[[], T]) -> T:
        try:
            return reader()
        except _FieldError as error:
            errors.append(field_error(field, error.key, **error.params))
            # Never used: with an error, no settings are made.
            return cast("T", None)

    name = read("name", lambda: _short(_required(values, "name")))
    id_field = read("id_field", lambda: _required(values, "id_field"))
    shops = read("shops", lambda: _ids(values, "shops"))
    time_zone = read("time_zone", lambda: _zone(_required(values, "time_zone")))
    since = read("since", lambda: _since(_text(values, "since"), today))
    guests = read("guests", lambda: _flag(values, "guests", default=True))
    hidden_states = read("hidden_states", lambda: _ids(values, "hidden_states"))
    existing = read("existing_customers", lambda: _one_of(values, "existing_customers", (FILL, NEVER)))
    pattern = read("login_pattern", lambda: _pattern(_text(values, "login_pattern")))
    if errors:
        raise SettingsError(tuple(errors))
    return Settings(
        name=name,
        id_field=id_field,
        time_zone=time_zone,
        shops=shops,
        since=since,
        guests=guests,
        hidden_states=hidden_states,
        fill_existing=existing == FILL,
        login_pattern=pattern,
    )


def today_in(zone_name: str, now: datetime) -> date:
    """The day it is in a company's zone; UTC's where the host names no zone we know."""
    zone = find_zone(zone_name)
    return now.astimezone(zone).date() if zone else now.date()


def _text(values: Values, key: str) -> str:
    value = values.get(key)
    if value is None or value is False:
        return ""
    if not isinstance(value, str):
        raise _FieldError("value_invalid")
    return value.strip()


def _required(values: Values, key: str) -> str:
    text = _text(values, key)
    if not text:
        raise _FieldError("required")
    return text


def _short(text: str) -> str:
    if len(text) > LONGEST_NAME:
        raise _FieldError("too_long", limit=LONGEST_NAME)
    return text


def _ids(values: Values, key: str) -> frozenset[int]:
    value: object = values.get(key) or []
    if not isinstance(value, list):
        raise _FieldError("value_invalid")
    if not all(isinstance(entry, str) and entry.isascii() and entry.isdigit() for entry in value):
        raise _FieldError("value_invalid")
    return frozenset(int(entry) for entry in value)


def _zone(name: str) -> ZoneInfo:
    zone = find_zone(name)
    if zone is None:
        raise _FieldError("time_zone_unknown", zone=name)
    return zone


def _since(text: str, today: date) -> date | None:
    if not text:
        return None
    try:
        since = date.fromisoformat(text)
    except ValueError:
        raise _FieldError("date_invalid", value=text) from None
    if since > today:
        raise _FieldError("date_in_future")
    return since


def _flag(values: Values, key: str, *, default: bool) -> bool:
    value = values.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise _FieldError("value_invalid")
    return value


def _one_of(values: Values, key: str, allowed: tuple[str, ...]) -> str:
    text = _text(values, key) or allowed[0]
    if text not in allowed:
        raise _FieldError("choice_unknown")
    return text


def _pattern(text: str) -> re.Pattern[str] | None:
    if not text:
        return None
    try:
        return compile_login_pattern(text)
    except PatternError as error:
        raise _FieldError(error.key, **error.params) from error


class NewerSettingsError(ValueError):
    """The settings were filled in with a newer version of the plugin than this one."""


Upgrade: TypeAlias = Callable[[Values], Values]


def upgrade(
    values: Values,
    version: int,
    *,
    steps: Mapping[int, Upgrade] = MappingProxyType({}),
    newest: int = SETTINGS_VERSION,
) -> Values:
    """Values of an earlier form as the ``newest`` one would hold them; ``steps[n]`` leads from version n to n + 1.

    Raises :class:`NewerSettingsError` when they are of a later form, whose meaning can't be known.
    """
    if version > newest:
        raise NewerSettingsError(f"settings of version {version}, this plugin knows {newest}")
    for step in range(version, newest):
        values = steps[step](values)
    return values

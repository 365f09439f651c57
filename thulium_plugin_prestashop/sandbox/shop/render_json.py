"""JSON as the four releases write it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from thulium_plugin_prestashop.sandbox.shop.errors import Problem
from thulium_plugin_prestashop.sandbox.shop.profiles import Profile
from thulium_plugin_prestashop.sandbox.shop.records import Shown
from thulium_plugin_prestashop.sandbox.shop.tables import Kind, Resource

_ASSOCIATIONS = ("groups", "order_rows")
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})")
_SURROGATES = range(0xD800, 0xE000)
"""Halves of characters beyond 16 bits, which iconv cannot convert one by one."""
_FALSY = (None, "", "0", 0)


def encode(value: object, profile: Profile) -> bytes:
    r"""Encode like PHP's ``json_encode``: slashes escaped, and texts as the release does.

    1.6 escapes all but ASCII and then turns every ``\uXXXX`` back into a character by a regular expression. So
    control characters come out raw, halves of an emoji vanish, and a literal ``\u0142`` of a text becomes ``\ł``.
    """
    if profile.unescapes_unicode:
        text = json.dumps(value, separators=(",", ":")).replace("/", "\\/")
        return _ESCAPE.sub(_character, text).encode()
    body = orjson.dumps(value).replace(b"/", b"\\/")
    return body.replace("\u2028".encode(), b"\\u2028").replace("\u2029".encode(), b"\\u2029")


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return "" if code in _SURROGATES else chr(code)


def _shape(records: Iterable[Shown], resource: Resource, profile: Profile) -> list[dict[str, Any]]:
    translated = [field.name for field in resource.fields if field.kind is Kind.TRANSLATED]
    shaped = []
    for record in records:
        for name in translated:
            if name in record:
                record[name] = _texts(record[name], profile)
        present = {name: record.pop(name) for name in _ASSOCIATIONS if name in record}
        if associations := {name: items for name, items in present.items() if items}:
            record["associations"] = associations
        shaped.append(record)
    return shaped


def _texts(texts: Mapping[str | int, str], profile: Profile) -> object:
    if len(texts) == 1:
        return next(iter(texts.values()))
    return [
        {"id": language if profile.native_integers else str(language), "value": text}
        for language, text in texts.items()
    ]


def render_list(records: list[Shown], resource: Resource, profile: Profile) -> bytes:
    """Render a list; an empty one is ``[]`` without an envelope."""
    if not records:
        return b"[]"
    return encode({resource.name: _shape(records, resource, profile)}, profile)


def render_single(record: Shown, resource: Resource, profile: Profile) -> bytes:
    """Render one record by its own URL; 8.x and 9.x lose every empty field here."""
    shaped = _shape([record], resource, profile)[0]
    if profile.single_drops_falsy:
        shaped = {name: value for name, value in shaped.items() if value not in _FALSY}
    return encode({resource.singular: shaped}, profile)


def render_schema(resource: Resource, profile: Profile, *, synopsis: bool) -> bytes:
    """Render a schema, which in JSON is hardly one: 8.x and 9.x lose all but the association."""
    shaped: dict[str, Any] = {}
    if not profile.single_drops_falsy:
        shaped = {field.name: "" for field in resource.fields if not (synopsis and field.name == "id")}
    if resource.rows:
        shaped["associations"] = {"order_rows": [{field.name: None for field in resource.rows}]}
    elif resource.has_groups:
        shaped["associations"] = {"groups": [{"id": None}]}
    return encode({resource.singular: shaped or []}, profile)


def render_errors(problems: Iterable[Problem], profile: Profile) -> bytes:
    """Render an answer that failed."""
    return encode({"errors": [{"code": each.code, "message": each.message} for each in problems]}, profile)


def render_root(names: Iterable[str], profile: Profile) -> bytes:
    """Render the root listing of 1.6 and 1.7: names without permissions."""
    return encode(list(names), profile)

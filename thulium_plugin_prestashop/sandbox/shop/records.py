"""Rows of the database as the values an answer shows, with the types of the release."""

# ruff: noqa: S608 - names of tables and columns come from this package; values are always bound

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import attrs

from thulium_plugin_prestashop.sandbox.shop.profiles import Profile
from thulium_plugin_prestashop.sandbox.shop.query import Display, ListQuery
from thulium_plugin_prestashop.sandbox.shop.store import GROUPS, ROWS, SqlError, Store
from thulium_plugin_prestashop.sandbox.shop.tables import Field, Kind, Resource

Shown = dict[str, Any]
"""Field names to values: integers, strings, None, or (for texts in several languages) a dict by language id.
An association stands under its own name: ``order_rows`` and ``groups`` are lists of such dicts, maybe empty."""


@attrs.frozen
class Scope:
    """What a request may see: languages to show, and the shops its lists are limited to."""

    languages: tuple[str | int, ...]
    """In the order they are shown; as strings where the request named them, as integers where it did not."""
    shops: tuple[int, ...]
    default_shop: int = 1
    default_currency: int = 1


def _expression(field: Field, profile: Profile) -> str:
    name = f'"{field.name}"'
    if field.kind is Kind.BOOLEAN or (field.kind is Kind.INTEGER and not profile.native_integers):
        return f"CAST({name} AS TEXT)"
    return name


def _columns(fields: Sequence[Field], profile: Profile) -> str:
    return ", ".join(
        f'"{field.name}"' if field.name == "id" else _expression(field, profile) for field in fields
    )


@attrs.frozen
class Page:
    """What a request shows: records, and their ids even where the display leaves them out."""

    records: list[Shown]
    idents: list[int]


def listed(store: Store, query: ListQuery, scope: Scope) -> Page:
    """Fetch what a list request shows.

    Raises:
        SqlError: the database refuses the statement, as MariaDB refuses a negative limit.

    """
    conditions = [condition for condition in query.conditions if condition.sql]
    where = [f"({condition.sql})" for condition in conditions]
    values: list[Any] = [value for condition in conditions for value in condition.values]
    if query.resource.by_shop:
        where.append(f"id_shop IN ({','.join('?' * len(scope.shops))})")
        values.extend(scope.shops)
    tail = f" WHERE {' AND '.join(where)}" if where else ""
    tail += f" ORDER BY {query.order}"
    if query.limit is not None:
        if query.limit.count < 0 or query.limit.offset < 0:
            message = "negative LIMIT"
            raise SqlError(message)
        tail += f" LIMIT {min(query.limit.count, 2**62)} OFFSET {min(query.limit.offset, 2**62)}"
    return _fetch(store, query.resource, query.display, scope, tail=tail, values=values)


def single(store: Store, resource: Resource, ident: int, display: Display, scope: Scope) -> Page:
    """Fetch one record by its id, or none; the shops in scope don't matter."""
    return _fetch(store, resource, display, scope, tail=" WHERE id = ?", values=[ident])


def _fetch(
    store: Store, resource: Resource, display: Display, scope: Scope, *, tail: str, values: list[Any]
) -> Page:
    profile = store.profile
    if display.bare:
        idents = [row[0] for row in store.fetch(f'SELECT "id" FROM {resource.name}{tail}', values)]
        return Page([{"id": ident} for ident in idents], idents)
    names = [field.name for field in display.fields]
    columns = _columns(display.fields, profile)
    groups = f", {GROUPS}" if display.groups else ""
    # The id is always fetched, last, for the associations; it is not always shown.
    fetched = store.fetch(f'SELECT {columns}{groups}, "id" FROM {resource.name}{tail}', values)
    records = [dict(zip(names, row, strict=False)) for row in fetched]
    idents = [row[-1] for row in fetched]
    _translate(records, display.fields, scope)
    if resource.name in ("shops", "currencies"):
        _nativize(records, idents, resource, profile, scope)
    if display.groups:
        for record, row in zip(records, fetched, strict=True):
            record["groups"] = _groups(row[len(names)], profile)
    if display.rows is not None:
        rows = _order_rows(store, idents, display.rows)
        for record, ident in zip(records, idents, strict=True):
            record[ROWS] = rows.get(ident, [])
    return Page(records, idents)


def _translate(records: list[Shown], fields: Sequence[Field], scope: Scope) -> None:
    for field in fields:
        if field.kind is not Kind.TRANSLATED:
            continue
        for record in records:
            texts = json.loads(record[field.name] or "{}")
            record[field.name] = {language: texts.get(str(language), "") for language in scope.languages}


def _nativize(
    records: list[Shown], idents: list[int], resource: Resource, profile: Profile, scope: Scope
) -> None:
    """Show booleans of the shop and the currency of the request as integers (9.x).

    PrestaShop loaded these two objects before the webservice began, and keeps the types of that moment.
    """
    if not profile.native_integers:
        return
    special = scope.default_shop if resource.name == "shops" else scope.default_currency
    for record, ident in zip(records, idents, strict=True):
        if ident == special:
            for field in resource.fields:
                if field.kind is Kind.BOOLEAN and field.name in record:
                    record[field.name] = int(record[field.name])


def _groups(text: str | None, profile: Profile) -> list[Shown]:
    members = json.loads(text or "[]")
    return [{"id": member if profile.native_integers else str(member)} for member in members]


def _order_rows(store: Store, idents: list[int], fields: Sequence[Field]) -> dict[int, list[Shown]]:
    profile = store.profile
    names = [field.name for field in fields]
    # Unlike a record's own id, that of a row is a string where integers are not native.
    columns = ", ".join(_expression(field, profile) for field in fields)
    statement = (
        f"SELECT {columns}, id_order FROM {ROWS} WHERE id_order IN (SELECT value FROM json_each(?)) "
        f"ORDER BY id_order, id"
    )
    found: dict[int, list[Shown]] = {}
    for row in store.fetch(statement, (json.dumps(idents),)):
        found.setdefault(row[-1], []).append(dict(zip(names, row, strict=False)))
    return found

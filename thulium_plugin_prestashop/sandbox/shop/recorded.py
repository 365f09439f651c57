"""Rows of real shops out of recorded answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import attrs

from thulium_plugin_prestashop.sandbox.shop.keys import SEVEN_RESOURCES, WebserviceKey
from thulium_plugin_prestashop.sandbox.shop.messages import Site
from thulium_plugin_prestashop.sandbox.shop.profiles import PROFILES
from thulium_plugin_prestashop.sandbox.shop.store import GROUPS, ROWS, Store
from thulium_plugin_prestashop.sandbox.shop.tables import Kind, Resource, Value

_HTTP_OK = 200


@attrs.frozen
class Recording:
    """What a folder of recorded answers says about the shop they came from."""

    version: str
    key: str = attrs.field(repr=False)
    other_keys: tuple[WebserviceKey, ...]
    sites: tuple[Site, ...]
    shop_name: str
    records: Mapping[str, Mapping[int, Mapping[str, Any]]]
    """By resource and id: the columns known of each record, as the JSON answers showed them."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read ``index.json`` and every JSON list it names.

        Raises:
            ValueError: no profile fits the recorded version.

        """
        index = json.loads((folder / "index.json").read_text())
        version = index["name"].removeprefix("prestashop-").partition("-")[0]
        if version not in PROFILES:
            message = f"no profile for PrestaShop {version}"
            raise ValueError(message)
        records: dict[str, dict[int, dict[str, Any]]] = {name: {} for name in SEVEN_RESOURCES}
        for body in _lists(folder, index["requests"]):
            for name, items in body.items():
                for item in items if name in records else ():
                    if "id" in item:
                        _merge(records[name].setdefault(int(item["id"]), {}), item)
        shops = records["shops"]
        keys = index["keys"]
        return cls(
            version,
            keys["full"],
            (
                WebserviceKey.reading(
                    keys["no_orders"], [name for name in SEVEN_RESOURCES if name != "orders"]
                ),
                WebserviceKey.reading(keys["disabled"], active=False),
            ),
            tuple(Site(ident, path="/" if ident == min(shops) else "/eu/") for ident in sorted(shops)),
            str(shops[min(shops)]["name"]),
            records,
        )


def _lists(folder: Path, requests: list[dict[str, Any]]) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """Give the bodies that show records in the language-independent form."""
    for request in requests:
        target = urlsplit(request["target"])
        wanted = (
            request["method"] == "GET" and request["status"] == _HTTP_OK and "language=" not in target.query
        )
        if not wanted or request.get("content_type") != "application/json" or "JSON" not in target.query:
            continue
        try:
            # 1.6 sends control characters raw.
            body = json.loads((folder / request["body"]).read_bytes(), strict=False)
        except ValueError:
            continue
        if isinstance(body, dict) and all(isinstance(items, list) for items in body.values()):
            yield body


def _merge(known: dict[str, Any], item: dict[str, Any]) -> None:
    """Add columns; of associations shown in part, the fuller one stays."""
    associations = item.pop("associations", None)
    known |= item
    if associations and len(json.dumps(associations)) > len(json.dumps(known.get("associations"))):
        known["associations"] = associations


def load_rows(store: Store, recording: Recording) -> None:
    """Insert the rows that were recorded whole."""
    for name, records in recording.records.items():
        resource = store.resource(name)
        whole = {field.name for field in resource.fields}
        chosen = [record for record in records.values() if whole <= record.keys()]
        store.insert(name, [stored_row(record, resource) for record in chosen])
        if resource.rows:
            store.insert(ROWS, [row for record in chosen for row in _rows(record)])
    store.create_indexes()


def stored_row(record: Mapping[str, Any], resource: Resource) -> dict[str, Value]:
    """Turn what an answer shows of a record into columns of the database; only those that were shown."""
    row = {
        field.name: _stored(record[field.name], field.kind)
        for field in resource.fields
        if field.name in record
    }
    if resource.has_groups:
        groups = record.get("associations", {}).get("groups", [])
        row[GROUPS] = json.dumps([int(group["id"]) for group in groups])
    return row


def _rows(record: Mapping[str, Any]) -> Iterator[dict[str, Value]]:
    for row in record.get("associations", {}).get("order_rows", []):
        if "id" in row:
            yield {**row, "id_order": int(record["id"])}


def _stored(value: Any, kind: Kind) -> Value:  # noqa: ANN401 - whatever JSON holds
    if kind is Kind.TRANSLATED:
        return json.dumps({str(each["id"]): each["value"] for each in value}, ensure_ascii=False)
    if kind in (Kind.INTEGER, Kind.BOOLEAN):
        return int(value or 0)
    return None if value is None else str(value)

"""A shop loaded with recorded rows, and what little is known of the rows that were not recorded whole."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.sandbox.shop.recorded import Recording, stored_row
from thulium_plugin_prestashop.sandbox.shop.store import GROUPS, ROWS
from thulium_plugin_prestashop.sandbox.shop.tables import Value

RECORDINGS = Path(__file__).parent / "recordings"


def _ids(folder: Path, target: str) -> list[int]:
    """The ids of a recorded bare list, in its order."""
    index = json.loads((folder / "index.json").read_text())
    name = next(
        each["body"] for each in index["requests"] if each["target"].startswith(f"/api/{target}&ws_key=")
    )
    return [item["id"] for item in next(iter(json.loads((folder / name).read_bytes()).values()))]


def _skeletons(
    folder: Path, recording: Recording, shop: DemoShop, resource: str
) -> Iterator[dict[str, Value]]:
    """Rows of which only the id or some columns were recorded; what is not known is NULL and matches no filter.

    The column that decides the order of unsorted lists is filled so that the row stands where the shop listed it.
    """
    several = len(recording.sites) > 1 and shop.store.resource(resource).by_shop
    here = _ids(folder, f"{resource}?output_format=JSON")
    everywhere = _ids(folder, f"{resource}?id_shop=all&output_format=JSON") if several else here
    ordered_by = {"customers": "date_add", "addresses": "id_customer"}.get(resource)
    unknown = dict.fromkeys(shop.store.columns_of(resource))
    known = recording.records[resource]
    before: Any = ""
    for position, ident in enumerate(everywhere):
        record = {"id": ident, **known.get(ident, {})}
        row = {**unknown, **stored_row(record, shop.store.resource(resource))}
        if resource == "customers" and "associations" not in record:
            row[GROUPS] = None
        if "id_shop" in row and row["id_shop"] is None:
            row["id_shop"] = 1 if ident in set(here) else 2
        if ordered_by and row[ordered_by] is None:
            place = position / len(everywhere) / 10
            row[ordered_by] = (
                (before or 0) + place if ordered_by == "id_customer" else f"{before}+{position:06}"
            )
        elif ordered_by:
            before = row[ordered_by]
        if shop.store.row(resource, ident) is None:
            yield row


@pytest.fixture(params=["9.1.4", "1.6.1.25"])
async def recorded(request: pytest.FixtureRequest) -> AsyncIterator[tuple[DemoShop, Path]]:
    """A shop with every row that any recorded answer shows, whole or in part, and the folder of the answers."""
    folder = RECORDINGS / request.param
    recording = Recording.read(folder)
    async with DemoShop.from_recordings(folder) as shop:
        for resource in ("customers", "addresses", "orders", "countries"):
            skeletons = list(_skeletons(folder, recording, shop, resource))
            shop.store.insert(resource, skeletons)
            if resource == "orders":
                _insert_shown_rows(recording, shop, {row["id"] for row in skeletons})
        yield shop, folder


def _insert_shown_rows(recording: Recording, shop: DemoShop, orders: set[Value]) -> None:
    """Insert order rows of which some columns were shown, in the order they were shown in."""
    unknown = dict.fromkeys(shop.store.columns_of(ROWS))
    for ident in orders:
        shown = (
            recording.records["orders"].get(int(str(ident)), {}).get("associations", {}).get("order_rows", [])
        )
        first = shop.store.next_id(ROWS)
        shop.store.insert(
            ROWS, [{**unknown, "id": first + n, **row, "id_order": ident} for n, row in enumerate(shown)]
        )

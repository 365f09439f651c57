"""prestapyt: XML, pages by offset."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from tests.benchmarks.pullers.harness import RESOURCES, main

prestapyt = import_module("prestapyt")


def pull(task: dict[str, Any], resource: str) -> Iterator[dict[str, Any]]:
    """All rows; the library keeps no state, so a second run reads all of them again."""
    service = prestapyt.PrestaShopWebServiceDict(f"{task['url']}/api", task["key"])
    count, offset = task["page"], 0
    while True:
        options = {"display": "full", "sort": "[id_ASC]", "limit": f"{offset},{count}"}
        found = service.get(resource, options=options)[resource] or {}
        rows = found.get(RESOURCES[resource], [])
        rows = [rows] if isinstance(rows, dict) else rows
        yield from rows
        if len(rows) < count:
            return
        offset += count


main(pull)

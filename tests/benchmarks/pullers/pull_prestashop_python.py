"""prestashop-python: JSON, one connection a request, next to no work per row: the floor for sequential pulling."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from tests.benchmarks.pullers.harness import main

library = import_module("prestashop.client")


def pull(task: dict[str, Any], resource: str) -> Iterator[dict[str, Any]]:
    """All rows; the library keeps no state, so a second run reads all of them again."""
    client = library.Client.__new__(library.Client)
    # Its constructor asks for the root as JSON, which PrestaShop 8 and 9 answer with a 500.
    client.webservice_key, client.URL = task["key"], f"{task['url']}/api/"
    count, offset = task["page"], 0
    while True:
        found = client.list_service(resource, sort_field="id", limit=f"{offset},{count}")
        rows = found[resource] if isinstance(found, dict) else found
        if isinstance(rows, str):
            raise TypeError("the page came back as plain text")
        yield from rows
        if len(rows) < count:
            return
        offset += count


main(pull)

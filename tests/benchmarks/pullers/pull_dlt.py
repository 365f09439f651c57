"""dlt's ``RESTClient`` with a paginator for ``limit=offset,count``: what a data engineer writes today."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from tests.benchmarks.pullers.harness import main

auth = import_module("dlt.sources.helpers.rest_client.auth")
client = import_module("dlt.sources.helpers.rest_client")
paginators = import_module("dlt.sources.helpers.rest_client.paginators")


class Limit(paginators.BasePaginator):  # type: ignore[misc, name-defined] # dlt is in this script's own environment
    """Offsets until a page comes short."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count, self.offset = count, 0

    def init_request(self, request: Any) -> None:  # noqa: ANN401 - dlt's own
        """The first page."""
        self.offset, self._has_next_page = 0, True
        self.update_request(request)

    def update_state(self, response: Any, data: list[Any] | None = None) -> None:  # noqa: ANN401, ARG002 - dlt's own
        """Whether there is another page."""
        self._has_next_page = len(data or []) == self.count
        self.offset += self.count

    def update_request(self, request: Any) -> None:  # noqa: ANN401 - dlt's own
        """Ask for the page at the offset."""
        request.params = {**(request.params or {}), "limit": f"{self.offset},{self.count}"}


def pull(task: dict[str, Any], resource: str) -> Iterator[dict[str, Any]]:
    """All rows, or those changed since the state of the run before."""
    rest = client.RESTClient(
        f"{task['url']}/api/",
        auth=auth.HttpBasicAuth(task["key"], ""),
        headers={"Output-Format": "JSON"},
    )
    params = {"display": "full", "sort": "[id_ASC]"}
    if task["since"]:
        params |= {"date": "1", "filter[date_upd]": f">[{task['since'][resource]}]"}
    pages = rest.paginate(
        resource, params=params, paginator=Limit(task["page"]), data_selector=f"{resource}[*]"
    )
    for page in pages:
        yield from page


main(pull)

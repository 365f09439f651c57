"""Every recorded answer of two real shops goes through the client and becomes rows or the right error.

What became what is held in ``recorded_outcomes.txt``; set ``UPDATE_SNAPSHOTS=1`` to write it anew.
"""

import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import attrs
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.recordings.recorded import VERSIONS, Recorded, answers
from thulium_plugin_prestashop.transport import Circuit, HttpClient, RemoteError, RetryPolicy
from thulium_plugin_prestashop.webservice.address import ShopAddress
from thulium_plugin_prestashop.webservice.bodies import Document, Format, Kind, read
from thulium_plugin_prestashop.webservice.client import WebserviceClient
from thulium_plugin_prestashop.webservice.pages import structured
from thulium_plugin_prestashop.webservice.query import Query
from thulium_plugin_prestashop.webservice.resources import RESOURCES
from thulium_plugin_prestashop.webservice.structure import Structurer

SNAPSHOT = Path(__file__).with_name("recorded_outcomes.txt")


@attrs.define
class Player:
    """Answers any request with the current recorded answer."""

    address: ShopAddress
    current: Recorded | None = None

    async def handle(self, _: web.Request) -> web.Response:
        assert self.current is not None
        headers = {
            name: value for name, value in self.current.headers.items() if name.lower() != "content-length"
        }
        return web.Response(status=self.current.status, body=self.current.body, headers=headers)


@pytest.fixture
async def player() -> AsyncIterator[Player]:
    player = Player(ShopAddress.parse("https://shop.test"))
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", player.handle)
    async with TestServer(application) as server:
        player.address = ShopAddress.parse(str(server.make_url("")))
        yield player


async def test_every_recorded_answer_becomes_records_or_the_right_error(
    player: Player, http: HttpClient
) -> None:
    table = Counter[str]()
    client = WebserviceClient(
        player.address,
        "A" * 31 + "1",
        http,
        circuit=Circuit(threshold=10_000),
        retry=RetryPolicy(attempts=1),
        allow_key_in_query=False,
    )
    structurer = Structurer()
    for version in VERSIONS:
        for recorded in answers(version):
            player.current = recorded
            what = recorded.resource or "root"
            outcome = await _outcome(client, recorded, structurer)
            table[f"{version:<9} {what:<13} {recorded.status}  {outcome}"] += 1
    text = "".join(f"{count:>4}  {line}\n" for line, count in sorted(table.items()))
    print(text)  # noqa: T201 - the table is worth reading, with pytest -s or in the snapshot
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(text, "utf-8")
    assert text == SNAPSHOT.read_text("utf-8")
    assert table.total() == 766 + 759


async def _outcome(client: WebserviceClient, recorded: Recorded, structurer: Structurer) -> str:
    client.shop.dispatcher = recorded.path.endswith("dispatcher.php")
    form = Format.JSON if recorded.is_json else Format.XML
    try:
        # Below fetch(), which would ask further questions to confirm what it got.
        reply = await client._exchange.ask(recorded.resource.lower(), {}, form, once=True)  # noqa: SLF001
    except RemoteError as error:
        return f"{type(error).__name__} {error.key}"
    return await _contents(recorded, reply.document, structurer)


async def _contents(recorded: Recorded, document: Document, structurer: Structurer) -> str:
    assert document.format is not None
    where = document.format.value
    repairs = "".join(f", repaired {kind}" for kind in sorted(document.repairs))
    if document.kind is Kind.ROOT:
        return f"{where} root listing"
    if not document.rows:
        return f"{where} no rows"
    resource = RESOURCES.get(recorded.resource)
    if resource is None:
        return f"{where} rows of another resource"
    if all(isinstance(row, dict) and row.keys() == {"id"} for row in document.rows):
        return f"{where} ids"
    if "display" in recorded.parameters and recorded.parameters["display"] != "full":
        return f"{where} chosen fields{repairs}"
    records, set_aside = await structured(Query(resource), document.rows, structurer)
    assert len(records) + len(set_aside) == len(document.rows)
    return f"{where} records{', some set aside' if set_aside else ''}{repairs}"


@pytest.mark.parametrize("version", VERSIONS)
def test_both_formats_of_a_recorded_page_hold_the_same_records(version: str) -> None:
    structurer = Structurer()
    compared = Counter[str]()
    by_question: dict[str, dict[Format, list[object]]] = {}
    for recorded in answers(version):
        resource = RESOURCES.get(recorded.resource)
        if (
            resource is None
            or recorded.status != HTTPStatus.OK
            or recorded.parameters.get("display") != "full"
        ):
            continue
        document = read(recorded.body, resource.name)
        if document.format is not None and document.rows and document.rows[0].keys() > {"id"}:
            question = re.sub(r"&?(?:output|io)_format=JSON|&?ws_key=\w+", "", recorded.target)
            records = [structurer.record(row, resource) for row in document.rows]
            by_question.setdefault(question, {})[document.format] = records
    for question, found in by_question.items():
        if len(found) == len(Format):
            assert found[Format.JSON] == found[Format.XML], question
            compared[question.split("?")[0]] += len(found[Format.JSON])
    assert compared.total() > 200
    assert len(compared) >= len(RESOURCES)

"""The table from status, code and body to who must act, walked whole; and what people are told about it."""

import re
import string
from datetime import UTC, datetime
from types import SimpleNamespace

import aioresponses
import pytest
from aiohttp import ClientResponse

from tests.webservice import rendering
from tests.webservice.fake_shop import FRONT_PAGE, KEY
from thulium_plugin_prestashop.transport import (
    AdministratorMustAct,
    Answer,
    HttpClient,
    OurFault,
    RemoteError,
    RetryPolicy,
    TimeWillTell,
)
from thulium_plugin_prestashop.webservice import answers, bodies, messages
from thulium_plugin_prestashop.webservice.address import ShopAddress
from thulium_plugin_prestashop.webservice.client import WebserviceClient
from thulium_plugin_prestashop.webservice.isolation import ISOLATABLE
from thulium_plugin_prestashop.webservice.messages import KEYS, LANGUAGES, describe
from thulium_plugin_prestashop.webservice.query import ORDERS, Query

ADDRESS = ShopAddress.parse("https://sklep.pl/shop")
NOW = datetime(2026, 11, 24, tzinfo=UTC)
ADMIN, TIME, US = AdministratorMustAct, TimeWillTell, OurFault
HTML = FRONT_PAGE.encode()


def judged(status: int, body: bytes = b"", resource: str = "orders", **headers: str) -> RemoteError | None:
    document = bodies.read(body, resource)
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return answers.judge(
        Answer(status, named, body, 0.1), document, resource=resource, address=ADDRESS, now=NOW
    )


@pytest.mark.parametrize("code", sorted(answers.CODES))
@pytest.mark.parametrize("status", [400, 401, 403, 405, 500, 503])
@pytest.mark.parametrize("as_json", [True, False])
def test_a_code_decides_whatever_the_status_and_format(code: int, status: int, *, as_json: bool) -> None:
    errors = [{"code": code, "message": "words"}]
    body = rendering.to_json("", [], "9.1.4", errors) if as_json else rendering.errors_xml(errors)
    error = judged(status, body.encode())
    kind, key = answers.CODES[code]
    assert type(error) is kind
    assert error.key == key
    assert error.params == {"status": status, "resource": "orders", "code": code, "host": "sklep.pl"}


@pytest.mark.parametrize("status", sorted(answers.STATUSES))
@pytest.mark.parametrize("body", [b"", HTML, b'{"errors":[{"code":null,"message":"Internal error."}]}'])
def test_without_a_code_the_status_decides(status: int, body: bytes) -> None:
    kind, key = answers.STATUSES[status]
    error = judged(status, body)
    assert type(error) is kind
    assert error.key == key


@pytest.mark.parametrize(
    ("status", "body", "kind", "key"),
    [
        (200, b"", TIME, "answer.empty"),
        (200, HTML, ADMIN, "address.not_prestashop"),
        (200, b"It works!", ADMIN, "address.not_prestashop"),
        (200, b'{"orders":[{"id":1', TIME, "answer.truncated"),
        (200, b'{"orders":[{"id":}]}', US, "answer.unreadable"),
        (200, b'["orders"]', US, "answer.unreadable"),
        (200, b"<title>Just a moment...</title>", ADMIN, "shop.blocked"),
        (503, b"<title>Just a moment...</title>", ADMIN, "shop.blocked"),
        (522, HTML, TIME, "shop.cdn"),
        (401, b"401 Unauthorized", ADMIN, "auth.header_stripped"),
        (401, HTML, ADMIN, "auth.password_wall"),
        (599, b"", TIME, "shop.failed"),
        (418, b"", ADMIN, "shop.blocked"),
    ],
)
def test_otherwise_the_body_decides(status: int, body: bytes, kind: type[RemoteError], key: str) -> None:
    error = judged(status, body)
    assert type(error) is kind
    assert error.key == key


def test_the_true_error_stands_among_php_messages() -> None:
    errors = [
        {"code": 3, "message": "PHP"},
        {"code": 35, "message": 'Unable to display this field "note". However'},
        {"code": 3, "message": "PHP"},
    ]
    body = rendering.to_json("", [], "9.1.4", errors).encode()
    error = judged(500, body)
    assert error is not None
    assert error.key == "query.rejected"
    assert answers.refused_field(bodies.read(body, "orders").errors) == "note"


def test_rows_beside_php_messages_are_rows() -> None:
    errors = [{"code": 15, "message": "[PHP Unknown error #8192]"}]
    assert judged(500, rendering.to_json("orders", [{"id": "1"}], "9.1.4", errors).encode()) is None
    fatal = [*errors, {"code": 97, "message": "SELECT secret FROM x"}]
    error = judged(500, rendering.to_json("orders", [{"id": "1"}], "9.1.4", fatal).encode())
    assert error is not None
    assert error.key == "shop.database"


@pytest.mark.parametrize(
    ("location", "key", "to"),
    [
        ("http://sklep.pl/shop/api/orders?ws_key=SECRET", "address.redirect_http", "http://sklep.pl"),
        (
            "https://www.sklep.pl/shop/api/orders?ws_key=SECRET",
            "address.redirect_www",
            "https://www.sklep.pl",
        ),
        ("http://www.sklep.pl/", "address.redirect_www", "http://www.sklep.pl"),
        ("https://inny.pl/?url=orders", "address.redirect_host", "https://inny.pl"),
        ("https://sklep.pl:8443/", "address.redirect_host", "https://sklep.pl:8443"),
        ("https://sklep.pl/shop/?url=orders&ws_key=SECRET", "address.redirect_front", "https://sklep.pl"),
        ("/", "address.redirect_front", "https://sklep.pl"),
        ("/?id_shop=99&ws_key=SECRET", "shop.unknown_scope", "https://sklep.pl"),
        ("/login", "address.redirect", "https://sklep.pl"),
        ("http://[bad", "address.redirect", ""),
        ("", "address.redirect", ""),
    ],
)
def test_redirects_are_explained_and_their_query_is_not_repeated(location: str, key: str, to: str) -> None:
    error = judged(302, location=location)
    assert isinstance(error, AdministratorMustAct)
    assert (error.key, error.params["to"]) == (key, to)
    assert "SECRET" not in f"{error!r} {error.params} {describe(error)}"


def test_from_http_to_https_is_explained_too() -> None:
    answer = Answer(301, {"location": "https://sklep.pl/api/"}, b"", 0.1)
    assert answers.redirect(answer, ShopAddress.parse("http://sklep.pl"))[0] == "address.redirect_https"


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7.0), ("Tue, 24 Nov 2026 00:00:09 GMT", 9.0), ("x", None)]
)
def test_the_servers_word_on_when_to_come_back(value: str, seconds: float | None) -> None:
    error = judged(429, retry_after=value)
    assert error is not None
    assert error.retry_after == seconds


def _keys_in_use() -> set[str]:
    rules = [*answers.CODES.values(), *answers.STATUSES.values(), *answers.BODIES.values()]
    return {key for _, key in rules}


def test_every_key_has_a_sentence_in_both_languages_that_uses_known_parameters() -> None:
    assert _keys_in_use() <= KEYS
    known = {"host", "status", "to", "seconds", "resource", "consequence", "key", "path"}
    for key in KEYS:
        message = messages._DATA["messages"][key]  # noqa: SLF001 - the table itself is under test
        assert message["severity"] in ("error", "warning", "info")
        for name, sentence in message.items():
            if name in ("severity", "hint"):
                continue
            assert {field for _, field, _, _ in string.Formatter().parse(sentence) if field} <= known, key
        told = describe(key, {"resource": "orders"})
        assert set(told.text) == set(told.hint) == set(LANGUAGES)
        for sentence in (*told.text.values(), *told.hint.values()):
            assert sentence.endswith((".", "!", "…", "$1")), (key, sentence)
            assert not re.search(r"\s{2}|\{|\}", sentence), (key, sentence)
        assert told.text["pl"] != told.text["en"]


@pytest.mark.parametrize("key", [*sorted(ISOLATABLE), "row.unreadable"])
def test_a_record_is_set_aside_for_a_reason_without_gaps(key: str) -> None:
    told = describe(key, {"resource": "orders", "id": 7})
    assert not [sentence for sentence in told.text.values() if "…" in sentence]


def test_an_unknown_key_is_quoted_in_a_general_sentence() -> None:
    assert "brand.new" in describe("brand.new").text["en"]


class _Response(ClientResponse):
    """aioresponses does not know the argument that aiohttp 3.14 added."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{"stream_writer": SimpleNamespace(output_size=0), **kwargs})  # type: ignore[arg-type]  # passed through


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 414, 429, 500, 502, 503, 504, 520])
async def test_the_client_raises_what_the_table_says(status: int) -> None:
    """The whole way of a single answer, ways in and retry included."""
    client_retry = RetryPolicy(attempts=1)
    async with HttpClient() as http:
        client = WebserviceClient(ADDRESS, KEY, http, retry=client_retry)
        with aioresponses.aioresponses() as web:
            web.get(
                re.compile(r"^https://sklep\.pl/"),
                status=status,
                body=HTML,
                repeat=True,
                response_class=_Response,
            )
            with pytest.raises(RemoteError) as caught:
                await client.fetch(Query(ORDERS, limit=1))
            asked = [url for _, url in web.requests]
    assert caught.value.key == (answers.STATUSES.get(status) or (None, "shop.cdn"))[1]
    assert asked
    assert all(KEY not in str(url) for url in asked)

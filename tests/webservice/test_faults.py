"""Shops that misbehave, over a real socket: each test ends with every row in, or with the bad one named."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from aiohttp import web

from tests.webservice import rendering
from tests.webservice.conftest import QUICK
from tests.webservice.fake_shop import FRONT_PAGE, KEY, NOTICE, FakeShop, Fault
from thulium_plugin_prestashop.transport import EgressPolicy, HttpClient, OurFault, RemoteError, TimeWillTell
from thulium_plugin_prestashop.webservice.address import ShopAddress
from thulium_plugin_prestashop.webservice.client import SetAside, WebserviceClient
from thulium_plugin_prestashop.webservice.query import ADDRESSES, ORDERS, IdAbove, IdIn, Query

Connect = Callable[[FakeShop], Awaitable[WebserviceClient]]


async def read_all(
    client: WebserviceClient, limit: int = 100
) -> tuple[list[int], list[SetAside], dict[str, int]]:
    """Ids of all orders, page by page, with what was set aside and repaired."""
    ids: list[int] = []
    set_aside: list[SetAside] = []
    repairs: dict[str, int] = {}
    after, last = 0, False
    while not last:
        page = await client.fetch(Query(ORDERS, (IdAbove(after),), limit=limit))
        ids += [order.id for order in page.records]
        set_aside += page.set_aside
        for kind, count in page.repairs.items():
            repairs[kind] = repairs.get(kind, 0) + count
        after, last = page.last_id or after, page.is_last
    return ids, set_aside, repairs


def sometimes(every: int, answer: Fault) -> Fault:
    """The fault at every so many-th request for orders."""
    seen = 0

    async def fault(request: web.Request, shop: FakeShop) -> web.StreamResponse | None:
        nonlocal seen
        if "orders" not in request.path:
            return None
        seen += 1
        return await answer(request, shop) if (seen - 1) % every == 0 else None

    return fault


def always(body: bytes | str, status: int = 200, **headers: str) -> Fault:
    async def fault(_: web.Request, __: FakeShop) -> web.StreamResponse:
        raw = body.encode() if isinstance(body, str) else body
        return web.Response(status=status, body=raw, headers={"Content-Type": "text/html", **headers})

    return fault


async def reset(request: web.Request, shop: FakeShop) -> web.StreamResponse:
    """The first half of the true answer, then a closed connection."""
    full = shop.answer(request, "orders").body
    assert isinstance(full, bytes)
    response = web.StreamResponse(headers={"Content-Length": str(len(full))})
    await response.prepare(request)
    await response.write(full[: len(full) // 2])
    assert request.transport is not None
    request.transport.close()
    return response


async def cut(request: web.Request, shop: FakeShop) -> web.StreamResponse:
    """The first half of the true answer, as if it were whole."""
    full = shop.answer(request, "orders").body
    assert isinstance(full, bytes)
    return web.Response(body=full[: len(full) // 2], headers={"PSWS-Version": shop.version})


async def noisy(request: web.Request, shop: FakeShop) -> web.StreamResponse:
    """PHP notices before the document, a module's output behind it."""
    full = shop.answer(request, "orders").body
    assert isinstance(full, bytes)
    return web.Response(
        body=NOTICE.encode() + full + b"\n<!-- cached -->", headers={"PSWS-Version": shop.version}
    )


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(sometimes(2, always("", 500)), id="empty 500"),
        pytest.param(sometimes(2, reset), id="reset in mid-body"),
        pytest.param(sometimes(2, cut), id="truncated with 200"),
        pytest.param(sometimes(2, always("")), id="empty 200"),
        pytest.param(sometimes(3, always("[]")), id="200 [] lies"),
        pytest.param(sometimes(3, always("slow down", 429, **{"Retry-After": "0"})), id="429"),
        pytest.param(sometimes(3, always(FRONT_PAGE, 503, **{"Retry-After": "0"})), id="HTML 503"),
        pytest.param(sometimes(1000, always(FRONT_PAGE, 502)), id="HTML 502"),
        pytest.param(sometimes(1, noisy), id="PHP notices before the body"),
    ],
)
async def test_a_passing_fault_costs_no_row(connect: Connect, fault: Fault) -> None:
    shop = FakeShop.with_rows(orders=250)
    shop.faults.append(fault)
    ids, set_aside, _ = await read_all(await connect(shop))
    assert ids == list(range(1, 251))
    assert not set_aside


async def test_retry_after_holds_everyone_back(connect: Connect) -> None:
    shop = FakeShop.with_rows(orders=10)
    shop.faults.append(sometimes(1000, always("", 429, **{"Retry-After": "1"})))
    client = await connect(shop)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await client.fetch(Query(ORDERS))
    await client.fetch(Query(ADDRESSES))
    assert loop.time() - started >= 1.0
    assert client.stats.retries == 1


def breaks_on(bad: Sequence[int], answer: Fault) -> Fault:
    """The fault whenever one of these rows would be loaded; the bare list loads none."""

    async def fault(request: web.Request, shop: FakeShop) -> web.StreamResponse | None:
        if "display" not in request.query or "orders" not in request.path:
            return None
        rows = shop.select("orders", request.query) or []
        return await answer(request, shop) if any(int(row["id"]) in bad for row in rows) else None

    return fault


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (always("", 500), "shop.failed"),
        (always(""), "answer.empty"),
        (always("[]"), "answer.lie"),
        (cut, "answer.truncated"),
        (always('{"orders":[{"id":1,"x":' + '"\\', 200), "answer.truncated"),
    ],
)
@pytest.mark.parametrize("bad", [[1], [137], [250], [40, 41, 42, 43, 44, 45, 46], [1, 2, 3, 4, 5, 6]])
async def test_bad_rows_are_set_aside_and_nothing_else(
    connect: Connect, answer: Fault, reason: str, bad: list[int]
) -> None:
    shop = FakeShop.with_rows(orders=250)
    shop.faults.append(breaks_on(bad, answer))
    ids, set_aside, _ = await read_all(await connect(shop), limit=250)
    assert ids == [id_ for id_ in range(1, 251) if id_ not in bad]
    assert [(entry.id, entry.reason) for entry in set_aside] == [(id_, reason) for id_ in bad]


async def test_the_shops_own_words_are_kept_without_its_paths(connect: Connect) -> None:
    async def undefined(request: web.Request, shop: FakeShop) -> web.StreamResponse:
        message = "[PHP Notice #8] Undefined index: value (/var/www/shop/classes/x.php, line 10)"
        return shop.error(500, 5, message, as_json=request.query["output_format"] == "JSON")

    shop = FakeShop.with_rows(orders=20)
    shop.faults.append(breaks_on([7], undefined))
    _, (entry,), _ = await read_all(await connect(shop))
    assert (entry.id, entry.reason) == (7, "shop.php")
    assert "Undefined index" in entry.detail
    assert "/var" not in entry.detail


async def test_an_unreadable_amount_sets_the_row_aside_with_its_path(connect: Connect) -> None:
    shop = FakeShop.with_rows(orders=5)
    shop.tables["orders"][2]["total_paid"] = "12,3,4"
    shop.tables["orders"][3]["associations"]["order_rows"][0]["product_id"] = "x"
    ids, set_aside, _ = await read_all(await connect(shop))
    assert ids == [1, 2, 5]
    assert [(entry.id, entry.reason, entry.detail) for entry in set_aside] == [
        (3, "row.unreadable", "$.orders[2].total_paid"),
        (4, "row.unreadable", "$.orders[3].associations.order_rows[0].product_id"),
    ]


async def test_a_shop_that_fails_for_every_row_is_given_up_soon(connect: Connect) -> None:
    shop = FakeShop.with_rows(orders=250)
    shop.faults.append(breaks_on(range(1, 251), always("", 500)))
    client = await connect(shop)
    with pytest.raises(TimeWillTell, match=r"shop\.failed"):
        await client.fetch(Query(ORDERS))
    assert len(shop.asked) < 60


async def test_pages_that_time_out_when_too_large_are_cut_up(
    serve: Callable[[FakeShop], Awaitable[ShopAddress]],
) -> None:
    async def slow(request: web.Request, shop: FakeShop) -> web.StreamResponse | None:
        if "display" in request.query and len(shop.select("orders", request.query) or []) > 60:
            await asyncio.sleep(3)
        return None

    shop = FakeShop.with_rows(orders=250)
    shop.faults.append(slow)
    async with HttpClient(EgressPolicy(allow_private=True), timeout=0.25) as http:
        client = WebserviceClient(await serve(shop), KEY, http, retry=QUICK)
        ids, set_aside, _ = await read_all(client, limit=500)
    assert ids == list(range(1, 251))
    assert not set_aside


async def test_json_that_never_works_is_replaced_by_xml_and_remembered(connect: Connect) -> None:
    async def no_json(request: web.Request, _: FakeShop) -> web.StreamResponse | None:
        if request.query.get("output_format") == "JSON":
            return web.Response(body=b"", headers={"PSWS-Version": "1.6.1.14"})
        return None

    shop = FakeShop.with_rows(orders=450)
    shop.version = "1.6.1.14"
    shop.faults.append(no_json)
    client = await connect(shop)
    ids, set_aside, repairs = await read_all(client)
    assert ids == list(range(1, 451))
    assert not set_aside
    assert repairs["other_format"] == 3
    assert client.shop.export()["format"] == "XML"


async def test_invalid_utf_8_in_one_row_empties_json_and_xml_gives_the_page(connect: Connect) -> None:
    async def json_encode_fails(request: web.Request, shop: FakeShop) -> web.StreamResponse | None:
        if request.query["output_format"] == "JSON":
            return web.Response(body=b"", headers={"PSWS-Version": shop.version})
        response = shop.answer(request, "orders")
        assert isinstance(response.body, bytes)
        response.body = response.body.replace(b"REF000077", b"REF\xb300077")
        return response

    shop = FakeShop.with_rows(orders=150)
    shop.faults.append(breaks_on([77], json_encode_fails))
    client = await connect(shop)
    page = await client.fetch(Query(ORDERS, limit=100))
    assert [order.id for order in page.records] == list(range(1, 101))
    assert page.records[76].reference == "REF\ufffd00077"
    assert page.repairs == {"other_format": 1, "invalid_utf8": 1}
    assert client.shop.export()["format"] == "JSON"


async def test_rows_beside_php_messages_are_kept_and_the_missing_one_fetched(connect: Connect) -> None:
    async def notices(request: web.Request, shop: FakeShop) -> web.StreamResponse | None:
        if request.query.get("output_format") != "JSON" or int(request.query.get("limit", 0)) < 50:
            return None
        rows = [row for row in shop.select("orders", request.query) or [] if row["id"] != "9"]
        errors = [{"code": 15, "message": "[PHP Unknown error #8192] Deprecated"}]
        return web.Response(status=500, text=rendering.to_json("orders", rows, shop.version, errors))

    shop = FakeShop.with_rows(orders=60)
    shop.faults.append(breaks_on(range(1, 61), notices))
    ids, set_aside, _ = await read_all(await connect(shop))
    assert ids == list(range(1, 61))
    assert not set_aside


@pytest.mark.parametrize("rewriting", [True, False])
@pytest.mark.parametrize("header_arrives", [True, False])
async def test_other_ways_in(connect: Connect, *, rewriting: bool, header_arrives: bool) -> None:
    shop = FakeShop.with_rows(orders=130)
    shop.rewriting, shop.header_arrives = rewriting, header_arrives
    client = await connect(shop)
    ids, _, _ = await read_all(client)
    assert ids == list(range(1, 131))
    facts = client.shop.export()
    assert facts["dispatcher"] is not rewriting
    assert facts["key_in_query"] is not header_arrives
    assert any("ws_key" in parameters for _, parameters in shop.asked) is not header_arrives


async def test_a_persistent_lie_about_a_whole_table_is_reported(connect: Connect) -> None:
    shop = FakeShop.with_rows(orders=30)
    client = await connect(shop)
    await client.fetch(Query(ORDERS))
    shop.faults.append(sometimes(1, always("[]")))
    for question in (
        client.fetch(Query(ORDERS)),
        client.ids(ORDERS),
        client.highest_id(ORDERS),
        client.latest_update(ORDERS),
    ):
        with pytest.raises(TimeWillTell, match=r"answer\.lie"):
            await question


async def test_a_shop_that_ignores_the_order_is_not_paged_through(connect: Connect) -> None:
    async def shuffled(request: web.Request, shop: FakeShop) -> web.StreamResponse | None:
        rows: list[dict[str, Any]] = shop.tables["orders"][50:] + shop.tables["orders"][:50]
        return shop.send_rows("orders", rows[: int(request.query["limit"])], as_json=True)

    shop = FakeShop.with_rows(orders=100)
    shop.faults.append(shuffled)
    client = await connect(shop)
    with pytest.raises(RemoteError, match=r"answer\.unordered"):
        await client.fetch(Query(ORDERS, limit=80))


async def test_rows_asked_for_by_id_come_at_once_however_slow_the_shop(connect: Connect) -> None:
    client = await connect(FakeShop.with_rows(orders=300))
    for _ in range(5):
        client._exchange.pace.page_size("orders").halve()  # noqa: SLF001 - as a slow shop would
    page = await client.fetch(Query(ORDERS, (IdIn(range(1, 301)),), limit=300))
    assert [order.id for order in page.records] == list(range(1, 301))


async def test_a_page_of_rows_without_ids_is_an_error_and_not_the_end(connect: Connect) -> None:
    shop = FakeShop.with_rows(orders=5)
    shop.faults.append(always('{"orders":[{"reference":"A"},{"reference":"B"}]}'))
    client = await connect(shop)
    with pytest.raises(OurFault, match=r"answer\.unreadable"):
        await client.fetch(Query(ORDERS))

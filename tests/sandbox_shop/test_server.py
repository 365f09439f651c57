"""The demo shop over its socket: keys, scopes, versions, disturbances, changes while it runs."""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import aiohttp
import attrs
import pytest

from thulium_plugin_prestashop.sandbox.shop import DEMO_KEY, DemoShop, Fault, Pace, Trouble, WebserviceKey

OLD_AND_NEW = pytest.mark.parametrize("profile", ["9.1.4", "8.2.4", "1.7.7.4", "1.6.1.25"])


@attrs.frozen
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - whatever the shop sends
        return json.loads(self.body, strict=False)

    def records(self, resource: str) -> list[dict[str, Any]]:
        document = self.json()
        return document[resource] if document else []

    def codes(self) -> list[int]:
        return [error["code"] for error in self.json()["errors"]]


async def ask(
    shop: DemoShop, path: str, *, key: str | None = DEMO_KEY, method: str = "GET", **headers: str
) -> Reply:
    """Ask for JSON unless the path asks for something else."""
    query = "&output_format=JSON" if "?" in path else "?output_format=JSON"
    asked = path if "format=" in path else path + query
    basic = (
        {"Authorization": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"} if key is not None else {}
    )
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, shop.url + asked, headers=basic | headers, allow_redirects=False) as response,
    ):
        return Reply(response.status, dict(response.headers), await response.read())


@pytest.fixture
async def shop() -> AsyncIterator[DemoShop]:
    async with DemoShop(customers=40, orders=60, multistore=True) as running:
        yield running


async def test_every_version_reads_alike_and_shows_its_own_types() -> None:
    shown: dict[str, list[Any]] = {}
    for profile in ("9.1.4", "8.2.4", "1.7.7.4", "1.6.1.25"):
        async with DemoShop(profile, customers=30, orders=30, until=datetime(2026, 11, 23)) as shop:  # noqa: DTZ001
            reply = await ask(shop, "api/orders?display=full&limit=10&sort=[id_ASC]")
            assert reply.headers["PSWS-Version"] == profile
            records = reply.records("orders")
            numbers = {type(record["id_customer"]) for record in records}
            assert numbers == ({int} if profile == "9.1.4" else {str})
            assert all(type(record["id"]) is int for record in records)
            assert all(type(record["valid"]) is type(record["total_paid"]) is str for record in records)
            assert ("note" in records[0]) == (profile in ("9.1.4", "8.2.4"))
            empty = [record for record in records if "associations" not in record]
            assert len(empty) == 2
            shown[profile] = [(record["id"], record["reference"], record["total_paid"]) for record in records]
    assert len({str(records) for records in shown.values()}) == 1


@OLD_AND_NEW
async def test_one_record_by_its_own_url(profile: str) -> None:
    async with DemoShop(profile, customers=40, orders=0) as shop:
        guest = next(row for row in shop.all_customers() if row["is_guest"] and row["active"])
        url = f"api/customers/{guest['id']}"
        alone = (await ask(shop, url)).json()["customer"]
        assert ("deleted" in alone) == (profile < "8")
        displayed = (await ask(shop, f"{url}?display=full")).records("customers")[0]
        assert ("email" in displayed) == (profile >= "8")
        missing = await ask(shop, "api/customers/987654")
        assert (missing.status, missing.body) == (404, b"")
        assert "Content-Type" not in missing.headers
        assert "Access-Time" in missing.headers


@OLD_AND_NEW
async def test_a_failing_query_is_an_empty_list_or_an_empty_500(profile: str) -> None:
    async with DemoShop(profile, customers=3, orders=0) as shop:
        reply = await ask(shop, "api/customers?limit=-1")
        assert (reply.status, reply.body) == ((500, b"") if profile == "8.2.4" else (200, b"[]"))


@OLD_AND_NEW
async def test_rejected_lists_are_400_on_php_7_and_500_with_warnings_on_php_8(profile: str) -> None:
    async with DemoShop(profile, customers=3, orders=0) as shop:
        reply = await ask(shop, "api/customers?filter[nonsense]=[1]")
        assert (reply.status, reply.codes()) == ((500, [32, 3, 3, 3, 3]) if profile >= "8" else (400, [32]))


async def test_request_lines_longer_than_nginx_allows_are_refused(shop: DemoShop) -> None:
    thousand = "|".join(str(1_000 + number) for number in range(1_000))
    assert (await ask(shop, f"api/customers?filter[id]=[{thousand}]")).status == 200
    reply = await ask(shop, f"api/customers?filter[id]=[{thousand}|{thousand}]")
    assert (reply.status, reply.headers["Content-Type"]) == (414, "text/html")


async def test_a_port_in_use_is_an_error_and_leaves_nothing_open(shop: DemoShop) -> None:
    port = int(shop.url.rstrip("/").rpartition(":")[2])
    with pytest.raises(OSError, match="address"):
        await DemoShop(customers=1, orders=0, port=port).start()


@OLD_AND_NEW
async def test_the_root_shows_permissions_in_xml_only(profile: str) -> None:
    async with DemoShop(profile, customers=1, orders=0) as shop:
        root = ET.fromstring((await ask(shop, "api/?output_format=XML")).body)  # noqa: S314 - our own shop
        names = {element.tag: element.attrib["get"] for element in root[0]}
        assert names == dict.fromkeys(
            ("addresses", "countries", "currencies", "customers", "order_states", "orders", "shops"), "true"
        )
        as_json = await ask(shop, "api/")
        assert (as_json.status, bool(as_json.body)) == ((500, False) if profile >= "8" else (200, True))


async def test_json_of_1_6_is_broken_where_that_of_9_is_not() -> None:
    broken = ("a\x0bb", "Kod \\u0142 wprost", "Kwiaty 🌷")
    for profile, expected in (
        ("9.1.4", broken),
        ("1.6.1.25", ("a\x0bb", None, "Kwiaty ")),
    ):
        async with DemoShop(profile, customers=0, orders=0) as shop:
            idents = [shop.insert_customer(note=note) for note in broken]
            for ident, text in zip(idents, expected, strict=True):
                reply = await ask(shop, f"api/customers?filter[id]=[{ident}]&display=[id,note]")
                if text is None:
                    assert b"Kod \\\xc5\x82 wprost" in reply.body
                    with pytest.raises(ValueError, match="escape"):
                        reply.json()
                else:
                    assert reply.records("customers")[0]["note"] == text
                    assert (b"\x0b" in reply.body) == ("\x0b" in text and profile == "1.6.1.25")


@OLD_AND_NEW
async def test_xml_breaks_at_a_closed_cdata_section(profile: str) -> None:
    async with DemoShop(profile, customers=0, orders=0) as shop:
        shop.insert_customer(note="a ]]> b")
        reply = await ask(shop, "api/customers?display=full&output_format=XML")
        with pytest.raises(ET.ParseError):
            ET.fromstring(reply.body)  # noqa: S314 - our own shop


async def test_keys_open_what_they_may(shop: DemoShop) -> None:
    limited = WebserviceKey.reading("L" * 32, ["customers"])
    elsewhere = WebserviceKey("E" * 32, {"customers": frozenset({"GET"})}, shops=frozenset({2}))
    shop.service.keys |= {key.value: key for key in (limited, elsewhere)}
    assert (await ask(shop, "api/customers?limit=1", key=limited.value)).status == 200
    denied = await ask(shop, "api/orders", key=limited.value)
    assert (denied.status, denied.codes()) == (401, [26])
    assert (await ask(shop, "api/customers", key=elsewhere.value)).codes() == [132]
    assert (await ask(shop, "api/customers?id_shop=2", key=elsewhere.value)).status == 200
    for key, codes in ((" ", [17]), ("short", [18]), ("X" * 32, [20, 21])):
        reply = await ask(shop, "api/customers", key=key)
        assert (reply.status, reply.codes(), reply.headers["PSWS-Version"]) == (401, codes, "0")
    nothing = await ask(shop, "api/customers", key=None)
    assert (nothing.status, nothing.body) == (401, b"401 Unauthorized")
    assert "PSWS-Version" not in nothing.headers
    assert (await ask(shop, f"api/customers?ws_key={DEMO_KEY}", key=None)).status == 200
    assert (await ask(shop, f"api/customers?ws_key={DEMO_KEY}", key="X" * 32)).status == 401
    shop.service.enabled = False
    assert (await ask(shop, "api/customers", key="X" * 32)).codes() == [22]
    assert DEMO_KEY not in str(list(shop.served))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD"])
async def test_writing_is_refused(shop: DemoShop, method: str) -> None:
    before = shop.all_customers()
    reply = await ask(shop, f"api/customers/{before[0]['id']}", method=method)
    assert reply.status == 405
    assert method == "HEAD" or reply.codes() == [25]
    assert shop.all_customers() == before


async def test_lists_are_limited_to_the_shops_in_scope(shop: DemoShop) -> None:
    truth = {
        number: {int(str(row["id"])) for row in shop.all_customers() if row["id_shop"] in number}
        for number in ((1,), (2,), (1, 2))
    }
    assert truth[2,]
    for query, scope in (
        ("", (1,)),
        ("?id_shop=1", (1,)),
        ("?id_shop=2", (2,)),
        ("?id_shop=all", (1, 2)),
        ("?id_group_shop=1", (1, 2)),
        ("?id_shop_group=1", (1, 2)),
        ("?id_group_shop=all", (1,)),
    ):
        found = {record["id"] for record in (await ask(shop, f"api/customers{query}")).records("customers")}
        assert found == truth[scope], query
    assert {r["id"] for r in (await ask(shop, "eu/api/customers")).records("customers")} == truth[2,]
    foreign = min(truth[2,])
    assert (await ask(shop, f"api/customers/{foreign}")).status == 200
    lost = await ask(shop, "api/customers?id_shop=9&ws_key=SECRET")
    assert lost.status == 302
    assert "ws_key=SECRET" in lost.headers["Location"]


async def test_an_answer_names_the_shops_time_and_its_own_hash(shop: DemoShop) -> None:
    shop.clock.set(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    reply = await ask(shop, "api/customers?limit=1")
    assert int(reply.headers["Access-Time"]) == shop.clock() == 1_792_888_200
    assert shop.clock.text() == "2026-10-25 02:30:00"
    assert reply.headers["Content-Sha1"] == hashlib.sha1(reply.body, usedforsecurity=False).hexdigest()


async def test_changes_show_at_once_and_carry_the_shops_time(shop: DemoShop) -> None:
    shop.clock.set(datetime(2030, 1, 1, 12, tzinfo=UTC))
    window = "date=1&filter[date_upd]=[2030-01-01 00:00:00,2030-01-02 00:00:00]&display=[id,date_upd]&sort=[id_ASC]"
    customer = shop.insert_customer(email="nowa@example.com")
    rows: list[dict[str, str | int]] = [
        {"product_name": "Kubek", "product_quantity": 2, "unit_price_tax_incl": "10.500000"}
    ]
    order = shop.insert_order(rows, id_customer=customer, total_shipping="5.000000")
    old = int(str(shop.all_rows("orders")[0]["id"]))
    shop.touch("orders", old, current_state=5)
    changed = (await ask(shop, f"api/orders?{window}")).records("orders")
    assert changed == [{"id": ident, "date_upd": "2030-01-01 13:00:00"} for ident in (old, order)]
    full = (await ask(shop, f"api/orders?filter[id]=[{order}]&display=full")).records("orders")[0]
    assert (full["total_paid"], full["id_customer"]) == ("21.000000", customer)
    assert [row["product_name"] for row in full["associations"]["order_rows"]] == ["Kubek"]
    shop.soft_delete("customers", customer)
    assert (shop.row("customers", customer) or {})["deleted"] == 1
    shop.delete("orders", order)
    assert (await ask(shop, f"api/orders/{order}")).status == 404
    assert order not in {row["id"] for row in shop.all_orders()}
    with pytest.raises(KeyError):
        shop.touch("orders", order)


@pytest.mark.parametrize(
    ("trouble", "status", "body"),
    [
        (Trouble.EMPTY_500, 500, b""),
        (Trouble.EMPTY_LIST, 200, b"[]"),
        (Trouble.UNAVAILABLE, 503, b"<html>"),
        (Trouble.TOO_MANY_REQUESTS, 429, b"<html>"),
        (Trouble.NOTICES, 200, b"<br />\n<b>Notice</b>"),
        (Trouble.TRUNCATED, 200, b'{"customers":'),
        (Trouble.JSON_BROKEN, 200, b""),
        (Trouble.HEADER_STRIPPED, 401, b"401 Unauthorized"),
        (Trouble.NO_REWRITING, 404, b"<html>"),
    ],
)
async def test_disturbances_last_as_long_as_told(
    shop: DemoShop, trouble: Trouble, status: int, body: bytes
) -> None:
    shop.faults.add(Fault(trouble, times=1, after=1, seconds=7))
    right, wrong, again = [await ask(shop, "api/customers?display=full") for _ in range(3)]
    assert right.status == again.status == 200
    assert right.body == again.body
    assert wrong.status == status
    assert wrong.body.startswith(body)
    assert wrong.body != right.body
    assert wrong.headers.get("Retry-After") == ("7" if status == 429 else None)
    if trouble is Trouble.TRUNCATED:
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            wrong.json()
    if trouble is Trouble.NOTICES:
        assert wrong.body.endswith(right.body)


async def test_without_rewriting_the_dispatcher_answers(shop: DemoShop) -> None:
    shop.faults.add(Fault(Trouble.NO_REWRITING))
    assert (await ask(shop, "webservice/dispatcher.php?url=customers&limit=2")).status == 200
    assert (await ask(shop, "webservice/dispatcher.php?url=customers/1")).json()["customer"]["id"] == 1


async def test_a_connection_can_break_in_the_middle(shop: DemoShop) -> None:
    shop.faults.add(Fault(Trouble.RESET, resource="customers"))
    with pytest.raises(aiohttp.ClientError):
        await ask(shop, "api/customers?display=full")
    assert (await ask(shop, "api/orders")).status == 200


async def test_a_bad_row_spoils_every_page_that_shows_it_but_not_its_id(shop: DemoShop) -> None:
    bad, good = [int(str(row["id"])) for row in shop.all_rows("addresses")][:2]
    shop.faults.add(Fault(Trouble.BAD_ROW, resource="addresses", idents=[bad]))
    for query in ("?display=full", "?display=[city]", f"/{bad}", f"?filter[id]=[{bad}]&display=[id]"):
        assert (await ask(shop, f"api/addresses{query}")).status == 500
    for query in ("", f"/{good}", f"?filter[id]=![{bad}]&display=full"):
        assert (await ask(shop, f"api/addresses{query}")).status == 200


async def test_large_pages_can_time_out(shop: DemoShop) -> None:
    shop.faults.add(Fault(Trouble.TOO_LARGE, size=10, seconds=0.01))
    assert (await ask(shop, "api/orders?display=full&limit=11")).status == 504
    assert (await ask(shop, "api/orders?display=full&limit=10")).status == 200
    assert (await ask(shop, "api/orders")).status == 200


async def test_latency_and_pace_take_their_time() -> None:
    pace = Pace(request=0.01, order_full=0.002, workers=2)
    async with DemoShop(customers=40, orders=60, pace=pace) as shop:
        started = time.perf_counter()
        await asyncio.gather(*(ask(shop, "api/orders?display=full&limit=50") for _ in range(4)))
        assert 0.22 <= time.perf_counter() - started < 2
        shop.faults.add(Fault(Trouble.LATENCY, seconds=0.2))
        started = time.perf_counter()
        await ask(shop, "api/orders?limit=1")
        assert 0.21 <= time.perf_counter() - started < 2


async def test_the_loop_is_not_held_while_a_large_page_is_made() -> None:
    async with DemoShop(customers=500, orders=3_000) as shop:
        stalls = []

        async def watch() -> None:
            while True:
                before = time.perf_counter()
                await asyncio.sleep(0.001)
                stalls.append(time.perf_counter() - before)

        watcher = asyncio.create_task(watch())
        cpu = time.process_time()
        reply = await ask(shop, "api/orders?display=full&limit=500&sort=[id_ASC]")
        cpu = time.process_time() - cpu
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)
        assert len(reply.records("orders")) == 500
        assert cpu < 0.1
        assert max(stalls) < 0.1


async def test_the_front_page_says_what_this_is(shop: DemoShop) -> None:
    page = (await ask(shop, "?output_format=XML", key=None)).body.decode()
    assert DEMO_KEY in page
    assert shop.url in page
    assert "zmyślone" in page
    assert "made up" in page
    assert (await ask(shop, "kontakt", key=None)).status == 404

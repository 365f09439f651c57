"""The stand-in's resources over a real socket."""

import base64
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self

import attrs
import orjson
from aiohttp import web

from thulium_plugin_prestashop.thulium.standin.faults import Fault, FaultKind
from thulium_plugin_prestashop.thulium.standin.store import RefusedError, Store
from thulium_plugin_prestashop.thulium.standin.switches import Switches

Json = Any
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_PASSWORD = "stand-in password"  # noqa: S105 - of a stand-in on loopback
_BEFORE = {
    FaultKind.UNAUTHORISED: 401,
    FaultKind.FORBIDDEN: 403,
    FaultKind.BUSY: 429,
    FaultKind.SERVER: 500,
}


@attrs.frozen
class Write:
    """One write that was carried out or refused."""

    method: str
    path: str
    body: Json


class StandIn:
    """``async with StandIn(store) as thulium:`` serves it at :attr:`address` on loopback."""

    def __init__(
        self,
        store: Store,
        switches: Switches | None = None,
        *,
        user: str = "api",
        password: str = _PASSWORD,
    ) -> None:
        self.store = store
        self.switches = switches or Switches()
        self.user = user
        self.password = password
        self.faults: list[Fault] = []
        self.writes: list[Write] = []
        self.on_write: Callable[[], object] | None = None
        """Called with each write that has come in, before it is carried out."""
        self.requests = 0
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._gate])
        app.router.add_get("/api/customers", self._list_customers)
        app.router.add_post("/api/customers", self._post_customer)
        app.router.add_get("/api/customers/{id:\\d+}", self._get_customer)
        app.router.add_put("/api/customers/{id:\\d+}", self._put_customer)
        app.router.add_delete("/api/customers/{id:\\d+}", self._delete_customer)
        app.router.add_post("/api/batch/customers", self._post_batch)
        app.router.add_put("/api/batch/customers", self._put_batch)
        app.router.add_get("/api/customer_field_groups", self._groups)
        app.router.add_get("/api/customer_field_group_items", self._items)
        app.router.add_post("/api/customer_field_group_items", self._post_item)
        app.router.add_put("/api/customer_field_group_items/{id:\\d+}", self._put_item)
        app.router.add_delete("/api/customer_field_group_items/{id:\\d+}", self._delete_item)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _gate(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.requests += 1
        path = request.path.removeprefix("/api/")
        expected = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if request.headers.get("Authorization") != expected:
            return _error(401, "Unauthorized.")
        fault = next((fault for fault in self.faults if fault.strikes(request.method, path)), None)
        if fault is not None and fault.kind in _BEFORE:
            return _error(_BEFORE[fault.kind], "Not now.", {"Retry-After": "0"})
        if fault is not None and fault.kind is FaultKind.RESET:
            return _break(request)
        answer = await self._carry_out(request, path, handler)
        return answer if fault is None else _spoiled(request, fault.kind)

    async def _carry_out(self, request: web.Request, path: str, handler: Handler) -> web.StreamResponse:
        if request.method != "GET":
            body = await request.read()
            self.writes.append(Write(request.method, path, orjson.loads(body) if body else None))
            if self.on_write is not None:
                self.on_write()
        try:
            return await handler(request)
        except RefusedError as refusal:
            return _error(400, str(refusal))
        except KeyError:
            return _error(404, "Customer not found.")

    # Customers

    async def _list_customers(self, request: web.Request) -> web.Response:
        found = self.store.search(request.query, self.switches)
        return _json(
            [self.store.show(record, request.query, self.switches) for record in self._page(request, found)]
        )

    async def _get_customer(self, request: web.Request) -> web.Response:
        record = self.store.customers[int(request.match_info["id"])]
        return _json(self.store.show(record, request.query, self.switches))

    async def _post_customer(self, request: web.Request) -> web.Response:
        return _json({"customer_id": self.store.add(await request.json(), self.switches).id}, status=201)

    async def _put_customer(self, request: web.Request) -> web.Response:
        self.store.change(int(request.match_info["id"]), await request.json(), self.switches)
        return web.Response()

    async def _delete_customer(self, request: web.Request) -> web.Response:
        self.store.remove(int(request.match_info["id"]))
        return web.Response(status=204)

    async def _post_batch(self, request: web.Request) -> web.Response:
        def write(data: Mapping[str, Json]) -> tuple[int | None, str]:
            number = self.store.add(data, self.switches).id
            return number, str(number)

        return await self._batch(request, write, by_place=True)

    async def _put_batch(self, request: web.Request) -> web.Response:
        def write(data: Mapping[str, Json]) -> tuple[int | None, str]:
            number = int(data["customer_id"])
            if number not in self.store.customers:
                raise RefusedError("Customer not found.")
            self.store.change(number, data, self.switches)
            return None, str(number)

        return await self._batch(request, write, by_place=False)

    async def _batch(
        self,
        request: web.Request,
        write: Callable[[Mapping[str, Json]], tuple[int | None, str]],
        *,
        by_place: bool,
    ) -> web.Response:
        records = (await request.json())["customers"]
        if self.switches.largest_batch is not None and len(records) > self.switches.largest_batch:
            return _error(413, "Too many customers.")
        entries: dict[str, dict[str, Json]] = {}
        for place, data in enumerate(records):
            key = str(place) if by_place else str(data.get("customer_id"))
            try:
                number, _ = write(data)
            except RefusedError as refusal:
                if self.switches.bad_record == "batch":
                    return _error(400, str(refusal))
                entries[key] = {"http_status": 400, "message": str(refusal)}
            else:
                entries[key] = {"http_status": 201 if by_place else 200}
                if number is not None:
                    entries[key]["customer_id"] = number
        if self.switches.batch_answer == "empty":
            return web.Response()
        return _json(entries if self.switches.batch_answer == "map" else list(entries.values()))

    # Field groups

    async def _groups(self, _: web.Request) -> web.Response:
        return _json(
            {"count": len(self.store.groups), "result": list(map(self._definition, self.store.groups))}
        )

    async def _items(self, request: web.Request) -> web.Response:
        wanted = {key: int(request.query[key]) for key in ("group_id", "customer_id") if key in request.query}
        found = [
            row
            for row in self.store.rows.values()
            if wanted.get("group_id", row.group) == row.group
            and wanted.get("customer_id", row.customer) == row.customer
        ]
        if self.switches.items_shown == "definition":
            names = [
                name for name, (number, _) in self.store.groups.items() if number == wanted.get("group_id")
            ]
            return _json({"count": len(found), "result": list(map(self._definition, names))})
        shown = [
            {
                "item_id": row.id,
                "group_id": row.group,
                "customer_id": row.customer,
                self.switches.items_shown: [
                    {"field_id": field, "value": value} for field, value in row.values.items()
                ],
            }
            for row in self._page(request, found)
        ]
        return _json({"count": len(found), "result": shown})

    async def _post_item(self, request: web.Request) -> web.Response:
        data = await request.json()
        row = self.store.add_row(data["group_id"], data["customer_id"], _values(data))
        return _json({"item_id": row.id})

    async def _put_item(self, request: web.Request) -> web.Response:
        values = _values(await request.json())
        self.store.change_row(int(request.match_info["id"]), values, self.switches)
        return web.Response()

    async def _delete_item(self, request: web.Request) -> web.Response:
        del self.store.rows[int(request.match_info["id"])]
        return web.Response(status=204)

    def _definition(self, name: str) -> dict[str, Json]:
        number, fields = self.store.groups[name]
        return {
            "group_id": number,
            "name": name,
            "fields": [{"field_id": field, "name": title} for title, field in fields.items()],
        }

    def _page(self, request: web.Request, rows: list[Any]) -> list[Any]:
        offset = int(request.query.get("offset", "0"))
        limit = min(int(request.query.get("limit", "100")), self.switches.largest_page)
        return rows[offset : offset + limit]


def _values(data: Mapping[str, Json]) -> dict[int, str]:
    return {int(entry["field_id"]): str(entry["value"]) for entry in data["values"]}


def _json(body: Json, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(body), status=status, content_type="application/json", charset="utf-8"
    )


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    body = {"request_id": "5f0c", "errors": [{"message": message, "code": 111111}]}
    return web.Response(
        body=orjson.dumps(body),
        status=status,
        headers=headers,
        content_type="application/json",
        charset="utf-8",
    )


def _spoiled(request: web.Request, kind: FaultKind) -> web.StreamResponse:
    if kind is FaultKind.SERVER_AFTER:
        return _error(500, "Something went wrong.")
    if kind is FaultKind.RESET_AFTER:
        return _break(request)
    return web.Response(text="<html>Przerwa techniczna</html>", content_type="text/html")


def _break(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()

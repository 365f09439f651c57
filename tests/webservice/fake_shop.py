"""A small shop with faults to order: PrestaShop's webservice over made-up rows, answering as the recordings do."""

import base64
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs
from aiohttp import web

from tests.webservice import rendering
from tests.webservice.rendering import Row

KEY: Final = "K3YCANARYK3YCANARYK3YCANARYK3YCA"
ACCESS_TIME: Final = 1_795_471_133
FRONT_PAGE: Final = "<!DOCTYPE html><html><head><title>Sklep</title></head><body>404</body></html>"
NOTICE: Final = "<br />\n<b>Notice</b>:  Undefined index: id [0] {x} in <b>/var/www/shop/modules/m/m.php</b> on line <b>7</b><br />\n"

Fault: TypeAlias = Callable[[web.Request, "FakeShop"], Awaitable[web.StreamResponse | None]]


def made_rows(count: int, resource: str = "orders") -> list[dict[str, Any]]:
    """``count`` rows with every field that is asked for, changed one minute after the other."""
    return [_MAKERS[resource](id_) for id_ in range(1, count + 1)]


def _moment(id_: int) -> str:
    return f"2024-05-{1 + id_ // 1440 % 28:02d} {id_ // 60 % 24:02d}:{id_ % 60:02d}:00"


def _order(id_: int) -> dict[str, Any]:
    names = ("total_paid", "total_paid_tax_incl", "total_products_wt", "total_shipping_tax_incl")
    return {
        "id": str(id_),
        "reference": f"REF{id_:06d}",
        **{name: str(1 + id_ % 7) for name in ("id_customer", "id_address_delivery", "id_address_invoice")},
        "id_shop": "1",
        "id_currency": "1",
        "current_state": "5",
        "valid": "1",
        "module": "bank",
        "payment": "Płatność przelewem",
        "shipping_number": "",
        "gift_message": "",
        "note": "",
        **dict.fromkeys(names, f"{id_}.500000"),
        "total_discounts_tax_incl": "0.000000",
        "date_add": _moment(id_),
        "date_upd": _moment(id_),
        "associations": {
            "order_rows": [
                {
                    "id": str(id_ * 10),
                    "product_id": "3",
                    "product_attribute_id": "0",
                    "product_quantity": "2",
                    "product_name": "Plakat",
                    "product_reference": "PLA-40",
                    "unit_price_tax_incl": "29.000000",
                    "unit_price_tax_excl": "23.577236",
                }
            ]
        },
    }


def _customer(id_: int) -> dict[str, Any]:
    return {
        "id": str(id_),
        "email": f"jan{id_}@example.com",
        "firstname": "Jan",
        "lastname": "Żółć",
        "company": "",
        "siret": "",
        "is_guest": "0",
        "active": "1",
        "deleted": "0",
        "id_shop": "1",
        "id_lang": "1",
        "date_add": _moment(id_),
        "date_upd": _moment(id_),
    }


def _address(id_: int) -> dict[str, Any]:
    empty = ("company", "vat_number", "dni", "address2", "other", "phone_mobile")
    return {
        "id": str(id_),
        "id_customer": str(id_),
        "id_country": "14",
        "alias": "dom",
        "firstname": "Jan",
        "lastname": "Żółć",
        "address1": "ul. Długa 1",
        "postcode": "00-001",
        "city": "Łódź",
        **dict.fromkeys(empty, ""),
        "phone": "501501501",
        "deleted": "0",
        "date_add": _moment(id_),
        "date_upd": _moment(id_),
    }


_MAKERS: Final[dict[str, Callable[[int], dict[str, Any]]]] = {
    "orders": _order,
    "customers": _customer,
    "addresses": _address,
    "currencies": lambda id_: {"id": str(id_), "iso_code": "PLN", "active": "1", "deleted": "0"},
    "countries": lambda id_: {
        "id": str(id_),
        "iso_code": "PL",
        "call_prefix": "48",
        "active": "1",
        "name": {1: "Polska", 2: "Poland"},
    },
    "order_states": lambda id_: {
        "id": str(id_),
        "color": "#3498D8",
        "paid": "1",
        "shipped": "0",
        "delivery": "0",
        "hidden": "0",
        "deleted": "0",
        "name": {1: "Wysłane", 2: "Shipped"},
    },
    "shops": lambda id_: {
        "id": str(id_),
        "id_shop_group": "1",
        "name": "Sklep",
        "active": "1",
        "deleted": "0",
    },
}


@attrs.define
class FakeShop:
    """A shop that can be told to misbehave.

    ``faults`` see each request first and may answer in the shop's place. ``asked`` are the requests' resources
    and parameters, in order.
    """

    version: str = "9.1.4"
    key: str = KEY
    tables: dict[str, list[dict[str, Any]]] = attrs.Factory(dict)
    rights: dict[str, str] = attrs.Factory(lambda: dict.fromkeys(_MAKERS, "GET"))
    rewriting: bool = True
    header_arrives: bool = True
    switched_on: bool = True
    clock: int | None = None
    faults: list[Fault] = attrs.Factory(list)
    asked: list[tuple[str, dict[str, str]]] = attrs.Factory(list)
    base_url: str = ""

    @classmethod
    def with_rows(cls, **counts: int) -> "FakeShop":
        """A shop with that many rows in each table; one row where nothing is said."""
        shop = cls()
        shop.tables = {name: made_rows(counts.get(name, 1), name) for name in _MAKERS}
        return shop

    def requests(self, resource: str) -> int:
        """How many times a resource was asked for."""
        return sum(name == resource for name, _ in self.asked)

    def application(self) -> web.Application:
        """To be served by an ``aiohttp`` server."""
        application = web.Application()
        application.router.add_route("*", "/{tail:.*}", self._handle)
        return application

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        resource = self._resource(request)
        if resource is None:
            return web.Response(status=404, text=FRONT_PAGE, content_type="text/html")
        self.asked.append((resource, dict(request.query)))
        for fault in self.faults:
            answer = await fault(request, self)
            if answer is not None:
                return answer
        return self.answer(request, resource)

    def _resource(self, request: web.Request) -> str | None:
        path = request.path.rstrip("/")
        if path == "/webservice/dispatcher.php":
            return request.query.get("url", "").strip("/")
        if self.rewriting and (path == "/api" or path.startswith("/api/")):
            return path.removeprefix("/api").strip("/")
        return None

    def answer(self, request: web.Request, resource: str) -> web.Response:
        """What a healthy shop says."""
        key = request.query.get("ws_key", "")
        if self.header_arrives and request.headers.get("Authorization", "").startswith("Basic "):
            key = base64.b64decode(request.headers["Authorization"][6:]).decode().partition(":")[0]
        as_json = request.query.get("output_format") == "JSON"
        if not key:
            return web.Response(status=401, text="401 Unauthorized", content_type="text/html")
        refusals = (
            (not self.switched_on, (503, 22, "The PrestaShop webservice is disabled.")),
            (len(key) != len(self.key), (401, 18, "Invalid authentication key format")),
            (key != self.key, (401, 20, "Authentification key is not active")),
            (
                bool(resource) and "GET" not in self.rights.get(resource, ""),
                (401, 26, f'Resource of type "{resource}" is not allowed with this authentication key'),
            ),
        )
        for refused, (status, code, message) in refusals:
            if refused:
                return self.error(status, code, message, as_json=as_json)
        return self._list(resource, request, as_json=as_json) if resource else self._send(200, self._root())

    def _list(self, resource: str, request: web.Request, *, as_json: bool) -> web.Response:
        query = request.query
        display = query.get("display")
        rows = self.select(resource, query)
        if rows is None:
            return self.error(
                400 if self.version < "8" else 500, 38, "Unable to filter by this field", as_json=as_json
            )
        if display is None:
            ids = [int(row["id"]) for row in rows]
            bare = [{"id": str(id_)} for id_ in ids]
            body = (
                rendering.to_json(resource, bare, self.version)
                if as_json
                else rendering.bare_xml(resource, ids)
            )
            return self._send(200, body, as_json=as_json)
        fields = re.findall(r"[\w]+(?=[,\]\[])", display)
        known = set(_MAKERS[resource](1)) | {"order_rows"} | set(_order(1)["associations"]["order_rows"][0])
        if self.version < "1.7.8":
            known.discard("note")
        if unknown := [field for field in fields if field not in known]:
            message = f'Unable to display this field "{unknown[0]}". However, these are available: id'
            return self.error(400 if self.version < "8" else 500, 35, message, as_json=as_json)
        wanted = [
            {name: row[name] for name in row if name in fields or name == "associations"} for row in rows
        ]
        return self.send_rows(resource, wanted, as_json=as_json)

    def send_rows(self, resource: str, rows: Sequence[Row], *, as_json: bool) -> web.Response:
        """Rows in this version's manner."""
        render = rendering.to_json if as_json else rendering.to_xml
        return self._send(200, render(resource, rows, self.version), as_json=as_json)

    def select(self, resource: str, query: Mapping[str, str]) -> list[dict[str, Any]] | None:
        """Rows that meet the filters, sorted and cut; ``None`` for dates without ``date=1``."""
        rows = list(self.tables.get(resource, ()))
        sort = query.get("sort", "[id_ASC]")
        if "date" not in query and ("date_upd" in sort or "filter[date_upd]" in query):
            return None
        for name, value in query.items():
            if name.startswith("filter["):
                rows = [row for row in rows if _meets(row[name[7:-1]], value)]
        for part in reversed(sort.strip("[]").split(",")):
            field, _, direction = part.rpartition("_")
            rows.sort(
                key=lambda row, field=field: int(row[field]) if field == "id" else row[field],  # type: ignore[misc]  # mypy cannot infer a lambda with a default
                reverse=direction == "DESC",
            )
        return rows[: int(query["limit"])] if "limit" in query else rows

    def _root(self) -> str:
        verbs = ("get", "put", "post", "patch", "delete", "head")
        resources = "".join(
            f"<{name} {' '.join(_granted(verb, granted) for verb in verbs)}>\n</{name}>\n"
            for name, granted in self.rights.items()
            if granted
        )
        return rendering.document(f'<api shopName="Sklep">\n{resources}</api>\n')

    def error(self, status: int, code: int, message: str, *, as_json: bool) -> web.Response:
        """An error of the webservice."""
        errors = [{"code": code, "message": message}]
        body = rendering.to_json("", [], self.version, errors) if as_json else rendering.errors_xml(errors)
        return self._send(status, body, as_json=as_json)

    def _send(self, status: int, body: str, *, as_json: bool = False) -> web.Response:
        return web.Response(
            status=status,
            body=body.encode("utf-8", "surrogatepass"),
            headers={
                "Content-Type": "application/json" if as_json else "text/xml;charset=utf-8",
                "PSWS-Version": self.version,
                "Access-Time": str(ACCESS_TIME if self.clock is None else self.clock),
                "Set-Cookie": "PrestaShop-1=x; path=/",
            },
        )


def _granted(verb: str, granted: str) -> str:
    return f'{verb}="{"true" if verb.upper() in granted else "false"}"'


def _meets(value: str, condition: str) -> bool:
    match = re.fullmatch(r"(.*)\[(.*)\](.*)", condition)
    if match is None or match[3] or match[1] not in ("", ">"):
        return match is not None
    if match[1] == ">":
        return int(value) > int(match[2])
    if re.fullmatch(r"[\d.:\-\s]+,[\d.:\-\s]+", match[2]):
        lower, upper = match[2].split(",")
        return int(lower) <= int(value) <= int(upper) if value.isdigit() else lower <= value <= upper
    return value.lower() in match[2].lower().split("|")

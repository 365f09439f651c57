"""Thulium's REST API: Basic credentials, JSON both ways, errors as ``{request_id, errors: [{message, code}]}``.

Source: ``https://{system}.thulium.com/docs/api``. Rate limits and the size of batches are not documented, so the
pace is ours, and a refusal for being too fast or too large makes us slower or smaller.
"""

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import attrs
import orjson
from yarl import URL

from thulium_plugin_prestashop.transport import (
    AdministratorMustAct,
    Answer,
    Circuit,
    HttpClient,
    OurFault,
    Pace,
    RetryPolicy,
    TimeWillTell,
    parse_retry_after,
)

Json: TypeAlias = Any
Params: TypeAlias = Sequence[tuple[str, str]]

LARGEST_PAGE: Final = 1000
"""Documented as the most that ``limit`` may ask for."""
_ROUND: Final = 100
"""A server that quietly gives less than was asked for gives its default, or a multiple of it."""
_TOO_FAST: Final = 429
_NOTHING_HAPPENED: Final = frozenset(
    {"net.dns", "net.refused", "net.unreachable", "thulium.busy", "circuit.open"}
)


@attrs.frozen
class Complaint:
    """One entry of ``errors``."""

    message: str
    code: int | None = None


class RejectedError(OurFault):
    """The API refused what was sent (400, 409, 413, 422 …). Its words are in ``complaints``, not in the error's
    own text: they may quote the record.
    """

    def __init__(self, status: int, complaints: Sequence[Complaint], resource: str) -> None:
        super().__init__("thulium.rejected", status=status, resource=resource)
        self.status = status
        self.complaints = tuple(complaints)

    @property
    def words(self) -> str:
        """What the API said, for an administrator; its HTTP status when it said nothing."""
        return "; ".join(complaint.message for complaint in self.complaints) or f"HTTP {self.status}"


class NotFoundError(RejectedError):
    """404: no such customer, item or resource."""


def certainly_not_done(error: TimeWillTell) -> bool:
    """Whether a failed write surely changed nothing. Otherwise the answer was lost and the write may have worked."""
    return error.key in _NOTHING_HAPPENED


def parse_address(typed: str) -> URL:
    """The API's address (ending in ``/api/``) from whatever an administrator types: ``firma``, ``firma.thulium.com``,
    with or without ``https://`` and ``/api``. Raises ``ValueError``.
    """
    text = typed.strip()
    if "://" not in text:
        text = f"https://{text}"
    parts = urlsplit(text)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.query or " " in text:
        raise ValueError(f"not an address of a Thulium system: {typed!r}")
    if "." not in host and host != "localhost" and ":" not in host:
        host = f"{host}.thulium.com"
    path = parts.path.rstrip("/").removesuffix("/api")
    return URL.build(scheme=parts.scheme, host=host, port=parts.port, path=f"{path}/api/")


class ThuliumApi:
    """One account at one Thulium system. Reads are repeated after a passing failure; writes never are: who writes
    must look what became of the first try before the second (see :func:`certainly_not_done`).
    """

    def __init__(
        self,
        address: URL,
        user: str,
        password: str,
        http: HttpClient,
        *,
        pace: Pace | None = None,
        retry: RetryPolicy | None = None,
        circuit: Circuit | None = None,
        language: str = "pl",
    ) -> None:
        self._address = address
        credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {
            "Authorization": f"Basic {credentials}",
            "Accept": "application/json",
            "Accept-Language": language,
        }
        self._http = http
        self.pace = pace or Pace(in_flight=4)
        self._retry = retry or RetryPolicy()
        self._circuit = circuit or Circuit(threshold=8)
        self.requests = 0
        self.writes = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._address.host})"

    @property
    def host(self) -> str:
        """The system's host name."""
        return self._address.host or ""

    async def get(self, path: str, params: Params = ()) -> Json:
        """Read one resource; ``None`` for an empty body.

        Raises:
            AdministratorMustAct: ``thulium.credentials``, ``thulium.permission``, ``thulium.redirect`` and the
                network's own.
            TimeWillTell: ``thulium.busy``, ``thulium.server``, the network's own, after retries.
            NotFoundError, RejectedError: the API refused.
            OurFault: ``thulium.not_json``.

        """
        url = (self._address / path).with_query(list(params)) if params else self._address / path
        return await self._retry.run(lambda: self._ask("GET", url, path, None), retryable=lambda _: True)

    async def send(self, method: str, path: str, body: Mapping[str, Json] | None = None) -> Json:
        """Write, once; raises as :meth:`get` does. Only what certainly did nothing is repeated."""
        self.writes += 1
        data = None if body is None else orjson.dumps(body)
        return await self._retry.run(
            lambda: self._ask(method, self._address / path, path, data), retryable=certainly_not_done
        )

    async def pages(
        self, path: str, params: Params = (), *, limit: int = LARGEST_PAGE
    ) -> AsyncIterator[list[Json]]:
        """The pages of a list. Ends with a page that is short in a way no server's own cap explains."""
        offset = 0
        while True:
            answer = await self.get(path, [*params, ("limit", str(limit)), ("offset", str(offset))])
            rows = rows_of(answer)
            if rows:
                yield rows
            offset += len(rows)
            if not rows or (len(rows) < limit and len(rows) % _ROUND):
                return

    async def _ask(self, method: str, url: URL, path: str, data: bytes | None) -> Json:
        self._circuit.check()
        headers = dict(self._headers)
        if data is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        async with self.pace.slot():
            self.requests += 1
            try:
                answer = await self._http.request(method, url, headers=headers, data=data)
                result = self._read(answer, path)
            except TimeWillTell as error:
                self._circuit.failed()
                if error.retry_after is not None:
                    self.pace.pause(min(error.retry_after, 60.0))
                raise
        self._circuit.succeeded()
        return result

    def _read(self, answer: Answer, path: str) -> Json:
        resource = "/".join(part for part in path.split("/") if not part.isdigit())
        status = answer.status
        match status:
            case _ if 200 <= status < 300:  # noqa: PLR2004 - the class of success (RFC 9110, 15.3)
                return _json(answer.body, resource)
            case 401:
                raise AdministratorMustAct("thulium.credentials", host=self.host)
            case 403:
                raise AdministratorMustAct("thulium.permission", resource=resource)
            case 404:
                raise NotFoundError(status, _complaints(answer.body), resource)
            case _ if status == _TOO_FAST or status >= 500:  # noqa: PLR2004 - the class of server errors
                after = parse_retry_after(answer.header("Retry-After"), datetime.now(UTC))
                key = "thulium.busy" if status == _TOO_FAST else "thulium.server"
                raise TimeWillTell(key, retry_after=after, status=status)
            case _ if 300 <= status < 400:  # noqa: PLR2004 - the class of redirections
                raise AdministratorMustAct("thulium.redirect", host=self.host, status=status)
            case _:
                raise RejectedError(status, _complaints(answer.body), resource)


def rows_of(answer: Json) -> list[Json]:
    """The rows of a list answer: bare, or under ``result`` (seen in the documentation), or the one list there is."""
    if isinstance(answer, list):
        return answer
    if isinstance(answer, dict):
        if isinstance(answer.get("result"), list):
            rows: list[Json] = answer["result"]
            return rows
        lists = [value for value in answer.values() if isinstance(value, list)]
        if len(lists) == 1:
            return lists[0]
    return []


def _json(body: bytes, resource: str) -> Json:
    if not body.strip():
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise OurFault("thulium.not_json", resource=resource) from None


def _complaints(body: bytes) -> list[Complaint]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    errors = answer.get("errors") if isinstance(answer, dict) else None
    return [
        Complaint(str(error["message"]), code if isinstance(code := error.get("code"), int) else None)
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict) and error.get("message")
    ]

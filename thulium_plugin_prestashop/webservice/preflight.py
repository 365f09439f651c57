"""Is this shop ready? One answer to everything that can be wrong between a typed address and a first page."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from thulium_plugin_prestashop.transport.errors import Param, RemoteError
from thulium_plugin_prestashop.transport.http import HttpClient
from thulium_plugin_prestashop.transport.retry import RetryPolicy
from thulium_plugin_prestashop.webservice.address import ShopAddress
from thulium_plugin_prestashop.webservice.bodies import Format, Root
from thulium_plugin_prestashop.webservice.client import WebserviceClient
from thulium_plugin_prestashop.webservice.exchange import Reply
from thulium_plugin_prestashop.webservice.messages import Severity, describe
from thulium_plugin_prestashop.webservice.query import (
    ADDRESSES,
    CUSTOMERS,
    DEFAULT_SCOPE,
    ORDERS,
    RESOURCES,
    SHOPS,
    Query,
    Scope,
    ShopGroup,
)
from thulium_plugin_prestashop.webservice.records import Order, Record, Shop

_WITHIN: Final = 10.0
"""Seconds for one request: a shop that needs longer for one row is not ready."""
_RETRY: Final = RetryPolicy(
    attempts=2, first_wait=0.2, longest_wait=1.0, jitter=0.1, budget=12.0, patience=2.0
)
_SKEW: Final = 120.0
_SLOW: Final = 3.0
_WRITING: Final = frozenset({"put", "post", "patch", "delete"})
_NOT_THERE: Final = frozenset({"address.api_missing", "address.not_prestashop"})
_FINGERPRINTED: Final = (ORDERS, CUSTOMERS, ADDRESSES)


@attrs.frozen
class Finding:
    """One thing worth saying; :func:`.messages.describe` turns ``key`` and ``params`` into sentences."""

    key: str
    severity: Severity
    resource: str | None = None
    params: Mapping[str, Param] = attrs.Factory(dict)


@attrs.frozen
class Preflight:
    """What was found out.

    ``permissions`` has all seven resources: granted by the root listing *and* confirmed by reading one row.
    ``identity`` tells shops apart, see :func:`same_shop`; ``""`` while nothing could be read. ``facts`` are what
    the client learned, for the first run.
    """

    ok: bool
    version: str | None
    permissions: Mapping[str, bool]
    findings: tuple[Finding, ...]
    shop_name: str = ""
    shops: tuple[Shop, ...] = ()
    identity: str = ""
    can_write: bool = False
    facts: Mapping[str, Any] = attrs.Factory(dict)


def same_shop(one: str, other: str) -> bool:
    """Whether two identities are of one shop.

    An identity names the oldest order, customer and address by fingerprints of id, creation time (and order
    reference): they do not depend on how the address is typed, which shop of a multistore answers, the shop's
    name, version or server, and they differ between any two shops. An oldest row may be deleted one day, so the
    majority of the fingerprints that both have decides. Two shops without any rows cannot be told apart, nor a
    shop from a copy of itself.
    """
    ours, theirs = (
        dict(part.split("=", 1) for part in text.split(",") if "=" in part) for text in (one, other)
    )
    common = ours.keys() & theirs.keys()
    if not common:
        return not ours or not theirs
    return 2 * sum(ours[name] == theirs[name] for name in common) >= len(common)


async def preflight(
    address: ShopAddress,
    key: str,
    http: HttpClient,
    *,
    on_finding: Callable[[Finding], None] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    within: float = _WITHIN,
) -> Preflight:
    """Try everything a synchronisation needs, with one row each.

    Args:
        address: Where the shop is.
        key: The webservice key.
        http: Sends the requests; stays open.
        on_finding: Told of each finding as it is made.
        clock: Aware "now", to which the shop's clock is compared.
        within: Seconds for each request.

    Never raises for what a shop does: failures are findings. A healthy shop is done in well under 5 s.

    """
    # A question that took all its time is not asked again: somebody sits before the form and waits.
    retry = attrs.evolve(_RETRY, budget=within * 0.8)
    client = WebserviceClient(address, key.strip(), http, retry=retry, clock=clock, within=within)
    check = _Check(client, on_finding or (lambda _: None), clock)
    return await check.run(key.strip())


class _Check:
    def __init__(
        self, client: WebserviceClient, tell: Callable[[Finding], None], clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._tell = tell
        self._clock = clock
        self._findings: list[Finding] = []
        self._permissions = dict.fromkeys(RESOURCES, False)
        self._shops: tuple[Shop, ...] = ()
        self._prints: dict[str, str] = {}

    async def run(self, key: str) -> Preflight:
        root = await self._root(key)
        if root is not None:
            self._read_rights(root)
            if self._permissions["shops"]:
                await self._confirm("shops")
            granted = [name for name, right in self._permissions.items() if right and name != "shops"]
            await asyncio.gather(*(self._confirm(name) for name in granted))
            self._remark()
        return Preflight(
            ok=not any(finding.severity == "error" for finding in self._findings),
            version=self._client.shop.version,
            permissions=self._permissions,
            findings=tuple(self._findings),
            shop_name=root.shop_name if root else "",
            shops=self._shops,
            identity=",".join(f"{name}={self._prints[name]}" for name in sorted(self._prints)),
            can_write=root is not None and _can_write(root),
            facts=self._client.shop.export(),
        )

    def _find(self, key: str, resource: str | None = None, **params: Param) -> None:
        if resource is not None:
            params["resource"] = resource
        finding = Finding(key, describe(key, params).severity, resource, params)
        self._findings.append(finding)
        self._tell(finding)

    def _fail(self, error: RemoteError) -> None:
        resource = error.params.get("resource")
        params = {name: value for name, value in error.params.items() if name != "resource"}
        if error.retry_after is not None:
            params.setdefault("seconds", round(error.retry_after))
        self._find(error.key, str(resource) if resource else None, **params)

    async def _root(self, key: str) -> Root | None:
        if not key:
            self._find("auth.key_empty")
            return None
        try:
            root, reply = await self._client.root()
        except RemoteError as error:
            if not await self._found_above(error):
                self._fail(error)
            return None
        self._look_at_clock(reply)
        if reply.answer.seconds > _SLOW:
            self._find("shop.slow", seconds=round(reply.answer.seconds, 1))
        return root

    async def _found_above(self, error: RemoteError) -> bool:
        """Whether the shop answers without the path that was typed: people paste ``/pl/`` from their browser."""
        address = self._client.address
        if error.key not in _NOT_THERE or not address.path:
            return False
        above = self._client.at(attrs.evolve(address, path=""))
        try:
            await above.root()
        except RemoteError as other:
            if not other.key.startswith("auth."):
                return False
        self._find("address.folder", path=address.path, to=above.address.base_url)
        return True

    def _look_at_clock(self, reply: Reply) -> None:
        if reply.access_time is not None:
            skew = abs((reply.access_time - self._clock()).total_seconds())
            if skew > _SKEW:
                self._find("shop.clock", seconds=round(skew))

    def _read_rights(self, root: Root) -> None:
        for name in RESOURCES:
            self._permissions[name] = "get" in root.verbs.get(name, ())
            if not self._permissions[name]:
                self._find("auth.permission", name)
        if _can_write(root):
            self._find("auth.can_write")

    async def _confirm(self, name: str) -> None:
        """Read one row; a right that the listing grants may still not work."""
        resource = RESOURCES[name]
        try:
            if resource is SHOPS:
                self._shops = (await self._client.fetch(Query(SHOPS))).records
                return
            rows: list[Record] = []
            for scope in self._scopes() if resource in _FINGERPRINTED else (DEFAULT_SCOPE,):
                rows += (await self._client.fetch(Query(resource, limit=1, scope=scope))).records
        except RemoteError as error:
            self._permissions[name] = False
            if "resource" not in error.params:
                error.params = {**error.params, "resource": name}
            self._fail(error)
            return
        if rows and resource in _FINGERPRINTED:
            self._prints[name] = _fingerprint(min(rows, key=lambda row: row.id))

    def _scopes(self) -> tuple[Scope, ...]:
        """The whole multistore, group by group; the plain shop where there is only one."""
        if len(self._shops) < 2:  # noqa: PLR2004 - a single shop needs no scope
            return (DEFAULT_SCOPE,)
        return tuple(ShopGroup(group) for group in sorted({shop.id_shop_group for shop in self._shops}))

    def _remark(self) -> None:
        facts = self._client.shop
        if self._client.address.scheme == "http":
            self._find("address.plain_http")
        if facts.dispatcher:
            self._find("address.dispatcher")
        if facts.key_in_query:
            self._find("auth.key_in_query")
        if facts.format is Format.XML or self._client.stats.repairs["other_format"]:
            self._find("shop.json_broken")


def _can_write(root: Root) -> bool:
    return any(verbs & _WRITING for verbs in root.verbs.values())


def _fingerprint(row: Record) -> str:
    facts = [row.id, getattr(row, "date_add", None), row.reference if isinstance(row, Order) else ""]
    return hashlib.sha256("|".join(map(str, facts)).encode()).hexdigest()[:16]

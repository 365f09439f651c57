"""One question, one answer: authentication, ways in, retry, pace, and what is learned on the way."""

import asyncio
import base64
import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import attrs
from yarl import URL

from thulium_plugin_prestashop.transport.circuit import Circuit
from thulium_plugin_prestashop.transport.errors import RemoteError, TimeWillTell
from thulium_plugin_prestashop.transport.http import Answer, HttpClient
from thulium_plugin_prestashop.transport.pace import Budget, Pace
from thulium_plugin_prestashop.transport.redact import Redactor
from thulium_plugin_prestashop.transport.retry import RetryPolicy
from thulium_plugin_prestashop.webservice import answers, bodies
from thulium_plugin_prestashop.webservice.address import ShopAddress
from thulium_plugin_prestashop.webservice.bodies import Document, Format
from thulium_plugin_prestashop.webservice.facts import ShopFacts

_LOG = logging.getLogger(__name__)

LARGE_BODY: Final = 65_536
"""Bodies above this many bytes are read in a thread, so that the event loop is not held."""

_ATTEMPTS: Final[Mapping[str, int]] = {
    # A large page that times out or fails is cut up instead of asked for again and again.
    "net.timeout": 2,
    "net.reset": 2,
    "answer.empty": 2,
    "answer.truncated": 2,
    "shop.failed": 2,
    "shop.gateway": 2,
    "shop.database": 2,
    "shop.php": 1,
    "circuit.open": 1,
    "run.budget_spent": 1,
}
"""Attempts for errors that repeating rarely mends; all others get the policy's own number."""
_SLOW_DOWN: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_BREATHER: Final = 2.0
"""Seconds for everyone after a 429 or 503 that names no time."""
_NOT_THERE: Final = frozenset({"address.api_missing", "address.not_prestashop"})


@attrs.define
class Stats:
    """What talking to the shop has cost: requests sent, body bytes read, seconds waited for answers."""

    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0
    retries: int = 0
    repairs: Counter[str] = attrs.Factory(Counter)


@attrs.frozen
class Reply:
    """An answer that can be used, and what its body says."""

    answer: Answer
    document: Document

    @property
    def access_time(self) -> datetime | None:
        """The server's clock (``Access-Time``), aware."""
        value = self.answer.header("access-time")
        if not value.isascii() or not value.isdigit() or len(value) > 11:  # noqa: PLR2004 - epoch seconds
            return None
        return datetime.fromtimestamp(int(value), UTC)


class Exchange:
    """Asks one shop. See :class:`.client.WebserviceClient` for the arguments."""

    def __init__(
        self,
        address: ShopAddress,
        key: str,
        http: HttpClient,
        *,
        facts: ShopFacts,
        pace: Pace,
        circuit: Circuit,
        budget: Budget,
        retry: RetryPolicy,
        now: Callable[[], datetime],
        allow_key_in_query: bool,
        within: float | None,
    ) -> None:
        self.address = address
        self.facts = facts
        self.pace = pace
        self.retry = retry
        self.stats = Stats()
        self._key = key
        self._redact = Redactor([key])
        self._http = http
        self._circuit = circuit
        self._budget = budget
        self._now = now
        self._allow_key_in_query = allow_key_in_query
        self._within = within

    async def ask(
        self,
        resource: str,
        parameters: Mapping[str, str],
        form: Format,
        *,
        once: bool = False,
        never_twice: Collection[str] = (),
    ) -> Reply:
        """Ask for a resource (``""`` for the root) until the answer can be used or the error is final.

        ``once`` does not repeat what a bad row may cause and keeps it from the circuit: for questions that are
        expected to fail. ``never_twice`` are further keys not worth repeating here.
        """
        tried: Counter[str] = Counter()

        def again(error: TimeWillTell) -> bool:
            tried[error.key] += 1
            allowed = _ATTEMPTS.get(error.key, self.retry.attempts)
            if (once and error.key in _ATTEMPTS) or error.key in never_twice:
                allowed = 1
            if tried[error.key] >= allowed:
                return False
            self.stats.retries += 1
            return True

        return await self.retry.run(
            lambda: self._ask_in_any_way(resource, parameters, form, expected=once),
            retryable=again,
        )

    async def _ask_in_any_way(
        self,
        resource: str,
        parameters: Mapping[str, str],
        form: Format,
        *,
        expected: bool,
    ) -> Reply:
        """Ask; where the key does not arrive, or there is no rewriting, ask the other way and remember it."""

        async def ask() -> tuple[Reply, RemoteError | None]:
            return await self._ask(resource, parameters, form, expected=expected)

        facts = self.facts
        reply, error = await ask()
        if error is not None and error.key in _NOT_THERE and not facts.dispatcher:
            facts.dispatcher = True
            other, other_error = await ask()
            if other.document.from_webservice or answers.header_stripped(other.answer):
                reply, error = other, other_error
            else:
                facts.dispatcher = False
        stripped = error is not None and error.key == "auth.header_stripped"
        if stripped and not facts.key_in_query and self._allow_key_in_query:
            facts.key_in_query = True
            other, other_error = await ask()
            if other.document.from_webservice:
                reply, error = other, other_error
            else:
                facts.key_in_query = False
        if error is not None:
            raise error
        self.stats.repairs.update(reply.document.repairs)
        return reply

    async def _ask(
        self,
        resource: str,
        parameters: Mapping[str, str],
        form: Format,
        *,
        expected: bool,
    ) -> tuple[Reply, RemoteError | None]:
        self._circuit.check()
        try:
            async with self.pace.slot():
                self._budget.take()
                self.stats.requests += 1
                answer = await self._http.get(
                    self._url(resource, parameters, form), headers=self._headers(form), within=self._within
                )
        except TimeWillTell as failure:
            if not expected and failure.key.startswith("net."):
                self._circuit.failed()
            raise
        self.stats.bytes += len(answer.body)
        self.stats.seconds += answer.seconds
        if len(answer.body) > LARGE_BODY:
            document = await asyncio.to_thread(bodies.read, answer.body, resource)
        else:
            document = bodies.read(answer.body, resource)
        error = answers.judge(answer, document, resource=resource, address=self.address, now=self._now())
        self._learn(answer, document, error, expected=expected)
        if error is not None:
            error.detail = self._redact(document.errors[0].message) if document.errors else ""
            _LOG.debug("%s answered %s", resource or "root", error)
        return Reply(answer, document), error

    def _learn(
        self, answer: Answer, document: Document, error: RemoteError | None, *, expected: bool
    ) -> None:
        version = answer.header("psws-version")
        if version not in ("", "0"):
            self.facts.version = version
        if answer.status in _SLOW_DOWN and isinstance(error, TimeWillTell):
            wait = _BREATHER if error.retry_after is None else error.retry_after
            self.pace.pause(min(wait, self.retry.patience))
        lives = document.from_webservice or version or answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if lives and answer.status != HTTPStatus.TOO_MANY_REQUESTS:
            # Wherever the trouble is, the shop itself answers.
            self._circuit.succeeded()
        elif not expected:
            self._circuit.failed()

    def _url(self, resource: str, parameters: Mapping[str, str], form: Format) -> URL:
        """Everything is encoded: firewalls dislike raw ``<``, ``>`` and ``|``."""
        everything = {**parameters, "output_format": form.value}
        if self.facts.key_in_query:
            everything["ws_key"] = self._key
        query = "&".join(
            f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in everything.items()
        )
        if self.facts.dispatcher:
            return URL(f"{self.address.dispatcher_url(resource)}&{query}", encoded=True)
        return URL(f"{self.address.api_url(resource)}?{query}", encoded=True)

    def _headers(self, form: Format) -> dict[str, str]:
        headers = {"Output-Format": form.value}
        if not self.facts.key_in_query:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{self._key}:".encode()).decode()
        return headers

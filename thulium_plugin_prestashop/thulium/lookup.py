"""Thulium's external CRM look-up: ``GET <address>?phone_number=…`` answered from the mirror, 404 when unknown.

Thulium can be given an address and nothing else, so the token may stand in it (``/lookup/<token>``); a proxy in front
may send it as a bearer token instead. Source: ``https://api.thulium.com/docs/api/external_crm``.
"""

import asyncio
import hmac
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import orjson
from aiohttp import web

from thulium_plugin_prestashop.contract.customers import PostalAddress
from thulium_plugin_prestashop.contract.orders import Caller
from thulium_plugin_prestashop.thulium.values import country_name, phone_key

log = logging.getLogger(__name__)

TIME_LIMIT: Final = 1.0
"""Seconds; a call is on, and nobody waits longer for a name."""


class FindsCallers(Protocol):
    """What answers, such as a host of plugins."""

    async def find_by_phone(self, phone: str, *, time_limit: float) -> Sequence[Caller]:
        """Who has this number (E.164)."""
        ...


class LookupServer:
    """The look-up as an application of its own: it is what a proxy makes public, and nothing else is."""

    def __init__(self, callers: FindsCallers, token: str, *, country: str, locale: str) -> None:
        self._callers = callers
        self._token = token.encode()
        self._country = country
        self._locale = locale
        self.asked = 0
        self.found = 0

    def app(self) -> web.Application:
        """The application to serve."""
        app = web.Application(client_max_size=1024)
        app.router.add_get("/lookup", self._answer)
        app.router.add_get("/lookup/{token}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        if not self._admits(request):
            # As for an address that is not there: who guesses learns nothing.
            return _answer(404, {})
        self.asked += 1
        number = request.query.get("phone_number", "").strip()
        if not number or len(number) > 40:  # noqa: PLR2004 - E.164 has 15 digits; the rest is room for punctuation
            return _answer(400, {"errors": [{"message": "phone_number is needed"}]})
        # A "+" in a query string is a space unless it is encoded.
        phone = phone_key(
            f"+{number}" if request.query["phone_number"].startswith(" ") else number, self._country
        )
        try:
            async with asyncio.timeout(TIME_LIMIT):
                callers = await self._callers.find_by_phone(phone, time_limit=TIME_LIMIT)
        except TimeoutError:
            log.warning("the look-up of a number took longer than %s s", TIME_LIMIT)
            return _answer(404, {})
        if not callers:
            return _answer(404, {})
        self.found += 1
        return _answer(200, card_of(callers, self._locale))

    def _admits(self, request: web.Request) -> bool:
        given = request.match_info.get("token")
        if given is None:
            scheme, _, given = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer":
                return False
        return hmac.compare_digest(given.strip().encode(), self._token)


def card_of(callers: Sequence[Caller], locale: str) -> Mapping[str, Any]:
    """The documented fields. The best known caller gives the name; one person in two shops is one answer, but two
    persons on one number are not mixed.
    """
    first = callers[0]
    same = [
        caller for caller in callers if (caller.customer, caller.surname) == (first.customer, first.surname)
    ]
    fields: dict[str, Any] = {
        "name": first.name,
        "surname": first.surname or first.company,
        "phone_number": list(dict.fromkeys(phone for caller in same for phone in caller.phones)),
        "email": list(dict.fromkeys(email for caller in same for email in caller.emails)),
        "nip": first.tax_number,
        "job": first.company,
        "note": " ".join(dict.fromkeys(caller.note for caller in same if caller.note)),
        "address": _address(first.address, locale),
        "invoice_address": _address(first.invoice_address, locale),
    }
    return {key: value for key, value in fields.items() if value}


def _address(address: PostalAddress | None, locale: str) -> Mapping[str, str]:
    if address is None:
        return {}
    parts = {
        "street": address.street,
        "postcode": address.postcode,
        "city": address.city,
        "country": country_name(address.country, locale),
    }
    return {key: value for key, value in parts.items() if value}


def _answer(status: int, body: Mapping[str, Any]) -> web.Response:
    return web.Response(
        status=status,
        body=orjson.dumps(body),
        headers={"Content-Type": "application/json;charset=utf-8", "Cache-Control": "no-store"},
    )

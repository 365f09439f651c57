"""The telephone look-up: who may ask, how numbers are compared, what is answered and how fast."""

import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import attrs
import pytest
from aiohttp import web

from thulium_plugin_prestashop.contract.customers import PostalAddress
from thulium_plugin_prestashop.contract.orders import Caller
from thulium_plugin_prestashop.thulium.lookup import LookupServer, card_of

ALA = Caller(
    customer="101",
    integration="sklep",
    name="Ala",
    surname="Nowak",
    emails=("ala@foo.pl",),
    phones=("+48500600700",),
    company="Kubki s.c.",
    tax_number="6783144527",
    address=PostalAddress("Długa 5/7", "31-147", "Kraków", "PL"),
    note="3 zamówienia, ostatnie 2026-11-24",
)
TOKEN = "kanarek-token"


class Directory:
    """Answers for one number."""

    def __init__(self, callers: Sequence[Caller]) -> None:
        self.callers = callers
        self.asked: list[str] = []

    async def find_by_phone(self, phone: str, *, time_limit: float) -> Sequence[Caller]:
        assert time_limit > 0
        self.asked.append(phone)
        return self.callers if phone == "+48500600700" else ()


@attrs.frozen
class Asked:
    directory: Directory
    url: str
    session: aiohttp.ClientSession

    async def get(self, path: str, **headers: str) -> tuple[int, Any, str]:
        async with self.session.get(f"{self.url}{path}", headers=headers) as answer:
            return answer.status, await answer.json(), answer.headers["Content-Type"]


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    directory = Directory([ALA])
    runner = web.AppRunner(LookupServer(directory, TOKEN, country="PL", locale="pl").app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        yield Asked(directory, f"http://127.0.0.1:{runner.addresses[0][1]}", session)
    await runner.cleanup()


async def test_the_documented_answer(asked: Asked) -> None:
    status, card, kind = await asked.get(f"/lookup/{TOKEN}?phone_number=500600700")
    assert (status, kind) == (200, "application/json;charset=utf-8")
    assert card == {
        "name": "Ala",
        "surname": "Nowak",
        "phone_number": ["+48500600700"],
        "email": ["ala@foo.pl"],
        "nip": "6783144527",
        "job": "Kubki s.c.",
        "note": "3 zamówienia, ostatnie 2026-11-24",
        "address": {"street": "Długa 5/7", "postcode": "31-147", "city": "Kraków", "country": "Polska"},
    }


@pytest.mark.parametrize(
    "typed", ["500600700", "+48500600700", "%2B48500600700", "0048500600700", "500-600-700"]
)
async def test_numbers_are_compared_in_e164(asked: Asked, typed: str) -> None:
    status, _, _ = await asked.get(f"/lookup/{TOKEN}?phone_number={typed}")
    assert (status, asked.directory.asked) == (200, ["+48500600700"])


@pytest.mark.parametrize("typed", ["500600701", "0", "abc", "%00"])
async def test_an_unknown_number_is_not_found(asked: Asked, typed: str) -> None:
    assert (await asked.get(f"/lookup/{TOKEN}?phone_number={typed}"))[:2] == (404, {})


@pytest.mark.parametrize("typed", ["", "5" * 41])
async def test_what_is_no_number_is_refused(asked: Asked, typed: str) -> None:
    assert (await asked.get(f"/lookup/{TOKEN}?phone_number={typed}"))[0] == 400


async def test_only_who_has_the_token_gets_an_answer(asked: Asked) -> None:
    query = "?phone_number=500600700"
    for path in ("/lookup", "/lookup/", "/lookup/kanarek", "/lookup/%FF"):
        async with asked.session.get(f"{asked.url}{path}{query}") as answer:
            assert answer.status == 404
    assert (await asked.get(f"/lookup{query}", Authorization="Bearer wrong"))[0] == 404
    assert (await asked.get(f"/lookup{query}", Authorization=f"Basic {TOKEN}"))[0] == 404
    assert asked.directory.asked == []
    assert (await asked.get(f"/lookup{query}", Authorization=f"Bearer {TOKEN}"))[0] == 200


async def test_answers_come_quickly(asked: Asked) -> None:
    await asked.get(f"/lookup/{TOKEN}?phone_number=500600700")
    started = time.process_time()
    for _ in range(50):
        await asked.get(f"/lookup/{TOKEN}?phone_number=500600700")
    # CPU time of both sides, so that a busy machine does not matter; the mirror's part has a test of its own.
    assert (time.process_time() - started) / 50 < 0.02


def test_one_person_in_two_shops_is_one_answer_and_two_persons_are_not_mixed() -> None:
    again = attrs.evolve(ALA, integration="drugi", emails=("ala@bar.pl", "ala@foo.pl"))
    other = attrs.evolve(ALA, customer="102", surname="Kowalska", emails=("ola@foo.pl",))
    assert card_of([ALA, again, other], "pl")["email"] == ["ala@foo.pl", "ala@bar.pl"]

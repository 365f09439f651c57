"""The recorded requests, sent to a shop of the recorded rows: the demo shop must answer as the real shops did.

Status, type, headers and body are compared byte for byte. Where that cannot be, ``DIFFERENT`` says why, and only
status, type and shape are compared.
"""

import base64
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import aiohttp
import attrs
from yarl import URL

from thulium_plugin_prestashop.sandbox.shop import DemoShop, Fault, Trouble

NOT_WHOLE = "the record was only shown by its own URL, so not whole"
DIFFERENT = {
    r"schema=synopsis&ws_key": "the demo shop has no validation rules to put into attributes",
    r"customers/498|customers/1/2": NOT_WHOLE,
    r"filter\[current_state\]": "unsorted rows come in the order of MariaDB's index on current_state",
    r"ssl enabled": "the demo shop speaks plain HTTP only",
    r"database refuses": "there is no database server that could refuse; PrestaShop's page is the theme's",
}
"""Patterns of label and target, with the reason why bodies differ."""

COUNTS = {
    "9.1.4": {"exact": 735, "different": 21},
    "1.6.1.25": {"exact": 740, "different": 11},
}


@attrs.frozen
class Reply:
    """What is compared of an answer."""

    status: int
    content_type: str | None
    location: str | None
    version: str | None
    challenge: bool
    sha1: bool
    body: bytes


def _basic(text: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def _headers(request: Mapping[str, Any], keys: Mapping[str, str], netloc: str) -> dict[str, str]:
    """Headers of a recorded request: its key, or what its label says."""
    key = keys["full"]
    port = netloc.partition(":")[2]
    special = {
        "root Output-Format header": {"Output-Format": "JSON"},
        "root Io-Format header": {"Io-Format": "JSON"},
        "root Accept json": {"Accept": "application/json"},
        "basic wrong scheme": {"Authorization": f"Bearer {key}"},
        "key as basic password": _basic(f":{key}"),
        "basic with key both name and password": _basic(f"{key}:{key}"),
        "basic wrong, query right": _basic(f"{keys['wrong']}:"),
        "duplicate ws_key and basic": _basic(f"{key}:"),
        "Local-Content-Sha1 mismatch": {"Local-Content-Sha1": "0" * 40},
        "host mismatch": {"Host": "shop.example.com"},
        "host www prefix": {"Host": f"www.{netloc}"},
        "host without port": {"Host": netloc.partition(":")[0]},
        "host localhost": {"Host": f"localhost:{port}"},
        "x-forwarded-host": {"X-Forwarded-Host": "shop.example.com"},
    }
    basic = _basic(f"{keys[request['key']]}:") if request["auth"] == "basic" else {}
    return basic | special.get(request["label"], {})


async def _ask(
    session: aiohttp.ClientSession, url: str, request: Mapping[str, Any], headers: dict[str, str]
) -> Reply:
    address = URL(url + request["target"].removeprefix("/"), encoded=True)
    async with session.request(
        request["method"], address, headers=headers, allow_redirects=False
    ) as response:
        return Reply(
            response.status,
            response.headers.get("Content-Type"),
            response.headers.get("Location"),
            response.headers.get("PSWS-Version"),
            "WWW-Authenticate" in response.headers,
            "Content-Sha1" in response.headers,
            await response.read(),
        )


def _recorded(request: Mapping[str, Any], folder: Path, here: str, there: str) -> Reply:
    location = request.get("location")
    return Reply(
        request["status"],
        request["content_type"],
        location and location.replace(there, here),
        request.get("version"),
        request["challenge"],
        request["sha1"],
        (folder / request["body"]).read_bytes().replace(there.encode(), here.encode()),
    )


def _shape(body: bytes) -> object:
    """Names and nesting of what an answer shows, and whether there is anything."""
    if body.startswith(b"<?xml"):
        return [element.tag for element in ET.fromstring(body).iter()]  # noqa: S314 - our own recordings
    if body[:1] in (b"{", b"["):
        document = json.loads(body)
        return sorted(document) if isinstance(document, dict) else len(document)
    return bool(body)


def _reason(request: Mapping[str, Any]) -> str | None:
    text = f"{request['label']} {request['target']}"
    return next((why for pattern, why in DIFFERENT.items() if re.search(pattern, text)), None)


async def test_recorded_requests_are_answered_as_recorded(
    recorded: tuple[DemoShop, Path], record_property: Callable[[str, object], None]
) -> None:
    shop, folder = recorded
    index = json.loads((folder / "index.json").read_text())
    netloc = URL(shop.url).authority
    counts: Counter[str] = Counter()
    wrong = []
    async with aiohttp.ClientSession() as session:
        for request in index["requests"]:
            label = request["label"]
            shop.service.enabled = not label.startswith("webservice switched off")
            shop.faults.clear()
            if label.startswith("sql error"):
                shop.faults.add(Fault(Trouble.EMPTY_LIST))
            expected = _recorded(request, folder, netloc, f"127.0.0.1:{index['port']}")
            answer = await _ask(session, shop.url, request, _headers(request, index["keys"], netloc))
            if answer == expected:
                counts["exact"] += 1
                continue
            counts["different"] += 1
            if _reason(request) is None:
                wrong.append((label, request["target"], expected.body[:200], answer.body[:200]))
            elif "database" not in label:
                assert attrs.evolve(answer, body=b"") == attrs.evolve(expected, body=b""), label
                if _reason(request) != NOT_WHOLE:
                    assert _shape(answer.body) == _shape(expected.body), label
    record_property("replayed", dict(counts))
    assert not wrong
    assert counts == COUNTS[folder.name]

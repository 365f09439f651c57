"""Reads the recorded answers; see README.md beside this file."""

import base64
import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import attrs

VERSIONS: Final = ("9.1.4", "1.6.1.25")


@attrs.frozen
class Recorded:
    """One request and the answer it got."""

    version: str
    label: str
    method: str
    target: str
    key: str | None
    auth: str | None
    fault: bool
    host: str | None
    status: int
    headers: Mapping[str, str]
    body: bytes = attrs.field(repr=False)

    @property
    def path(self) -> str:
        """Path of the request, without the query."""
        return urlsplit(self.target).path

    @property
    def resource(self) -> str:
        """The resource asked for, ``""`` for the root."""
        url = dict(parse_qsl(urlsplit(self.target).query)).get("url", "")
        parts = (url if self.path.endswith("dispatcher.php") else self.path.removeprefix("/api")).strip("/")
        return parts.partition("/")[0]

    @property
    def parameters(self) -> dict[str, str]:
        """Decoded parameters without the key; a repeated one keeps its last value, as in PHP."""
        found = dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))
        found.pop("ws_key", None)
        return found

    @property
    def is_json(self) -> bool:
        """Whether JSON was asked for in the query."""
        return "JSON" in (self.parameters.get("output_format"), self.parameters.get("io_format"))


@functools.cache
def answers(version: str) -> tuple[Recorded, ...]:
    """All answers of one version, in the order they were recorded."""
    found: list[Recorded] = []
    lines = Path(__file__).with_name(version).joinpath("answers.jsonl").read_bytes().splitlines()
    for line in lines:
        entry = json.loads(line)
        if "body_of" in entry:
            body = found[entry.pop("body_of")].body
        elif "base64" in entry:
            body = base64.b64decode(entry.pop("base64"))
        else:
            body = entry.pop("body").encode()
        found.append(Recorded(version=version, body=body, **entry))
    return tuple(found)

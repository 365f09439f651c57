r"""PrestaShop's JSON, read strictly where it is JSON and repaired where it is not.

1.6 and early 1.7 undo ``json_encode``'s escapes with a regular expression, so control characters come raw and a
literal ``\u0142`` in a text becomes ``\ł``. Any version may have PHP messages, a byte order mark or a module's
output before (and after) the document.
"""

import json
import re
from collections import Counter
from typing import Final

import orjson

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
# A backslash that escapes nothing JSON knows, behind whole pairs of backslashes; possessive, so that a long run of
# them is walked once.
_ILLEGAL_ESCAPE: Final = re.compile(r'(?<!\\)((?:\\\\)*+)\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})(.)', re.DOTALL)
_CANDIDATES: Final = 8
_BASIC_PLANE: Final = 0xFFFF


class JSONBodyError(ValueError):
    """Not readable as JSON, even repaired."""


def parse(body: bytes, resource: str, repairs: Counter[str]) -> object:
    """The document in a body that was asked for ``resource``.

    Counts in ``repairs``: ``noise`` (something before or after), ``control_characters``, ``escapes``,
    ``invalid_utf8``.

    Raises:
        JSONBodyError: Nothing there that can be read.

    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    text = body.decode("utf-8", "replace")
    if "\ufffd" in text and "\ufffd".encode() not in body:
        repairs["invalid_utf8"] += text.count("\ufffd")
    text = text.removeprefix("\ufeff").strip()
    found = Counter[str]()
    text = _ILLEGAL_ESCAPE.sub(lambda match: _legal_escape(match, found), text)
    document, start, end = _decode(text, resource)
    if start > 0 or end < len(text) or body.startswith(b"\xef\xbb\xbf"):
        repairs["noise"] += 1
    if raw := len(_CONTROL.findall(text, start, end)):
        repairs["control_characters"] += raw
    repairs.update(found)
    return document


def _legal_escape(match: re.Match[str], found: Counter[str]) -> str:
    before, escaped = match[1], match[2]
    found["escapes"] += 1
    if escaped == "u" or ord(escaped) > _BASIC_PLANE:
        return f"{before}\\\\{escaped}"
    # What stood in the shop was the six characters \uXXXX: json_encode doubled its backslash, and the regular
    # expression then took the second one and the digits for an escape of its own.
    return f"{before}\\\\u{ord(escaped):04x}"


def _decode(text: str, resource: str) -> tuple[object, int, int]:
    """The document, and where in the text it begins and ends.

    Behind noise only an object of the resource, or of errors, is taken for the document: half a page of orders
    holds many objects that are complete by themselves.
    """
    decoder = json.JSONDecoder(strict=False)
    begin = re.compile(rf'\{{\s*"(?:{re.escape(resource)}|errors)"\s*:\s*[\[{{]')
    starts = [match.start() for match, _ in zip(begin.finditer(text), range(_CANDIDATES), strict=False)]
    if text[:1] in ("{", "["):
        starts.insert(0, 0)
    elif not starts and text.endswith("[]"):
        starts.append(len(text) - 2)
    for start in starts:
        try:
            document, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict) or document == [] or end == len(text):
            return document, start, end
    raise JSONBodyError

"""What an answer's body says, whichever format it came in. The body is sniffed; Content-Type is not believed."""

import enum
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import attrs

from thulium_plugin_prestashop.webservice import jsonbody, xmlbody

_NOT_A_PATH: Final = re.compile(r"(?:[A-Za-z]:)?(?:\\?[\\/])[^\s()'\"<>,]*[\\/][^\s()'\"<>,]*")
SQL_ERROR: Final = 97
_LONGEST_MESSAGE: Final = 300


class Kind(enum.Enum):
    """What a body is."""

    ROWS = "rows"
    """Rows, an empty list, or errors of the webservice, or rows and errors together."""
    ROOT = "root"
    """The listing of resources."""
    EMPTY = "empty"
    HTML = "html"
    TEXT = "text"
    TRUNCATED = "truncated"
    BROKEN = "broken"


class Format(enum.Enum):
    """The two formats of the webservice, by the value of ``output_format``."""

    JSON = "JSON"
    XML = "XML"


@attrs.frozen
class ShopError:
    """An error that the webservice reports: its code (none in 1.6.1.0–11 and 1.7.0) and scrubbed message."""

    code: int | None
    message: str


@attrs.frozen
class Root:
    """The XML root: the shop's name and, by resource, the verbs the key may use (``get``, ``put``, …)."""

    shop_name: str
    verbs: Mapping[str, frozenset[str]]


@attrs.frozen
class Document:
    """A body that was read. ``rows`` are mappings unless the shop sent something odd in place of one."""

    kind: Kind
    format: Format | None = None
    rows: list[Any] = attrs.field(factory=list, repr=False)
    errors: tuple[ShopError, ...] = ()
    root: Root | None = None
    repairs: Counter[str] = attrs.Factory(Counter)

    @property
    def from_webservice(self) -> bool:
        """Whether the webservice wrote this, and not a web server, a firewall or a theme."""
        return self.kind in (Kind.ROWS, Kind.ROOT)


def read(body: bytes, resource: str) -> Document:
    """Read a body that was asked for ``resource`` (``""`` for the root). Never raises."""
    head = body[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head and not body.strip():
        return Document(Kind.EMPTY)
    repairs: Counter[str] = Counter()
    if re.search(xmlbody.ROOT.pattern.encode(), body) and not head.startswith((b"{", b"[")):
        return _from_xml(body, resource, repairs)
    try:
        return _from_json(jsonbody.parse(body, resource, repairs), resource, repairs)
    except jsonbody.JSONBodyError:
        return Document(_unreadable(body, head))


def _unreadable(body: bytes, head: bytes) -> Kind:
    tail = body.rstrip()[-1:]
    if head.startswith((b"{", b"[")):
        return Kind.BROKEN if tail in (b"}", b"]") else Kind.TRUNCATED
    if head.startswith(b"<?xml"):
        return Kind.TRUNCATED
    if re.search(rb"<(?:!doctype\s+html|html|head|body|h1|title)\b", body[:4096], re.IGNORECASE):
        return Kind.HTML
    return Kind.BROKEN if b'{"' in body else Kind.TEXT


def _from_json(document: object, resource: str, repairs: Counter[str]) -> Document:
    if document == []:
        return Document(Kind.ROWS, Format.JSON, repairs=repairs)
    if isinstance(document, list):
        # The root of 1.6 and 1.7: names without rights.
        return Document(Kind.ROOT if not resource else Kind.BROKEN, Format.JSON, repairs=repairs)
    if not isinstance(document, dict):
        return Document(Kind.BROKEN)
    errors = _json_errors(document.pop("errors", None))
    rows = document.get(resource, next(iter(document.values()), None))
    if isinstance(rows, dict):
        # A single record, or a list that PHP numbered with gaps.
        rows = list(rows.values()) if rows and all(str(key).isdigit() for key in rows) else [rows]
    if rows is None and not errors:
        return Document(Kind.BROKEN)
    if rows is not None and not isinstance(rows, list):
        return Document(Kind.BROKEN)
    return Document(Kind.ROWS, Format.JSON, rows or [], errors, repairs=repairs)


def _json_errors(found: object) -> tuple[ShopError, ...]:
    if not isinstance(found, list):
        return ()
    return tuple(
        _error(entry.get("code"), entry.get("message")) for entry in found if isinstance(entry, dict)
    )


def _from_xml(body: bytes, resource: str, repairs: Counter[str]) -> Document:
    text = body.decode("utf-8", "replace")
    if "\ufffd" in text and "\ufffd".encode() not in body:
        repairs["invalid_utf8"] += text.count("\ufffd")
    try:
        top = xmlbody.parse(text, repairs)
    except xmlbody.XMLBodyError:
        return Document(Kind.BROKEN if "</prestashop>" in text[-200:] else Kind.TRUNCATED, Format.XML)
    if not top.inside:
        return Document(Kind.BROKEN, Format.XML)
    first = top.inside[0]
    if first.name == "errors":
        return Document(Kind.ROWS, Format.XML, errors=_xml_errors(first), repairs=repairs)
    if first.name == "api":
        verbs = {
            entry.name: frozenset(verb for verb, granted in entry.attributes.items() if granted == "true")
            for entry in first.inside
        }
        root = Root(first.attributes.get("shopName", ""), verbs)
        return Document(Kind.ROOT, Format.XML, root=root, repairs=repairs)
    nodes = first.inside if first.name == resource else [first]
    return Document(Kind.ROWS, Format.XML, [xmlbody.row(node) for node in nodes], repairs=repairs)


def _xml_errors(errors: xmlbody.Node) -> tuple[ShopError, ...]:
    found = (xmlbody.row(error) for error in errors.inside)
    return tuple(_error(error.get("code"), error.get("message")) for error in found)


def _error(code: object, message: object) -> ShopError:
    number = _code(code)
    # A failing query is quoted whole, with the customers' data in it.
    return ShopError(number, "" if number == SQL_ERROR else scrub(str(message or "")))


def _code(value: object) -> int | None:
    return int(str(value)) if str(value).isascii() and str(value).isdigit() and len(str(value)) < 7 else None  # noqa: PLR2004 - codes have up to three digits


def scrub(message: str) -> str:
    """A shop's message without server paths, and cut where it gets long."""
    return _NOT_A_PATH.sub("…", message)[:_LONGEST_MESSAGE]

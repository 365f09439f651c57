"""PrestaShop's XML, repaired before it is parsed.

All versions write every value into a CDATA section without escaping anything: a ``]]>`` in a customer's note or a
control character in an address makes the whole page ill-formed. Both are carried over intact here.

Reading starts at ``<prestashop`` and no document type can stand behind it, so there are no entities to expand.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final
from xml.parsers import expat

import attrs

ROOT: Final = re.compile(r"<prestashop[\s>]")
_PROLOG: Final = re.compile(r"\s*(?:<\?xml[^<>]*\?>)?\s*")
_OPENED: Final = re.compile(r"<([A-Za-z_][\w.-]*)(?:\s[^<>]*)?><!\[CDATA\[")
# Illegal in XML 1.0, or changed by its line-end rule (\r); lone surrogates do not survive UTF-8 decoding.
_ILLEGAL: Final = re.compile(r"[\x00-\x08\x0b-\x0d\x0e-\x1f\ufffe\uffff]")
# Where they hide while expat reads: the last plane of private use, by their low byte.
_HIDING: Final = 0x10F800
_HIDDEN: Final = re.compile("[\U0010f800-\U0010f8ff]")
_DEEPEST: Final = 32
"""PrestaShop's own documents are six elements deep."""
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@attrs.define
class Node:
    """One element: its name, attributes, text and elements inside."""

    name: str
    attributes: Mapping[str, str]
    text: str = ""
    inside: Sequence["Node"] = ()


class XMLBodyError(ValueError):
    """Not readable as XML, even repaired."""


def parse(text: str, repairs: Counter[str]) -> Node:
    """The ``<prestashop>`` element of a body that is not well-formed more often than not.

    Counts ``noise``, ``control_characters`` and ``cdata`` (sections with an unescaped end inside) in ``repairs``.

    Raises:
        XMLBodyError: No such element, cut off, or broken in another way.

    """
    root = ROOT.search(text)
    end = text.rfind("</prestashop>")
    if root is None or end < root.start():
        raise XMLBodyError
    start, end = root.start(), end + len("</prestashop>")
    if not _PROLOG.fullmatch(text, 0, start) or text[end:].strip():
        repairs["noise"] += 1
    text = _escape_cdata(text[start:end], repairs)
    hidden = _ILLEGAL.search(text) is not None
    if hidden:
        text, count = _ILLEGAL.subn(lambda match: chr(_HIDING + (ord(match[0]) & 0xFF)), text)
        repairs["control_characters"] += count - text.count(chr(_HIDING + 0x0D))
    return _build(text, hidden=hidden)


def _escape_cdata(text: str, repairs: Counter[str]) -> str:
    """Split every ``]]>`` inside a value over two sections; a value ends only where its own element ends."""
    parts: list[str] = []
    done = 0
    while opened := _OPENED.search(text, done):
        end = text.find(f"]]></{opened[1]}>", opened.end())
        if end < 0:
            break
        value = text[opened.end() : end]
        if "]]>" in value or "<![CDATA[" in value:
            repairs["cdata"] += 1
            value = value.replace("]]>", "]]]]><![CDATA[>")
        parts += (text[done : opened.end()], value)
        done = end
    return "".join((*parts, text[done:]))


def _build(text: str, *, hidden: bool) -> Node:
    top = Node("", {})
    path = [top]

    def opened(name: str, attributes: dict[str, str]) -> None:
        if len(path) > _DEEPEST:
            raise XMLBodyError
        node = Node(name, attributes or _NONE)
        outer = path[-1]
        if isinstance(outer.inside, list):
            outer.inside.append(node)
        else:
            outer.inside = [node]
        path.append(node)

    def closed(_: str) -> None:
        node = path.pop()
        if hidden and not node.inside:
            node.text = _HIDDEN.sub(_revealed, node.text)

    def characters(data: str) -> None:
        path[-1].text += data

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)  # noqa: FBT003 - expat takes it by position
    except expat.ExpatError:
        raise XMLBodyError from None
    return top.inside[0]


def _revealed(match: re.Match[str]) -> str:
    low = ord(match[0]) & 0xFF
    return chr(0xFF00 | low) if low >= 0xFE else chr(low)  # noqa: PLR2004 - U+FFFE and U+FFFF


def row(node: Node) -> dict[str, Any]:
    """One record in the shape its JSON has. A bare list carries the id as an attribute only."""
    if not node.inside:
        return {"id": node.attributes["id"]} if "id" in node.attributes else {}
    return {field.name: _value(field) for field in node.inside}


def _value(field: Node) -> object:
    if not field.inside:
        return field.text
    if field.name == "associations":
        return {kind.name: [row(entry) for entry in kind.inside] for kind in field.inside}
    if all(entry.name == "language" for entry in field.inside):
        return [{"id": entry.attributes.get("id"), "value": entry.text} for entry in field.inside]
    return row(field)

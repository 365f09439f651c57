"""How each version writes rows: the rules of PrestaShop's own output builders, for rows made up in tests.

A row is a dict of texts; ``{lang: text}`` stands for a translated field and ``{"order_rows": [rows]}`` for
associations. Sources are named in the comments; all of them were checked against recorded answers.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

Row = Mapping[str, Any]
VERSIONS: Final = ("1.6.1.25", "1.7.7.4", "8.2.4", "9.1.4")
SINGULAR: Final = {
    "addresses": "address",
    "countries": "country",
    "currencies": "currency",
    "customers": "customer",
    "orders": "order",
    "order_states": "order_state",
    "shops": "shop",
    "order_rows": "order_row",
}
_WHOLE: Final = re.compile(r"-?[1-9]\d{0,8}|0")
_UNESCAPED: Final = re.compile(r"\\u([0-9a-f]{4})")


def to_json(resource: str, rows: Sequence[Row], version: str, errors: Sequence[Row] = ()) -> str:
    """A list as JSON: ``[]`` when empty; ids as integers, everything else a string (before 9) or mixed (9)."""
    if not rows and not errors:
        return "[]"
    document: dict[str, Any] = {resource: [_json_row(row, version) for row in rows]} if rows else {}
    if errors:
        document["errors"] = [{"code": error["code"], "message": error["message"]} for error in errors]
    text = json.dumps(document, separators=(",", ":")).replace("/", "\\/")
    if version.startswith("1.6"):
        # WebserviceOutputJSON::overrideContent undoes the escapes with a regular expression, control characters
        # included, and takes the digits of a literal "\u0142" (whose backslash json_encode had doubled) for one.
        return _UNESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    return re.sub(r"(?<!\\)((?:\\\\)*)\\u([0-9a-f]{4})", _readable, text)


def _readable(match: re.Match[str]) -> str:
    """JSON_UNESCAPED_UNICODE: everything readable but control characters."""
    code = int(match[2], 16)
    return (
        match[0]
        if code < 0x20 or 0xD800 <= code < 0xE000 or code in (0x2028, 0x2029)
        else match[1] + chr(code)
    )


def _json_row(row: Row, version: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name == "associations":
            filled = {
                kind: [_json_row(entry, version) for entry in rows] for kind, rows in value.items() if rows
            }
            if filled:
                found[name] = filled
        elif isinstance(value, dict):
            native = version.startswith("9")
            found[name] = [
                {"id": lang if native else str(lang), "value": text} for lang, text in value.items()
            ]
        else:
            whole = _WHOLE.fullmatch(value) is not None and (
                name == "id" or name.startswith(("id_", "product_"))
            )
            found[name] = int(value) if whole and (name == "id" or version.startswith("9")) else value
    return found


def to_xml(resource: str, rows: Sequence[Row], version: str) -> str:
    """A list as XML: everything in CDATA, nothing escaped."""
    inside = "".join(_xml_row(SINGULAR[resource], row, version) for row in rows)
    return document(f"<{resource}>\n{inside}</{resource}>\n")


def document(inside: str) -> str:
    """The element around every XML answer."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<prestashop xmlns:xlink="http://www.w3.org/1999/xlink">\n{inside}</prestashop>\n'
    )


def _xml_row(name: str, row: Row, version: str) -> str:
    fields = "".join(_xml_field(field, value, version) for field, value in row.items())
    return f"<{name}>\n{fields}</{name}>\n"


def _xml_field(name: str, value: Any, version: str) -> str:  # noqa: ANN401 - a text, languages or associations
    if name == "associations":
        kinds = "".join(
            f'<{kind} nodeType="{SINGULAR[kind]}" virtualEntity="true">\n'
            + "".join(_xml_row(SINGULAR[kind], entry, version) for entry in rows)
            + f"</{kind}>\n"
            for kind, rows in value.items()
        )
        return f"<associations>\n{kinds}</associations>\n"
    if isinstance(value, dict):
        languages = "".join(
            f'<language id="{lang}" xlink:href="http://shop/api/languages/{lang}"><![CDATA[{text}]]></language>'
            for lang, text in value.items()
        )
        return f"\t<{name}>{languages}</{name}>\n"
    link = f' xlink:href="http://shop/api/x/{value}"' if name.startswith("id_") and value != "0" else ""
    empty_is_bare = not version.startswith(("8", "9"))  # from 1.7.8 also an empty value stands in CDATA
    content = "" if value == "" and empty_is_bare else f"<![CDATA[{value}]]>"
    return f"\t<{name}{link}>{content}</{name}>\n"


def bare_xml(resource: str, ids: Sequence[int]) -> str:
    """A list without ``display``."""
    name = SINGULAR[resource]
    rows = "".join(f'<{name} id="{id_}" xlink:href="http://shop/api/{resource}/{id_}"/>\n' for id_ in ids)
    return document(f"<{resource}>\n{rows}</{resource}>\n")


def errors_xml(errors: Sequence[Row]) -> str:
    """Errors replace the whole document in XML."""
    return document(
        "<errors>\n"
        + "".join(
            f"<error>\n<code><![CDATA[{error['code']}]]></code>\n"
            f"<message><![CDATA[{error['message']}]]></message>\n</error>\n"
            for error in errors
        )
        + "</errors>\n"
    )

"""XML as PrestaShop writes it: every value in CDATA, unescaped, so that ``]]>`` or a control character breaks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from thulium_plugin_prestashop.sandbox.shop.errors import Problem
from thulium_plugin_prestashop.sandbox.shop.profiles import Profile
from thulium_plugin_prestashop.sandbox.shop.records import Shown
from thulium_plugin_prestashop.sandbox.shop.tables import Field, Kind, Resource

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<prestashop xmlns:xlink="http://www.w3.org/1999/xlink">\n'
_FOOT = "</prestashop>\n"
_METHODS = ("get", "put", "post", "patch", "delete", "head")


class XmlRenderer:
    """Renders for one release and one base address (``http://127.0.0.1:8080/api/``)."""

    def __init__(self, profile: Profile, base: str) -> None:
        """Remember both."""
        self._profile = profile
        self._base = base

    def _value(self, value: object) -> str:
        text = "" if value is None else str(value)
        return f"<![CDATA[{text}]]>" if text or self._profile.empty_cdata else ""

    def _href(self, resource: str, ident: object = None, query: str = "") -> str:
        tail = "" if ident is None else f"/{ident}"
        return f' xlink:href="{self._base}{resource}{tail}{query}"'

    def _element(self, field: Field, value: object) -> str:
        if field.kind is Kind.TRANSLATED:
            content = "".join(
                f'<language id="{language}"{self._href("languages", language)}><![CDATA[{text}]]></language>'
                for language, text in _texts(value).items()
            )
            return f"\t<{field.name}>{content}</{field.name}>\n"
        attributes = ""
        if field.link and (field.links_zero or value not in (None, "", "0", 0)):
            attributes = self._href(field.link, value)
        if field.getter:
            attributes += ' notFilterable="true"'
        return f"\t<{field.name}{attributes}>{self._value(value)}</{field.name}>\n"

    def _record(self, record: Shown, resource: Resource) -> str:
        parts = [f"<{resource.singular}>\n"]
        parts += [
            self._element(field, record[field.name]) for field in resource.fields if field.name in record
        ]
        parts.append(self._associations(record, resource))
        parts.append(f"</{resource.singular}>\n")
        return "".join(parts)

    def _associations(self, record: Shown, resource: Resource) -> str:
        parts = []
        if "groups" in record:
            items = (
                f"\t<group{self._href('groups', member['id'])}>\n\t<id>{self._value(member['id'])}</id>\n\t</group>\n"
                for member in record["groups"]
            )
            parts.append(_association("groups", ' nodeType="group" api="groups"', "".join(items)))
        if "order_rows" in record:
            items = (
                "\t<order_row>\n"
                + "".join(
                    self._element(field, row[field.name]) for field in resource.rows if field.name in row
                )
                + "\t</order_row>\n"
                for row in record["order_rows"]
            )
            parts.append(
                _association("order_rows", ' nodeType="order_row" virtualEntity="true"', "".join(items))
            )
        return f"<associations>\n{''.join(parts)}</associations>\n" if parts else ""

    def list(self, records: Sequence[Shown], resource: Resource, *, bare: bool) -> bytes:
        """Render a list; a bare one holds only ids, as attributes."""
        if bare:
            items = (
                f'<{resource.singular} id="{record["id"]}"{self._href(resource.name, record["id"])}/>\n'
                for record in records
            )
        else:
            items = (self._record(record, resource) for record in records)
        return f"{_HEAD}<{resource.name}>\n{''.join(items)}</{resource.name}>\n{_FOOT}".encode()

    def nothing(self, name: str) -> bytes:
        """Render an empty list of any resource."""
        return f"{_HEAD}<{name}>\n</{name}>\n{_FOOT}".encode()

    def single(self, record: Shown, resource: Resource) -> bytes:
        """Render one record by its own URL."""
        return f"{_HEAD}{self._record(record, resource)}{_FOOT}".encode()

    def schema(self, resource: Resource, languages: Iterable[str | int], *, synopsis: bool) -> bytes:
        """Render ``schema=blank`` or ``schema=synopsis``: the elements without values.

        A synopsis leaves out the id. PrestaShop also puts validation rules into its attributes; the demo shop, which
        never writes, has none.
        """
        empty = self._value("")
        texts = "".join(f'<language id="{language}">{empty}</language>' for language in languages)
        lines = [
            f"\t<{field.name}>{texts if field.kind is Kind.TRANSLATED else empty}</{field.name}>\n"
            for field in resource.fields
            if not (field.name == "id" if synopsis else field.read_only and self._profile.since(1, 7))
        ]
        inner = ""
        if resource.rows:
            rows = "".join(f"\t<{field.name}>{empty}</{field.name}>\n" for field in resource.rows)
            inner = _association("order_rows", "", f"\t<order_row>\n{rows}\t</order_row>\n")
        elif resource.has_groups:
            inner = _association("groups", "", f"\t<group>\n\t<id>{empty}</id>\n\t</group>\n")
        if inner:
            lines.append(f"<associations>\n{inner}</associations>\n")
        return f"{_HEAD}<{resource.singular}>\n{''.join(lines)}</{resource.singular}>\n{_FOOT}".encode()

    def errors(self, problems: Iterable[Problem]) -> bytes:
        """Render an answer that failed; data rendered before the error are gone."""
        items = "".join(
            f"<error>\n<code><![CDATA[{each.code}]]></code>\n<message><![CDATA[{each.message}]]></message>\n</error>\n"
            for each in problems
        )
        return f"{_HEAD}<errors>\n{items}</errors>\n{_FOOT}".encode()

    def root(
        self, shop_name: str, permissions: Mapping[str, frozenset[str]], known: Mapping[str, Resource]
    ) -> bytes:
        """Render the root listing: the resources a key may use, with what it may do."""
        parts = [f'{_HEAD}<api shopName="{shop_name}">\n']
        methods = [name for name in _METHODS if name != "patch" or self._profile.knows_patch]
        for name, allowed in permissions.items():
            rights = "".join(f' {method}="{str(method.upper() in allowed).lower()}"' for method in methods)
            here = self._href(name)
            description = known[name].description if name in known else name
            parts.append(
                f"<{name}{here}{rights}>\n<description{here}{rights}>\n{description}</description>\n"
            )
            parts += [
                f'<schema{self._href(name, query=f"?schema={schema}")} type="{schema}"/>\n'
                for schema in ("blank", "synopsis")
            ]
            parts.append(f"</{name}>\n")
        return f"{''.join(parts)}</api>\n{_FOOT}".encode()


def _association(name: str, attributes: str, items: str) -> str:
    return f"<{name}{attributes}>\n{items}</{name}>\n" if items else f"<{name}{attributes}/>\n"


def _texts(value: object) -> Mapping[str | int, str]:
    return value if isinstance(value, dict) else {}

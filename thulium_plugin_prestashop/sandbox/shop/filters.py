"""``filter[field]=value`` to SQL, with MariaDB's comparisons: the part of the webservice that surprises most.

What a value means is decided by one regular expression in PrestaShop (``WebserviceRequest::getSQLRetrieveFilter``);
whatever it does not recognise (``>=[5]``) adds no condition at all, silently.
"""

# ruff: noqa: S608 - names of tables and columns come from this package; values are always bound

import re
import unicodedata

import attrs

from thulium_plugin_prestashop.sandbox.shop.tables import Field, Kind

_FORM = re.compile(r"^(.*)\[(.*)\](.*)$")
_RANGE = re.compile(r"^([\d.:\-\s]+),([\d.:\-\s]+)$", re.ASCII)
_NUMBER = re.compile(r"^\s*([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)", re.ASCII)
_MOMENT = re.compile(
    r"^\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[T\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?)?", re.ASCII
)
_LONG_LIST = 200
"""From about this many listed ids on, MariaDB was seen to prefer an index scan over look-ups by id."""

ZERO_MOMENT = "0000-00-00 00:00:00"


def fold(text: str | None) -> str | None:
    """Make texts comparable as ``utf8_general_ci`` does: no case, no accents, no trailing blanks; Ł is not L."""
    if text is None:
        return None
    if text.isascii():
        return text.lower().rstrip(" ")
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).rstrip(" ")


def number(text: str) -> int | float:
    """Convert as MariaDB does when it compares a number with a text: the leading number, else 0."""
    match = _NUMBER.match(text)
    if match is None:
        return 0
    value = float(match[1])
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def moment(text: str) -> str:
    """Convert as MariaDB does when it compares a date with a text: what follows the date is dropped; no date is zero."""
    match = _MOMENT.match(text)
    if match is None:
        return ZERO_MOMENT
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"


@attrs.frozen
class Condition:
    """A piece of a WHERE clause. ``sql`` is empty where PrestaShop adds no condition."""

    sql: str = ""
    values: tuple[str | int | float, ...] = ()
    selective: bool = False
    """Whether MariaDB would look the rows up by this condition on ``id`` instead of reading an index through."""
    open_ended: bool = False
    """Selective only where no other index offers itself (``>[100]``)."""


def _column(field: Field) -> str:
    name = f'"{field.name}"'
    if field.kind is Kind.DECIMAL:
        return f"CAST({name} AS REAL)"
    if field.kind is Kind.DATE:
        return f"({name} || ' 00:00:00')"
    if field.kind is Kind.TEXT:
        return f"ps_fold({name})"
    return name


def _value(field: Field, text: str) -> str | int | float:
    if field.kind.is_number:
        return number(text)
    if field.kind in (Kind.DATE, Kind.DATETIME):
        return moment(text)
    return fold(text) or ""


def _compare(field: Field, operator: str, text: str) -> Condition:
    return Condition(f"{_column(field)} {operator} ?", (_value(field, text),))


def _like(field: Field, pattern: str) -> Condition:
    return Condition(f'ps_fold(CAST("{field.name}" AS TEXT)) LIKE ?', (fold(pattern) or "",))


def _any_of(field: Field, texts: list[str]) -> Condition:
    values = tuple(_value(field, text) for text in texts)
    marks = ",".join("?" * len(values))
    return Condition(f"{_column(field)} IN ({marks})", values, selective=len(values) < _LONG_LIST)


def _between(field: Field, one: str, other: str) -> Condition:
    both_numbers = all(re.fullmatch(r"\s*[-+]?\d*\.?\d+\s*", text, re.ASCII) for text in (one, other))
    low, high = sorted((one, other), key=number) if both_numbers else sorted((one, other))
    values = (_value(field, low), _value(field, high))
    return Condition(f"{_column(field)} BETWEEN ? AND ?", values, selective=True)


def _translated(field: Field, condition: Condition) -> Condition:
    """A field in several languages matches if any of its texts does (PrestaShop joins the language table)."""
    text = condition.sql.replace(f'CAST("{field.name}" AS TEXT)', "value").replace(
        f'"{field.name}"', "ps_fold(value)"
    )
    return Condition(f'EXISTS (SELECT 1 FROM json_each("{field.name}") WHERE {text})', condition.values)


def _plain(field: Field, text: str, *, like_floats: bool) -> Condition:
    if like_floats and re.fullmatch(r"[-+]?\d+(\.\d+)?", text, re.ASCII):
        return attrs.evolve(_like(field, text), selective=True)
    return attrs.evolve(_compare(field, "=", text), selective=True)


def condition_of(field: Field, text: str, *, like_floats: bool) -> Condition:
    """Translate one filter's value.

    Args:
        field: the column that is filtered.
        text: the value after ``filter[…]=``, decoded.
        like_floats: compare a bare number with LIKE, as releases before 1.7.8 do.

    """
    condition = _condition(field, text, like_floats=like_floats)
    return _translated(field, condition) if field.kind is Kind.TRANSLATED and condition.sql else condition


def _condition(field: Field, text: str, *, like_floats: bool) -> Condition:
    match = _FORM.match(text)
    if match is None:
        return _plain(field, text, like_floats=like_floats)
    prefix, inner, suffix = match.groups()
    if {prefix, suffix} <= {"", "%"} and prefix + suffix:
        return _like(field, prefix + inner + suffix)
    if prefix in (">", "<"):
        return attrs.evolve(_compare(field, prefix, inner), selective=True, open_ended=prefix == ">")
    if prefix == "!":
        parts = [_compare(field, "!=", part) for part in inner.split("|")]
        return Condition(" AND ".join(part.sql for part in parts), sum((part.values for part in parts), ()))
    return Condition() if prefix or suffix else _inside(field, inner)


def _inside(field: Field, inner: str) -> Condition:
    """Read what stands between brackets with nothing around them."""
    if inner.find("|") > 0:
        return _any_of(field, inner.split("|"))
    if ends := _RANGE.match(inner):
        return _between(field, ends[1], ends[2])
    return attrs.evolve(_compare(field, "=", inner), selective=True)

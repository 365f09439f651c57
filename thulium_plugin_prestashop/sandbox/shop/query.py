"""``display``, ``filter``, ``sort`` and ``limit`` of a list: from parameters to SQL, or to PrestaShop's error."""

import re
from collections.abc import Mapping

import attrs

from thulium_plugin_prestashop.sandbox.shop.errors import WebserviceError, did_you_mean
from thulium_plugin_prestashop.sandbox.shop.filters import Condition, condition_of
from thulium_plugin_prestashop.sandbox.shop.params import Params
from thulium_plugin_prestashop.sandbox.shop.profiles import Profile
from thulium_plugin_prestashop.sandbox.shop.tables import Field, Kind, Resource

_DATES = ("date_add", "date_upd")
_SORT_ITEM = re.compile(r"^(.*)_(ASC|DESC)$", re.IGNORECASE)
_LEADING_INTEGER = re.compile(r"^\s*[-+]?\d+", re.ASCII)
_MOST_LIMITS = 2


@attrs.frozen
class Display:
    """What of a record is shown. ``rows`` are the columns of order rows; None for no association."""

    fields: tuple[Field, ...]
    rows: tuple[Field, ...] | None = None
    groups: bool = False
    bare: bool = False
    """The listing without ``display``: ids only, and no object is loaded."""


@attrs.frozen
class Limit:
    """``LIMIT offset, count``. A negative one is an SQL error, as in MariaDB."""

    count: int
    offset: int = 0


@attrs.frozen
class ListQuery:
    """A checked list request."""

    resource: Resource
    display: Display
    conditions: tuple[Condition, ...]
    order: str
    limit: Limit | None


def full_display(resource: Resource) -> Display:
    """``display=full``."""
    return Display(resource.fields, resource.rows or None, resource.has_groups)


def bare_display(resource: Resource) -> Display:
    """No ``display``."""
    return Display(resource.fields[:1], bare=True)


def _split(text: str) -> dict[str, list[str] | None]:
    """Split ``id,order_rows[product_id,product_quantity]`` at the outer commas."""
    items: dict[str, list[str] | None] = {}
    for match in re.finditer(r"([^,\[\]]+)(?:\[([^\]]*)\])?", text):
        inner = match[2]
        items[match[1].strip()] = None if inner is None else [part.strip() for part in inner.split(",")]
    return items


def display_of(resource: Resource, profile: Profile, value: str | None) -> Display:
    """Read ``display``.

    Raises:
        WebserviceError: 35 for a field the resource does not have, 36 for anything but ``full`` and a list.

    """
    if value is None or value in ("", "minimum"):
        return bare_display(resource)
    if value == "full":
        return full_display(resource)
    names = ", ".join(field.name for field in resource.fields)
    match = re.match(r"^\[(.*)\]$", value)
    if match is None:
        message = f"The 'display' syntax is wrong. You can set 'full' or '[field_1,field_2,field_3,...]'. These are available: {names}"
        raise WebserviceError.of(400, 36, message)
    wanted = _split(match[1])
    associations = {"order_rows": bool(resource.rows), "groups": resource.has_groups}
    for name, inner in wanted.items():
        known = name in resource.by_name if inner is None else associations.get(name, False)
        if not known:
            message = f'Unable to display this field "{name}". However, these are available: {names}'
            raise WebserviceError.of(400, 35, message)
    inner_rows = wanted.get("order_rows")
    rows = tuple(field for field in resource.rows if field.name in inner_rows) if inner_rows else None
    # Asked for as groups[id], newer releases don't show the groups: that association declares no fields of its own.
    groups = "groups" in wanted and not profile.since(8)
    return Display(tuple(field for field in resource.fields if field.name in wanted), rows, groups)


def _available(resource: Resource, params: Params) -> dict[str, Field]:
    dates = params.get("date") not in (None, "", "0")
    return {field.name: field for field in resource.fields if dates or field.name not in _DATES}


def _conditions(resource: Resource, profile: Profile, params: Params) -> dict[str, Condition]:
    available = _available(resource, params)
    found: dict[str, Condition] = {}
    for name, value in params.filters.items():
        field = available.get(name)
        if field is None:
            hint = did_you_mean(name, list(available))
            raise WebserviceError.of(400, 32, f"This filter does not exist. {hint}")
        if field.getter:
            message = (
                f'The field "{name}" is dynamic. It is not possible to filter GET query with this field.'
            )
            raise WebserviceError.of(400, 34, message)
        if not value:
            raise WebserviceError.of(400, 33, "The filter value is empty.")
        condition = condition_of(field, value, like_floats=not profile.since(1, 7, 8))
        found[name] = condition
    return found


def _order(resource: Resource, params: Params) -> str | None:
    value = params.get("sort")
    if value is None:
        return None
    match = re.match(r"^\[(.*)\](.*)$", value)
    items = match[1].split(",") if match else [value]
    available = _available(resource, params)
    columns = []
    for item in items:
        parts = _SORT_ITEM.match(item)
        if parts is None:
            message = 'The "sort" value has to be formed as this example: "field_ASC" or \'[field_1_DESC,field_2_ASC,field_3_ASC,...]\' ("field" has to be an available field)'
            raise WebserviceError.of(400, 37, message)
        field = available.get(parts[1])
        if field is None:
            plain = ", ".join(name for name, each in available.items() if each.kind is not Kind.TRANSLATED)
            message = (
                f"Unable to filter by this field. However, these are available: {plain}, for i18n fields:"
            )
            translated = "".join(
                f"{name}, " for name, each in available.items() if each.kind is Kind.TRANSLATED
            )
            raise WebserviceError.of(400, 38, message + translated.rstrip(", "))
        columns.append(f"{_sorted_by(field)} {parts[2].upper()}")
    return ", ".join(columns)


def _sorted_by(field: Field) -> str:
    if field.kind is Kind.DECIMAL:
        return f'CAST("{field.name}" AS REAL)'
    if field.kind is Kind.TEXT:
        return f'ps_fold("{field.name}")'
    return f'"{field.name}"'


def _natural_order(resource: Resource, conditions: Mapping[str, Condition], *, one_shop: bool) -> str:
    """Choose the order nobody asked for: that of the primary key or of another index, as MariaDB was seen to choose.

    By id where ``id`` is narrowed down, and where a filter needs columns outside the index; otherwise in the order
    of the index that gives the ids (customers by registration, addresses by owner). So unsorted pages are not in
    the order of ids, and sorting is the only way to a dependable one.
    """
    by_id = conditions.get("id")
    narrowed = by_id is not None and by_id.selective and not (by_id.open_ended and resource.by_shop)
    covered = conditions.keys() <= {"id"}
    if narrowed or (not covered and (one_shop or not resource.by_shop)):
        return '"id"'
    return ", ".join(f'"{name}"' for name in resource.natural_order)


def _limit(params: Params) -> Limit | None:
    value = params.get("limit")
    if value is None:
        return None
    parts = value.split(",")
    if len(parts) > _MOST_LIMITS:
        message = 'The "limit" value has to be formed as this example: "5,25" or "10"'
        raise WebserviceError.of(400, 39, message)
    # (int) of PHP: "[0" and "abc" are 0, so limit=[0,5] means 0,5 and limit=abc nothing at all.
    numbers = [int(match[0]) if (match := _LEADING_INTEGER.match(part)) else 0 for part in parts]
    return Limit(numbers[0]) if len(numbers) == 1 else Limit(numbers[1], numbers[0])


def list_query(resource: Resource, profile: Profile, params: Params, *, one_shop: bool) -> ListQuery:
    """Check a list request.

    Args:
        resource: what is listed.
        profile: the release.
        params: the whole query string.
        one_shop: the installation is no multistore.

    Raises:
        WebserviceError: the first of PrestaShop's errors 32 to 39 that the request deserves, with status 400.

    """
    display = display_of(resource, profile, params.get("display"))
    conditions = _conditions(resource, profile, params)
    # Rows that sort alike come by id here; a real shop promises nothing about them.
    sort = _order(resource, params)
    order = f'{sort}, "id"' if sort else _natural_order(resource, conditions, one_shop=one_shop)
    return ListQuery(resource, display, tuple(conditions.values()), order, _limit(params))

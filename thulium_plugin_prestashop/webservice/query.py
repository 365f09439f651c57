"""Questions to the webservice that cannot be asked wrongly.

PrestaShop answers a wrong question with everything, with nothing, or after loading a whole table: ``>=[5]``
filters nothing, a ``T`` inside a date matches nothing, sorting by a date without ``date=1`` is an error, and pages
without ``sort`` overlap. None of these can be written with the types below.
"""

import enum
import re
from collections.abc import Collection
from datetime import datetime
from typing import Final, Generic, Protocol

import attrs

from thulium_plugin_prestashop.webservice.resources import (
    ADDRESSES,
    COUNTRIES,
    CURRENCIES,
    CUSTOMERS,
    ORDER_STATES,
    ORDERS,
    RESOURCES,
    SHOPS,
    R_co,
    Resource,
)

__all__ = [
    "ADDRESSES",
    "COUNTRIES",
    "CURRENCIES",
    "CUSTOMERS",
    "DEFAULT_SCOPE",
    "ORDERS",
    "ORDER_STATES",
    "RESOURCES",
    "SHOPS",
    "Condition",
    "EmailIs",
    "IdAbove",
    "IdBetween",
    "IdIn",
    "OneShop",
    "OwnedBy",
    "Query",
    "ReferenceIs",
    "Resource",
    "Scope",
    "ShopGroup",
    "Sort",
    "UpdatedBetween",
]

MOST_IDS: Final = 300
"""Ids in one filter: 300 stay well under the 8 kB of a request line, 2,000 are a 414."""
MOST_ROWS: Final = 10_000
# What PrestaShop's filter grammar gives a meaning, and what its pSQL would strip or change.
_GRAMMAR: Final = re.compile(r"[\[\]|,<>%!\\\s\x00-\x1f]")
_LONGEST_TEXT: Final = 255


class Condition(Protocol):
    """One filter: the field it is about, and its value in PrestaShop's grammar."""

    @property
    def field(self) -> str:
        """The column the filter names."""
        ...

    @property
    def value(self) -> str:
        """What stands behind ``filter[field]=``."""
        ...


def _positive(_: object, attribute: "attrs.Attribute[int]", value: int) -> None:
    if value < 1:
        raise ValueError(f"{attribute.name} must be a positive id, not {value}")


def _sorted_ids(ids: Collection[int]) -> tuple[int, ...]:
    return tuple(sorted(set(ids)))


def _few_ids(_: object, __: object, ids: tuple[int, ...]) -> None:
    if not 1 <= len(ids) <= MOST_IDS:
        raise ValueError(f"between 1 and {MOST_IDS} ids in one filter, not {len(ids)}")
    if ids[0] < 1:
        raise ValueError("ids are positive")


def _plain_text(_: object, attribute: "attrs.Attribute[str]", value: str) -> None:
    if not value or len(value) > _LONGEST_TEXT or _GRAMMAR.search(value):
        raise ValueError(f"{attribute.name} holds characters that a filter cannot carry")


@attrs.frozen
class IdAbove:
    """Rows with an id greater than ``after``; 0 for all."""

    field = "id"
    after: int = attrs.field(validator=attrs.validators.ge(0))

    @property
    def value(self) -> str:
        """Strictly above: PrestaShop knows no ``>=``."""
        return f">[{self.after}]"


@attrs.frozen
class IdBetween:
    """Rows with ``first <= id <= last``."""

    field = "id"
    first: int = attrs.field(validator=_positive)
    last: int = attrs.field(validator=_positive)

    def __attrs_post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError("a range of ids ends before it begins")

    @property
    def value(self) -> str:
        """A range includes both ends."""
        return f"[{self.first},{self.last}]"


@attrs.frozen
class IdIn:
    """Rows with one of these ids, at most 300."""

    field = "id"
    ids: tuple[int, ...] = attrs.field(converter=_sorted_ids, validator=_few_ids)

    @property
    def value(self) -> str:
        """Alternatives."""
        return f"[{'|'.join(map(str, self.ids))}]"


@attrs.frozen
class UpdatedBetween:
    """Rows with ``lower <= date_upd <= upper``: naive wall-clock times of the shop, whole seconds."""

    field = "date_upd"
    lower: datetime
    upper: datetime

    def __attrs_post_init__(self) -> None:
        if self.lower.tzinfo is not None or self.upper.tzinfo is not None:
            raise ValueError("date_upd is a naive wall-clock time of the shop")
        if self.lower > self.upper:
            raise ValueError("a window of date_upd ends before it begins")

    @property
    def value(self) -> str:
        """A range; with a ``T`` or an offset PrestaShop would not recognise it as one."""
        lower, upper = (moment.isoformat(sep=" ", timespec="seconds") for moment in (self.lower, self.upper))
        return f"[{lower},{upper}]"


@attrs.frozen
class OwnedBy:
    """Orders or addresses of these customers, at most 300."""

    field = "id_customer"
    customer_ids: tuple[int, ...] = attrs.field(converter=_sorted_ids, validator=_few_ids)

    @property
    def value(self) -> str:
        """Alternatives."""
        return f"[{'|'.join(map(str, self.customer_ids))}]"


@attrs.frozen
class EmailIs:
    """Customers with this e-mail; PrestaShop compares without regard to case."""

    field = "email"
    email: str = attrs.field(validator=_plain_text)

    @property
    def value(self) -> str:
        """Equality."""
        return f"[{self.email}]"


@attrs.frozen
class ReferenceIs:
    """Orders with this reference; several when a cart was split."""

    field = "reference"
    reference: str = attrs.field(validator=_plain_text)

    @property
    def value(self) -> str:
        """Equality."""
        return f"[{self.reference}]"


class Sort(enum.Enum):
    """The order of rows; there is none by default, so one is always sent."""

    BY_ID = "[id_ASC]"
    BY_ID_DESC = "[id_DESC]"
    BY_UPDATED = "[date_upd_ASC,id_ASC]"
    BY_UPDATED_DESC = "[date_upd_DESC,id_DESC]"

    @property
    def by_date(self) -> bool:
        """Whether the shop must be told ``date=1``."""
        return self in (Sort.BY_UPDATED, Sort.BY_UPDATED_DESC)


@attrs.frozen
class Scope:
    """Which shops of a multistore answer; by default the one whose address was asked."""

    def parameters(self) -> dict[str, str]:
        """What is added to the query string."""
        return {}


@attrs.frozen
class OneShop(Scope):
    """One shop of a multistore, in every version."""

    id: int = attrs.field(validator=_positive)

    def parameters(self) -> dict[str, str]:
        """``id_shop``."""
        return {"id_shop": str(self.id)}


@attrs.frozen
class ShopGroup(Scope):
    """All active shops of a group, in every version (``id_shop=all`` needs 8.1)."""

    id: int = attrs.field(validator=_positive)

    def parameters(self) -> dict[str, str]:
        """``id_group_shop``; the likely ``id_shop_group`` is ignored before 1.7.8."""
        return {"id_group_shop": str(self.id)}


DEFAULT_SCOPE: Final = Scope()


@attrs.frozen
class Query(Generic[R_co]):
    """Rows of one resource that meet all conditions, sorted, at most ``limit``.

    Raises:
        ValueError: Two conditions on one field (PrestaShop would silently keep the last), a condition or a sort
            that the resource does not know, a limit outside 1…10,000.

    """

    resource: Resource[R_co]
    where: tuple[Condition, ...] = attrs.field(default=(), converter=tuple[Condition, ...])
    sort: Sort = Sort.BY_ID
    limit: int = attrs.field(
        default=500, validator=attrs.validators.and_(attrs.validators.ge(1), attrs.validators.le(MOST_ROWS))
    )
    scope: Scope = DEFAULT_SCOPE

    def __attrs_post_init__(self) -> None:
        fields = [condition.field for condition in self.where]
        if len(fields) != len(set(fields)):
            raise ValueError("two conditions on one field: PrestaShop would keep only the last")
        if unknown := set(fields) - self.resource.filters:
            raise ValueError(f"{self.resource.name} cannot be filtered by {', '.join(sorted(unknown))}")
        if self.sort.by_date and not self.resource.dated:
            raise ValueError(f"{self.resource.name} have no date_upd to sort by")

    def parameters(self) -> dict[str, str]:
        """The query string's parameters without ``display``, unencoded."""
        found = {f"filter[{condition.field}]": condition.value for condition in self.where}
        if self.sort.by_date or "filter[date_upd]" in found:
            found["date"] = "1"
        return {**found, "sort": self.sort.value, "limit": str(self.limit), **self.scope.parameters()}

"""The seven resources that are read: their names, records, and the fields that are asked for.

Fields are always asked for by name: ``display=full`` on customers would return password hashes and secure keys.
"""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

import attrs

from thulium_plugin_prestashop.webservice.records import (
    Address,
    Country,
    Currency,
    Customer,
    Order,
    OrderRow,
    OrderState,
    Record,
    Shop,
)

R_co = TypeVar("R_co", bound=Record, covariant=True)
VersionTuple = tuple[int, ...]


def _names(record: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(record))


@attrs.frozen(eq=False)
class Resource(Generic[R_co]):
    """One resource of the webservice.

    ``dated`` resources have ``date_add`` and ``date_upd``; ``since`` names fields that only newer versions know
    and the first version that does; ``rows`` are the fields of the order rows, empty for everything else.
    """

    name: str
    record: type[R_co]
    fields: tuple[str, ...]
    dated: bool = False
    filters: frozenset[str] = frozenset({"id"})
    since: Mapping[str, VersionTuple] = MappingProxyType({})
    rows: tuple[str, ...] = ()

    def display(self, version: str | None, without: Collection[str]) -> str:
        """The value of ``display=``: every field that a shop of this version knows, less those it refused."""
        known = _version(version)
        names = [
            field
            for field in self.fields
            if field not in without and (known is None or known >= self.since.get(field, ()))
        ]
        if self.rows:
            names.append(f"order_rows[{','.join(name for name in self.rows if name not in without)}]")
        return f"[{','.join(names)}]"


def _version(text: str | None) -> VersionTuple | None:
    numbers = re.findall(r"\d+", text or "")
    return tuple(int(number) for number in numbers[:4]) or None


_DATED: Final = frozenset({"id", "date_upd"})

CUSTOMERS: Final = Resource("customers", Customer, _names(Customer), dated=True, filters=_DATED | {"email"})
ADDRESSES: Final = Resource(
    "addresses", Address, _names(Address), dated=True, filters=_DATED | {"id_customer"}
)
ORDERS: Final = Resource(
    "orders",
    Order,
    tuple(name for name in _names(Order) if name != "rows"),
    dated=True,
    filters=_DATED | {"id_customer", "reference"},
    since=MappingProxyType({"note": (1, 7, 8)}),
    rows=_names(OrderRow),
)
CURRENCIES: Final = Resource("currencies", Currency, _names(Currency))
COUNTRIES: Final = Resource("countries", Country, _names(Country))
ORDER_STATES: Final = Resource("order_states", OrderState, _names(OrderState))
SHOPS: Final = Resource("shops", Shop, _names(Shop))

RESOURCES: Final[Mapping[str, Resource[Record]]] = MappingProxyType(
    {
        resource.name: resource
        for resource in (ADDRESSES, COUNTRIES, CURRENCIES, CUSTOMERS, ORDERS, ORDER_STATES, SHOPS)
    }
)
"""All seven by name; also the seven permissions a key needs."""

"""Keys of the webservice and what each may do."""

from collections.abc import Iterable, Mapping

import attrs

DEMO_KEY = "DEMODEMODEMODEMODEMODEMODEMODEMO"
"""The key a demo shop accepts unless told otherwise: 32 characters, like any PrestaShop key. It opens made-up data."""

KEY_LENGTH = 32
SEVEN_RESOURCES = ("addresses", "countries", "currencies", "customers", "order_states", "orders", "shops")


@attrs.frozen
class WebserviceKey:
    """A key with its permissions: resource to the methods it may use (``GET``, ``POST``, …)."""

    value: str = attrs.field(repr=False)
    permissions: Mapping[str, frozenset[str]]
    active: bool = True
    shops: frozenset[int] | None = None
    """The shops it is tied to; None for all."""

    @classmethod
    def reading(
        cls, value: str, resources: Iterable[str] = SEVEN_RESOURCES, *, active: bool = True
    ) -> "WebserviceKey":
        """Make a key that may only GET the given resources."""
        return cls(value, {name: frozenset({"GET"}) for name in sorted(resources)}, active=active)

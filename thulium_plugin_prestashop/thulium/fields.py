"""Custom fields by name. The API lists no definitions of plain custom fields, so the administrator names them."""

import builtins
from collections.abc import Callable, Mapping

import attrs

from thulium_plugin_prestashop.contract.customers import CustomField
from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.thulium.values import same_value, to_wire


@attrs.frozen
class FieldTypes:
    """Types of the custom fields that the configuration names; any other is taken for text."""

    types: Mapping[str, CustomFieldType]

    def type(self, name: str) -> CustomFieldType:
        """Its type."""
        return self.types.get(name, CustomFieldType.TEXT)

    def same(self, name: str, one: str, other: str) -> bool:
        """Whether two values of this field are the same."""
        return same_value(one, other, self.type(name))

    def wire(self, name: str, value: str) -> str | int:
        """The value as it is sent."""
        return to_wire(value, self.type(name))


class ConfiguredFields:
    """The contract's ``CustomFields``: those of the configuration. ``owners`` gives field name to integration id."""

    def __init__(self, types: FieldTypes, owners: Callable[[], Mapping[str, str]]) -> None:
        self._types = types
        self._owners = owners

    async def list(self) -> builtins.list[CustomField]:
        """All that are named."""
        owners = self._owners()
        return [CustomField(name, kind, owners.get(name)) for name, kind in self._types.types.items()]

"""Forms as data: the plugin declares fields, the host draws them and puts each error on its field."""

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias

import attrs

from thulium_plugin_prestashop.contract.text import LocalizedText

Value: TypeAlias = str | bool | list[str] | None
"""What a field holds as the host stores it: text for every kind but :attr:`FieldKind.FLAG` (``bool``) and
:attr:`FieldKind.CHOICES` (list of option values). An empty field is ``""``, ``None``, ``False`` or ``[]``."""

Values: TypeAlias = Mapping[str, Value]


class FieldKind(Enum):
    """How a field is filled in."""

    TEXT = "text"
    URL = "url"
    SECRET = "secret"  # noqa: S105 - the name of a kind of field, not a secret
    """Never shown again after saving. On re-entry an empty value means: keep the stored one."""
    DATE = "date"
    """ISO 8601 date, ``2026-11-24``."""
    FLAG = "flag"
    CHOICE = "choice"
    CHOICES = "choices"
    CUSTOM_FIELD = "custom_field"
    """Name of a custom field of the host's customers, of type :attr:`Field.custom_field_type`."""


class CustomFieldType(Enum):
    """Types of custom fields the host's CRM knows."""

    TEXT = "text"
    NUMERIC = "numeric"
    DATE = "date"


@attrs.frozen
class Option:
    """One entry of a choice."""

    value: str
    label: LocalizedText


@attrs.frozen
class Field:
    """One field of a form. ``key`` is stable; ``help`` says what it is and where in PrestaShop it is found."""

    key: str
    kind: FieldKind
    label: LocalizedText
    help: LocalizedText | None = None
    required: bool = False
    default: Value = None
    placeholder: str = ""
    options: tuple[Option, ...] = ()
    custom_field_type: CustomFieldType | None = None
    may_create: bool = False
    """For a custom field: the host should offer to create it here."""
    advanced: bool = False
    """Rarely needed; a host may fold such fields away."""


@attrs.frozen
class Form:
    """The fields of one step, in the order they are filled in."""

    key: str
    title: LocalizedText
    fields: tuple[Field, ...]
    version: int = 1
    """Raised when stored values need an upgrade; the host keeps it with the values it stores."""

    def field(self, key: str) -> Field:
        """The field called ``key``. Raises ``KeyError``."""
        for field in self.fields:
            if field.key == key:
                return field
        raise KeyError(key)


@attrs.frozen
class FieldError:
    """What is wrong with one field, in words for the person who fills it in. ``key`` names the reason and is stable."""

    field: str
    key: str
    message: LocalizedText

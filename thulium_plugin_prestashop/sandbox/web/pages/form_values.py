"""Between a plugin's form as data and a form as a browser posts it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from aiohttp.web import FileField
from multidict import MultiDictProxy

from thulium_plugin_prestashop.contract.customers import CustomField
from thulium_plugin_prestashop.contract.forms import FieldError, FieldKind, Form, Value, Values
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.hosting.forms import read_values

Posted: TypeAlias = MultiDictProxy[str | bytes | bytearray | FileField]


def typed_into(form: Form, posted: Posted) -> dict[str, Value]:
    """What was typed into the fields of ``form``; other posted fields are left out."""
    texts = {key: [str(one).strip() for one in posted.getall(key)] for key in set(posted)}
    return read_values(form, texts)


def without_secrets(form: Form, values: Values) -> dict[str, Value]:
    """The values that may be shown again."""
    secret = {field.key for field in form.fields if field.kind is FieldKind.SECRET}
    return {key: value for key, value in values.items() if key not in secret}


def by_field(errors: Iterable[FieldError]) -> dict[str, LocalizedText]:
    """The first error of every field."""
    found: dict[str, LocalizedText] = {}
    for error in errors:
        found.setdefault(error.field, error.message)
    return found


def fitting(form: Form, fields: Sequence[CustomField]) -> Mapping[str, list[CustomField]]:
    """For every field of the form that names a custom field: those of its type."""
    return {
        field.key: [one for one in fields if field.custom_field_type in (None, one.type)]
        for field in form.fields
        if field.kind is FieldKind.CUSTOM_FIELD
    }

"""What any host does with a filled-in form before it asks the plugin."""

from collections.abc import Mapping, Sequence
from datetime import date

from thulium_plugin_prestashop.contract.forms import Field, FieldError, FieldKind, Form, Value, Values
from thulium_plugin_prestashop.hosting.locale import MESSAGES


def defaults(form: Form) -> dict[str, Value]:
    """The values of a form that nobody has filled in."""
    return {field.key: field.default if field.default is not None else _empty(field) for field in form.fields}


def read_values(form: Form, posted: Mapping[str, Sequence[str]]) -> dict[str, Value]:
    """Values from a posted HTML form: field key to all values of that name. Fields that were not posted are empty,
    which is how browsers send a box that is not ticked.
    """
    values: dict[str, Value] = {}
    for field in form.fields:
        given = list(posted.get(field.key, ()))
        if field.kind is FieldKind.FLAG:
            values[field.key] = bool(given) and given[-1] not in {"", "0", "false", "off"}
        elif field.kind is FieldKind.CHOICES:
            values[field.key] = [value for value in given if value]
        else:
            values[field.key] = given[-1].strip() if given else ""
    return values


def check_values(
    form: Form, values: Values, *, stored_secrets: frozenset[str] = frozenset()
) -> list[FieldError]:
    """What any host can see: required fields that are empty, choices that are none of the options, dates that are
    none. A secret that is stored need not be typed again.
    """
    errors = []
    for field in form.fields:
        value = values.get(field.key)
        if not value:
            kept = field.kind is FieldKind.SECRET and field.key in stored_secrets
            if field.required and not kept:
                errors.append(_error(field, "required"))
        elif field.kind in {FieldKind.CHOICE, FieldKind.CHOICES}:
            chosen = value if isinstance(value, list) else [value]
            if not {option.value for option in field.options}.issuperset(str(each) for each in chosen):
                errors.append(_error(field, "not_an_option"))
        elif field.kind is FieldKind.DATE and not _is_date(value):
            errors.append(_error(field, "not_a_date"))
    return errors


def secret_fields(form: Form) -> list[str]:
    """Keys of the fields whose values belong into the secret store."""
    return [field.key for field in form.fields if field.kind is FieldKind.SECRET]


def _empty(field: Field) -> Value:
    if field.kind is FieldKind.FLAG:
        return False
    return [] if field.kind is FieldKind.CHOICES else ""


def _error(field: Field, reason: str) -> FieldError:
    return FieldError(field.key, f"form.{reason}", MESSAGES.text(f"form.{reason}"))


def _is_date(value: Value) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True

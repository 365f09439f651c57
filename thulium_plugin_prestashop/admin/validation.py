"""Is Other data all right? What the host knows (its custom fields) is asked besides what the form says."""

from thulium_plugin_prestashop.admin.settings import (
    Settings,
    SettingsError,
    field_error,
    read_settings,
    today_in,
)
from thulium_plugin_prestashop.contract.errors import HostUnavailableError
from thulium_plugin_prestashop.contract.forms import CustomFieldType, FieldError, Values
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.integration import IntegrationConfig

ID_FIELD = "id_field"


def settings_of(host: HostContext, values: Values) -> Settings:
    """The settings these values hold. Raises :class:`.settings.SettingsError`."""
    return read_settings(values, today=today_in(host.time_zone, host.clock.now()))


async def validate(
    host: HostContext, values: Values, *, existing: IntegrationConfig | None = None
) -> list[FieldError]:
    """Every error on its field; empty when all is well."""
    errors: list[FieldError] = []
    try:
        settings_of(host, values)
    except SettingsError as error:
        errors.extend(error.errors)
    if not any(error.field == ID_FIELD for error in errors):
        wrong = await id_field_error(host, str(values[ID_FIELD]).strip(), existing)
        errors.extend([wrong] if wrong else [])
    return errors


async def id_field_error(
    host: HostContext, name: str, existing: IntegrationConfig | None = None
) -> FieldError | None:
    """What is wrong with a custom field as the key of an integration; ``existing`` may keep its own."""
    own = existing.id if existing else None
    field = next((field for field in await host.custom_fields.list() if field.name == name), None)
    if field is None:
        return field_error(ID_FIELD, "field_missing", name=name)
    if field.type is not CustomFieldType.NUMERIC:
        return field_error(ID_FIELD, "field_not_numeric", name=name)
    user = host.integrations.fields_in_use(except_integration=own).get(name)
    if user is None and field.used_by is not None and field.used_by != own:
        user = field.used_by
    if user is not None:
        return field_error(ID_FIELD, "field_used", name=name, integration=user)
    return None


async def usable_id_field(host: HostContext, name: str) -> bool | None:
    """Whether the field is still there and numeric: somebody may have deleted it since the form was saved. ``None``
    when the host can't say for the moment.
    """
    try:
        fields = await host.custom_fields.list()
    except HostUnavailableError:
        return None
    return any(field.name == name and field.type is CustomFieldType.NUMERIC for field in fields)

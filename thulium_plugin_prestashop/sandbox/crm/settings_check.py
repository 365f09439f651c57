"""What is wrong with Other data: what any host can see, what the plugin says, and what would clash."""

from thulium_plugin_prestashop.contract.forms import FieldError, Form, Values
from thulium_plugin_prestashop.contract.integration import IntegrationConfig, IntegrationType
from thulium_plugin_prestashop.hosting import FieldClaimedError, Host
from thulium_plugin_prestashop.hosting.forms import check_values
from thulium_plugin_prestashop.sandbox.crm.errors import CrmError

NAME = "name"
"""The setting that an integration is called by, where its form has one."""


def integration_name(kind: IntegrationType, settings: Values) -> str:
    """What to call an integration with these settings: its own name, or its type's."""
    name = settings.get(NAME)
    return name.strip() if isinstance(name, str) and name.strip() else kind.title.en


async def find_errors(
    host: Host, form: Form, config: IntegrationConfig, existing: IntegrationConfig | None
) -> list[FieldError]:
    """All errors, at most one a field from each of: the form itself, the plugin, other integrations."""
    registry = host.integrations
    kind = registry.type(config.type)
    errors = check_values(form, config.settings)
    wrong = {error.field for error in errors}
    found = await kind.validate(registry.context(config.type), config.settings, existing=existing)
    errors += [error for error in found if error.field not in wrong]
    claimed = registry.fields_in_use(except_integration=config.id)
    id_field = kind.id_field(config.settings)
    if id_field in claimed and not errors:
        errors.append(claimed_error(form, config, FieldClaimedError(id_field, claimed[id_field])))
    others = {entry.config.name.casefold() for entry in registry.entries() if entry.config.id != config.id}
    if config.name.casefold() in others:
        taken = CrmError("integration.name_taken", name=config.name)
        errors.append(FieldError(NAME, taken.key, taken.message))
    return errors


def claimed_error(form: Form, config: IntegrationConfig, error: FieldClaimedError) -> FieldError:
    """The claim, on the field of the form that names the custom field."""
    field = next((each.key for each in form.fields if config.settings.get(each.key) == error.field), NAME)
    return FieldError(field, "field.claimed", error.message)

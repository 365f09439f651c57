"""Configuring an integration without pages: for command lines, services, tests, and as the order of steps for pages."""

from collections.abc import Sequence

from thulium_plugin_prestashop.contract.forms import FieldError, FieldKind, Value, Values
from thulium_plugin_prestashop.contract.integration import Integration, IntegrationConfig
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.hosting.forms import check_values, defaults
from thulium_plugin_prestashop.hosting.host import Host


class RefusedFormError(Exception):
    """A form was not accepted; ``errors`` are on their fields."""

    def __init__(self, errors: Sequence[FieldError], message: LocalizedText | None) -> None:
        words = [f"{error.field}: {error.message.en}" for error in errors]
        super().__init__("; ".join(words) or (message.en if message else "refused"))
        self.errors = tuple(errors)
        self.message = message


async def connect(host: Host, type_id: str, authorization: Values, settings: Values) -> Integration:
    """What an administrator does: authenticate, fill in Other data (what is not given is suggested, or default),
    save, start.

    Raises :class:`RefusedFormError`, and ``RuntimeError`` if the integration does not start.
    """
    kind, context = host.integrations.type(type_id), host.integrations.context(type_id)
    result = await kind.authenticate(context, authorization)
    if not result.ok:
        raise RefusedFormError(result.errors, result.message)
    form = await kind.settings_form(context, result.facts)
    values: dict[str, Value] = {**defaults(form), **result.suggested, **settings}
    if errors := [*check_values(form, values), *await kind.validate(context, values)]:
        raise RefusedFormError(errors, None)
    config = IntegrationConfig(
        id=await host.integrations.new_id(type_id),
        type=type_id,
        name=str(values.get("name") or type_id),
        authorization=result.authorization,
        settings=values,
        identity=result.identity,
        facts=result.facts,
        settings_version=form.version,
    )
    for field in kind.authorization_form.fields:
        if field.kind is FieldKind.SECRET:
            await context.secrets.put(config.secret_handle(field.key), str(authorization[field.key]))
    await host.integrations.add(config)
    entry = await host.integrations.start(config.id)
    if entry.integration is None:
        raise RuntimeError(entry.message.en if entry.message else f"{config.id} does not start")
    return entry.integration

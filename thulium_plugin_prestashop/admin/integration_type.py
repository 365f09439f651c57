"""PrestaShop in the gallery of integrations."""

from thulium_plugin_prestashop.admin.authentication import authenticate
from thulium_plugin_prestashop.admin.facts import Choices
from thulium_plugin_prestashop.admin.forms import authorization_form, settings_form
from thulium_plugin_prestashop.admin.integration import TYPE_ID, PrestaShopIntegration
from thulium_plugin_prestashop.admin.runtime import runtime_of
from thulium_plugin_prestashop.admin.settings import NewerSettingsError, upgrade
from thulium_plugin_prestashop.admin.validation import ID_FIELD, settings_of, validate
from thulium_plugin_prestashop.contract.errors import CannotStartError
from thulium_plugin_prestashop.contract.forms import FieldError, Form, Values
from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.integration import (
    Authentication,
    Integration,
    IntegrationConfig,
    OnFinding,
)
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.mirror.forget import remove_integration


class PrestaShopType:
    """See :class:`.contract.integration.IntegrationType`. It has no state of its own."""

    @property
    def id(self) -> str:
        """``prestashop``."""
        return TYPE_ID

    @property
    def category(self) -> str:
        """Section E-commerce of the gallery."""
        return "e-commerce"

    @property
    def title(self) -> LocalizedText:
        """The platform's name."""
        return MESSAGES.text("admin.type.title")

    @property
    def description(self) -> LocalizedText:
        """One sentence for the gallery."""
        return MESSAGES.text("admin.type.description")

    @property
    def authorization_form(self) -> Form:
        """See :func:`.forms.authorization_form`."""
        return authorization_form()

    @property
    def removal_note(self) -> LocalizedText:
        """What removing does to the data."""
        return MESSAGES.text("admin.type.removal_note")

    async def settings_form(self, host: HostContext, facts: dict[str, str]) -> Form:
        """See :func:`.forms.settings_form`; the company's time zone is the default."""
        return settings_form(Choices.from_facts(facts), time_zone=host.time_zone)

    async def authenticate(
        self,
        host: HostContext,
        authorization: Values,
        *,
        existing: IntegrationConfig | None = None,
        on_finding: OnFinding | None = None,
    ) -> Authentication:
        """See :mod:`.authentication`."""
        return await authenticate(host, authorization, existing=existing, on_finding=on_finding)

    async def validate(
        self, host: HostContext, settings: Values, *, existing: IntegrationConfig | None = None
    ) -> list[FieldError]:
        """See :mod:`.validation`."""
        return await validate(host, settings, existing=existing)

    def id_field(self, settings: Values) -> str | None:
        """The custom field that holds the PrestaShop ID, ``None`` while none is chosen."""
        value = settings.get(ID_FIELD)
        return value.strip() or None if isinstance(value, str) else None

    async def create(self, host: HostContext, config: IntegrationConfig) -> Integration:
        """Raises :class:`.settings.SettingsError` for stored settings that this version can't use, and
        :class:`~thulium_plugin_prestashop.contract.errors.CannotStartError` for those of a later version.
        """
        try:
            values = upgrade(config.settings, config.settings_version)
        except NewerSettingsError as error:
            raise CannotStartError(MESSAGES.text("admin.start.newer_settings", name=config.name)) from error
        settings = settings_of(host, values)
        return await PrestaShopIntegration.start(host, config, settings, runtime_of(host))

    async def remove(self, host: HostContext, config: IntegrationConfig, *, keep_data: bool) -> None:
        """Delete every row of it unless the administrator keeps the data."""
        if not keep_data:
            await remove_integration(runtime_of(host).mirror, config.id)

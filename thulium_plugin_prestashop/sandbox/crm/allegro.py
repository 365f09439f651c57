"""The CRM's own Allegro integration, as far as a plugin can tell: whether it runs and where it keeps logins."""

import attrs

from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.contract.host import AllegroIntegration
from thulium_plugin_prestashop.sandbox.crm.audit import Action, Audit
from thulium_plugin_prestashop.sandbox.crm.custom_fields import CustomFieldBook
from thulium_plugin_prestashop.sandbox.crm.errors import CrmError
from thulium_plugin_prestashop.sandbox.crm.storages import Preferences

NAME = "Allegro (demo)"
PREFERENCE = "allegro"


@attrs.frozen
class AllegroState:
    """The switch and the text field for the buyer's login."""

    running: bool = False
    login_field: str | None = None


class AllegroDemo:
    """A switch with a named text field: it reads nothing from Allegro, it lets the plugin find a place for logins."""

    name = NAME

    def __init__(self, preferences: Preferences, fields: CustomFieldBook, audit: Audit) -> None:
        self._preferences = preferences
        self._fields = fields
        self._audit = audit
        self._state = AllegroState()

    async def open(self) -> None:
        """Read how it was left."""
        stored = await self._preferences.get(PREFERENCE)
        self._state = AllegroState(**stored) if stored else AllegroState()

    async def integration(self) -> AllegroIntegration | None:
        """The contract's answer: the integration, if it runs."""
        return AllegroIntegration(self._state.login_field) if self._state.running else None

    def state(self) -> AllegroState:
        """How it is set."""
        return self._state

    async def start(self, login_field: str, actor: str) -> AllegroState:
        """Switch it on. Raises :class:`CrmError` on the field ``login_field`` unless it is a text field."""
        kinds = {field.name: field.type for field in await self._fields.list()}
        if login_field not in kinds:
            raise CrmError("allegro.field_missing", field="login_field")
        if kinds[login_field] is not CustomFieldType.TEXT:
            raise CrmError("allegro.field_not_text", field="login_field", name=login_field)
        return await self._set(AllegroState(running=True, login_field=login_field), "allegro.start", actor)

    async def stop(self, actor: str) -> AllegroState:
        """Switch it off; the field stays named."""
        return await self._set(attrs.evolve(self._state, running=False), "allegro.stop", actor)

    async def _set(self, state: AllegroState, action: Action, actor: str) -> AllegroState:
        await self._preferences.put(PREFERENCE, attrs.asdict(state))
        await self._audit.note(actor, action, NAME, field=state.login_field)
        self._state = state
        return state

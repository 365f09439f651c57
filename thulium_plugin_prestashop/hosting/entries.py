"""A configured integration as a host sees it."""

from datetime import datetime
from enum import Enum

import attrs

from thulium_plugin_prestashop.contract.integration import Integration, IntegrationConfig
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.hosting.locale import MESSAGES


class IntegrationState(Enum):
    """Whether an integration works here and now."""

    STOPPED = "stopped"
    RUNNING = "running"
    FAILED = "failed"
    """It should run and could not be started."""


@attrs.frozen
class IntegrationEntry:
    """A configured integration as it is now."""

    config: IntegrationConfig
    state: IntegrationState
    wanted: bool
    created_at: datetime
    message: LocalizedText | None = None
    """Why it failed."""
    integration: Integration | None = None
    """The integration itself while it runs."""


class FieldClaimedError(Exception):
    """Two integrations want the same custom field as their key."""

    def __init__(self, field: str, integration: str) -> None:
        super().__init__(f"{field} is the key of {integration}")
        self.field = field
        self.integration = integration
        self.message = MESSAGES.text("integration.field_claimed", field=field, integration=integration)

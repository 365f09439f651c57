"""What a host keeps of its integrations, and where."""

import itertools
from datetime import datetime
from typing import Protocol

import attrs

from thulium_plugin_prestashop.contract.integration import IntegrationConfig


@attrs.frozen
class StoredIntegration:
    """A configured integration. ``wanted``: it should run, also after the host has been started again."""

    config: IntegrationConfig
    wanted: bool
    created_at: datetime


class IntegrationStorage(Protocol):
    """Where integrations outlive the process."""

    async def load(self) -> list[StoredIntegration]:
        """All, oldest first."""
        ...

    async def new_id(self, type_id: str) -> str:
        """An id that was never given before."""
        ...

    async def save(self, stored: StoredIntegration) -> None:
        """Store or replace it."""
        ...

    async def delete(self, integration: str) -> None:
        """Forget it."""
        ...


class MemoryIntegrationStorage:
    """Integrations in memory, for hosts' tests."""

    def __init__(self) -> None:
        self.stored: dict[str, StoredIntegration] = {}
        self._numbers = itertools.count(1)

    async def load(self) -> list[StoredIntegration]:
        """All, oldest first."""
        return list(self.stored.values())

    async def new_id(self, type_id: str) -> str:
        """An id that was never given before."""
        return f"{type_id}-{next(self._numbers)}"

    async def save(self, stored: StoredIntegration) -> None:
        """Store or replace it."""
        self.stored[stored.config.id] = stored

    async def delete(self, integration: str) -> None:
        """Forget it."""
        self.stored.pop(integration, None)

"""The small parts of a host that the bridge takes from its settings."""

from collections.abc import Mapping

from thulium_plugin_prestashop.contract.host import AllegroIntegration


class ConfiguredSecrets:
    """The contract's ``Secrets``: those of the settings, in memory. What a plugin stores lasts as long as the process:
    the settings are the only place where secrets are kept.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._secrets = dict(secrets)

    async def get(self, handle: str) -> str | None:
        """The secret, or ``None`` when there is none."""
        return self._secrets.get(handle)

    async def put(self, handle: str, secret: str) -> None:
        """Store or replace it."""
        self._secrets[handle] = secret

    async def delete(self, handle: str) -> None:
        """Forget it; nothing happens if it is not there."""
        self._secrets.pop(handle, None)


class ConfiguredAllegro:
    """The contract's ``Allegro``: runs if the settings name its login field. Thulium's API tells nothing of it."""

    def __init__(self, login_field: str | None) -> None:
        self._login_field = login_field

    async def integration(self) -> AllegroIntegration | None:
        """The integration, or ``None`` when it does not run."""
        return AllegroIntegration(self._login_field) if self._login_field else None

"""Connecting the shops of the settings as an administrator would in the forms: authenticate, validate, configure."""

import hashlib
from collections.abc import Sequence

import orjson

from thulium_plugin_prestashop.contract.forms import Value
from thulium_plugin_prestashop.contract.integration import (
    Authentication,
    Finding,
    IntegrationConfig,
    IntegrationType,
)
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.hosting import FieldClaimedError, Host
from thulium_plugin_prestashop.thulium.config import ShopSettings
from thulium_plugin_prestashop.thulium.ledger import Ledger
from thulium_plugin_prestashop.thulium.words import MESSAGES


class ShopRefusedError(Exception):
    """A shop cannot be used as the settings have it; ``reasons`` are for the administrator."""

    def __init__(self, shop: str, reasons: Sequence[LocalizedText]) -> None:
        super().__init__(f"{shop}: {'; '.join(reason.en for reason in reasons)}")
        self.shop = shop
        self.reasons = tuple(reasons)

    @property
    def message(self) -> LocalizedText:
        """All reasons as one text."""
        return LocalizedText(
            en=" ".join(reason.en for reason in self.reasons),
            pl=" ".join(reason.pl for reason in self.reasons),
        )


class ShopConnector:
    """Configures shops in a host, and remembers what they said of themselves."""

    def __init__(self, host: Host, ledger: Ledger) -> None:
        self._host = host
        self._ledger = ledger
        self.findings: dict[str, tuple[Finding, ...]] = {}
        """What authentication found, by shop."""

    def type(self, shop: ShopSettings) -> IntegrationType:
        """The shop's integration type. Raises :class:`ShopRefusedError` when no plugin offers it."""
        try:
            return self._host.integrations.type(shop.type)
        except KeyError:
            raise ShopRefusedError(shop.id, [MESSAGES.text("shop.no_type", type=shop.type)]) from None

    async def connect(self, shop: ShopSettings) -> IntegrationConfig:
        """Authenticate, validate and configure one shop.

        A shop that cannot be reached now is configured with what it said last time, if it ever said something.
        Raises :class:`ShopRefusedError`.
        """
        offered = self.type(shop)
        context = self._host.integrations.context(shop.type)
        known = await self._known(shop)
        found = await offered.authenticate(
            context, {**shop.plain_authorization, **shop.secrets}, existing=known
        )
        self.findings[shop.id] = found.findings
        if found.ok:
            config = _config(shop, found)
            await self._ledger.keep_fact(f"shop/{shop.id}", _stored(config, _fingerprint(shop)))
        elif known is not None and not found.errors:
            config = known
        else:
            messages = [error.message for error in found.errors] or ([found.message] if found.message else [])
            raise ShopRefusedError(shop.id, messages or [MESSAGES.text("shop.refused")])
        errors = await offered.validate(context, config.settings, existing=config)
        if errors:
            raise ShopRefusedError(shop.id, [_on_field(error.field, error.message) for error in errors])
        if shop.id not in {entry.config.id for entry in self._host.integrations.entries()}:
            try:
                await self._host.integrations.add(config)
            except FieldClaimedError as error:
                raise ShopRefusedError(shop.id, [error.message]) from error
        return config

    async def _known(self, shop: ShopSettings) -> IntegrationConfig | None:
        stored = await self._ledger.fact(f"shop/{shop.id}")
        if not isinstance(stored, dict) or stored["settings_of"] != _fingerprint(shop):
            return None
        return IntegrationConfig(
            id=shop.id,
            type=shop.type,
            name=shop.name,
            authorization=stored["authorization"],
            settings={**stored["suggested"], **_settings(shop)},
            identity=stored["identity"],
            facts=stored["facts"],
        )


def _config(shop: ShopSettings, found: Authentication) -> IntegrationConfig:
    return IntegrationConfig(
        id=shop.id,
        type=shop.type,
        name=shop.name,
        authorization={key: value for key, value in found.authorization.items() if key not in shop.secrets},
        settings={**found.suggested, **_settings(shop)},
        identity=found.identity,
        facts=found.facts,
    )


def _settings(shop: ShopSettings) -> dict[str, Value]:
    return {"name": shop.name, **shop.form_settings}


def _on_field(field: str, message: LocalizedText) -> LocalizedText:
    return LocalizedText(en=f"{field}: {message.en}", pl=f"{field}: {message.pl}")


def _fingerprint(shop: ShopSettings) -> str:
    """Of the address alone: a new key for the same shop keeps what is known, another address does not."""
    plain = orjson.dumps(shop.plain_authorization, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(plain, digest_size=8).hexdigest()


def _stored(config: IntegrationConfig, settings_of: str) -> dict[str, object]:
    return {
        "settings_of": settings_of,
        "authorization": dict(config.authorization),
        "suggested": dict(config.settings),
        "identity": config.identity,
        "facts": dict(config.facts),
    }

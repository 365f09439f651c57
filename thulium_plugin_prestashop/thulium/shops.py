"""Connecting the shops of the settings as an administrator would in the forms: authenticate, validate, configure."""

import hashlib
from collections.abc import Mapping, Sequence

import attrs
import orjson

from thulium_plugin_prestashop.contract.forms import Form, Value
from thulium_plugin_prestashop.contract.integration import (
    Authentication,
    Finding,
    IntegrationConfig,
    IntegrationType,
)
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.hosting import FieldClaimedError, Host
from thulium_plugin_prestashop.hosting.forms import check_values, defaults, secret_fields
from thulium_plugin_prestashop.thulium.config import ShopSettings
from thulium_plugin_prestashop.thulium.ledger import Ledger
from thulium_plugin_prestashop.thulium.words import MESSAGES, placed


class ShopRefusedError(Exception):
    """A shop cannot be used as the settings have it; ``reasons`` are for the administrator."""

    def __init__(self, shop: str, reasons: Sequence[LocalizedText], *, passing: bool = False) -> None:
        super().__init__(f"{shop}: {'; '.join(reason.en for reason in reasons)}")
        self.shop = shop
        self.reasons = tuple(reasons)
        self.passing = passing
        """Whether it may be over by itself, with the same settings."""

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

        A shop that is out of reach now is configured with what it said last time, if it ever said something at this
        address: what is in the mirror is shown, and the runs say what is wrong. Raises :class:`ShopRefusedError`.
        """
        offered = self.type(shop)
        context = self._host.integrations.context(shop.type)
        _refuse(shop, _misplaced(shop, offered.authorization_form))
        known = await self._known(shop)
        found = await offered.authenticate(
            context,
            {**shop.plain_authorization, **shop.secrets},
            existing=known.config(shop) if known else None,
        )
        self.findings[shop.id] = found.findings
        if found.ok:
            known = _learned(shop, found, known)
            await self._ledger.keep_fact(f"shop/{shop.id}", attrs.asdict(known))
        elif known is None or not found.passing or known.settings_of != _fingerprint(shop):
            messages = [error.message for error in found.errors] or ([found.message] if found.message else [])
            raise ShopRefusedError(
                shop.id, messages or [MESSAGES.text("shop.refused")], passing=found.passing
            )
        form = await offered.settings_form(context, known.facts)
        _refuse(shop, _unknown_keys("settings", shop.settings, form))
        config = attrs.evolve(
            known.config(shop), settings={**defaults(form), **known.suggested, **_settings(shop)}
        )
        errors = await offered.validate(context, config.settings, existing=config)
        # The plugin's own words first: a host sees no more than that an option is none.
        errors += [
            error
            for error in check_values(form, config.settings)
            if error.field not in {wrong.field for wrong in errors}
        ]
        _refuse(shop, [placed(error.field, error.message) for error in errors])
        if shop.id not in {entry.config.id for entry in self._host.integrations.entries()}:
            try:
                await self._host.integrations.add(config)
            except FieldClaimedError as error:
                raise ShopRefusedError(shop.id, [error.message]) from error
        return config

    async def _known(self, shop: ShopSettings) -> "_Known | None":
        stored = await self._ledger.fact(f"shop/{shop.id}")
        return _Known(**stored) if isinstance(stored, dict) else None


@attrs.frozen
class _Known:
    """What a shop said of itself when it was last reached. ``settings_of`` tells at which address that was."""

    settings_of: str
    authorization: dict[str, Value]
    suggested: dict[str, Value]
    identity: str
    facts: dict[str, str]

    def config(self, shop: ShopSettings) -> IntegrationConfig:
        """The integration as a host stores it."""
        return IntegrationConfig(
            id=shop.id,
            type=shop.type,
            name=shop.name,
            authorization=self.authorization,
            settings={**self.suggested, **_settings(shop)},
            identity=self.identity,
            facts=self.facts,
        )


def _learned(shop: ShopSettings, found: Authentication, known: _Known | None) -> _Known:
    return _Known(
        settings_of=_fingerprint(shop),
        authorization={key: value for key, value in found.authorization.items() if key not in shop.secrets},
        # Made once, when a form is filled in for the first time; a settings file is never filled in for good.
        suggested={**(known.suggested if known else {}), **found.suggested},
        identity=found.identity,
        facts=dict(found.facts),
    )


def _refuse(shop: ShopSettings, reasons: Sequence[LocalizedText]) -> None:
    if reasons:
        raise ShopRefusedError(shop.id, reasons)


def _misplaced(shop: ShopSettings, form: Form) -> list[LocalizedText]:
    """Secrets that stand in the file as themselves, and keys that are no field."""
    secret = secret_fields(form)
    bare = [key for key in secret if key in shop.authorization and key not in shop.secrets]
    return [
        *(MESSAGES.text("shop.bare_secret", field=key) for key in bare),
        *_unknown_keys("authorization", shop.authorization, form),
    ]


def _unknown_keys(place: str, values: Mapping[str, object], form: Form) -> list[LocalizedText]:
    fields = [field.key for field in form.fields]
    return [
        MESSAGES.text("shop.no_field", place=place, field=key, known=", ".join(fields))
        for key in values
        if key not in fields
    ]


def _settings(shop: ShopSettings) -> dict[str, Value]:
    return {"name": shop.name, **shop.form_settings}


def _fingerprint(shop: ShopSettings) -> str:
    """Of the address: a shop that is out of reach at another one may be another shop."""
    plain = orjson.dumps(shop.plain_authorization, option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(plain, digest_size=8).hexdigest()

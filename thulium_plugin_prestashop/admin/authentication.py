"""Authenticate: try address and key, and say what is wrong on the field where it is put right."""

import re
from collections.abc import Iterator, Mapping

import attrs
import orjson

from thulium_plugin_prestashop.admin import facts
from thulium_plugin_prestashop.admin.explain import explained, sentence
from thulium_plugin_prestashop.admin.forms import FILL
from thulium_plugin_prestashop.contract.forms import CustomFieldType, FieldError, Value, Values
from thulium_plugin_prestashop.contract.host import Egress, HostContext
from thulium_plugin_prestashop.contract.integration import (
    Authentication,
    Finding,
    FindingState,
    IntegrationConfig,
    OnFinding,
)
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.locale import MESSAGES
from thulium_plugin_prestashop.transport.egress import EgressPolicy
from thulium_plugin_prestashop.transport.errors import RemoteError
from thulium_plugin_prestashop.transport.http import HttpClient
from thulium_plugin_prestashop.webservice import preflight as checks
from thulium_plugin_prestashop.webservice.address import InvalidAddressError, ShopAddress
from thulium_plugin_prestashop.webservice.client import WebserviceClient
from thulium_plugin_prestashop.webservice.messages import describe
from thulium_plugin_prestashop.webservice.query import COUNTRIES, ORDER_STATES, Query

ADDRESS = "address"
API_KEY = "api_key"

# Of what is wrong with access, only these are the server's doing; all else is in the key.
_OF_THE_ADDRESS = re.compile(r"(?!auth\.)|auth\.(?:header_stripped|password_wall|method)")
_OUT_OF_REACH = frozenset({"net.dns", "net.refused", "net.unreachable", "net.timeout", "net.reset"})
_STATES = {"error": FindingState.ERROR, "warning": FindingState.WARNING, "info": FindingState.OK}
_MOST_ROWS = 500


def egress_policy(egress: Egress) -> EgressPolicy:
    """The host's egress rules as the transport takes them."""
    return EgressPolicy(allow_private=egress.allow_private, allowed_hosts=egress.allowed_hosts)


@attrs.frozen
class _Typed:
    """Authorization data that can be tried."""

    address: ShopAddress
    key: str = attrs.field(repr=False)


async def authenticate(
    host: HostContext,
    authorization: Values,
    *,
    existing: IntegrationConfig | None = None,
    on_finding: OnFinding | None = None,
) -> Authentication:
    """See :meth:`.contract.integration.IntegrationType.authenticate`."""
    typed = await _read(host, authorization, existing)
    if isinstance(typed, list):
        return Authentication(ok=False, findings=(), errors=tuple(typed), message=_text("failed"))
    tell = on_finding or (lambda _: None)
    async with HttpClient(egress_policy(host.egress)) as http:
        checked = await checks.preflight(
            typed.address,
            typed.key,
            http,
            on_finding=lambda finding: tell(_finding(finding)),
            clock=host.clock.now,
        )
        if not checked.ok:
            return _refused(checked)
        if existing is not None and not checks.same_shop(existing.identity, checked.identity):
            return _another_shop(typed, existing, checked)
        choices = await _choices(host, typed, http, checked)
    passed = tuple(_passed(checked))
    for finding in passed:
        tell(finding)
    learned = {
        facts.SHOP_NAME: checked.shop_name,
        facts.VERSION: checked.version or "",
        facts.CLIENT: orjson.dumps(dict(checked.facts)).decode(),
        **choices.to_facts(),
    }
    return Authentication(
        ok=True,
        findings=(*passed, *map(_finding, checked.findings)),
        authorization={ADDRESS: typed.address.base_url},
        identity=checked.identity or (existing.identity if existing else ""),
        facts={key: value for key, value in learned.items() if value},
        suggested=await _suggested(host, checked) if existing is None else {},
        message=_connected(checked),
    )


async def _read(
    host: HostContext, authorization: Values, existing: IntegrationConfig | None
) -> _Typed | list[FieldError]:
    """What was typed, or everything that is wrong with it before anybody is asked."""
    errors: list[FieldError] = []
    address: ShopAddress | None = None
    try:
        address = ShopAddress.parse(str(authorization.get(ADDRESS) or ""))
    except InvalidAddressError as error:
        errors.append(FieldError(ADDRESS, error.key, sentence(error.key)))
    key = str(authorization.get(API_KEY) or "").strip()
    if not key and existing is not None:
        key = (await host.secrets.get(existing.secret_handle(API_KEY)) or "").strip()
    if not key:
        errors.append(FieldError(API_KEY, "auth.key_empty", sentence("auth.key_empty")))
    if address is None or not key:
        return errors
    return _Typed(address, key)


def _finding(finding: checks.Finding) -> Finding:
    message, hint = explained(finding.key, finding.params)
    return Finding(finding.key, _STATES[finding.severity], message, hint, finding.resource)


def _passed(checked: checks.Preflight) -> Iterator[Finding]:
    yield Finding("connection.ok", FindingState.OK, _connected(checked))
    for resource in sorted(name for name, granted in checked.permissions.items() if granted):
        text = MESSAGES.text("admin.authentication.permission", resource=resource)
        yield Finding("permission.ok", FindingState.OK, text, resource=resource)


def _refused(checked: checks.Preflight) -> Authentication:
    """The first error of each field leads; the others follow, one message for each."""
    errors = tuple(
        FieldError(
            ADDRESS if _OF_THE_ADDRESS.match(finding.key) else API_KEY,
            finding.key,
            sentence(finding.key, finding.params),
        )
        for finding in checked.findings
        if finding.severity == "error"
    )
    granted = any(checked.permissions.values())
    findings = (*(_passed(checked) if granted else ()), *map(_finding, checked.findings))
    return Authentication(
        ok=False,
        findings=findings,
        errors=errors,
        message=_text("failed"),
        passing=all(_may_pass(finding) for finding in checked.findings if finding.severity == "error"),
    )


def _may_pass(finding: checks.Finding) -> bool:
    """A server that is not there at the moment may be back later with the address as it is."""
    return finding.key in _OUT_OF_REACH or describe(finding.key, finding.params).passing


def _another_shop(typed: _Typed, existing: IntegrationConfig, checked: checks.Preflight) -> Authentication:
    message = _text(
        "other_shop",
        found=checked.shop_name or typed.address.host,
        kept=existing.facts.get(facts.SHOP_NAME) or existing.name,
    )
    moved = typed.address.base_url != existing.authorization.get(ADDRESS)
    return Authentication(
        ok=False,
        findings=(Finding("identity.other_shop", FindingState.ERROR, message),),
        errors=(FieldError(ADDRESS if moved else API_KEY, "identity.other_shop", message),),
        message=_text("failed"),
    )


async def _choices(
    host: HostContext, typed: _Typed, http: HttpClient, checked: checks.Preflight
) -> facts.Choices:
    """Shops and order states to choose. They are a convenience: a shop that fails now is asked by the first run."""
    client = WebserviceClient(typed.address, typed.key, http, facts=checked.facts, clock=host.clock.now)
    try:
        states = await client.fetch(Query(ORDER_STATES, limit=_MOST_ROWS))
        countries = await client.fetch(Query(COUNTRIES, limit=_MOST_ROWS))
    except RemoteError:
        return facts.Choices.of(checked.shops, (), ())
    return facts.Choices.of(checked.shops, states.records, countries.records)


async def _suggested(host: HostContext, checked: checks.Preflight) -> Mapping[str, Value]:
    """Values for the second form, most of them good as they are."""
    used = host.integrations.fields_in_use()
    free = [
        field.name
        for field in await host.custom_fields.list()
        if field.type is CustomFieldType.NUMERIC and field.name not in used and field.used_by is None
    ]
    named = [name for name in free if "prestashop" in name.casefold()]
    return {
        "name": checked.shop_name,
        "id_field": (named or free)[0] if len(named or free) == 1 else "",
        "shops": [],
        "time_zone": host.time_zone,
        "since": "",
        "guests": True,
        "hidden_states": [],
        "existing_customers": FILL,
        "login_pattern": "",
    }


def _connected(checked: checks.Preflight) -> LocalizedText:
    if checked.version:
        return _text("ok", shop=checked.shop_name, version=checked.version)
    return _text("ok_versionless", shop=checked.shop_name)


def _text(key: str, **values: object) -> LocalizedText:
    return MESSAGES.text(f"admin.authentication.{key}", **values)

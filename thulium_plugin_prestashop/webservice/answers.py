"""One table from what a shop answers to whose turn it is.

The webservice's own codes come first (its status is not always telling: on PHP 8 a refused field is a 500), then
the HTTP status, then what kind of body came. The first code that is not a PHP message counts: the true error
stands first and PHP warnings follow.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Final, TypeAlias

from yarl import URL

from thulium_plugin_prestashop.transport.errors import (
    AdministratorMustAct,
    OurFault,
    RemoteError,
    TimeWillTell,
)
from thulium_plugin_prestashop.transport.http import Answer
from thulium_plugin_prestashop.transport.retry import parse_retry_after
from thulium_plugin_prestashop.webservice.address import ShopAddress
from thulium_plugin_prestashop.webservice.bodies import Document, Kind, ShopError

Rule: TypeAlias = tuple[type[RemoteError], str]

PHP_MESSAGES: Final = frozenset(range(2, 16))
"""Codes of PHP notices, warnings and deprecations that PrestaShop turned into errors."""

UNKNOWN_FIELD: Final = 35

CODES: Final[Mapping[int, Rule]] = MappingProxyType(
    {
        17: (AdministratorMustAct, "auth.key_empty"),
        18: (AdministratorMustAct, "auth.key_format"),
        20: (AdministratorMustAct, "auth.key_unknown"),
        21: (AdministratorMustAct, "auth.no_permissions"),
        22: (AdministratorMustAct, "shop.webservice_off"),
        25: (AdministratorMustAct, "auth.method"),
        26: (AdministratorMustAct, "auth.permission"),
        27: (OurFault, "query.no_resource"),
        97: (TimeWillTell, "shop.database"),
        126: (AdministratorMustAct, "auth.key_class"),
        131: (AdministratorMustAct, "auth.shop"),
        132: (AdministratorMustAct, "auth.shop"),
        999: (AdministratorMustAct, "shop.unknown_scope"),
        **dict.fromkeys(PHP_MESSAGES, (TimeWillTell, "shop.php")),
        **dict.fromkeys((23, 101, *range(28, 40), *range(78, 82)), (OurFault, "query.rejected")),
    }
)

STATUSES: Final[Mapping[int, Rule]] = MappingProxyType(
    {
        400: (OurFault, "query.rejected"),
        401: (AdministratorMustAct, "auth.password_wall"),
        402: (AdministratorMustAct, "shop.hosting"),
        403: (AdministratorMustAct, "shop.blocked"),
        404: (AdministratorMustAct, "address.api_missing"),
        405: (AdministratorMustAct, "shop.blocked"),
        406: (AdministratorMustAct, "shop.blocked"),
        407: (AdministratorMustAct, "shop.blocked"),
        408: (TimeWillTell, "shop.gateway"),
        410: (AdministratorMustAct, "address.api_missing"),
        414: (OurFault, "query.too_long"),
        429: (TimeWillTell, "shop.rate_limited"),
        431: (OurFault, "query.too_long"),
        500: (TimeWillTell, "shop.failed"),
        502: (TimeWillTell, "shop.gateway"),
        503: (TimeWillTell, "shop.unavailable"),
        504: (TimeWillTell, "shop.gateway"),
        509: (TimeWillTell, "shop.rate_limited"),
    }
)
_CDN_TROUBLE: Final = range(520, 531)

BODIES: Final[Mapping[Kind, Rule]] = MappingProxyType(
    {
        Kind.EMPTY: (TimeWillTell, "answer.empty"),
        Kind.HTML: (AdministratorMustAct, "address.not_prestashop"),
        Kind.TEXT: (AdministratorMustAct, "address.not_prestashop"),
        Kind.TRUNCATED: (TimeWillTell, "answer.truncated"),
        Kind.BROKEN: (OurFault, "answer.unreadable"),
        Kind.ROOT: (OurFault, "answer.unreadable"),
    }
)
"""What a 200 becomes that holds no rows."""

_CHALLENGES: Final = (b"cf-chl", b"challenge-platform", b"Just a moment", b"captcha", b"Attention Required")


def judge(
    answer: Answer, document: Document, *, resource: str, address: ShopAddress, now: datetime
) -> RemoteError | None:
    """The error that an answer is, ``None`` when its rows (or the root listing) can be used."""
    rule, code = _rule(answer, document, resource)
    if rule is None:
        return None
    kind, key = rule
    params: dict[str, str | int | float] = {"status": answer.status}
    if resource:
        params["resource"] = resource
    if code is not None:
        params["code"] = code
    if is_redirect(answer):
        key, to = redirect(answer, address)
        params["to"] = to
    else:
        params["host"] = address.host
    wait = parse_retry_after(answer.header("retry-after"), now)
    return kind(key, retry_after=wait, **params)


def _rule(answer: Answer, document: Document, resource: str) -> tuple[Rule | None, int | None]:
    if document.errors:
        return _reported(document, answer.status)
    if answer.status == HTTPStatus.OK:
        if document.kind is Kind.ROWS or (document.kind is Kind.ROOT and not resource):
            return None, None
        return _challenged(answer) or BODIES[document.kind], None
    return _unreported(answer), None


def _unreported(answer: Answer) -> Rule:
    """The rule for an answer that is no 200 and carries no error of the webservice."""
    status = answer.status
    if is_redirect(answer):
        return AdministratorMustAct, "address.redirect"
    if header_stripped(answer):
        return AdministratorMustAct, "auth.header_stripped"
    if status == HTTPStatus.NOT_FOUND and answer.header("psws-version"):
        return OurFault, "query.no_record"
    if status in _CDN_TROUBLE:
        return TimeWillTell, "shop.cdn"
    return _challenged(answer) or STATUSES.get(status) or _by_class(status)


def _reported(document: Document, status: int) -> tuple[Rule | None, int | None]:
    codes = [error.code for error in document.errors]
    true = next((code for code in codes if code is not None and code not in PHP_MESSAGES), None)
    if true is not None:
        return CODES.get(true) or STATUSES.get(status) or _by_class(status), true
    if document.rows and all(code in PHP_MESSAGES for code in codes):
        # PHP complained while the rows were written; in JSON they are all there.
        return None, None
    if codes[0] is not None:
        return CODES[codes[0]], codes[0]
    return STATUSES.get(status) or _by_class(status), None


def _by_class(status: int) -> Rule:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TimeWillTell, "shop.failed"
    if status >= HTTPStatus.BAD_REQUEST:
        return AdministratorMustAct, "shop.blocked"
    return OurFault, "answer.unreadable"


def _challenged(answer: Answer) -> Rule | None:
    """A firewall's or CDN's page in place of the shop."""
    body = answer.body[:20_000]
    if any(mark in body for mark in _CHALLENGES) or answer.header("cf-mitigated"):
        return AdministratorMustAct, "shop.blocked"
    return None


def is_redirect(answer: Answer) -> bool:
    """Whether the answer sends us somewhere else; we never go."""
    return HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST


def header_stripped(answer: Answer) -> bool:
    """Whether PrestaShop saw no key at all: it then writes plain text before anything else runs."""
    return (
        answer.status == HTTPStatus.UNAUTHORIZED and answer.body.strip()[:16].lower() == b"401 unauthorized"
    )


def redirect(answer: Answer, address: ShopAddress) -> tuple[str, str]:
    """What a redirect means and the origin it points to; never its query, which may hold the key."""
    location = answer.header("location")
    if not location:
        return "address.redirect", ""
    try:
        target = URL(location)
        if not target.absolute:
            target = URL(address.base_url).join(target)
        host, to = target.host or "", f"{target.scheme}://{target.host_port_subcomponent or target.host}"
    except ValueError:
        return "address.redirect", ""
    asked_port = address.port or {"http": 80, "https": 443}[address.scheme]
    rules: tuple[tuple[Callable[[], bool], str], ...] = (
        (
            lambda: host == address.host and target.scheme != address.scheme,
            f"address.redirect_{target.scheme}",
        ),
        (
            lambda: host.removeprefix("www.") == address.host.removeprefix("www.") != host,
            "address.redirect_www",
        ),
        (lambda: "www." + host == address.host, "address.redirect_www"),
        (lambda: host != address.host or target.port != asked_port, "address.redirect_host"),
        (lambda: "id_shop" in target.query or "id_group_shop" in target.query, "shop.unknown_scope"),
        (lambda: target.path.rstrip("/") in ("", address.path), "address.redirect_front"),
    )
    return next((key for applies, key in rules if applies()), "address.redirect"), to


def refused_field(errors: tuple[ShopError, ...]) -> str | None:
    """The field that a shop says it does not know (code 35), ``""`` when it does not say which."""
    for error in errors:
        if error.code == UNKNOWN_FIELD:
            before, _, rest = error.message.partition('"')
            return rest.partition('"')[0] if before else ""
    return None

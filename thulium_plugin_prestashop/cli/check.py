"""``check``: the preflight, printed."""

from typing import Any

from rich.text import Text

from thulium_plugin_prestashop.cli.console import Console, Exit
from thulium_plugin_prestashop.transport.egress import EgressPolicy
from thulium_plugin_prestashop.transport.http import HttpClient
from thulium_plugin_prestashop.webservice.address import InvalidAddressError, ShopAddress
from thulium_plugin_prestashop.webservice.messages import Severity, describe
from thulium_plugin_prestashop.webservice.preflight import Finding, Preflight, preflight
from thulium_plugin_prestashop.webservice.query import RESOURCES

MARKS: dict[Severity, tuple[str, str]] = {
    "info": ("i", "cyan"),
    "warning": ("!", "yellow"),
    "error": ("✗", "red"),
}
LATER = frozenset({"shop", "network"})
"""First part of the keys of errors that time may mend; all others somebody must."""


async def check(console: Console, url: str, key: str, *, allow_private: bool) -> Exit:
    """Try ``url`` with ``key`` and say what was found; findings appear as they are made."""

    def show(finding: Finding) -> None:
        if not console.json:
            _print_finding(console, finding)

    try:
        address = ShopAddress.parse(url)
    except InvalidAddressError as error:
        finding = Finding(error.key, "error")
        show(finding)
        found = Preflight(
            ok=False, version=None, permissions=dict.fromkeys(RESOURCES, False), findings=(finding,)
        )
    else:
        async with HttpClient(EgressPolicy(allow_private=allow_private)) as http:
            found = await preflight(address, key, http, on_finding=show)
        if not console.json:
            _print_summary(console, address, found)
    if console.json:
        console.answer(as_json(found, console.locale))
    return exit_status(found)


def exit_status(found: Preflight) -> Exit:
    """Done, or: somebody must change something, unless the only trouble is of the kind that passes."""
    errors = [finding for finding in found.findings if finding.severity == "error"]
    if not errors:
        return Exit.DONE
    passing = all(describe(finding.key, finding.params).passing for finding in errors)
    return Exit.FAILED if passing else Exit.CHANGE_SOMETHING


def as_json(found: Preflight, locale: str) -> dict[str, Any]:
    """The shape that other programs rely on."""

    def entry(finding: Finding) -> dict[str, Any]:
        words = describe(finding.key, finding.params)
        resource = {} if finding.resource is None else {"resource": finding.resource}
        return {
            "key": finding.key,
            **resource,
            "message": words.text[locale],
            "hint": words.hint[locale],
        }

    return {
        "ok": found.ok,
        "version": found.version,
        "shop": found.shop_name,
        "permissions": dict(found.permissions),
        "problems": [entry(finding) for finding in found.findings if finding.severity == "error"],
        "warnings": [entry(finding) for finding in found.findings if finding.severity == "warning"],
    }


def _print_finding(console: Console, finding: Finding) -> None:
    words = describe(finding.key, finding.params)
    mark, colour = MARKS[finding.severity]
    console.out.print(Text.assemble((f"{mark} ", f"bold {colour}"), words.text[console.locale]))
    if words.hint[console.locale]:
        console.out.print(Text(f"  → {words.hint[console.locale]}", style="dim"))


def _print_summary(console: Console, address: ShopAddress, found: Preflight) -> None:
    if any(found.permissions.values()):
        for resource, granted in found.permissions.items():
            mark = ("✓ ", "bold green") if granted else ("✗ ", "bold red")
            console.out.print(Text.assemble("  ", mark, f"GET {resource}"))
    key = "check.ok" if found.ok else "check.not_ok"
    console.out.print(
        Text(
            console.word(key, address=str(address), name=found.shop_name, version=found.version or "?"),
            style="bold green" if found.ok else "bold",
        )
    )

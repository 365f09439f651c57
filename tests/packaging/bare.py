"""The plugin's life without any package that only an extra brings: ``python bare.py DIRECTORY``; prints what it did."""

# ruff: noqa: PLC0415 - imports come after the finder that hides the extras

import asyncio
import importlib.abc
import json
import sys
from pathlib import Path

EXTRAS = frozenset(
    {
        "typer",
        "rich",
        "jinja2",
        "argon2",
        "cryptography",
        "prometheus_client",
        "pytest",
        "hypothesis",
        "griffe",
        "uvloop",
    }
)


class NotInstalled(importlib.abc.MetaPathFinder):
    """Finds none of the extras' packages, as in an environment that lacks them."""

    def find_spec(self, fullname: str, *_: object) -> None:
        """Say so for them, and leave all others to the next finder."""
        if fullname.partition(".")[0] in EXTRAS:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


async def live(directory: Path) -> dict[str, object]:
    """Connect, synchronise, show."""
    from thulium_plugin_prestashop.contract.views import Viewer
    from thulium_plugin_prestashop.sandbox.shop import DemoShop
    from thulium_plugin_prestashop.testing import FakeHost

    async with DemoShop(customers=10, orders=20) as shop, FakeHost(directory) as fake:
        form = {"address": shop.url, "api_key": shop.key}
        integration = await fake.connect("prestashop", form, {"id_field": "PrestaShop ID"})
        finished = await fake.run(integration.id)
        cards = fake.customers.records
        tabs = [tab for card in cards for tab in await fake.host.load_tabs(card, Viewer("en"))]
        return {"ok": finished.ok, "orders": sum(tab.table.total for tab in tabs if tab.matches)}


def main() -> None:
    """Live, then ask for the command line, which says what it lacks."""
    sys.meta_path.insert(0, NotInstalled())
    told = asyncio.run(live(Path(sys.argv[1])))
    from thulium_plugin_prestashop.cli import main as command_line

    sys.argv = ["thulium-prestashop", "check", "https://shop.example"]
    try:
        command_line()
    except SystemExit as ended:
        told["status"] = ended.code
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()

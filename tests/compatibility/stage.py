"""The shop and the host that the databases of released versions come from.

``python -m tests.compatibility.stage`` writes what this version leaves behind into the folder of its version. Run it
after a change of the tables, until the version is released; folders of released versions never change, and it refuses
to write them.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import attrs
import cattrs

from thulium_plugin_prestashop.contract.customers import Customer
from thulium_plugin_prestashop.contract.integration import IntegrationConfig
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.testing import FakeHost

RELEASES = Path(__file__).parent / "releases"
CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"
DATABASE = Path("prestashop") / "prestashop.db"


def shop() -> DemoShop:
    """The same shop for every version."""
    return DemoShop(customers=8, orders=20, seed=5, until=datetime(2026, 11, 1))  # noqa: DTZ001 - wall-clock of the shop


def as_data(config: IntegrationConfig) -> dict[str, Any]:
    """A configured integration as a host stores it."""
    return attrs.asdict(config)


def customer(data: dict[str, Any]) -> Customer:
    """A customer as the host held it."""
    return cattrs.structure(data, Customer)


async def _leave(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        async with shop() as selling, FakeHost(Path(directory)) as fake:
            authorization = {"address": selling.url, "api_key": selling.key}
            integration = await fake.connect("prestashop", authorization, {"id_field": "PrestaShop ID"})
            finished = await fake.run(integration.id)
            if not finished.ok:
                raise RuntimeError(f"the synchronisation failed: {finished}")
            host = {
                "config": as_data(integration.config),
                "customers": [attrs.asdict(record) for record in fake.customers.records.values()],
            }
        await asyncio.to_thread(_write, folder, Path(directory) / DATABASE, host)


def _write(folder: Path, file: Path, host: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as database:
        (folder / "mirror.sql").write_text("\n".join(database.iterdump()) + "\n", encoding="utf-8")
    (folder / "host.json").write_text(json.dumps(host, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Write the folder of this version. Ends with a sentence when the changelog calls it released."""
    this = version("thulium-plugin-prestashop")
    if f"\n## {this} (unreleased)\n" not in CHANGELOG.read_text(encoding="utf-8"):
        sys.exit(
            f"{this} is released: what it left behind does not change. Give the next version its number first."
        )
    asyncio.run(_leave(RELEASES / this))


if __name__ == "__main__":
    main()

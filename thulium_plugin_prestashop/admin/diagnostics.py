"""A diagnostics file for support: only what is listed here, so nothing secret or personal can slip in.

Names of shops and integrations, addresses and custom fields are left out too: the file travels by e-mail.
"""

import platform
import sqlite3
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

from thulium_plugin_prestashop.admin.facts import VERSION
from thulium_plugin_prestashop.admin.settings import Settings
from thulium_plugin_prestashop.contract import CONTRACT_VERSION
from thulium_plugin_prestashop.contract.integration import IntegrationConfig, SetAsideRecord
from thulium_plugin_prestashop.mirror.overview import Volumes
from thulium_plugin_prestashop.mirror.runlog import Run
from thulium_plugin_prestashop.mirror.state import ShopState

_PACKAGES: Final = (
    "thulium-plugin-prestashop",
    "aiohttp",
    "aiosqlite",
    "sqlalchemy",
    "attrs",
    "cattrs",
    "orjson",
)
_CLIENT_FACTS: Final = ("version", "format", "key_in_query", "dispatcher", "refused")
_FIGURE_TYPES: Final = (int, float)


def diagnostics(
    config: IntegrationConfig,
    settings: Settings,
    *,
    state: ShopState,
    runs: Sequence[Run],
    set_aside: Sequence[SetAsideRecord],
    volumes: Volumes,
) -> dict[str, object]:
    """Versions, settings without names, what the client learned, the last runs, what was set aside and why."""
    address = str(config.authorization.get("address") or "")
    return {
        "software": {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "contract": CONTRACT_VERSION,
            **{package: version(package) for package in _PACKAGES},
        },
        "shop": {
            "prestashop": config.facts.get(VERSION),
            "scheme": address.partition("://")[0],
            "sub_folder": address.count("/") > 2,  # noqa: PLR2004 - the two of https://
            "client": _pick(state.facts, _CLIENT_FACTS),
        },
        "settings": {
            "time_zone": settings.time_zone.key,
            "shops": sorted(settings.shops),
            "since": settings.since.isoformat() if settings.since else None,
            "guests": settings.guests,
            "hidden_states": sorted(settings.hidden_states),
            "fill_existing": settings.fill_existing,
            "login_pattern": settings.login_pattern is not None,
        },
        "mirror": {
            "customers": volumes.customers,
            "orders": volumes.orders,
            "set_aside": volumes.set_aside,
            "last_success": state.last_success,
            "last_sweep": state.last_sweep,
            "shop_clock": state.shop_clock,
            "host_clock": state.host_clock,
        },
        "runs": [_run(run) for run in runs],
        "set_aside": [
            {"resource": record.resource, "id": record.id, "tries": record.tries, "reason": record.reason.en}
            for record in set_aside
        ],
    }


def _pick(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _run(run: Run) -> dict[str, object]:
    """A run without its sentence, which names the integration; of the figures only numbers."""
    return {
        "id": run.id,
        "started": run.started,
        "finished": run.finished,
        "mode": run.mode,
        "trigger": run.trigger,
        "outcome": run.outcome,
        "error": run.error,
        "figures": {name: value for name, value in run.figures.items() if isinstance(value, _FIGURE_TYPES)},
    }

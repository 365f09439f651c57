"""What is learned about one shop and worth remembering until the next run."""

from collections.abc import Mapping
from typing import Any, Self

import attrs

from thulium_plugin_prestashop.webservice.bodies import Format


@attrs.define
class ShopFacts:
    """Learned from answers, never from settings.

    ``version`` is ``PSWS-Version``; ``format`` becomes XML where JSON proved broken; ``key_in_query`` where the
    Authorization header does not arrive; ``dispatcher`` where there is no URL rewriting; ``refused`` holds, by
    resource, fields that this shop does not know; ``known_ids`` one id by resource that was seen to exist.
    """

    version: str | None = None
    format: Format = Format.JSON
    key_in_query: bool = False
    dispatcher: bool = False
    refused: dict[str, set[str]] = attrs.Factory(dict)
    known_ids: dict[str, int] = attrs.Factory(dict)
    json_failures: int = 0

    def export(self) -> dict[str, Any]:
        """A small JSON-ready dict for :meth:`restore`."""
        return {
            "version": self.version,
            "format": self.format.value,
            "key_in_query": self.key_in_query,
            "dispatcher": self.dispatcher,
            "refused": {name: sorted(fields) for name, fields in self.refused.items()},
            "known_ids": dict(self.known_ids),
        }

    @classmethod
    def restore(cls, exported: Mapping[str, Any] | None) -> Self:
        """The facts of an earlier run; anything missing or odd is learned again."""
        if not isinstance(exported, Mapping):
            return cls()
        refused, known = exported.get("refused"), exported.get("known_ids")
        version = exported.get("version")
        return cls(
            version=version if isinstance(version, str) else None,
            format=Format.XML if exported.get("format") == "XML" else Format.JSON,
            key_in_query=exported.get("key_in_query") is True,
            dispatcher=exported.get("dispatcher") is True,
            refused={name: set(fields) for name, fields in refused.items()}
            if isinstance(refused, dict)
            else {},
            known_ids=dict(known) if isinstance(known, dict) else {},
        )

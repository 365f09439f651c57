"""No name that hosts rely on changes unannounced."""

import difflib

import pytest

from tests.api.snapshot import FILE, public_api


def test_the_public_api_is_the_one_that_was_announced() -> None:
    announced, now = FILE.read_text(encoding="utf-8"), public_api()
    if announced != now:
        lines = difflib.unified_diff(
            announced.splitlines(), now.splitlines(), "announced", "now", "", "", 0, ""
        )
        pytest.fail(
            "The public API changed:\n"
            + "\n".join(lines)
            + "\nIf that is meant, say it in CHANGELOG.md (and mind CONTRACT_VERSION), then run "
            "python -m tests.api.snapshot",
            pytrace=False,
        )


def test_the_snapshot_holds_what_it_should() -> None:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    for expected in (
        "contract.CONTRACT_VERSION = ",
        "contract.customers.Customers.find(self, lookups: Sequence[Lookup]) -> list[list[Customer]] async",
        "contract.customers.Outcome.changed: bool = True",
        "contract.hookspecs.thulium_startup(host: HostContext) -> Awaitable[None] | None",
        "contract.integration.IntegrationType.id_field(self, settings: Values) -> str | None",
        "hosting.host.Host.context(self, plugin: str) -> HostContext",
        "class testing.suites.HostSuite(",
    ):
        assert any(line.startswith(expected) for line in lines), expected

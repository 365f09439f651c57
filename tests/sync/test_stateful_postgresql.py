"""The cursor's promise once more, with the mirror in PostgreSQL; fewer examples, for it is the same code."""

import asyncio
from functools import partial
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.postgresql import Server
from tests.sync.test_stateful import EXAMPLES, STEPS, Shops


class ShopsOnServer(Shops):
    """The same shop, mirror, host and events; every mirror is a database of its own."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self.server = server
        self.name = ""

    async def place(self) -> str | Path:
        self.name = self.name or await self.server.take()
        return self.server.address(self.name)

    def teardown(self) -> None:
        super().teardown()
        if self.name:
            asyncio.run(self.server.give_back(self.name))


def test_after_a_quiet_run_the_mirror_equals_the_shop(postgresql_server: Server) -> None:
    run_state_machine_as_test(
        partial(ShopsOnServer, postgresql_server),  # type: ignore[arg-type] # it calls whatever it is given
        settings=settings(
            max_examples=max(EXAMPLES // 3, 2),
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

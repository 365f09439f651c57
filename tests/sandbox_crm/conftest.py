"""A sandbox CRM in a temporary directory, with a scripted plugin and a clock that moves when told."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from thulium_plugin_prestashop.hosting import InstalledPlugin, ManualClock
from thulium_plugin_prestashop.hosting.testing import ScriptedType, scripted_plugin
from thulium_plugin_prestashop.sandbox.crm import Passwords, SandboxCrm

OpenCrm = Callable[..., AbstractAsyncContextManager[SandboxCrm]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "crm"


@pytest.fixture
def open_crm(directory: Path, clock: ManualClock) -> OpenCrm:
    """Opens the CRM of ``directory``, as often as one likes; hashing is cheap, to be quick."""

    @asynccontextmanager
    async def opened(plugins: Sequence[InstalledPlugin] = ()) -> AsyncIterator[SandboxCrm]:
        cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        async with await SandboxCrm.open(directory, clock=clock, plugins=plugins, passwords=cheap) as crm:
            yield crm

    return opened


@pytest.fixture
def kind() -> ScriptedType:
    return ScriptedType()


@pytest.fixture
async def crm(open_crm: OpenCrm, kind: ScriptedType) -> AsyncIterator[SandboxCrm]:
    async with open_crm([scripted_plugin(types=[kind])]) as opened:
        yield opened


@pytest.fixture
def files(directory: Path) -> Callable[[], dict[str, bytes]]:
    """What lies in the directory now: path to content."""
    return lambda: {
        str(file.relative_to(directory)): file.read_bytes() for file in directory.rglob("*") if file.is_file()
    }

"""The life of configured integrations."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from thulium_plugin_prestashop.contract.integration import IntegrationConfig
from thulium_plugin_prestashop.contract.problems import Problem, Severity
from thulium_plugin_prestashop.hosting import FieldClaimedError, Host, InstalledPlugin, IntegrationState
from thulium_plugin_prestashop.hosting.testing import ScriptedType, both, scripted_plugin

NewHost = Callable[[Sequence[InstalledPlugin]], Host]


def config(number: int = 1, *, field: str = "ID", kind: str = "scripted") -> IntegrationConfig:
    return IntegrationConfig(
        f"scripted-{number}", kind, f"Shop {number}", {"address": "http://x"}, {"id_field": field}
    )


async def test_start_and_stop_are_safe_to_repeat(new_host: NewHost) -> None:
    kind = ScriptedType()
    async with new_host([scripted_plugin(types=[kind])]) as host:
        await host.integrations.add(config())
        for _ in range(3):
            entry = await host.integrations.start("scripted-1")
            assert entry.state is IntegrationState.RUNNING
        assert len(kind.created) == 1
        assert len(host.scheduler.jobs("scripted-1")) == 1
        for _ in range(3):
            entry = await host.integrations.stop("scripted-1")
            assert (entry.state, entry.integration) == (IntegrationState.STOPPED, None)
        assert kind.created[0].stopped
        assert host.scheduler.jobs() == []


async def test_starting_at_the_same_time_starts_once(new_host: NewHost) -> None:
    kind = ScriptedType()
    async with new_host([scripted_plugin(types=[kind])]) as host:
        await host.integrations.add(config())
        await asyncio.gather(*(host.integrations.start("scripted-1") for _ in range(5)))
        assert len(kind.created) == 1


async def test_one_that_does_not_start_is_told_and_stops_no_other(new_host: NewHost) -> None:
    bad, good = ScriptedType("bad", fails_to_start=OSError("database is gone")), ScriptedType("good")
    async with new_host([scripted_plugin(types=[bad, good])]) as host:
        await host.integrations.add(config(1, kind="bad"))
        await host.integrations.add(config(2, kind="good", field="Second ID"))
        failed = await host.integrations.start("scripted-1")
        assert failed.state is IntegrationState.FAILED
        assert failed.message is not None
        assert failed.message.en == "Shop 1 could not be started."
        assert (await host.integrations.start("scripted-2")).state is IntegrationState.RUNNING
        (raised,) = host.problems.list("scripted-1")
        assert raised.problem.severity is Severity.ERROR
        bad.fails_to_start = None
        assert (await host.integrations.start("scripted-1")).state is IntegrationState.RUNNING
        assert host.problems.list() == []


async def test_an_integration_without_its_plugin_waits_for_it(new_host: NewHost) -> None:
    async with new_host([scripted_plugin(types=[ScriptedType()])]) as host:
        await host.integrations.add(config())
        await host.integrations.start("scripted-1")
    async with new_host([]) as host:
        entry = host.integrations.entry("scripted-1")
        assert entry.state is IntegrationState.FAILED
        assert entry.message is not None
        assert "not installed" in entry.message.en
    async with new_host([scripted_plugin(types=[ScriptedType()])]) as host:
        assert host.integrations.entry("scripted-1").state is IntegrationState.RUNNING


async def test_a_field_is_the_key_of_one_integration_only(new_host: NewHost) -> None:
    async with new_host([scripted_plugin(types=[ScriptedType()])]) as host:
        registry = host.integrations
        await registry.add(config(1))
        with pytest.raises(FieldClaimedError) as refusal:
            await registry.add(config(2))
        assert "Shop 1" in refusal.value.message.pl
        assert [entry.config.id for entry in registry.entries()] == ["scripted-1"]
        await registry.add(config(2, field="Second ID"))
        with pytest.raises(FieldClaimedError):
            await registry.change(config(2, field="ID"))
        assert registry.fields_in_use() == {"ID": "Shop 1", "Second ID": "Shop 2"}
        assert registry.fields_in_use(except_integration="scripted-1") == {"Second ID": "Shop 2"}
        assert registry.field_owners() == {"ID": "scripted-1", "Second ID": "scripted-2"}
        await registry.remove("scripted-1", keep_data=False)
        await registry.change(config(2, field="ID"))


async def test_two_that_want_the_same_field_at_the_same_moment_do_not_both_get_it(new_host: NewHost) -> None:
    async with new_host([scripted_plugin(types=[ScriptedType()])]) as host:
        results = await asyncio.gather(
            *(host.integrations.add(config(number)) for number in (1, 2, 3)), return_exceptions=True
        )
        assert sum(isinstance(result, FieldClaimedError) for result in results) == 2


async def test_changing_a_running_one_starts_it_anew_with_the_change(new_host: NewHost) -> None:
    kind = ScriptedType()
    async with new_host([scripted_plugin(types=[kind])]) as host:
        await host.integrations.add(config())
        await host.integrations.start("scripted-1")
        await host.integrations.change(config(field="Second ID"))
        old, new = kind.created
        assert old.stopped
        assert new.config.settings == {"id_field": "Second ID"}
        assert host.integrations.running("scripted") == (new,)
        await host.integrations.reload("scripted-1")
        assert [integration.stopped for integration in kind.created] == [True, True, False]


@pytest.mark.parametrize("keep_data", [True, False])
async def test_removing_forgets_secrets_and_problems(new_host: NewHost, keep_data: bool) -> None:  # noqa: FBT001 - a parameter of the test
    kind = ScriptedType()
    async with new_host([scripted_plugin(types=[kind])]) as host:
        secrets = host.context("scripted").secrets
        await secrets.put(config().secret_handle("api_key"), "key")
        await host.integrations.add(config())
        await host.integrations.start("scripted-1")
        await host.problems.raise_problem(Problem("scripted-1", "x", Severity.INFO, both("x"), both("x")))
        await host.integrations.remove("scripted-1", keep_data=keep_data)
        assert kind.removed == [("scripted-1", keep_data)]
        assert kind.created[0].stopped
        assert await secrets.get(config().secret_handle("api_key")) is None
        assert (host.problems.list(), host.integrations.entries(), host.scheduler.jobs()) == ([], [], [])


async def test_a_removal_that_fails_can_be_repeated(new_host: NewHost) -> None:
    kind = ScriptedType(fails_to_remove=OSError("locked"))
    async with new_host([scripted_plugin(types=[kind])]) as host:
        await host.integrations.add(config())
        await host.integrations.start("scripted-1")
        with pytest.raises(OSError, match="locked"):
            await host.integrations.remove("scripted-1", keep_data=False)
        assert host.integrations.entry("scripted-1").state is IntegrationState.STOPPED
        kind.fails_to_remove = None
        await host.integrations.remove("scripted-1", keep_data=False)
        assert host.integrations.entries() == []


async def test_nothing_revives_a_removed_integration(new_host: NewHost) -> None:
    kind = ScriptedType()
    async with new_host([scripted_plugin(types=[kind])]) as host:
        await host.integrations.add(config())
        removal, start = await asyncio.gather(
            host.integrations.remove("scripted-1", keep_data=False),
            host.integrations.start("scripted-1"),
            return_exceptions=True,
        )
        assert removal is None
        assert isinstance(start, KeyError)
        assert kind.created == []


async def test_two_types_may_not_share_an_id(new_host: NewHost) -> None:
    plugins = [scripted_plugin("a", types=[ScriptedType()]), scripted_plugin("b", types=[ScriptedType()])]
    async with new_host(plugins) as host:
        assert len(host.types()) == 1
        (raised,) = host.problems.list("plugin:b")
        assert "two integration types called scripted" in raised.problem.message.en

"""A host from start to stop."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from thulium_plugin_prestashop.contract.host import HostContext
from thulium_plugin_prestashop.contract.integration import IntegrationConfig
from thulium_plugin_prestashop.contract.orders import Caller
from thulium_plugin_prestashop.contract.surfaces import CustomerTabs, HistorySections
from thulium_plugin_prestashop.contract.tasks import RunContext, RunResult
from thulium_plugin_prestashop.contract.views import (
    CustomerTab,
    HistorySection,
    SearchHit,
    Table,
    TabQuery,
    Viewer,
)
from thulium_plugin_prestashop.hosting import Host, InstalledPlugin, IntegrationState, ManualClock
from thulium_plugin_prestashop.hosting.testing import ScriptedType, both, scripted_plugin

NewHost = Callable[[Sequence[InstalledPlugin]], Host]


def config(number: int = 1, *, field: str = "ID", kind: str = "scripted") -> IntegrationConfig:
    return IntegrationConfig(
        f"scripted-{number}", kind, f"Shop {number}", {"address": "http://x"}, {"id_field": field}
    )


async def test_hooks_run_in_order_and_plugins_get_contexts_of_their_own(new_host: NewHost) -> None:
    told: list[str] = []
    contexts: dict[str, HostContext] = {}

    def plugin(name: str) -> InstalledPlugin:
        async def startup(host: HostContext) -> None:
            contexts[name] = host
            host.state[name] = "mine"
            told.append(f"start {name}")

        def shutdown(host: HostContext) -> None:
            assert host.state == {name: "mine"}
            told.append(f"stop {name}")

        return scripted_plugin(name, hooks={"thulium_startup": startup, "thulium_shutdown": shutdown})

    async with new_host([plugin("a"), plugin("b")]) as host:
        assert host.context("a") is contexts["a"]
        assert contexts["a"].data_directory != contexts["b"].data_directory
        assert all(context.data_directory.is_dir() for context in contexts.values())
    assert told == ["start a", "start b", "stop b", "stop a"]


@pytest.mark.parametrize(
    ("failure", "why"), [(OSError("no room for test"), "no room for test"), (TimeoutError(), "TimeoutError")]
)
async def test_a_plugin_that_does_not_start_is_a_problem_and_not_an_error(
    new_host: NewHost, failure: Exception, why: str
) -> None:
    def broken() -> None:
        raise failure

    bad = scripted_plugin("bad", types=[ScriptedType("of bad")], hooks={"thulium_startup": broken})
    good = scripted_plugin("good", types=[ScriptedType("of good")])
    async with new_host([bad, good]) as host:
        assert [kind.id for kind in host.types()] == ["of good"]
        assert [plugin.id for plugin in host.plugins] == ["good"]
        (raised,) = host.problems.list()
        assert raised.problem.message.en == f"The plugin bad is not used: it does not start: {why}."
        assert "Wtyczka bad" in raised.problem.message.pl


async def test_a_view_that_fails_takes_no_other_with_it(new_host: NewHost) -> None:
    async def fine(customer: str, viewer: Viewer, limit: int) -> HistorySection | None:
        return HistorySection("fine", f"{customer} {viewer.locale} {limit}", (), (), (), 0)

    async def broken(customer: str, viewer: Viewer, limit: int) -> HistorySection | None:
        raise LookupError((customer, viewer, limit))

    tab = CustomerTab("t", "i", "T", (), Table((), (), (), 0, 0, 25), (), None, (), ())

    async def tabs(
        customer: str, viewer: Viewer, query: TabQuery, integration: str | None
    ) -> list[CustomerTab]:
        return [tab] if (customer, viewer, query, integration) == ("7", Viewer(), TabQuery(), None) else []

    sections = [HistorySections("broken", both("x"), broken), HistorySections("fine", both("y"), fine)]

    def nothing() -> None:
        raise RuntimeError("no sections today")

    plugins = [
        scripted_plugin(
            "one",
            hooks={
                "thulium_history_sections": lambda: sections,
                "thulium_customer_tabs": lambda: [CustomerTabs("t", both("t"), tabs)],
            },
        ),
        scripted_plugin("two", hooks={"thulium_history_sections": nothing}),
    ]
    async with new_host(plugins) as host:
        loaded = await host.load_sections("7", Viewer("pl"), 5)
        assert [section.title for section in loaded] == ["7 pl 5"]
        assert await host.load_tabs("7", Viewer()) == [tab]


async def test_search_asks_all_plugins_and_keeps_the_limit(new_host: NewHost) -> None:
    def hit(number: int) -> SearchHit:
        return SearchHit(str(number), None, "", "")  # type: ignore[arg-type]  # the row plays no part here

    async def search(query: str, limit: int) -> list[SearchHit]:
        return [hit(number) for number in range(limit)] if query == "ABC" else []

    async def broken() -> None:
        raise ValueError

    plugins = [
        scripted_plugin("a", hooks={"thulium_search_orders": search}),
        scripted_plugin("b", hooks={"thulium_search_orders": broken}),
        scripted_plugin("c", hooks={"thulium_search_orders": search}),
    ]
    async with new_host(plugins) as host:
        assert [found.customer for found in await host.search_orders("ABC", Viewer(), 3)] == ["0", "1", "2"]
        assert await host.search_orders("XYZ", Viewer(), 3) == []


async def test_notices_say_whether_everybody_took_them(new_host: NewHost) -> None:
    told: list[object] = []
    willing = [False]

    async def merged(kept: str, merged: Sequence[str]) -> None:
        told.append((kept, merged))

    def erased(customers: Sequence[str]) -> None:
        told.append(customers)
        if not willing[0]:
            raise OSError("disk full")

    plugin = scripted_plugin(
        "a", hooks={"thulium_customers_merged": merged, "thulium_customers_erased": erased}
    )
    async with new_host([plugin]) as host:
        assert await host.customers_merged("1", ["2"])
        assert not await host.customers_erased(["1"])
        willing[0] = True
        assert await host.customers_erased(["1"])
    assert told == [("1", ["2"]), ["1"], ["1"]]


async def test_integrations_run_again_after_a_restart_and_keep_their_rhythm(
    new_host: NewHost, clock: ManualClock
) -> None:
    kind = ScriptedType()
    async with new_host([scripted_plugin(types=[kind])]) as host:
        await host.integrations.add(config(1))
        await host.integrations.add(config(2, field="Second ID"))
        await host.integrations.start("scripted-1")
    assert kind.created[0].stopped
    again = ScriptedType()
    async with new_host([scripted_plugin(types=[again])]) as host:
        assert [entry.state for entry in host.integrations.entries()] == [
            IntegrationState.RUNNING,
            IntegrationState.STOPPED,
        ]
        (job,) = host.scheduler.jobs()
        await clock.advance(timedelta(minutes=34))
        last = job.snapshot().last
        assert last is not None
        assert last.ok


async def test_stopping_in_the_middle_of_everything_leaves_nothing(new_host: NewHost) -> None:
    cancelled: list[str] = []

    async def forever(context: RunContext) -> RunResult:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(context.trigger.value)
        raise AssertionError

    kind = ScriptedType(run=forever)
    async with new_host([scripted_plugin(types=[kind])]) as host:
        host.spawner.spawn("background", asyncio.Event().wait())
        await host.integrations.add(config())
        await host.integrations.start("scripted-1")
        host.scheduler.jobs()[0].run_now()
        await asyncio.sleep(0)
    assert cancelled == ["person"]
    assert kind.created[0].stopped
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert [thread.name for thread in threading.enumerate() if "thulium" in thread.name] == []
    with pytest.raises(RuntimeError, match="stopping"):
        host.spawner.spawn("late", asyncio.sleep(0))


async def test_two_hosts_in_one_process_share_nothing(new_host: NewHost) -> None:
    kinds = [ScriptedType(), ScriptedType()]
    async with (
        new_host([scripted_plugin(types=[kinds[0]])]) as one,
        new_host([scripted_plugin(types=[kinds[1]])]) as two,
    ):
        await one.integrations.add(config())
        await one.integrations.start("scripted-1")
        assert one.integrations.running("scripted") == tuple(kinds[0].created)
        assert two.integrations.running("scripted") == ()
        assert two.scheduler.jobs() == []
        one.context("scripted").state["x"] = 1
        assert two.context("scripted").state == {}


async def test_a_host_whose_start_is_cancelled_closes_what_it_opened(new_host: NewHost) -> None:
    stopped: list[bool] = []

    async def slow() -> None:
        await asyncio.Event().wait()

    plugins = [
        scripted_plugin("quick", hooks={"thulium_shutdown": lambda: stopped.append(True)}),
        scripted_plugin("slow", hooks={"thulium_startup": slow}),
    ]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2), new_host(plugins):
            pytest.fail("it never starts")
    assert stopped == [True]


async def test_callers_are_looked_up_in_all_plugins(new_host: NewHost) -> None:
    async def find(phone: str) -> list[Caller]:
        return [Caller("7", "scripted-1", phones=(phone,))]

    async with new_host([scripted_plugin("a", hooks={"thulium_find_by_phone": find})]) as host:
        (caller,) = await host.find_by_phone("+48601234567")
    assert (caller.customer, caller.phones) == ("7", ("+48601234567",))


def test_the_manual_clock_starts_in_utc() -> None:
    assert ManualClock().now() == datetime(2026, 1, 1, tzinfo=UTC)

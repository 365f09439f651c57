"""Integrations: the two-part form, and what is done with them afterwards."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from thulium_plugin_prestashop.contract.errors import ShopUnavailableError
from thulium_plugin_prestashop.contract.forms import CustomFieldType, FieldKind, Values
from thulium_plugin_prestashop.contract.integration import Finding, Preview
from thulium_plugin_prestashop.contract.tasks import Progress, ReportProgress, RunContext, RunResult
from thulium_plugin_prestashop.hosting import IntegrationState, JobState, ManualClock, SystemClock
from thulium_plugin_prestashop.hosting.testing import KEY, WRONG_ADDRESS, ScriptedType, both, scripted_plugin
from thulium_plugin_prestashop.sandbox.crm import DryRun, NotFound, Refused, SandboxCrm

OpenCrm = Callable[..., AbstractAsyncContextManager[SandboxCrm]]

SHOP = "http://shop.example"
AUTHORIZATION: Values = {"address": SHOP + "/", "api_key": KEY}
SETTINGS: Values = {"name": "Shop", "id_field": "ID"}


@pytest.fixture(autouse=True)
async def fields(crm: SandboxCrm) -> None:
    for name in ("ID", "Second ID"):
        await crm.ensure_custom_field(name, CustomFieldType.NUMERIC)
    await crm.ensure_custom_field("Login", CustomFieldType.TEXT)


async def connect(
    crm: SandboxCrm, *, name: str = "Shop", field: str = "ID", address: str = SHOP, run: bool = False
) -> str:
    draft = await crm.setup.begin("scripted")
    draft = await crm.setup.authenticate(draft.id, {"address": address, "api_key": KEY}, "admin")
    saved = await crm.setup.save(
        draft.id, {"name": name, "id_field": field, "guests": True}, "admin", run=run
    )
    assert saved.entry is not None, saved.errors
    return saved.entry.config.id


async def ended(crm: SandboxCrm, subject: str) -> DryRun:
    run = crm.dry_runs.get(subject)
    assert run is not None
    await asyncio.wait_for(run.wait(), 5)
    return run


async def dry_run(crm: SandboxCrm, draft: str) -> DryRun:
    assert (await crm.setup.preview(draft, SETTINGS, "admin")).ok
    return await ended(crm, draft)


async def test_wrong_input_is_corrected_in_the_same_form(crm: SandboxCrm, kind: ScriptedType) -> None:
    draft = await crm.setup.begin("scripted")
    assert not draft.authenticated
    with pytest.raises(Refused, match="Authenticate first"):
        await crm.setup.settings_form(draft.id)

    async def attempt(address: str, key: str) -> list[tuple[str, str]]:
        tried = await crm.setup.authenticate(draft.id, {"address": address, "api_key": key}, "admin")
        assert tried.authentication is not None
        assert KEY not in repr(tried)
        return [(error.field, error.key) for error in tried.authentication.errors]

    assert await attempt("", "") == [("address", "form.required"), ("api_key", "form.required")]
    assert await attempt(WRONG_ADDRESS, KEY) == [("address", "unreachable")]
    assert (await crm.setup.draft(draft.id)).authorization == {"address": WRONG_ADDRESS}
    assert (await crm.setup.draft(draft.id)).stored_secrets == ("api_key",)
    assert await attempt(SHOP, "WRONG") == [("api_key", "auth.key_unknown")]
    assert await attempt(SHOP, KEY) == []
    assert await attempt(SHOP + "/", "") == [], "a key that was typed before need not be typed again"
    assert kind.keys_seen == [KEY, "WRONG", KEY, KEY]

    assert (await crm.setup.settings_form(draft.id)).field("id_field").kind is FieldKind.CUSTOM_FIELD
    assert await crm.setup.initial_settings(draft.id) == {"name": "Shop", "id_field": "", "guests": True}

    async def save(**settings: str) -> list[tuple[str, str]]:
        saved = await crm.setup.save(draft.id, {"name": "Shop", "guests": False, **settings}, "admin")
        return [(error.field, error.key) for error in saved.errors]

    assert await save() == [("id_field", "form.required")]
    assert await save(id_field="Login") == [("id_field", "field.not_numeric")]
    assert await save(id_field="ID", name="") == [("name", "form.required")]
    assert await save(id_field="ID") == []

    (overview,) = await crm.desk.overview()
    assert (overview.name, overview.state) == ("Shop", IntegrationState.STOPPED)
    config = overview.entry.config
    assert config.authorization == {"address": SHOP}
    assert (config.identity, config.facts, config.settings_version) == (SHOP, {"version": "9.1.4"}, 2)
    assert config.settings == {"name": "Shop", "id_field": "ID", "guests": False}
    with pytest.raises(NotFound, match="expired"):
        await crm.setup.draft(draft.id)


async def test_findings_come_while_it_authenticates(crm: SandboxCrm) -> None:
    seen: list[Finding] = []
    draft = await crm.setup.begin("scripted")
    draft = await crm.setup.authenticate(draft.id, AUTHORIZATION, "admin", seen.append)
    assert [finding.key for finding in seen] == ["reachable"]
    assert draft.authentication is not None
    assert draft.authentication.findings == tuple(seen)


async def test_names_and_fields_are_taken_once(crm: SandboxCrm) -> None:
    first = await connect(crm)
    draft = await crm.setup.begin("scripted")
    await crm.setup.authenticate(draft.id, AUTHORIZATION, "admin")
    saved = await crm.setup.save(draft.id, {"name": "SHOP", "id_field": "ID"}, "admin")
    assert [(error.field, error.key) for error in saved.errors] == [
        ("id_field", "field.taken"),
        ("name", "integration.name_taken"),
    ]
    second = await connect(crm, name="Second", field="Second ID")
    changed = await crm.setup.change(second, {"name": "Second", "id_field": "ID"}, "admin")
    assert [error.field for error in changed.errors] == ["id_field"]
    assert (await crm.setup.change(first, {"name": "Renamed", "id_field": "ID"}, "admin")).ok
    assert [overview.name for overview in await crm.desk.overview()] == ["Renamed", "Second"]


async def test_two_people_who_save_the_same_field_at_the_same_moment_do_not_both_get_it(
    crm: SandboxCrm,
) -> None:
    drafts = [await crm.setup.begin("scripted") for _ in range(2)]
    for draft in drafts:
        await crm.setup.authenticate(draft.id, AUTHORIZATION, "admin")
    saved = await asyncio.gather(
        *(
            crm.setup.save(draft.id, {"name": f"Shop {number}", "id_field": "ID"}, "admin")
            for number, draft in enumerate(drafts)
        )
    )
    assert sorted(one.ok for one in saved) == [False, True]
    ((error,),) = [one.errors for one in saved if one.errors]
    assert error.field == "id_field"
    assert len(await crm.desk.overview()) == 1


async def test_save_and_run_runs_at_once(crm: SandboxCrm) -> None:
    integration = await connect(crm, run=True)
    (job,) = crm.host.scheduler.jobs(integration)
    run = job.run_now()
    assert (await run.finished()).ok
    overview = await crm.desk.one(integration)
    assert overview.state is IntegrationState.RUNNING
    assert overview.last_run is not None
    assert overview.next_run is not None


async def test_an_integration_is_run_cancelled_stopped_and_started(
    crm: SandboxCrm, kind: ScriptedType
) -> None:
    async def long(context: RunContext) -> RunResult:
        context.report(Progress("orders", both("Orders"), 3, 10))
        await asyncio.Event().wait()
        raise AssertionError

    integration = await connect(crm)
    with pytest.raises(Refused, match="does not run"):
        await crm.desk.run_now(integration, "admin")
    kind.run = long
    await crm.desk.start(integration, "admin")
    run = await crm.desk.run_now(integration, "admin")
    await asyncio.sleep(0)
    (job,) = (await crm.desk.one(integration)).jobs
    assert job.progress == Progress("orders", both("Orders"), 3, 10)
    assert await crm.desk.cancel(integration, "admin")
    assert (await run.finished()).cancelled
    assert not await crm.desk.cancel(integration, "admin")
    again = await crm.desk.run_now(integration, "admin")
    await crm.desk.stop(integration, "admin")
    assert (await again.finished()).cancelled
    assert (await crm.desk.one(integration)).state is IntegrationState.STOPPED
    actions = [entry.action for entry in await crm.audit.page(limit=7)]
    assert actions[:2] == ["integration.stop", "integration.run"]


async def test_authenticating_again_keeps_everything_and_refuses_another_shop(
    crm: SandboxCrm, kind: ScriptedType
) -> None:
    integration = await connect(crm)
    await crm.desk.start(integration, "admin")
    draft = await crm.setup.begin_again(integration)
    assert draft.authorization == {"address": SHOP}
    other = await crm.setup.authenticate(
        draft.id, {"address": "http://other.example", "api_key": KEY}, "admin"
    )
    assert other.authentication is not None
    assert [error.key for error in other.authentication.errors] == ["identity.other_shop"]
    wrong = await crm.setup.authenticate(draft.id, {"address": SHOP, "api_key": "WRONG"}, "admin")
    assert not wrong.authenticated
    secrets = crm.host_context("scripted").secrets
    handle = (await crm.desk.one(integration)).entry.config.secret_handle("api_key")
    assert await secrets.get(handle) == KEY, "the key in use stays until the form is saved"
    right = await crm.setup.authenticate(draft.id, {"address": SHOP, "api_key": KEY}, "admin")
    assert right.authenticated
    settings = await crm.setup.initial_settings(draft.id)
    assert settings == {"name": "Shop", "id_field": "ID", "guests": True}
    assert (await crm.setup.save(draft.id, settings, "admin")).ok
    (overview,) = await crm.desk.overview()
    assert (overview.id, overview.state) == (integration, IntegrationState.RUNNING)
    assert kind.created[-1].config.id == integration
    assert await crm.host.services.secrets.get(f"draft/{draft.id}/api_key") is None


async def test_authenticating_again_without_a_key_uses_the_stored_one(
    crm: SandboxCrm, kind: ScriptedType
) -> None:
    integration = await connect(crm)
    draft = await crm.setup.begin_again(integration)
    assert (await crm.setup.authenticate(draft.id, {"address": SHOP, "api_key": ""}, "admin")).authenticated
    assert kind.keys_seen[-1] == KEY


@pytest.mark.parametrize("keep_data", [True, False])
async def test_removing_an_integration(
    crm: SandboxCrm,
    kind: ScriptedType,
    keep_data: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    integration = await connect(crm)
    kind.fails_to_remove = OSError("locked")
    with pytest.raises(Refused, match="could not be removed completely"):
        await crm.desk.remove(integration, "admin", keep_data=keep_data)
    kind.fails_to_remove = None
    await crm.desk.remove(integration, "admin", keep_data=keep_data)
    assert kind.removed == [(integration, keep_data)]
    assert await crm.desk.overview() == []
    with pytest.raises(NotFound):
        await crm.desk.one(integration)
    await crm.custom_fields.delete("ID", "admin")
    await crm.ensure_custom_field("ID", CustomFieldType.NUMERIC)
    assert await connect(crm) != integration, "ids are never given twice"


async def test_a_field_is_made_from_the_form(crm: SandboxCrm) -> None:
    draft = await crm.setup.begin("scripted")
    await crm.setup.authenticate(draft.id, AUTHORIZATION, "admin")
    form = await crm.setup.settings_form(draft.id)
    made = await crm.setup.create_field(form, "id_field", "Shop ID", "admin")
    assert made.type is CustomFieldType.NUMERIC
    with pytest.raises(Refused):
        await crm.setup.create_field(form, "name", "Whatever", "admin")
    assert (await crm.setup.save(draft.id, {"name": "Shop", "id_field": "Shop ID"}, "admin")).ok


async def test_a_dry_run_of_a_new_form_leaves_nothing(crm: SandboxCrm, kind: ScriptedType) -> None:
    draft = await crm.setup.begin("scripted")
    await crm.setup.authenticate(draft.id, AUTHORIZATION, "admin")
    missing = await crm.setup.preview(draft.id, {"name": "Shop"}, "admin")
    assert [error.field for error in missing.errors] == ["id_field"]
    run = await dry_run(crm, draft.id)
    assert run.preview is not None
    assert run.preview.create == 1
    assert run.progress is not None
    assert run.settings == SETTINGS
    assert kind.created[0].stopped
    assert kind.removed == [(draft.integration, False)]
    assert await crm.desk.overview() == []


async def test_a_dry_run_of_an_existing_integration_removes_nothing(
    crm: SandboxCrm, kind: ScriptedType
) -> None:
    draft = await crm.setup.begin_again(await connect(crm))
    await crm.setup.authenticate(draft.id, AUTHORIZATION, "admin")
    assert (await dry_run(crm, draft.id)).preview is not None
    assert kind.removed == []


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (ShopUnavailableError(both("The shop is away.")), "The shop is away."),
        (RuntimeError("a bug"), "broke off"),
    ],
    ids=["shop", "bug"],
)
async def test_a_dry_run_that_cannot_go_on_says_why(
    crm: SandboxCrm, kind: ScriptedType, failure: Exception, said: str
) -> None:
    async def fail(_: ReportProgress) -> Preview:
        raise failure

    kind.dry_run = fail
    integration = await connect(crm)
    with pytest.raises(Refused, match="Start it first"):
        await crm.desk.preview(integration, "admin")
    await crm.desk.start(integration, "admin")
    await crm.desk.preview(integration, "admin")
    run = await ended(crm, integration)
    assert run.failure is not None
    assert said in run.failure.en


@pytest.mark.parametrize("end", ["cancel", "again", "save", "close"])
async def test_a_dry_run_under_way_ends_with_what_it_is_about(
    crm: SandboxCrm, kind: ScriptedType, end: str
) -> None:
    draft = await crm.setup.begin("scripted")
    await crm.setup.authenticate(draft.id, AUTHORIZATION, "admin")
    begun = asyncio.Event()

    async def for_ever(_: ReportProgress) -> Preview:
        begun.set()
        return await asyncio.Future()

    kind.dry_run = for_ever
    await crm.setup.preview(draft.id, SETTINGS, "admin")
    run = crm.dry_runs.get(draft.id)
    assert run is not None
    was_busy = run.busy
    await begun.wait()
    match end:
        case "cancel":
            await crm.dry_runs.cancel(draft.id)
            assert crm.dry_runs.get(draft.id) is run
        case "again":
            await crm.setup.preview(draft.id, SETTINGS, "admin")
            assert crm.dry_runs.get(draft.id) is not run
        case "save":
            await crm.setup.save(draft.id, SETTINGS, "admin")
            assert crm.dry_runs.get(draft.id) is None
        case _:
            await crm.aclose()
    assert (was_busy, run.busy, run.cancelled) == (True, False, True)
    assert kind.created[0].stopped


async def test_an_authentication_that_never_ends_is_ended(
    crm: SandboxCrm, kind: ScriptedType, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forever(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(kind, "authenticate", forever)
    monkeypatch.setattr("thulium_plugin_prestashop.sandbox.crm.setup.AUTHENTICATION_SECONDS", 0.01)
    draft = await crm.setup.begin("scripted")
    draft = await crm.setup.authenticate(draft.id, AUTHORIZATION, "admin")
    assert draft.authentication is not None
    assert draft.authentication.message is not None
    assert "did not end within" in draft.authentication.message.en


async def test_forms_and_running_integrations_outlive_a_restart(
    open_crm: OpenCrm, crm: SandboxCrm, clock: ManualClock, directory: Path
) -> None:
    running, stopped = await connect(crm, run=True), await connect(crm, name="Second", field="Second ID")
    draft = await crm.setup.begin("scripted")
    await crm.setup.authenticate(draft.id, AUTHORIZATION, "admin")
    abandoned = await crm.setup.begin("scripted")
    await crm.setup.authenticate(abandoned.id, {"address": SHOP, "api_key": "LEFT"}, "admin")
    await crm.ensure_custom_field("Third ID", CustomFieldType.NUMERIC)
    await crm.allegro.start("Login", "admin")
    await crm.aclose()

    kind = ScriptedType()
    async with open_crm([scripted_plugin(types=[kind])]) as again:
        assert [(one.id, one.state) for one in await again.desk.overview()] == [
            (running, IntegrationState.RUNNING),
            (stopped, IntegrationState.STOPPED),
        ]
        assert kind.keys_seen == [KEY]
        assert again.allegro.state().login_field == "Login"
        assert (await again.setup.save(draft.id, {"name": "Third", "id_field": "Third ID"}, "admin")).ok
        await clock.advance(timedelta(hours=25))
    async with open_crm([scripted_plugin(types=[ScriptedType()])]) as third:
        with pytest.raises(NotFound):
            await third.setup.draft(abandoned.id)
        database = sqlite3.connect(directory / "crm.db")
        ((kept,),) = database.execute("SELECT count(*) FROM secrets")
        database.close()
        assert kept == 3, "the abandoned form's key went with it"


async def test_configuring_without_pages_changes_what_is_there(crm: SandboxCrm) -> None:
    first = await crm.configure_integration("scripted", AUTHORIZATION, {"id_field": "ID"})
    assert first.errors == ()
    again = await crm.configure_integration("scripted", AUTHORIZATION, {"id_field": "Second ID"})
    assert again.id == first.id
    (overview,) = await crm.desk.overview()
    assert overview.entry.config.settings == {"name": "Shop", "id_field": "Second ID", "guests": True}
    assert overview.state is IntegrationState.RUNNING
    refused = await crm.configure_integration("scripted", {"address": SHOP, "api_key": "WRONG"}, {})
    assert (refused.id, [error.field for error in refused.errors]) == (None, ["api_key"])
    other = await crm.configure_integration(
        "scripted", {"address": "http://b.example", "api_key": KEY}, {"id_field": "Login"}
    )
    assert (other.id, [error.key for error in other.errors]) == (
        None,
        ["field.not_numeric", "integration.name_taken"],
    )
    with pytest.raises(NotFound):
        await crm.configure_integration("unknown", {}, {})


async def test_the_key_is_in_no_file_and_in_no_log(
    crm: SandboxCrm, files: Callable[[], dict[str, bytes]], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        integration = await connect(crm, run=True)
        draft = await crm.setup.begin_again(integration)
        await crm.setup.authenticate(draft.id, AUTHORIZATION, "admin")
    assert files().keys() >= {"crm.db", "secret.key"}
    assert all(KEY.encode() not in content for content in files().values())
    assert KEY not in caplog.text
    assert KEY not in repr(
        [await crm.desk.overview(), await crm.audit.page(), await crm.setup.draft(draft.id)]
    )


def test_the_directory_is_for_its_owner_only(
    crm: SandboxCrm,  # noqa: ARG001 - it makes the directory
    directory: Path,
) -> None:
    assert (directory / "secret.key").stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o077 == 0


async def test_a_watcher_sees_a_run_from_a_second_window(crm: SandboxCrm) -> None:
    integration = await connect(crm)
    await crm.desk.start(integration, "admin")
    job = crm.host.scheduler.jobs(integration)[0]
    states: list[JobState] = []

    async def watch() -> None:
        states.extend([snapshot.state async for snapshot in job.watch()])

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(0)
    await (await crm.desk.run_now(integration, "admin")).finished()
    await crm.desk.stop(integration, "admin")
    await watcher
    assert states[0] is JobState.WAITING
    assert states[-1] is JobState.STOPPED
    assert SystemClock().now().utcoffset() == timedelta()

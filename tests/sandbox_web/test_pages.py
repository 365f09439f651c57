"""What the pages do, without a browser's scripts: every form works as a plain form."""

import json
import re

import pytest

from tests.sandbox_web.corner_shop import KEY, CornerIntegration, both
from tests.sandbox_web.people import Answer, Person, Site
from thulium_plugin_prestashop.contract.problems import Problem, Severity
from thulium_plugin_prestashop.contract.tasks import Progress


async def dry_run(site: Site, admin: Person, begun: Answer) -> Answer:
    """The page that a dry run was begun from, once it has ended."""
    for run in site.crm.dry_runs:
        await run.wait()
    return await admin.get(begun.headers["Location"].partition("#")[0])


async def test_a_shop_is_connected_wrong_first_and_corrected_in_the_same_form(
    site: Site, admin: Person
) -> None:
    draft = (await admin.post("/administration/integrations/new/corner")).headers["Location"]
    wrong = await admin.post(f"{draft}/authenticate", address="corner.example", key="wrong")
    assert wrong.status == 422
    assert "That key opens nothing." in wrong.text
    assert re.search(r'name="key"[^>]* aria-invalid="true"', wrong.text)
    assert 'value="corner.example"' in wrong.text
    assert "wrong" not in re.findall(r'name="key" value="([^"]*)"', wrong.text)

    right = await admin.post(f"{draft}/authenticate", address="corner.example", key=KEY)
    assert right.headers["Location"].startswith(draft)
    form = await admin.get(draft)
    assert 'value="My corner"' in form.text
    assert "hidden" not in re.findall(r"<dd><bdi>(.*?)</bdi>", form.text)
    assert KEY not in form.text

    missing = await admin.post(f"{draft}/save", name="My corner", then="run")
    assert missing.status == 422
    assert re.search(r'name="field"[^>]* aria-invalid="true"', missing.text)
    created = await admin.post(
        f"{draft}/fields",
        name="Renamed",
        guests="yes",
        **{"create_field": "field", "new-field": "Corner key"},
    )
    assert 'value="Corner key" selected' in created.text
    assert 'value="Renamed"' in created.text

    dry = await admin.post(f"{draft}/save", name="Renamed", field="Corner key", then="preview")
    assert "What a first import would do" in (await dry_run(site, admin, dry)).text
    assert site.crm.host.integrations.entries() == []
    saved = await admin.post(
        f"{draft}/save",
        name="Renamed",
        field="Corner key",
        guests="yes",
        shelves=["b", "rubbish"],
        then="save",
    )
    if saved.status == 422:
        saved = await admin.post(
            f"{draft}/save", name="Renamed", field="Corner key", guests="yes", shelves=["b"], then="run"
        )
    (entry,) = site.crm.host.integrations.entries()
    assert saved.headers["Location"] == f"/administration/integrations/{entry.config.id}"
    assert entry.config.settings["guests"] is True
    assert entry.config.settings["shelves"] == ["b"]
    assert "key" not in entry.config.authorization
    site.shop.go_on.set()


async def test_findings_are_streamed_as_lines(admin: Person) -> None:
    draft = (await admin.post("/administration/integrations/new/corner")).headers["Location"]
    ends = []
    for key in ("wrong", KEY):
        data = {"csrf": admin.token, "address": "corner.example", "key": key}
        headers = {"Accept": "application/x-ndjson", "X-Requested-With": "fetch"}
        async with admin.http.post(f"{admin.url}{draft}/authenticate", data=data, headers=headers) as answer:
            assert answer.content_type == "application/x-ndjson"
            lines = [json.loads(line) async for line in answer.content]
        assert "Blue kettle" in lines[0]["finding"]
        ends.append(lines[-1])
    assert "That key opens nothing." in ends[0]["errors"]["key"]
    assert "Not connected." in ends[0]["verdict"]
    assert ends[1]["next"].startswith(draft)


async def test_an_integration_is_run_stopped_changed_and_removed(connected: Site, admin: Person) -> None:
    (entry,) = connected.crm.host.integrations.entries()
    address = f"/administration/integrations/{entry.config.id}"
    page = await admin.get(address)
    for shown in (
        "Synchronisation log",
        "Records set aside",
        "Nothing is left of it.",
        "https://corner.example",
    ):
        assert shown in page.text
    assert (await admin.post(f"{address}/run")).status == 303
    assert "Synchronising" in (await admin.get(address)).text
    assert (await admin.post(f"{address}/cancel")).status == 303
    assert "1 record will be tried again" in (await _after(admin, f"{address}/retry", address)).text
    assert json.loads((await admin.get(f"{address}/diagnostics")).text) == {"orders": 12}
    dry = await dry_run(connected, admin, await admin.post(f"{address}/preview"))
    assert "Customers to create" in dry.text
    piece = await admin.get(f"{address}/preview", X_Requested_With="fetch")
    assert "<html" not in piece.text
    assert "Customers to create" in piece.text

    missing = await admin.post(f"{address}/settings", name="", field="Corner number")
    assert missing.status == 422
    changed = await admin.post(f"{address}/settings", name="New name", field="Corner number")
    assert changed.status == 303
    assert "New name" in (await admin.get("/administration/integrations")).text

    assert "Stopped" in (await _after(admin, f"{address}/stop", address)).text
    assert (await admin.post(f"{address}/run")).status == 303
    assert (await admin.get(f"{address}/diagnostics")).status == 404
    assert "Running" in (await _after(admin, f"{address}/start", address)).text

    again = (await admin.post(f"{address}/reauthenticate")).headers["Location"]
    assert "(stored)" in (await admin.get(again)).text

    await admin.post(f"{address}/remove")
    assert len(connected.crm.host.integrations.entries()) == 1
    await admin.post(f"{address}/remove", data="delete")
    assert connected.crm.host.integrations.entries() == []
    assert connected.shop.removed[-1] == (entry.config.id, False)


async def _after(person: Person, action: str, page: str) -> Answer:
    assert (await person.post(action)).status == 303
    return await person.get(page)


async def test_progress_is_told_to_every_window_and_survives_a_reload(
    connected: Site, admin: Person, agent: Person
) -> None:
    (entry,) = connected.crm.host.integrations.entries()
    assert (await admin.post("/customers/actions/corner.sync")).headers["Location"] == "/customers"
    async with agent.http.get(f"{agent.url}/runs/events") as stream:
        assert stream.content_type == "text/event-stream"
        for _ in range(2):
            first = json.loads((await stream.content.readline()).removeprefix(b"data: "))
            await stream.content.readline()
            if first[0]["count"]:
                break
        assert first[0]["phase"] == "Reading orders"
        assert first[0]["count"] == "3 of 12"
        assert first[0]["fraction"] == pytest.approx(0.25)
        page = await agent.get("/customers")
        assert "Reading orders" in page.text
        assert "/cancel" not in page.text
        connected.shop.go_on.set()
        last = json.loads((await stream.content.readline()).removeprefix(b"data: "))
        assert (last[0]["state"], last[0]["phase"]) == ("done", "All is here.")
    assert json.loads((await agent.get("/runs")).text)[0]["state_text"] == "Done"
    assert entry.config.name in (await admin.get("/customers")).text


@pytest.mark.usefixtures("connected")
async def test_a_stream_ends_when_its_reader_has_signed_out(
    agent: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("thulium_plugin_prestashop.sandbox.web.pages.runs.LOOK_EVERY", 0.01)
    monkeypatch.setattr("thulium_plugin_prestashop.sandbox.web.pages.runs.CHECK_SESSION_EVERY", 0.05)
    async with agent.http.get(f"{agent.url}/runs/events") as stream:
        await stream.content.readline()
        await agent.post("/sign-out")
        rest = await stream.content.read()
    assert b"data:" not in rest


async def test_the_action_says_what_is_missing(admin: Person) -> None:
    answer = await admin.post("/customers/actions/corner.sync")
    assert "No shop is connected yet" in (await admin.get(answer.headers["Location"])).text
    assert (await admin.post("/customers/actions/unknown")).status == 404


async def test_a_tab_pages_filters_and_opens_a_row(connected: Site, agent: Person) -> None:
    (entry,) = connected.crm.host.integrations.entries()
    tab = f"/customers/{connected.customer}/tabs/{entry.config.id}"
    page = await agent.get(tab)
    assert page.text.count('class="order"') == 25
    assert "offset=25" in page.text
    assert f'href="/colours.css?c={"32cd32"}"' in page.text
    assert (await agent.get(f"{tab}?offset=25")).text.count('class="order"') == 5
    opened = await agent.get(f"{tab}?opened={entry.config.id}:2")
    assert len(re.findall(r'class="order-more" id="[^"]*"(?! hidden)>', opened.text)) == 1
    assert "No order matches the filter" in (await agent.get(f"{tab}?status=9")).text
    assert "No order matches the filter" in (await agent.get(f"{tab}?search=zzz")).text
    refreshed = await agent.post(f"{tab}/refresh")
    assert "Fresh." in (await agent.get(refreshed.headers["Location"])).text
    wrong = await agent.post(f"{tab}/link", typed="12")
    assert wrong.status == 422
    assert "Nobody there has that number." in wrong.text
    assert 'value="12"' in wrong.text
    assert (await agent.post(f"{tab}/link", typed="a@example.com")).status == 303
    assert (await agent.post(f"{tab}/unlink", shop_customer="17")).status == 303
    assert (await agent.post(f"{tab}/unlink", shop_customer="x")).status == 400
    assert (await agent.get(f"/customers/{connected.customer}/tabs/nowhere")).status == 303


async def test_search_leads_to_the_card_with_the_order_open(connected: Site, agent: Person) -> None:
    (entry,) = connected.crm.host.integrations.entries()
    found = await agent.get("/search?q=REF028")
    address = found.headers["Location"]
    assert address == f"/customers/1/tabs/{entry.config.id}?opened={entry.config.id}%3A28"
    suggested = await agent.get("/search/suggestions?q=REF028")
    assert address in suggested.text
    assert "<html" not in suggested.text
    assert "Anna Nowak" in (await agent.get("/search/suggestions?q=nowak")).text
    for typed in ("anna@example", "601 602 603", "anna_n"):
        assert (await agent.get(f"/search?q={typed}")).headers["Location"] == "/customers/1", typed
    assert "Nothing found" in (await agent.get("/search?q=zzzz")).text


async def test_a_card_is_edited_and_the_edit_undone(site: Site, agent: Person) -> None:
    card = f"/customers/{site.customer}"
    form = (await agent.get(f"{card}/edit")).text
    fields = dict(re.findall(r'<input class="input"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form))
    fields |= {"surname": "Kowalska", "email-1": "second@example.com", "email-1-description": "work"}
    assert (await agent.post(f"{card}/edit", **fields)).status == 303
    details = (await agent.get(card)).text
    assert "Kowalska" in details
    assert "second@example.com" in details
    assert "anna_n" in details
    undo = re.search(r'action="(/customers/\d+/undo/\d+)"', details)
    assert undo is not None
    assert (await agent.post(undo[1])).status == 303
    details = (await agent.get(card)).text
    assert "The change was taken back." in details
    assert "Kowalska" not in details
    wrong = await agent.post(f"{card}/edit", **(fields | {"email-0": "no address"}))
    assert wrong.status == 422
    assert 'value="no address"' in wrong.text


async def test_customers_are_added_merged_and_erased(site: Site, admin: Person) -> None:
    created = await admin.post("/customers/new", surname="Second", **{"email-0": "b@example.com"})
    other = created.headers["Location"].rsplit("/", 1)[1]
    assert (await admin.post("/customers/new")).status == 422
    assert (await admin.post(f"/customers/{site.customer}/merge", other=other)).status == 303
    assert "b@example.com" in (await admin.get(f"/customers/{site.customer}")).text
    moved = await admin.get(f"/customers/{other}/history")
    assert moved.headers["Location"] == f"/customers/{site.customer}/history"
    await admin.post(f"/customers/{site.customer}/erase")
    assert (await admin.get(f"/customers/{site.customer}")).status == 200
    await admin.post(f"/customers/{site.customer}/erase", sure="yes")
    assert (await admin.get(f"/customers/{site.customer}")).status == 404


@pytest.mark.usefixtures("connected")
async def test_custom_fields_are_created_and_deleted_unless_in_use(admin: Person) -> None:
    fields = "/administration/custom-fields"
    assert (await admin.post(fields, name="Birthday", type="date")).status == 303
    assert "Birthday" in (await admin.get(fields)).text
    taken = await admin.post(fields, name="birthday", type="text")
    assert taken.status == 422
    assert 'aria-invalid="true"' in taken.text
    await admin.post(f"{fields}/delete", name="Corner number")
    refused = (await admin.get(fields)).text
    assert "My corner" in refused
    assert "cannot be deleted" in refused
    await admin.post(f"{fields}/delete", name="Birthday")
    assert 'value="Birthday"' not in (await admin.get(fields)).text
    assert (await admin.post(fields, name="X", type="rubbish")).status == 400


async def test_the_allegro_integration_is_a_switch_with_a_field(site: Site, admin: Person) -> None:
    integrations = "/administration/integrations"
    await admin.post("/administration/allegro", then="start", login_field="Corner number")
    assert "is not a text field" in (await admin.get(integrations)).text
    await admin.post("/administration/allegro", then="start", login_field="Login")
    assert site.crm.allegro.state().running
    await admin.post("/administration/allegro", then="stop")
    assert not site.crm.allegro.state().running


async def test_an_account_is_made_and_its_password_shown_once(admin: Person, nobody: Person) -> None:
    made = await admin.post("/administration/users", login="ewa", name="Ewa", role="agent")
    password = re.search(r'<code class="mono">([^<]+)</code>', made.text)
    assert password is not None
    assert password[1] not in (await admin.get("/administration/users")).text
    assert (await nobody.sign_in("ewa", password[1])).status == 303
    assert (await admin.post("/administration/users", login="ewa", name="E", role="agent")).status == 422


async def test_language_and_theme_are_the_users_own(admin: Person, agent: Person) -> None:
    assert (await admin.post("/preferences", locale="pl", back="/customers")).headers[
        "Location"
    ] == "/customers"
    await admin.post("/preferences", theme="dark", back="https://evil.example")
    page = (await admin.get("/customers")).text
    assert '<html lang="pl" data-theme="dark">' in page
    assert "Klienci" in page
    assert '<html lang="en">' in (await agent.get("/customers")).text


async def test_addresses_that_make_no_sense_still_answer(site: Site, agent: Person) -> None:
    for query in ("offset=-1", "offset=abc", "offset=99999999999999999999", "offset=1000"):
        assert "Nowak" in (await agent.get(f"/customers?{query}")).text, query
    for before in ("x", "nan,1", "1e400,1", "5,", "99999999999999,1", "1,1"):
        answer = await agent.get(f"/customers/{site.customer}/history?before={before}&show=rubbish")
        assert answer.status == 200, before


async def test_an_administrator_sees_the_most_urgent_problem_on_every_page(
    connected: Site, admin: Person, agent: Person
) -> None:
    (entry,) = connected.crm.host.integrations.entries()
    context = connected.crm.host_context("corner")
    for key, severity in (("late", Severity.WARNING), ("gone", Severity.ERROR)):
        problem = Problem(entry.config.id, key, severity, both(f"It is {key}."), both("Look there."))
        await context.problems.raise_problem(problem)
    pages = ("/customers", f"/customers/{connected.customer}", "/search?q=zzzz", "/administration/users")
    for path in pages:
        page = (await admin.get(path)).text
        assert "It is gone." in page, path
        assert "2 problems: what to do" in page, path
        assert "It is gone." not in (await agent.get(path)).text, path
    for path in ("/administration/problems", f"/administration/integrations/{entry.config.id}"):
        assert (await admin.get(path)).text.count("It is gone.") == 1, path
    for key in ("late", "gone"):
        await context.problems.resolve(entry.config.id, key)
    assert "what to do" not in (await admin.get("/customers")).text


async def test_the_audit_log_says_who_did_what(connected: Site, admin: Person) -> None:
    (entry,) = connected.crm.host.integrations.entries()
    await admin.post(f"/customers/{connected.customer}/edit", surname="Other")
    await admin.post(f"/administration/integrations/{entry.config.id}/stop")
    log = (await admin.get("/administration/audit")).text
    rows = [
        re.sub(r"<[^>]+>|\s+", " ", row).split() for row in re.findall(r"<tr role.*?</tr>", log, re.DOTALL)
    ]
    said = [" ".join(row[4:]) for row in rows[1:3]]
    assert said == ["boss stopped an integration My corner", "boss edited a customer Customer no. 1"]
    assert "Other" not in log


async def test_a_run_of_another_process_is_told(connected: Site, admin: Person) -> None:
    (entry,) = connected.crm.host.integrations.entries()
    integration = entry.integration
    assert isinstance(integration, CornerIntegration)
    (job,) = connected.crm.host.scheduler.jobs(entry.config.id)
    await job.cancel()
    integration.elsewhere = Progress("orders", both("Reading orders"), 3, 12)
    for path in ("/administration/integrations", f"/administration/integrations/{entry.config.id}"):
        page = (await admin.get(path)).text
        assert "Synchronising in another program" in page
        assert "Reading orders" in page
    integration.elsewhere = None
    assert "another program" not in (await admin.get("/administration/integrations")).text

"""Before anything is synchronised: what is wrong is a sentence and an exit status, whatever was typed."""

import asyncio
import json
import socket
import sqlite3
from pathlib import Path

import pytest

from tests.thulium.test_flow import Way, owned, small_shop, way
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.thulium.directory import sole_writer
from thulium_plugin_prestashop.thulium.ledger import FILE_NAME, Ledger
from thulium_plugin_prestashop.thulium.standin import Switches


def replace(here: Way, old: str, new: str) -> None:
    text = here.path.read_text()
    assert old in text
    here.path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    "options", [{"probe": True}, {"check": True, "once": True}, {"once": True, "dry_run": True}]
)
async def test_options_that_do_not_go_together_are_refused(tmp_path: Path, options: dict[str, bool]) -> None:
    async with way(tmp_path, small_shop()) as here:
        status, report = await here.bridge(**options)
        assert status == 2
        assert "--probe" in report["problems"][0]
        assert here.thulium.requests == 0


async def test_an_address_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        async with way(tmp_path, small_shop(), status=listen) as here:
            status, report = await here.bridge()
    assert status == 2
    assert listen in report["problems"][0]


async def test_a_data_directory_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        (tmp_path / "data").write_text("a file")
        for options in ({"check": True}, {"once": True}, {}):
            status, report = await here.bridge(**options)
            assert (status, "cannot be used" in report["problems"][0]) == (2, True)


async def test_two_bridges_never_write_from_one_directory(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        (tmp_path / "data").mkdir()
        async with sole_writer(tmp_path / "data"):
            for options in ({"once": True}, {}):
                status, report = await here.bridge(**options)
                assert (status, "Another bridge" in report["problems"][0]) == (2, True)
            assert here.thulium.writes == []
            # Looking does no harm beside a bridge that works.
            for options in ({"check": True}, {"dry_run": True}):
                assert (await here.bridge(**options))[0] == 0
        assert (await here.bridge(once=True))[0] == 0


async def test_notes_of_a_newer_bridge_are_left_alone(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        (tmp_path / "data").mkdir()
        await (await Ledger.open(tmp_path / "data")).aclose()
        database = sqlite3.connect(tmp_path / "data" / FILE_NAME)
        database.execute("PRAGMA user_version = 99")
        database.close()
        status, report = await here.bridge(once=True)
        assert (status, "newer version" in report["problems"][0]) == (2, True)


async def test_what_the_shop_suggested_is_kept_and_what_the_file_says_goes_before_it(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        replace(here, 'time_zone = "Europe/Warsaw"\n', "")
        replace(here, "guests = true\n", "")
        for _ in range(3):
            assert (await here.bridge(check=True))[0] == 0
        assert (await here.bridge(once=True))[0] == 0
        replace(here, 'id_field = "PrestaShop ID"', 'id_field = "PrestaShop ID"\ntime_zone = "Warsaw"')
        status, report = await here.bridge(check=True)
        assert status == 2
        assert "time_zone" in json.dumps(report)


async def test_a_key_in_clear_is_refused_and_kept_nowhere(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        replace(here, 'api_key = { "$file" = "key" }', f'api_key = "{here.shop.key}"')
        for options in ({"check": True}, {"once": True}):
            status, report = await here.bridge(**options)
            assert status == 2
            assert "authorization.api_key stands in the settings as itself" in json.dumps(report)
            assert here.shop.key not in json.dumps(report)
        files = [file for file in (tmp_path / "data").rglob("*") if file.is_file()]
        assert [file for file in files if here.shop.key.encode() in file.read_bytes()] == []


async def test_a_setting_that_is_misspelt_is_refused(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        replace(here, "guests = true", "guest = true")
        status, report = await here.bridge(check=True)
        assert status == 2
        assert "settings.guest is no setting" in json.dumps(report)
        replace(here, "guest = true", 'existing_customers = "always"')
        status, report = await here.bridge(check=True)
        assert status == 2
        assert "existing_customers" in json.dumps(report)


@pytest.mark.parametrize("unknown", ["refused", "ignored"])
async def test_a_field_that_thulium_does_not_have_is_found_out_before_anything_is_written(
    tmp_path: Path, unknown: str
) -> None:
    async with way(tmp_path, small_shop(), Switches(unknown_fields=unknown)) as here:  # type: ignore[arg-type]  # of its choices
        here.thulium.store.add({"surname": "Agentka", "email": "agentka@foo.pl"})
        replace(here, "PrestaShop ID", "Prestashop ID")
        for options in ({"check": True}, {"dry_run": True}, {"once": True}):
            status, report = await here.bridge(**options)
            assert (status, "custom field Prestashop ID" in json.dumps(report)) == (2, True), report
        assert here.thulium.writes == []


@pytest.mark.parametrize("unknown", ["refused", "ignored", "nothing"])
@pytest.mark.parametrize("name", ["PrestaShop ID", "Ostatnie", "Firma"])
async def test_a_test_card_tells_of_each_field_that_thulium_does_not_have(
    tmp_path: Path, unknown: str, name: str
) -> None:
    async with way(tmp_path, small_shop(), Switches(unknown_fields=unknown)) as here:  # type: ignore[arg-type]  # of its choices
        replace(here, name, f"{name}x")
        status, report = await here.bridge(check=True, probe=True)
        errors = [found for found in report["findings"] if found["state"] == "error"]
        assert (status, here.thulium.store.customers) == (2, {}), report
        assert [f"custom field {name}x" in error["message"] for error in errors] == [True]
        replace(here, f"{name}x", name)
        assert (await here.bridge(check=True, probe=True))[0] == 0


async def test_each_error_is_said_once(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        (tmp_path / "key").write_text("X" * 32)
        status, report = await here.bridge(check=True)
        errors = [finding["message"] for finding in report["findings"] if finding["state"] == "error"]
        assert status == 2
        assert len(errors) == 1
        # With where to click.
        assert "Webservice" in errors[0]


async def test_another_shop_does_not_take_the_place_of_the_one_that_is_known(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        assert (await here.bridge(once=True))[0] == 0
        here.thulium.writes.clear()
        async with DemoShop(customers=9, orders=9, seed=77) as other:
            (tmp_path / "key").write_text(other.key)
            replace(here, here.shop.url, other.url)
            for options in ({"check": True}, {"once": True}):
                status, report = await here.bridge(**options)
                assert (status, "another shop" in json.dumps(report)) == (2, True)
        assert here.thulium.writes == []


async def test_a_shop_that_is_down_is_no_fault_of_the_settings(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        assert (await here.bridge(once=True))[0] == 0
        before = here.shop.url
        await here.shop.__aexit__(None, None, None)
        for options in ({"check": True}, {"once": True}):
            status, report = await here.bridge(**options)
            assert status == 1, report
        await here.shop.__aenter__()
        # Back at another address, it is still the same shop.
        replace(here, before, here.shop.url)
        assert (await here.bridge(once=True))[0] == 0
        here.check_nothing_twice()
        assert set(here.numbers()) == owned(here.shop)


async def test_a_lock_dies_with_its_holder(tmp_path: Path) -> None:
    async def hold() -> None:
        async with sole_writer(tmp_path):
            await asyncio.Event().wait()

    holder = asyncio.ensure_future(hold())
    await asyncio.sleep(0.05)
    holder.cancel()
    await asyncio.gather(holder, return_exceptions=True)
    async with sole_writer(tmp_path):
        pass

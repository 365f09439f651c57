"""The whole way: shop → the real plugin → bridge → Thulium's stand-in, each over a real socket."""

import asyncio
import contextlib
import io
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.thulium.conftest import AT_ONCE, COLUMNS, ID_FIELD, new_store
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.thulium.bridge import Tuning
from thulium_plugin_prestashop.thulium.service import run_bridge
from thulium_plugin_prestashop.thulium.standin import StandIn, Switches

RECORDINGS = Path(__file__).parents[1] / "sandbox_shop" / "recordings"
SETTINGS = """
data = "data"
allow_private = true
log_level = "CRITICAL"
[thulium]
address = "{thulium}"
user = "api"
password = {{ "$file" = "password" }}
locale = "en"
custom_fields = [
    {{ name = "PrestaShop ID", type = "numeric" }},
    {{ name = "Ostatnie", type = "date" }},
    {{ name = "Firma", type = "text" }},
]
company_field = "Firma"
[[shops]]
id = "sklep"
name = "Sklep"
[shops.authorization]
address = "{shop}"
api_key = {{ "$file" = "key" }}
[shops.settings]
id_field = "PrestaShop ID"
time_zone = "Europe/Warsaw"
guests = true
[shops.orders]
group = "Orders"
newest = 100
last_order_field = "Ostatnie"
columns = {columns}
[status]
listen = "{status}"
{more}
"""


@attrs.define
class Way:
    """One shop, one Thulium, one bridge."""

    shop: DemoShop
    thulium: StandIn
    path: Path

    async def bridge(self, **options: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401 - run_bridge's own flags
        """Exit status, and what ``--json`` prints."""
        out = io.StringIO()
        tuning = Tuning(retry=AT_ONCE, patience=(0.0,))
        status = await run_bridge(self.path, as_json=True, out=out, tuning=tuning, **options)
        return status, json.loads(out.getvalue())

    def numbers(self) -> Counter[str]:
        """Numbers of the orders on all cards; rows without one are agents' own."""
        return Counter(row.values[11] for row in self.thulium.store.rows.values() if 11 in row.values)

    def check_nothing_twice(self) -> None:
        """No two cards with one number, no order in two rows."""
        records = self.thulium.store.customers.values()
        numbers = [record.fields[ID_FIELD] for record in records if ID_FIELD in record.fields]
        assert len(numbers) == len(set(numbers))
        assert set(self.numbers().values()) <= {1}


@asynccontextmanager
async def way(
    folder: Path, shop: DemoShop, switches: Switches | None = None, *, status: str = "", more: str = ""
) -> AsyncIterator[Way]:
    async with shop, StandIn(new_store(), switches) as thulium:
        yield Way(shop, thulium, write_settings(folder, shop, thulium, status=status, more=more))


def write_settings(
    folder: Path, shop: DemoShop, thulium: StandIn, *, status: str = "", more: str = ""
) -> Path:
    """The settings of a bridge between the two, and the files of secrets that they name."""
    columns = ", ".join(f'{cell} = "{name}"' for cell, name in COLUMNS.items())
    settings = SETTINGS.format(
        thulium=thulium.address, shop=shop.url, columns=f"{{ {columns} }}", status=status, more=more
    )
    for name, text in (("bridge.toml", settings), ("password", thulium.password), ("key", shop.key)):
        (folder / name).write_text(text)
    return folder / "bridge.toml"


def small_shop() -> DemoShop:
    return DemoShop(customers=8, orders=14, seed=3)


def owned(shop: DemoShop) -> set[str]:
    """Orders of customers who get a card."""
    people = {str(row["id"]) for row in shop.all_customers() if str(row["deleted"]) != "1"}
    return {str(order["id"]) for order in shop.all_orders() if str(order["id_customer"]) in people}


async def test_a_shop_arrives_and_a_second_run_writes_nothing(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        status, report = await here.bridge(check=True, probe=True)
        assert status == 0, report
        assert here.thulium.store.customers == {}
        status, report = await here.bridge(dry_run=True)
        assert status == 0, report
        assert report["sklep"]["create"] > 0
        assert here.thulium.store.customers == {}
        status, report = await here.bridge(once=True)
        assert status == 0, report
        here.check_nothing_twice()
        assert set(here.numbers()) == owned(here.shop)
        references = {str(order["id"]): order["reference"] for order in here.shop.all_orders()}
        for row in here.thulium.store.rows.values():
            assert row.values[12] == references[row.values[11]]
        here.thulium.writes.clear()
        status, report = await here.bridge(once=True)
        assert (status, report["writes"], here.thulium.writes) == (0, 0, [])
        secrets = (here.thulium.password.encode(), here.shop.key.encode())
        files = [file for file in (tmp_path / "data").rglob("*") if file.is_file()]
        assert files
        assert not [file for file in files if any(secret in file.read_bytes() for secret in secrets)]


async def test_changes_of_the_shop_arrive_in_place(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        await here.bridge(once=True)
        before = {row.values[11]: row.id for row in here.thulium.store.rows.values()}
        changed = next(iter(before))
        state = here.shop.row("orders", int(changed))
        assert state is not None
        here.shop.touch("orders", int(changed), current_state=6 if str(state["current_state"]) != "6" else 5)
        await here.bridge(once=True)
        after = {row.values[11]: row.id for row in here.thulium.store.rows.values()}
        assert after == before
        posts = [
            write
            for write in here.thulium.writes
            if write.path == f"customer_field_group_items/{before[changed]}"
        ]
        assert len(posts) == 1


@pytest.mark.parametrize("version", ["9.1.4", "1.6.1.25"])
async def test_recorded_answers_of_real_shops_arrive(tmp_path: Path, version: str) -> None:
    async with way(tmp_path, DemoShop.from_recordings(RECORDINGS / version)) as here:
        status, report = await here.bridge(once=True)
        assert status == 0, report
        here.check_nothing_twice()
        assert set(here.numbers()) == owned(here.shop)
        references = {str(order["id"]): order["reference"] for order in here.shop.all_orders()}
        assert all(row.values[12] == references[row.values[11]] for row in here.thulium.store.rows.values())
        here.thulium.writes.clear()
        await here.bridge(once=True)
        assert here.thulium.writes == []


async def test_a_bridge_killed_anywhere_goes_on_where_it_was(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        await here.bridge(check=True, probe=True)
        for writes in (2, 3, 4, 7, 11):
            await killed_after(here, writes)
        status, report = await here.bridge(once=True)
        assert status == 0, report
        here.check_nothing_twice()
        assert set(here.numbers()) == owned(here.shop)
        assert len({tuple(record.emails) for record in here.thulium.store.customers.values()}) == len(
            here.thulium.store.customers
        )


async def killed_after(here: Way, writes: int) -> None:
    """Run the bridge in a process of its own, and kill it right after so many writes."""
    target = len(here.thulium.writes) + writes
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.thulium.bridge_worker",
        str(here.path),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    ended = asyncio.ensure_future(process.wait())
    while len(here.thulium.writes) < target and not ended.done():
        await asyncio.wait({ended}, timeout=0.002)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await ended


async def test_what_is_wrong_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        text = here.path.read_text()
        for old, new, words in (
            ('group = "Orders"', 'group = "Zamówienia"', "no field group Zamówienia"),
            ('id = "Numer"', 'id = "Nr"', "has no field Nr"),
            ('id_field = "PrestaShop ID"', 'id_field = "Firma"', "id_field"),
            ('"$file" = "password"', '"$file" = "key"', "login and password"),
            ('api_key = { "$file" = "key" }', 'api_key = { "$file" = "password" }', ""),
        ):
            assert old in text
            here.path.write_text(text.replace(old, new))
            for options in ({"check": True}, {"once": True}):
                status, report = await here.bridge(**options)
                assert status == 2, (old, options, report)
                assert words in json.dumps(report, ensure_ascii=False)
        assert here.thulium.store.customers == {}


async def test_what_was_refused_arrives_once_the_reason_is_gone(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here:
        del here.thulium.store.fields["Ostatnie"]
        status, report = await here.bridge(once=True)
        assert (status, ["Ostatnie" in problem for problem in report["problems"]]) == (0, [True])
        here.thulium.store.fields["Ostatnie"] = "date"
        status, report = await here.bridge(once=True)
        assert (status, report["problems"]) == (0, [])
        buyers = {row.customer for row in here.thulium.store.rows.values()}
        assert all("Ostatnie" in here.thulium.store.customers[buyer].fields for buyer in buyers)
        here.thulium.writes.clear()
        assert (await here.bridge(once=True))[0] == 0
        assert here.thulium.writes == []


async def test_two_shops_share_cards_and_a_group_and_keep_apart(tmp_path: Path) -> None:
    async with way(tmp_path, small_shop()) as here, DemoShop(customers=5, orders=9, seed=9) as second:
        (tmp_path / "second").write_text(second.key)
        # One person buys in both.
        (one, *_), (other, *_) = (
            [row for row in shop.all_customers() if str(row["deleted"]) != "1"]
            for shop in (here.shop, second)
        )
        second.touch("customers", int(str(other["id"])), email=one["email"])
        text = here.path.read_text()
        shop = text[text.index("[[shops]]") : text.index("[status]")]
        for old, new in (
            ('id = "sklep"', 'id = "drugi"'),
            (here.shop.url, second.url),
            ('"$file" = "key"', '"$file" = "second"'),
            ("PrestaShop ID", "Drugi ID"),
            ('group = "Orders"', 'group = "Orders"\nprefix = "D-"'),
            ('last_order_field = "Ostatnie"\n', ""),
        ):
            assert old in shop
            shop = shop.replace(old, new)
        text = text.replace("[status]", f"{shop}[status]")
        here.path.write_text(
            text.replace(
                "custom_fields = [", 'custom_fields = [\n    { name = "Drugi ID", type = "numeric" },'
            )
        )
        here.thulium.store.fields["Drugi ID"] = "numeric"
        status, report = await here.bridge(once=True)
        assert status == 0, report
        numbers = here.numbers()
        assert set(numbers) == owned(here.shop) | {f"D-{number}" for number in owned(second)}
        assert set(numbers.values()) == {1}
        (shared,) = (
            record
            for record in here.thulium.store.customers.values()
            if {ID_FIELD, "Drugi ID"} <= record.fields.keys()
        )
        assert (shared.fields[ID_FIELD], shared.fields["Drugi ID"]) == (str(one["id"]), str(other["id"]))
        here.thulium.writes.clear()
        assert (await here.bridge(once=True))[0] == 0
        assert here.thulium.writes == []

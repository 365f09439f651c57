"""The commands' shapes and exit statuses, which other programs rely on."""

import json
import socket
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import CUSTOMERS, ORDERS, Call, Shop

SEVEN = {"addresses", "countries", "currencies", "customers", "orders", "order_states", "shops"}
Synchronised = tuple[Path, Any]


def exported(call: Call, data: Path) -> tuple[list[Any], list[Any]]:
    done = call("export", "--data", str(data))
    assert done.status == 0, done.err
    lines = [json.loads(line) for line in done.out.splitlines()]
    return (
        [line for line in lines if line["kind"] == "customer"],
        [line for line in lines if line["kind"] == "order"],
    )


def test_check_of_a_healthy_shop(call: Call, shop: Shop) -> None:
    done = call("check", shop.url, "--allow-private", "--json", key=shop.key)
    assert done.status == 0
    assert done.json["ok"] is True
    assert done.json["version"] == "9.1.4"
    assert done.json["permissions"] == dict.fromkeys(SEVEN, True)
    assert done.json["problems"] == []
    assert [warning["key"] for warning in done.json["warnings"]] == ["address.plain_http"]


def test_check_says_the_same_to_people_in_their_language(call: Call, shop: Shop) -> None:
    polish = call("check", shop.url, "--allow-private", key="Z" * 32, LANG="pl_PL.UTF-8")
    english = call("check", shop.url, "--allow-private", key="Z" * 32)
    assert (polish.status, english.status) == (2, 2)
    assert "PrestaShop" in english.out
    assert "klucz" in polish.out.casefold()
    assert "key" in english.out


@pytest.mark.parametrize(
    ("url", "key", "problem"),
    [
        ("", "K" * 32, "address.empty"),
        ("ftp://shop.example.com", "K" * 32, "address.scheme"),
        ("http://user:secret@shop.example.com", "K" * 32, "address.credentials"),
        ("{shop}", "Z" * 32, "auth.key_unknown"),
        ("{shop}", "short", "auth.key_format"),
    ],
)
def test_check_names_what_must_be_changed(call: Call, shop: Shop, url: str, key: str, problem: str) -> None:
    done = call("check", url.format(shop=shop.url), "--allow-private", "--json", key=key)
    assert done.status == 2
    assert done.json["ok"] is False
    assert problem in [found["key"] for found in done.json["problems"]]
    assert all(found["message"] for found in done.json["problems"])


def test_private_addresses_are_refused_unless_allowed(call: Call, shop: Shop) -> None:
    done = call("check", shop.url, "--json", key=shop.key)
    assert done.status == 2
    assert [problem["key"] for problem in done.json["problems"]] == ["net.blocked"]


def test_a_closed_port_is_said_plainly(call: Call) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = call("check", f"http://127.0.0.1:{port}", "--allow-private", "--json", key="K" * 32)
    assert done.status in {1, 2}
    assert [problem["key"] for problem in done.json["problems"]] == ["net.refused"]


def test_without_a_key_nothing_is_tried(call: Call) -> None:
    done = call("check", "http://127.0.0.1:9", "--json")
    assert done.status == 2
    assert done.json["problems"][0]["place"] == "PRESTASHOP_KEY"


def test_first_synchronisation_reads_everything(synchronised: Synchronised) -> None:
    _, first = synchronised
    assert first["ok"] is True
    assert first["mode"] == "first"
    assert first["customers"]["read"] == CUSTOMERS
    assert first["orders"] == {"read": ORDERS, "stored": ORDERS, "unchanged": 0, "removed": 0}
    assert first["set_aside"] == []
    assert first["requests"] > 0
    assert first["bytes"] > 0
    assert first["seconds"] > 0
    assert first["longest_stall_ms"] >= 0
    assert first["peak_rss_mb"] > 10


def test_second_synchronisation_writes_nothing_and_asks_little(
    call: Call, shop: Shop, synchronised: Synchronised
) -> None:
    data, _ = synchronised
    before = exported(call, data)
    again = call(
        "sync",
        shop.url,
        "--data",
        str(data),
        "--allegro-field",
        "Allegro",
        "--allow-private",
        "--json",
        key=shop.key,
    )
    assert again.status == 0
    assert again.json["mode"] == "incremental"
    assert again.json["customers"]["created"] == again.json["customers"]["updated"] == 0
    assert again.json["orders"]["stored"] == again.json["orders"]["removed"] == 0
    assert again.json["requests"] <= 12
    assert exported(call, data) == before


def test_export_holds_every_order_once(call: Call, synchronised: Synchronised) -> None:
    data, _ = synchronised
    customers, orders = exported(call, data)
    assert sorted(order["id"] for order in orders) == list(
        dict.fromkeys(sorted(order["id"] for order in orders))
    )
    assert len(orders) == ORDERS
    ids = {customer["id"] for customer in customers}
    assert {order["customer"] for order in orders} - {None} <= ids
    for order in orders:
        assert set(order) >= {
            "id",
            "reference",
            "date",
            "status",
            "total",
            "payment",
            "tracking",
            "shop",
            "lines",
        }
        assert Decimal(order["total"]["amount"]) >= 0
        assert order["date"] is None or datetime.fromisoformat(order["date"]).tzinfo is not None


def test_no_two_customers_share_an_email(call: Call, synchronised: Synchronised) -> None:
    customers, _ = exported(call, synchronised[0])
    emails = [email.casefold() for customer in customers for email in customer["emails"]]
    assert len(emails) == len(set(emails))


def test_show_finds_a_customer_by_order_email_and_id(call: Call, synchronised: Synchronised) -> None:
    data, _ = synchronised
    customers, orders = exported(call, data)
    order = next(order for order in orders if order["customer"] is not None and order["reference"])
    owner = next(customer for customer in customers if customer["id"] == order["customer"])
    asked = [("--order", order["reference"]), ("--customer", owner["id"])]
    asked += [("--email", email.upper()) for email in owner["emails"][:1]]
    for option, value in asked:
        done = call("show", "--data", str(data), option, value, "--json")
        assert done.status == 0, done.err
        assert done.json["customer"]["id"] == owner["id"]
        shown = [found for tab in done.json["tabs"] for found in tab["orders"]]
        mine = [found for found in orders if found["customer"] == owner["id"]]
        assert sorted(found["id"] for found in shown) == sorted(found["id"] for found in mine)
        assert done.json["history"]["title"] == "ORDERS"
        assert {entry["id"] for entry in done.json["history"]["entries"]} == {found["id"] for found in shown}


def test_show_speaks_polish(call: Call, synchronised: Synchronised) -> None:
    data, _ = synchronised
    _, orders = exported(call, data)
    reference = next(order["reference"] for order in orders if order["customer"] is not None)
    done = call("show", "--data", str(data), "--order", reference, "--locale", "pl")
    assert done.status == 0
    assert "Zamówienia" in done.out


@pytest.mark.parametrize(
    "arguments",
    [("show",), ("show", "--email", "a@b.pl", "--order", "X"), ("show", "--email", "nobody@example.com")],
)
def test_show_says_what_to_change(call: Call, synchronised: Synchronised, arguments: tuple[str, ...]) -> None:
    done = call(*arguments, "--data", str(synchronised[0]), "--json")
    assert done.status == 2
    assert done.json["problems"][0]["message"]


def test_commands_on_an_empty_folder_say_how_to_begin(call: Call, tmp_path: Path) -> None:
    for arguments in (("show", "--email", "a@b.pl"), ("export",)):
        done = call(*arguments, "--data", str(tmp_path / "none"))
        assert done.status == 2
        assert "sync" in done.err
    assert not (tmp_path / "none").exists()


def test_a_wrong_key_stores_nothing_and_the_right_one_finishes(
    call: Call, shop: Shop, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    wrong = call("sync", shop.url, "--data", str(data), "--allow-private", "--json", key="Z" * 32)
    assert wrong.status == 2
    assert wrong.json["ok"] is False
    assert wrong.json["problems"][0]["place"] == "PRESTASHOP_KEY"
    right = call("sync", shop.url, "--data", str(data), "--allow-private", "--json", key=shop.key)
    assert right.status == 0
    assert right.json["orders"]["stored"] == ORDERS


def test_a_field_of_another_type_is_an_error_on_its_option(
    call: Call, shop: Shop, synchronised: Synchronised
) -> None:
    data, _ = synchronised
    done = call(
        "sync", shop.url, "--data", str(data), "--field", "Allegro", "--allow-private", "--json", key=shop.key
    )
    assert done.status == 2
    assert "Allegro" in done.json["problems"][0]["message"]


def test_the_bridge_says_what_is_wrong_with_its_settings(call: Call, tmp_path: Path) -> None:
    config = tmp_path / "bridge.toml"
    config.write_text('data = "mirror"\n[thulium]\naddress = "firma.thulium.com"\npassword = "typed in"\n')
    done = call("bridge", "--config", str(config), "--check", "--json")
    assert done.status == 2
    assert any("password" in reason for reason in done.json["problems"])
    assert "typed in" not in done.out + done.err

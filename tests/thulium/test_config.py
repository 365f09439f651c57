"""The settings file: what is wrong is said with its place, secrets stay outside it and inside the process."""

from pathlib import Path

import pytest

from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.thulium.configfile import ConfigError, read_settings

GOOD = """
data = "state"
[thulium]
address = "firma.thulium.com"
user = "api"
password = { "$env" = "THULIUM_PASSWORD" }
custom_fields = [
    { name = "PrestaShop ID", type = "numeric" },
    { name = "Firma", type = "text" },
    { name = "Ostatnie", type = "date" },
]
company_field = "Firma"
[[shops]]
id = "sklep"
name = "Sklep"
[shops.authorization]
address = "https://sklep.pl"
api_key = { "$file" = "key" }
[shops.settings]
id_field = "PrestaShop ID"
since = 2024-01-31
guests = true
shops = [1, 2]
[shops.orders]
group = "Orders"
columns = { id = "Numer", lines = "Produkty" }
last_order_field = "Ostatnie"
[lookup]
token = { "$env" = "TOKEN" }
"""
SECRETS = {"THULIUM_PASSWORD": "kanarek-hasło", "TOKEN": "kanarek-token-look-up", "SHORT": "kanarek"}


def write(folder: Path, text: str) -> Path:
    (folder / "key").write_text("KANAREKKLUCZ\n")
    (folder / "empty").write_text("\n")
    (folder / "binary").write_bytes(b"\xff\xfe")
    path = folder / "bridge.toml"
    path.write_text(text)
    return path


def test_a_complete_file(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, GOOD), SECRETS)
    (shop,) = settings.shops
    assert settings.data == tmp_path / "state"
    assert [field.type for field in settings.thulium.custom_fields] == [
        CustomFieldType.NUMERIC,
        CustomFieldType.TEXT,
        CustomFieldType.DATE,
    ]
    assert shop.plain_authorization == {"address": "https://sklep.pl"}
    assert shop.secrets == {"api_key": "KANAREKKLUCZ"}
    # Forms hold text, however TOML writes it.
    assert shop.form_settings == {
        "id_field": "PrestaShop ID",
        "since": "2024-01-31",
        "guests": True,
        "shops": ["1", "2"],
    }
    assert sorted(settings.secrets) == ["KANAREKKLUCZ", "kanarek-hasło", "kanarek-token-look-up"]
    assert not any(secret in repr(settings) for secret in settings.secrets)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('{ "$env" = "THULIUM_PASSWORD" }', '"secret"', "thulium.password"),
        (
            '{ "$env" = "THULIUM_PASSWORD" }',
            '{ "$env" = "NO" }',
            "thulium.password: the environment variable NO",
        ),
        ('"$file" = "key"', '"$file" = "nokey"', "shops[0].authorization.api_key"),
        ('address = "firma.thulium.com"', 'address = "moja firma"', "thulium.address"),
        ('user = "api"', "", "thulium"),
        ('user = "api"', 'user = "api"\ncolour = "red"', "colour"),
        ('type = "numeric"', 'type = "number"', "thulium.custom_fields[0].type"),
        ('company_field = "Firma"', 'company_field = "Ostatnie"', "thulium.company_field"),
        ('company_field = "Firma"', 'time_zone = "Warsaw"', "thulium.time_zone"),
        ('id = "Numer", ', "", "shops.sklep.orders.columns: id is needed"),
        ('lines = "Produkty"', 'products = "Produkty"', "products is no cell of an order"),
        ('last_order_field = "Ostatnie"', 'last_order_field = "Firma"', "last_order_field"),
        ("[lookup]", '[lookup]\nlisten = "8481"', "lookup.listen"),
        ("[lookup]", "[[lookup", "is not TOML"),
        ('{ "$env" = "THULIUM_PASSWORD" }', '"kanarek"', "thulium.password: a secret is written"),
        ('type = "numeric"', 'type = "number"', "must be one of text, numeric, date"),
        ('"$file" = "key"', '"$file" = "empty"', "empty is empty"),
        ('"$file" = "key"', '"$file" = "binary"', "binary is not text"),
        ('data = "state"', 'allow_private = "false"', "allow_private: must be true or false"),
        ("[shops.orders]", '[shops.orders]\nnewest = "20"', "shops[0].orders.newest: must be a whole number"),
        ("[shops.orders]", "[shops.orders]\nnewest = 0", "shops.sklep.orders.newest: must be from 1 to"),
        ("[shops.orders]", '[shops.orders]\nprefix = "A1"', "must not end in a digit"),
        ('lines = "Produkty"', 'lines = "Numer"', "two cells have the same column"),
        ('group = "Orders"', "", "shops.sklep.orders.group: is needed"),
        ('data = "state"', 'log_level = "LOUD"', "log_level: LOUD is none of"),
        ('company_field = "Firma"', 'locale = "de"', "thulium.locale: de is none of pl, en"),
        ('company_field = "Firma"', 'country = "Polska"', "thulium.country: Polska is not a country's code"),
        ('name = "Firma"', 'name = "Ostatnie"', "thulium.custom_fields: two have the same name"),
        ('id = "sklep"', 'id = "../sklep"', "shops.id: ../sklep must be"),
        ('name = "Sklep"', "", "shops[0].name: is missing"),
        ('"$env" = "TOKEN"', '"$env" = "SHORT"', "lookup.token: must be at least 16"),
        ("[lookup]", '[lookup]\nlisten = "127.0.0.1:8480"', "the status page listens there"),
        ("[lookup]", '[lookup]\nlisten = "127.0.0.1:84800"', "is not host:port"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        read_settings(write(tmp_path, GOOD.replace(old, new, 1)), SECRETS)
    assert reason in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("kanarek", "KANAREK"))


def test_two_shops_do_not_write_to_the_same_place(tmp_path: Path) -> None:
    second = GOOD[GOOD.index("[[shops]]") : GOOD.index("[lookup]")].replace('"sklep"', '"drugi"')
    text = GOOD.replace("[lookup]", f"{second}[lookup]")
    with pytest.raises(ConfigError) as caught:
        read_settings(write(tmp_path, text), SECRETS)
    assert len(caught.value.reasons) == 2
    apart = second.replace('group = "Orders"', 'group = "Orders"\nprefix = "D-"').replace(
        '"Ostatnie"', '"Ostatnie 2"'
    )
    text = GOOD.replace("[lookup]", f"{apart}[lookup]").replace(
        '{ name = "Firma"', '{ name = "Ostatnie 2", type = "date" },\n    { name = "Firma"'
    )
    assert len(read_settings(write(tmp_path, text), SECRETS).shops) == 2


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings(tmp_path / "nowhere.toml", {})


def test_everything_wrong_is_said_at_once_and_in_the_language_of_the_settings(tmp_path: Path) -> None:
    text = GOOD.replace('user = "api"', 'locale = "pl"').replace('"THULIUM_PASSWORD"', '"NO"')
    with pytest.raises(ConfigError) as caught:
        read_settings(write(tmp_path, text), SECRETS)
    assert caught.value.locale == "pl"
    assert sorted(reason.pl for reason in caught.value.reasons) == [
        "bridge.toml: thulium.password: zmienna środowiskowa NO nie jest ustawiona",
        "bridge.toml: thulium.user: brakuje",
    ]

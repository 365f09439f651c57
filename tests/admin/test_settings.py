from datetime import UTC, date, datetime

import pytest

from thulium_plugin_prestashop.admin.facts import Choices
from thulium_plugin_prestashop.admin.forms import authorization_form, settings_form
from thulium_plugin_prestashop.admin.settings import (
    NewerSettingsError,
    SettingsError,
    read_settings,
    today_in,
    upgrade,
)
from thulium_plugin_prestashop.admin.zones import find_zone, zone_names
from thulium_plugin_prestashop.contract.forms import CustomFieldType, Value
from thulium_plugin_prestashop.webservice.records import Country, OrderState, Shop

TODAY = date(2026, 11, 24)
GOOD: dict[str, Value] = {"name": "Sklep", "id_field": "PrestaShop ID", "time_zone": "Europe/Warsaw"}


def test_a_filled_form_becomes_settings() -> None:
    settings = read_settings(
        {
            **GOOD,
            "name": "  Sklep ",
            "shops": ["1", "2"],
            "since": "2025-01-31",
            "guests": False,
            "hidden_states": ["6"],
            "existing_customers": "never",
            "login_pattern": r"Allegro: (\S+)",
        },
        today=TODAY,
    )
    assert (settings.name, settings.id_field, settings.time_zone.key) == (
        "Sklep",
        "PrestaShop ID",
        "Europe/Warsaw",
    )
    assert (settings.shops, settings.since, settings.guests) == (
        frozenset({1, 2}),
        date(2025, 1, 31),
        False,
    )
    assert (settings.hidden_states, settings.fill_existing) == (frozenset({6}), False)
    run = settings.for_sync()
    assert (run.name, run.shops, run.since, run.guests, run.existing_customers) == (
        "Sklep",
        frozenset({1, 2}),
        date(2025, 1, 31),
        False,
        "never",
    )
    assert run.login_pattern is not None


def test_what_is_left_out_has_the_forms_default() -> None:
    settings = read_settings(GOOD, today=TODAY)
    form = settings_form(Choices(), time_zone="Europe/Warsaw")
    defaults: dict[str, Value] = {
        field.key: field.default for field in form.fields if field.default is not None
    }
    assert read_settings({**defaults, **GOOD}, today=TODAY) == settings
    assert (settings.guests, settings.fill_existing, settings.shops, settings.since) == (
        True,
        True,
        frozenset(),
        None,
    )


@pytest.mark.parametrize(
    ("field", "value", "key", "polish", "english"),
    [
        ("name", " ", "required", "Wypełnij to pole.", "Fill in this field."),
        ("name", "x" * 101, "too_long", "Najwyżej 100 znaków.", "At most 100 characters."),
        ("id_field", None, "required", "Wypełnij to pole.", "Fill in this field."),
        ("time_zone", "", "required", "Wypełnij to pole.", "Fill in this field."),
        (
            "time_zone",
            "Europe/Warszawa",
            "time_zone_unknown",
            "„Europe/Warszawa” nie jest strefą",
            "is not a time zone",
        ),
        ("time_zone", "../etc/passwd", "time_zone_unknown", "nie jest strefą", "is not a time zone"),
        ("since", "31.01.2025", "date_invalid", "„31.01.2025” nie jest datą", "“31.01.2025” is not a date"),
        ("since", "2026-02-30", "date_invalid", "nie jest datą", "is not a date"),
        (
            "since",
            "2026-11-25",
            "date_in_future",
            "Ten dzień jeszcze nie nadszedł",
            "This day has not come yet",
        ),
        ("shops", ["x"], "value_invalid", "Nie można odczytać", "cannot be read"),
        ("hidden_states", "6", "value_invalid", "Nie można odczytać", "cannot be read"),
        ("guests", "yes", "value_invalid", "Nie można odczytać", "cannot be read"),
        (
            "existing_customers",
            "overwrite",
            "choice_unknown",
            "Wybierz jedną z wartości",
            "Choose one of the values",
        ),
        ("login_pattern", "Allegro", "pattern_groups", "dokładnie jedną grupę", "exactly one group"),
        (
            "login_pattern",
            r"(.+)\]",
            "pattern_ambiguous",
            "Nie wiadomo, gdzie kończy się „.+”",
            "unclear where “.+” ends",
        ),
    ],
)
def test_every_error_stands_on_its_field_in_both_languages(
    field: str, value: Value, key: str, polish: str, english: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({**GOOD, field: value}, today=TODAY)
    (error,) = raised.value.errors
    assert (error.field, error.key) == (field, key)
    assert polish in error.message.pl
    assert english in error.message.en


def test_all_errors_come_at_once_in_the_order_of_the_form() -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({"since": "x", "time_zone": "x"}, today=TODAY)
    assert [error.field for error in raised.value.errors] == ["name", "id_field", "time_zone", "since"]


def test_today_is_the_companys_day() -> None:
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert today_in("Europe/Warsaw", late) == date(2026, 11, 25)
    assert today_in("no/where", late) == date(2026, 11, 24)


def test_settings_of_earlier_forms_are_upgraded_and_of_later_ones_refused() -> None:
    steps = {1: lambda values: {**values, "b": values["a"]}, 2: lambda values: {**values, "c": values["b"]}}
    assert upgrade({"a": "x"}, 1, steps=steps, newest=3) == {"a": "x", "b": "x", "c": "x"}
    assert upgrade(GOOD, 1) == GOOD
    with pytest.raises(NewerSettingsError, match="version 4, this plugin knows 3"):
        upgrade({}, 4, steps=steps, newest=3)


def test_choices_of_the_second_form_survive_the_host() -> None:
    choices = Choices.of(
        [
            Shop(1, 1, "Sklep", active=True, deleted=False),
            Shop(2, 1, "Stary", active=False, deleted=True),
            Shop(3, 1, "EU", active=True, deleted=False),
        ],
        [
            OrderState(
                4,
                "#fff",
                paid=True,
                shipped=True,
                delivery=True,
                hidden=False,
                deleted=False,
                name={1: "Wysłane", 2: "Shipped"},
            )
        ],
        [Country(1, "DE", 49, active=True, name={1: "Niemcy", 2: "Germany"})],
    )
    assert Choices.from_facts(choices.to_facts()) == choices
    form = settings_form(choices, time_zone="UTC")
    assert [(option.value, option.label.pl) for option in form.field("shops").options] == [
        ("1", "Sklep"),
        ("3", "EU"),
    ]
    (state,) = form.field("hidden_states").options
    assert (state.value, state.label.pl, state.label.en) == ("4", "Wysłane", "Shipped")
    assert settings_form(Choices.from_facts({}), time_zone="UTC").field("shops").options == ()


def test_the_forms_help_with_every_field() -> None:
    for form in (authorization_form(), settings_form(Choices(), time_zone="UTC")):
        for field in form.fields:
            assert field.help is not None
            assert field.label.pl
            assert field.help.pl != field.help.en
    id_field = settings_form(Choices(), time_zone="UTC").field("id_field")
    assert (id_field.custom_field_type, id_field.may_create) == (CustomFieldType.NUMERIC, True)


def test_every_zone_offered_exists() -> None:
    assert len(zone_names()) > 300
    assert zone_names()[0].startswith("Europe/")
    assert all(find_zone(name) for name in zone_names())

from hypothesis import given
from hypothesis import strategies as st

from thulium_plugin_prestashop.agent.languages import ShopLanguages

STATES_OF_1_6 = [
    {1: "Płatność zaakceptowana", 2: "Payment accepted"},
    {1: "Wysłane", 2: "Shipped"},
    {1: "Anulowane", 2: "Canceled"},
]


def test_country_names_tell_which_id_is_which_language() -> None:
    languages = ShopLanguages.recognise(
        [("DE", {7: "Germany", 3: "Niemcy"}), ("PE", {7: "Peru", 3: "Peru"})], []
    )
    assert languages.ids == {"en": 7, "pl": 3}


def test_states_decide_where_countries_were_never_translated() -> None:
    countries = [(code, {1: name, 2: name}) for code, name in (("DE", "Niemcy"), ("PL", "Polska"))]
    assert ShopLanguages.recognise(countries, STATES_OF_1_6).ids == {"pl": 1, "en": 2}


def test_one_id_stands_for_one_language() -> None:
    assert ShopLanguages.recognise([("DE", {1: "Niemcy"}), ("PL", {1: "Poland"})], []).ids in (
        {"pl": 1},
        {"en": 1},
    )


def test_a_viewer_reads_their_language_and_otherwise_what_there_is() -> None:
    languages = ShopLanguages({"pl": 1, "en": 2})
    assert languages.pick({1: "Wysłane", 2: "Shipped", 3: "Versendet"}, "pl") == "Wysłane"
    assert languages.pick({1: "Wysłane", 2: "", 3: "Versendet"}, "en") == "Wysłane"
    assert languages.pick({3: "Versendet"}, "pl") == "Versendet"
    assert languages.pick({0: "One plain string"}, "pl") == "One plain string"
    assert languages.pick({}, "pl") == ""


names = st.dictionaries(
    st.integers(0, 9), st.sampled_from(["Niemcy", "Germany", "Wysłane", "Shipped", "?", ""])
)


@given(st.lists(st.tuples(st.sampled_from(["DE", "PL", "??", ""]), names)), st.lists(names))
def test_whatever_a_shop_sends_ids_are_distinct_and_were_there(
    countries: list[tuple[str, dict[int, str]]], states: list[dict[int, str]]
) -> None:
    languages = ShopLanguages.recognise(countries, states)
    seen = {language_id for texts in [*(texts for _, texts in countries), *states] for language_id in texts}
    assert len(set(languages.ids.values())) == len(languages.ids)
    assert set(languages.ids.values()) <= seen

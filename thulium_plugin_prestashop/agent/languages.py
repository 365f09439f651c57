"""Which of a shop's languages is Polish and which is English.

The webservice gives texts by the shop's own language ids, and the permission that would tell which language an id
stands for (``languages``) is not among the seven. But every shop carries the names of its countries and of its order
states in all its languages. CLDR knows the countries' names in Polish and English, and PrestaShop's own translations
name the states that every installation begins with. Each name that agrees is a vote; real shops need both kinds
(the recorded 1.6 has Polish country names under both of its languages).
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import attrs
from babel import Locale

from thulium_plugin_prestashop.webservice.records import Translated

SPOKEN = ("pl", "en")

_STATES: Mapping[str, frozenset[str]] = {
    "pl": frozenset(
        {
            "anulowane",
            "błąd płatności",
            "dostarczane",
            "dostarczone",
            "oczekiwanie na płatność czekiem",
            "oczekiwanie na płatność przelewem",
            "oczekiwanie na płatność przelewem bankowym",
            "oczekiwanie na płatność przy odbiorze",
            "płatność przyjęta",
            "płatność zaakceptowana",
            "przygotowanie w toku",
            "wysłane",
            "zwrot",
            "zwróconych pieniędzy",
        }
    ),
    "en": frozenset(
        {
            "awaiting bank wire payment",
            "awaiting cash on delivery validation",
            "awaiting check payment",
            "canceled",
            "delivered",
            "on backorder (not paid)",
            "on backorder (paid)",
            "payment accepted",
            "payment error",
            "processing in progress",
            "refunded",
            "remote payment accepted",
            "shipped",
        }
    ),
}
"""Names of PrestaShop's own order states, 1.6 to 9, case-folded."""


@attrs.frozen
class ShopLanguages:
    """The shop's language id for each language the plugin speaks, where the shop has it."""

    ids: Mapping[str, int]

    @classmethod
    def recognise(
        cls, countries: Iterable[tuple[str, Translated]], states: Iterable[Translated]
    ) -> "ShopLanguages":
        """Learn from the names of the shop's countries, given with their ISO codes, and of its order states.

        Only country names that tell the languages apart count (*Niemcy*, *Germany*; not *Peru*). A language id
        stands for one language only: the one with the most votes goes first, the lower id before the higher.
        """
        votes: Counter[tuple[str, int]] = Counter()
        territories = {language: Locale(language).territories for language in SPOKEN}
        for iso_code, names in countries:
            known = {language: territories[language].get(iso_code, "").casefold() for language in SPOKEN}
            if len(set(known.values())) == len(SPOKEN):
                votes.update(_agreeing(names, {language: {name} for language, name in known.items()}))
        for names in states:
            votes.update(_agreeing(names, _STATES))
        ids: dict[str, int] = {}
        for (language, language_id), _ in sorted(votes.items(), key=lambda vote: (-vote[1], vote[0][1])):
            if language not in ids and language_id not in ids.values():
                ids[language] = language_id
        return cls(ids)

    def pick(self, texts: Translated, language: str) -> str:
        """The text for a viewer: in their language, else English, else Polish, else whatever the shop has.

        An empty text is no text. A shop that sends one plain string is taken at its word.
        """
        for wanted in (language, *reversed(SPOKEN)):
            text = texts.get(self.ids.get(wanted, -1), "")
            if text:
                return text
        return next((text for _, text in sorted(texts.items()) if text), "")


def _agreeing(names: Translated, known: Mapping[str, frozenset[str] | set[str]]) -> Iterable[tuple[str, int]]:
    for language_id, name in names.items():
        folded = name.strip().casefold()
        for language in SPOKEN:
            if folded and folded in known[language]:
                yield language, language_id

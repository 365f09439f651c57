"""The shop's small tables as views need them: currencies, states, countries, shops, and its languages."""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from thulium_plugin_prestashop.agent.languages import ShopLanguages
from thulium_plugin_prestashop.webservice.records import Translated


def _translated(texts: Mapping[str, str]) -> Translated:
    return {int(language): text for language, text in texts.items()}


@attrs.frozen
class State:
    """An order state: its name in the shop's languages, its colour as the shop writes it, and whether orders in it
    are paid or on their way, by the flags that the shop gave it.
    """

    name: Translated
    color: str
    settled: bool


@attrs.frozen
class Country:
    """A country: ISO 3166-1 alpha-2 and its name in the shop's languages."""

    iso_code: str
    name: Translated


@attrs.frozen
class Lookups:
    """All small tables of one shop, by id."""

    currencies: Mapping[int, str]
    states: Mapping[int, State]
    countries: Mapping[int, Country]
    shops: Mapping[int, str]
    languages: ShopLanguages

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[str, int, Any]]) -> "Lookups":
        """From the mirror's rows ``(kind, id, record)``."""
        kinds: dict[str, dict[int, Any]] = {
            "currencies": {},
            "order_states": {},
            "countries": {},
            "shops": {},
        }
        for kind, row_id, record in rows:
            kinds[kind][row_id] = record
        states = {
            row_id: State(
                _translated(record["name"]),
                record["color"],
                settled=record["paid"] or record["shipped"] or record["delivery"],
            )
            for row_id, record in kinds["order_states"].items()
        }
        countries = {
            row_id: Country(record["iso_code"], _translated(record["name"]))
            for row_id, record in kinds["countries"].items()
        }
        return cls(
            currencies={row_id: record["iso_code"] for row_id, record in kinds["currencies"].items()},
            states=states,
            countries=countries,
            shops={
                row_id: record["name"] for row_id, record in kinds["shops"].items() if not record["deleted"]
            },
            languages=ShopLanguages.recognise(
                ((country.iso_code, country.name) for country in countries.values()),
                (state.name for state in states.values()),
            ),
        )

    def is_settled(self, state: int) -> bool:
        """Whether an order in this state counts as bought; one in a state that the shop does not know does."""
        known = self.states.get(state)
        return known is None or known.settled

    def state_name(self, state: int, language: str) -> str:
        """The name of a state for a viewer; ``""`` when the shop does not know the state."""
        known = self.states.get(state)
        return self.languages.pick(known.name, language) if known else ""

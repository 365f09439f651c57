"""What authentication learned of a shop, in the flat text form that a host keeps.

``version`` and ``shop_name`` are for people. The others are the plugin's own: the choices of the second form (as
JSON) and what the webservice client learned.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import attrs
import cattrs
import orjson

from thulium_plugin_prestashop.agent.languages import ShopLanguages
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.webservice.records import Country, OrderState, Shop

VERSION: Final = "version"
SHOP_NAME: Final = "shop_name"
SHOPS: Final = "_shops"
STATES: Final = "_states"
CLIENT: Final = "_client"


@attrs.frozen
class Choice:
    """One shop or one order state to choose."""

    id: int
    en: str
    pl: str

    @property
    def label(self) -> LocalizedText:
        """What the administrator reads."""
        return LocalizedText(en=self.en, pl=self.pl)


@attrs.frozen
class Choices:
    """What the second form offers."""

    shops: tuple[Choice, ...] = ()
    states: tuple[Choice, ...] = ()

    @classmethod
    def of(
        cls, shops: Iterable[Shop], states: Iterable[OrderState], countries: Iterable[Country]
    ) -> "Choices":
        """From the shop's records; deleted ones are no choice. The countries tell the shop's languages."""
        states = list(states)
        languages = ShopLanguages.recognise(
            ((country.iso_code, country.name) for country in countries), (state.name for state in states)
        )
        return cls(
            shops=tuple(Choice(shop.id, shop.name, shop.name) for shop in shops if not shop.deleted),
            states=tuple(
                Choice(state.id, languages.pick(state.name, "en"), languages.pick(state.name, "pl"))
                for state in states
                if not state.deleted
            ),
        )

    @classmethod
    def from_facts(cls, facts: Mapping[str, str]) -> "Choices":
        """From what :meth:`to_facts` wrote; anything missing is no choice."""
        return cls(
            shops=_read(facts.get(SHOPS, "[]")),
            states=_read(facts.get(STATES, "[]")),
        )

    def to_facts(self) -> dict[str, str]:
        """For the host to keep."""
        return {
            SHOPS: orjson.dumps(cattrs.unstructure(self.shops)).decode(),
            STATES: orjson.dumps(cattrs.unstructure(self.states)).decode(),
        }


def _read(text: str) -> tuple[Choice, ...]:
    return cattrs.structure(orjson.loads(text), tuple[Choice, ...])

"""Finding cards. The API's filters only narrow the search; every match is verified here."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import attrs

from thulium_plugin_prestashop.contract.customers import ByCustomField, ByEmail, ById, Lookup
from thulium_plugin_prestashop.contract.host import Clock
from thulium_plugin_prestashop.thulium.api import LARGEST_PAGE, NotFoundError, Params, ThuliumApi
from thulium_plugin_prestashop.thulium.behaviour import Behaviour
from thulium_plugin_prestashop.thulium.fields import FieldTypes
from thulium_plugin_prestashop.thulium.ledger import Kind, Ledger
from thulium_plugin_prestashop.thulium.records import Card, read_card
from thulium_plugin_prestashop.thulium.together import together
from thulium_plugin_prestashop.thulium.values import email_key

ALL_OF_A_CARD: Final[Params] = (
    ("include_custom_fields", "true"),
    ("include_address", "true"),
    ("include_invoice_address", "true"),
)
_ALTERNATIVES: Final = 40
"""Values of one custom field in one request: an address of about 3,000 characters."""
_FEW: Final = 100
_LIST_IS_GOOD_FOR: Final = timedelta(hours=1)


@attrs.frozen
class EmailMatch:
    """What a look-up by e-mail found: cards that certainly have it, and cards that may, among e-mails not shown."""

    certain: tuple[Card, ...]
    possible: tuple[Card, ...]


class CardFinder:
    """Looks cards up. Asks for one thing once per call, several at a time; keeps no card between calls, because
    agents edit them meanwhile.
    """

    def __init__(
        self, api: ThuliumApi, ledger: Ledger, types: FieldTypes, behaviour: Behaviour, clock: Clock
    ) -> None:
        self._api = api
        self._ledger = ledger
        self._types = types
        self._clock = clock
        self.behaviour = behaviour
        self.possible: dict[str, tuple[Card, ...]] = {}
        """Cards that may have an e-mail among those not shown, by e-mail key, as the last look-up of it found."""
        self._unsearched: dict[str, set[int]] = {}
        self._unsearched_at: datetime | None = None

    async def find(self, lookups: Iterable[Lookup]) -> dict[Lookup, list[Card]]:
        """The cards that certainly match each look-up."""
        wanted = set(lookups)
        by_field: dict[str, list[str]] = {}
        for lookup in wanted:
            if isinstance(lookup, ByCustomField):
                by_field.setdefault(lookup.name, []).append(lookup.value)
        emails = [lookup for lookup in wanted if isinstance(lookup, ByEmail)]
        ids = [lookup for lookup in wanted if isinstance(lookup, ById)]
        fields = await self._by_fields(by_field)
        matches = await self.by_emails([lookup.email for lookup in emails])
        cards = await together(self._by_id(lookup.id) for lookup in ids)
        found: dict[Lookup, list[Card]] = {ByCustomField(*place): held for place, held in fields.items()}
        found.update({lookup: list(matches[email_key(lookup.email)].certain) for lookup in emails})
        found.update({lookup: [card] if card else [] for lookup, card in zip(ids, cards, strict=True)})
        return found

    async def card(self, number: int) -> Card | None:
        """One card as it is now, or ``None`` when it is gone."""
        try:
            return read_card(await self._api.get(f"customers/{number}", ALL_OF_A_CARD))
        except NotFoundError:
            return None

    async def by_emails(self, emails: Sequence[str]) -> dict[str, EmailMatch]:
        """Matches by :func:`.values.email_key`."""
        spellings: dict[str, set[str]] = {}
        for email in emails:
            spellings.setdefault(email_key(email), set()).add(email.strip())
        if spellings:
            await self._read_unsearched()
        written = await self._ledger.holders(Kind.EMAIL, spellings)
        keys = list(spellings)
        matches = await together(self._by_email(key, spellings[key], written.get(key, set())) for key in keys)
        for key, match in zip(keys, matches, strict=True):
            self.possible.pop(key, None)
            if match.possible:
                self.possible[key] = match.possible
        return dict(zip(keys, matches, strict=True))

    def shows_all_emails(self, card: Card) -> bool:
        """Whether the card can have no e-mail that is not shown."""
        return card.emails_complete or self.behaviour.shows_all_emails is True

    # One kind of look-up each

    async def _by_id(self, customer: str) -> Card | None:
        return await self.card(int(customer)) if customer.isascii() and customer.isdigit() else None

    async def _by_fields(self, wanted: dict[str, list[str]]) -> dict[tuple[str, str], list[Card]]:
        found: dict[tuple[str, str], dict[int, Card]] = {
            (name, value): {} for name, values in wanted.items() for value in values
        }

        async def ask(name: str, values: Sequence[str]) -> None:
            params = [(f"custom_fields[{name}][{place}]", value) for place, value in enumerate(values)]
            if len(values) == 1:
                params = [(f"custom_fields[{name}]", values[0])]
            async for card in self._cards(params, _FEW if len(values) == 1 else LARGEST_PAGE):
                held = card.custom_fields.get(name, "")
                for value in values:
                    if held and self._types.same(name, held, value):
                        found[name, value][card.id] = card

        await together(
            ask(name, values[start : start + _ALTERNATIVES])
            for name, values in wanted.items()
            for start in range(0, len(values), _ALTERNATIVES)
        )
        return {place: list(cards.values()) for place, cards in found.items()}

    async def _by_email(self, key: str, typed: set[str], ours: set[int]) -> EmailMatch:
        # Where case may count, the address is asked for as the shop writes it and in lower case, which is how
        # nearly all cards have it; the remaining spellings come from the list.
        spellings = {key} if self.behaviour.email_filter_ignores_case else {key, *typed}
        cards: dict[int, Card] = {}
        for spelling in sorted(spellings):
            async for card in self._cards([("email", spelling)], _FEW):
                cards[card.id] = card
        # What the filter may miss: another spelling, and an e-mail of ours that is not the card's first.
        for number in (self._unsearched.get(key, set()) | ours) - cards.keys():
            if (missed := await self.card(number)) is not None:
                cards[number] = missed
        certain: list[Card] = []
        possible: list[Card] = []
        for card in cards.values():
            if key in card.email_keys:
                certain.append(card)
            elif self.shows_all_emails(card):
                continue
            elif card.id in ours or self.behaviour.email_filter_exact:
                # One of those not shown: we wrote it there, or the filter gives nothing but whole matches.
                certain.append(card)
            elif not any(key in shown for shown in card.email_keys):
                # It may be one of those not shown; a longer one that is shown would explain the match.
                possible.append(card)
        return EmailMatch(tuple(certain), tuple(possible))

    async def _cards(self, params: Params, limit: int) -> AsyncIterator[Card]:
        async for rows in self._api.pages("customers", [*params, *ALL_OF_A_CARD], limit=limit):
            for row in rows:
                if (card := read_card(row)) is not None:
                    yield card
            await asyncio.sleep(0)

    async def _read_unsearched(self) -> None:
        """E-mails that the filter misses, from a list of all cards: those with capital letters where it may mind case,
        and those that are not a card's first where it may look at first ones only.
        """
        spelt = self.behaviour.email_filter_ignores_case is not True
        behind = (
            self.behaviour.email_filter_searches_all is not True
            and self.behaviour.shows_all_emails is not False
        )
        now = self._clock.now()
        fresh = self._unsearched_at is not None and now - self._unsearched_at < _LIST_IS_GOOD_FOR
        if fresh or not (spelt or behind):
            return
        found: dict[str, set[int]] = {}
        async for rows in self._api.pages("customers"):
            for row in rows:
                card = read_card(row)
                for place, email in enumerate(card.emails if card else ()):
                    key = email_key(email)
                    if card and ((spelt and email != key) or (behind and place)):
                        found.setdefault(key, set()).add(card.id)
            await asyncio.sleep(0)
        self._unsearched, self._unsearched_at = found, now

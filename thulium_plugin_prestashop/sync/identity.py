"""Whose customer it is: which card of the host belongs to a customer of the shop.

The first of these that names a card decides:

1. ``id_field``: the card holds the shop's id in the integration's custom field.
2. ``link``: it was tied to this card before.
3. ``login``: a card, or a buyer of the same shop, with the same marketplace login.
4. ``masked_email``: the same masked address without its order part.
5. ``email``: the same e-mail, case-folded.
6. ``created``: nobody; a new card is made.

Several cards at the same step are a conflict: reported, and left to a person. Nothing here does any I/O: a
:class:`Directory` holds what was looked up for one batch, and learns the decisions as they are made, so that a person
who stands in a batch several times becomes one card.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import attrs

from thulium_plugin_prestashop.contract.customers import Customer
from thulium_plugin_prestashop.mirror.links import Link
from thulium_plugin_prestashop.mirror.rows import email_key
from thulium_plugin_prestashop.sync.profile import Profile

CardKey: TypeAlias = str
"""The host's id of a card, or ``"new:<id>"`` for one that this batch creates."""


def new_key(id_customer: int) -> CardKey:
    """The key of a card that is about to be created for this customer of the shop."""
    return f"new:{id_customer}"


@attrs.frozen
class Decision:
    """Which card, and why. Without a card, ``reason`` says why not."""

    card: CardKey | None
    basis: str = ""
    reason: str = ""
    """``several`` cards match, ``not_wanted`` by the settings, ``anonymous``, ``blocked``; ``""`` with a card."""
    candidates: tuple[CardKey, ...] = ()


@attrs.define
class Directory:
    """Cards by what identifies them, for one batch."""

    cards: dict[CardKey, Customer] = attrs.field(factory=dict)
    by_id_field: dict[str, set[CardKey]] = attrs.field(factory=dict)
    by_card_id: dict[str, CardKey] = attrs.field(factory=dict)
    """The card that the host gives for an id; another one after a merge."""
    by_login: dict[str, set[CardKey]] = attrs.field(factory=dict)
    by_masked: dict[str, set[CardKey]] = attrs.field(factory=dict)
    by_email: dict[str, set[CardKey]] = attrs.field(factory=dict)

    def know(self, table: dict[str, set[CardKey]], key: str, cards: Iterable[Customer]) -> None:
        """Add what a look-up found."""
        for card in cards:
            self.cards[card.id] = card
            table.setdefault(key, set()).add(card.id)

    def know_linked(self, table: dict[str, set[CardKey]], linked: Mapping[str, set[str]]) -> None:
        """Add cards that earlier links name, as far as the host still has them."""
        for key, crm_ids in linked.items():
            for crm_id in crm_ids:
                if crm_id in self.by_card_id:
                    table.setdefault(key, set()).add(self.by_card_id[crm_id])

    def learn(self, person: Profile, card: CardKey) -> None:
        """This person is on this card: whoever shares the e-mail or the login is the same person."""
        if person.login:
            self.by_login.setdefault(person.login.casefold(), set()).add(card)
        if person.masked_key:
            self.by_masked.setdefault(person.masked_key, set()).add(card)
        # A card that another step chose does not take an e-mail away from the card that holds it.
        for email in person.emails:
            if not self.by_email.get(email_key(email)):
                self.by_email[email_key(email)] = {card}

    def holder(self, email: str) -> set[CardKey]:
        """Cards that hold this e-mail, or are about to."""
        return self.by_email.get(email_key(email), set())


def decide(
    person: Profile, link: Link | None, directory: Directory, *, guests: bool, recycled: bool = False
) -> Decision:
    """Choose the card of one customer.

    Args:
        person: The customer.
        link: What is known of it so far.
        directory: What was looked up.
        guests: Whether a guest may become a new card.
        recycled: The shop has given this id to another person; a card that holds it is somebody else's.

    """
    if link is not None and link.blocked:
        return Decision(None, reason="blocked")
    if person.anonymous:
        return Decision(None, reason="anonymous")
    for basis, cards in _steps(person, link, directory, recycled=recycled):
        if len(cards) > 1:
            return Decision(None, reason="several", basis=basis, candidates=tuple(sorted(cards)))
        if cards:
            (card,) = cards
            kept = link is not None and link.basis and directory.by_card_id.get(link.crm_id or "") == card
            return Decision(card, basis=link.basis if kept and link is not None else basis)
    if (person.guest and not guests) or (person.deleted and not person.has_orders):
        return Decision(None, reason="not_wanted")
    return Decision(new_key(person.id), basis="created")


def _steps(
    person: Profile, link: Link | None, directory: Directory, *, recycled: bool
) -> Iterable[tuple[str, set[CardKey]]]:
    if not recycled:
        yield "id_field", directory.by_id_field.get(str(person.id), set())
    linked = directory.by_card_id.get(link.crm_id) if link is not None and link.crm_id else None
    yield "link", {linked} if linked else set()
    if person.login:
        yield "login", directory.by_login.get(person.login.casefold(), set())
    if person.masked_key:
        yield "masked_email", directory.by_masked.get(person.masked_key, set())
    if person.email_key:
        yield "email", directory.by_email.get(person.email_key, set())

"""Who stands behind a PrestaShop customer: new people, and people who come back as another customer."""

# ruff: noqa: PLR2004 - shares and chances are numbers where they are used; a name for each would hide them

from __future__ import annotations

import random

import attrs

from thulium_plugin_prestashop.sandbox.shop.filters import fold
from thulium_plugin_prestashop.sandbox.shop.vocabulary import (
    MAIL_HOSTS,
    MEN,
    NICKS,
    SURNAMES_OF_MEN,
    SURNAMES_OF_WOMEN,
    WOMEN,
)

_REMEMBERED = 2_000
_ALNUM = "abcdefghijklmnopqrstuvwxyz0123456789"
_LATIN = str.maketrans("łŁ", "lL")


def latin(text: str) -> str:
    """Spell a Polish name for an e-mail address."""
    return (fold(text.translate(_LATIN)) or "").replace(" ", "")


@attrs.frozen
class Identity:
    """A person (or a marketplace's buyer) who may come back as another PrestaShop customer."""

    firstname: str
    lastname: str
    gender: int
    email: str
    nick: str = ""


class Identities:
    """Draws identities; some come back: guests at every checkout, buyers of a marketplace under new masks."""

    def __init__(self, rng: random.Random) -> None:
        """Draw from ``rng``."""
        self._rng = rng
        self._known: list[Identity] = []
        self._buyers: list[Identity] = []

    def next(self) -> tuple[Identity, bool]:
        """Draw who registers next, and whether as a guest."""
        rng = self._rng
        kind = rng.random()
        if kind < 0.12:  # the share of Allegro's buyers
            return self._allegro_buyer(), True
        if kind < 0.14:  # the share of other marketplaces
            fixed, order = self._token(10), self._token(12)
            masked = rng.choice((f"{fixed}+{order}@marketplace.amazon.pl", f"{fixed}@members.ebay.com"))
            return attrs.evolve(self._person(), email=masked), True
        guest = kind < 0.38  # the share of guests
        if guest and self._known and rng.random() < 0.45:  # guests come back as new customers
            return rng.choice(self._known), True
        person = self._person()
        self._remember(self._known, person)
        return person, guest

    def _allegro_buyer(self) -> Identity:
        """A buyer with a masked address: its first part stays, the part after + is new with every transaction."""
        rng = self._rng
        if self._buyers and rng.random() < 0.45:  # the share of those who come back
            buyer = rng.choice(self._buyers)
        else:
            buyer = attrs.evolve(
                self._person(),
                email=self._token(10),
                nick=f"{rng.choice(NICKS)}{rng.randrange(1_000, 1_000_000)}",
            )
            self._remember(self._buyers, buyer)
        return attrs.evolve(buyer, email=f"{buyer.email}+{rng.getrandbits(36):09x}@allegromail.pl")

    def _remember(self, pool: list[Identity], identity: Identity) -> None:
        if len(pool) < _REMEMBERED:
            pool.append(identity)
        else:
            pool[self._rng.randrange(_REMEMBERED)] = identity

    def _person(self) -> Identity:
        rng = self._rng
        woman = rng.random() < 0.5
        first = rng.choice(WOMEN if woman else MEN)
        last = rng.choice(SURNAMES_OF_WOMEN if woman else SURNAMES_OF_MEN)
        separator = rng.choice((".", "_", ""))
        email = f"{latin(first)}{separator}{latin(last)}{rng.randrange(1, 99_999)}@{rng.choice(MAIL_HOSTS)}"
        return Identity(first, last, 2 if woman else 1, email)

    def _token(self, length: int) -> str:
        return "".join(self._rng.choices(_ALNUM, k=length))

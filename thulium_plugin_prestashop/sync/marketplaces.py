"""Buyers who come through a marketplace: masked e-mail addresses, and where their login is found.

A marketplace hides its buyers' addresses behind masked ones. Each has rules of its own for which part stays the same
from order to order, so there is one rule per domain and none for any other:

=========  ==========================================  =======================================================
Allegro    ``<fixed>+<transaction>@allegromail.pl``    what stands before the ``+`` belongs to the buyer
Amazon     ``<a>+<b>+<order>@marketplace.amazon.<tld>``  only what follows a *second* ``+`` is the order's
eBay       ``<code>@members.ebay.<tld>``               nothing is ever cut off
=========  ==========================================  =======================================================

The login is not among PrestaShop's fields. The known carrier is BaseLinker's exchange file, which writes
``Jan Kowalski [nick]`` as the alias of the address; an administrator can name another place by a pattern.
"""

import re
from collections.abc import Iterable
from typing import Final

import attrs

_ALLEGRO: Final = frozenset({"allegromail.pl", "allegromail.com", "user.allegrogroup.pl"})
_AMAZON: Final = re.compile(r"marketplace\.amazon\.[a-z]{2,3}(\.[a-z]{2})?")
_EBAY: Final = re.compile(r"members\.ebay\.[a-z]{2,3}(\.[a-z]{2})?")
# A buyer's code before a plus. Without one, ten letters or digits (as all codes seen so far have), or more of them
# with a digit among them: senders such as powiadomienia@ and ertesitesek@ are words of other lengths.
_CODE: Final = re.compile(r"[a-z0-9]{4,32}")
_LONE_CODE: Final = re.compile(r"[a-z0-9]{10}|(?=[a-z0-9]*\d)[a-z0-9]{6,32}")
_BRACKETED: Final = re.compile(r"(?P<name>.*?)\s*\[(?P<login>[^\[\]\s]{2,64})\]\s*")
LONGEST_TEXT: Final = 1_000
"""Characters of a field in which a pattern is looked for: bounds the time that a pattern can take."""


@attrs.frozen
class Masked:
    """A masked address: the one of this order, and the part that stays with the buyer."""

    marketplace: str
    """``allegro``, ``amazon`` or ``ebay``."""
    full: str
    fixed: str

    @property
    def forms(self) -> tuple[str, ...]:
        """Both forms, the full one first; once where they are the same."""
        return (self.full,) if self.full == self.fixed else (self.full, self.fixed)


def _split(email: str) -> tuple[str, str]:
    local, _, domain = email.strip().casefold().rpartition("@")
    return local, domain


def masked(email: str) -> Masked | None:
    """What a marketplace's masked address says of its buyer; ``None`` for any other address."""
    local, domain = _split(email)
    full = f"{local}@{domain}"
    if domain in _ALLEGRO:
        fixed, plus, _ = local.partition("+")
        code = _CODE if plus else _LONE_CODE
        return Masked("allegro", full, f"{fixed}@{domain}") if code.fullmatch(fixed) else None
    if _AMAZON.fullmatch(domain):
        return Masked("amazon", full, f"{'+'.join(local.split('+')[:2])}@{domain}") if local else None
    if _EBAY.fullmatch(domain):
        return Masked("ebay", full, full) if local else None
    return None


def is_notice_sender(email: str) -> bool:
    """Whether a marketplace's own notices come from this address: it belongs to no buyer, so it identifies nobody."""
    local, domain = _split(email)
    return domain in _ALLEGRO and bool(local) and masked(email) is None


def login_in_alias(alias: str, firstname: str, lastname: str, *, marketplace: bool) -> str:
    """The login in an address alias such as ``Jan Kowalski [nick]``, or ``""``.

    People name their addresses freely (``Dom [parter]``), so outside a marketplace's masked address the text before
    the bracket must be the address's own name, as the known carrier writes it.
    """
    found = _BRACKETED.fullmatch(alias)
    if found is None:
        return ""
    written, own = (" ".join(name.casefold().split()) for name in (found["name"], f"{firstname} {lastname}"))
    return found["login"] if marketplace or written == own else ""


def login_by_pattern(pattern: "re.Pattern[str] | None", texts: Iterable[str]) -> str:
    """The first group of ``pattern`` in the first text that has it, or ``""``."""
    if pattern is None:
        return ""
    for text in texts:
        found = pattern.search(text[:LONGEST_TEXT])
        if found is not None and (login := (found[1] or "").strip()):
            return login
    return ""

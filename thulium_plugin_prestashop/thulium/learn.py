"""Finding out how this system's API behaves: by reading alone, or with a test card that is made and deleted."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from thulium_plugin_prestashop.contract.forms import CustomFieldType
from thulium_plugin_prestashop.thulium.api import NotFoundError, RejectedError, ThuliumApi, rows_of
from thulium_plugin_prestashop.thulium.behaviour import Behaviour, Lists
from thulium_plugin_prestashop.thulium.find import ALL_OF_A_CARD
from thulium_plugin_prestashop.thulium.records import Card, read_card, whole
from thulium_plugin_prestashop.thulium.values import same_value, to_wire
from thulium_plugin_prestashop.transport import AdministratorMustAct, OurFault

_SAMPLE: Final = "20"
_PARTS: Final = 3
_NOBODYS_NUMBER: Final = "2147483629"
"""Fits into 32 bits, and no shop has so many customers."""
_SAMPLES: Final = {
    CustomFieldType.NUMERIC: _NOBODYS_NUMBER,
    CustomFieldType.DATE: "2001-02-03",
    CustomFieldType.TEXT: "PrestaShop",
}
"""What is written to a test card's fields."""


@attrs.frozen
class Learned:
    """What reading alone shows."""

    behaviour: Behaviour
    filters_work: bool
    """False when a filter by an e-mail that nobody has gives cards: then nothing can be looked up safely."""
    field_names: frozenset[str]
    """Custom fields that cards name; empty when no card names any."""
    cards: int
    refused_fields: Mapping[str, str] = attrs.field(factory=dict)
    """Key fields by which Thulium refuses to look, with its words."""
    ignored_fields: frozenset[str] = frozenset()
    """Key fields whose filter gives cards that do not have the value."""

    @property
    def usable(self) -> bool:
        """Whether customers can be looked up safely."""
        return self.filters_work and not self.refused_fields and not self.ignored_fields


async def learn_by_reading(
    api: ThuliumApi, known: Behaviour, key_fields: Mapping[str, CustomFieldType] | None = None
) -> Learned:
    """A handful of GETs. What cannot be seen (an empty CRM shows nothing) stays as it was known. ``key_fields`` are
    those by which customers are going to be looked up.

    Raises :class:`~thulium_plugin_prestashop.transport.RemoteError`.
    """
    nobody = f"{secrets.token_hex(12)}@{secrets.token_hex(6)}.invalid"
    if await _by_email(api, nobody):
        return Learned(known, filters_work=False, field_names=frozenset(), cards=0)
    refused, ignored = await _field_filters(api, key_fields or {})
    rows = rows_of(await api.get("customers", [*ALL_OF_A_CARD, ("limit", _SAMPLE)]))
    cards = [card for row in rows if (card := read_card(row)) is not None]
    behaviour = known
    for card in cards:
        email = next((email for email in card.emails if _tells(email)), None)
        if email is not None:
            behaviour = await _filters(api, behaviour, card, email)
            break
    several = next((card for card in cards if len(card.emails) > 1), None)
    if several is not None:
        searched = _has(await _by_email(api, several.emails[1]), several)
        behaviour = attrs.evolve(behaviour, email_filter_searches_all=searched)
    if any(card.emails_complete for card in cards):
        behaviour = attrs.evolve(behaviour, shows_all_emails=True)
    names = frozenset[str]().union(*(card.field_names for card in cards))
    return Learned(
        behaviour,
        filters_work=True,
        field_names=names,
        cards=len(cards),
        refused_fields=refused,
        ignored_fields=ignored,
    )


@attrs.frozen
class Tried:
    """What a test card shows."""

    behaviour: Behaviour
    kept_fields: frozenset[str] = frozenset()
    refused_fields: Mapping[str, str] = attrs.field(factory=dict)
    """Custom fields that Thulium refuses to write, with its words."""
    dropped_fields: frozenset[str] = frozenset()
    """Custom fields whose value was taken, and is not on the card."""


async def learn_by_test_card(
    api: ThuliumApi, known: Behaviour, *, surname: str, fields: Mapping[str, CustomFieldType] | None = None
) -> Tried:
    """Make a card named ``surname``, change it, look at it, delete it: what PUT does with lists, whether all e-mails
    are shown, and whether the custom ``fields`` keep what is written to them. The card is deleted also when something
    fails.

    Raises :class:`~thulium_plugin_prestashop.transport.RemoteError`, among them ``thulium.test_card`` when the card
    cannot be deleted, with its number.
    """
    first, second, third = (f"bridge-{place}-{secrets.token_hex(6)}@example.com" for place in (1, 2, 3))
    answer = await api.send("POST", "customers", {"surname": surname, "email": [first, second]})
    number = whole(answer.get("customer_id")) if isinstance(answer, dict) else None
    if number is None:
        found = await _by_email(api, first)
        if len(found) != 1:
            raise OurFault("thulium.test_card_missing")
        number = found[0].id
    try:
        before = await _card(api, number)
        complete = {first, second} <= set(before.emails)
        behaviour = await _filters(api, known, before, first)
        searched = _has(await _by_email(api, second), before)
        await api.send("PUT", f"customers/{number}", {"email": [third]})
        # With the others hidden the filter tells, even one that looks at a card's first e-mail only.
        kept = (
            first in (await _card(api, number)).emails
            if complete
            else _has(await _by_email(api, first), before)
        )
        tried = await _write_fields(api, number, fields or {})
    finally:
        await _delete(api, number)
    behaviour = attrs.evolve(
        behaviour,
        email_filter_searches_all=searched,
        shows_all_emails=complete,
        lists=Lists.EXTENDS if kept else Lists.REPLACES,
    )
    return attrs.evolve(tried, behaviour=behaviour)


async def _write_fields(api: ThuliumApi, number: int, fields: Mapping[str, CustomFieldType]) -> Tried:
    """Write each by itself: one that is refused must not hide what becomes of the others."""
    refused: dict[str, str] = {}
    for name, kind in fields.items():
        custom = {name: to_wire(_SAMPLES[kind], kind)}
        body = {"custom_fields": custom, "fill_read_only_custom_fields": True}
        try:
            await api.send("PUT", f"customers/{number}", body)
        except RejectedError as error:
            refused[name] = error.words
    held = (await _card(api, number)).custom_fields
    kept = {name for name, kind in fields.items() if same_value(held.get(name, ""), _SAMPLES[kind], kind)}
    return Tried(Behaviour(), frozenset(kept), refused, frozenset(fields.keys() - kept - refused.keys()))


def _tells(email: str) -> bool:
    """Whether a card's e-mail is fit for trying the filter on: long enough to shorten, with letters to swap."""
    local = email.partition("@")[0]
    return len(local) > _PARTS and email.isascii() and email.swapcase() != email


async def _filters(api: ThuliumApi, known: Behaviour, card: Card, email: str) -> Behaviour:
    """What the filter by e-mail makes of parts, and of another case, of an e-mail that ``card`` has."""
    if not _has(await _by_email(api, email), card):
        return known
    ignores = _has(await _by_email(api, email.swapcase()), card)
    contains = _has(await _by_email(api, email[1:]), card) or _has(await _by_email(api, email[:-1]), card)
    return attrs.evolve(known, email_filter_ignores_case=ignores, email_filter_exact=not contains)


async def _field_filters(
    api: ThuliumApi, fields: Mapping[str, CustomFieldType]
) -> tuple[dict[str, str], frozenset[str]]:
    """Ask by each field for a value that nobody has: a name that does not exist shows by a refusal, or by cards."""
    refused: dict[str, str] = {}
    ignored = set()
    for name, kind in fields.items():
        value = _NOBODYS_NUMBER if kind is CustomFieldType.NUMERIC else secrets.token_hex(12)
        query = [(f"custom_fields[{name}]", value), *ALL_OF_A_CARD, ("limit", _SAMPLE)]
        try:
            rows = rows_of(await api.get("customers", query))
        except RejectedError as error:
            refused[name] = error.words
            continue
        cards = [card for row in rows if (card := read_card(row)) is not None]
        # A filter that looks for parts may find the value in a longer one.
        if any(value not in card.custom_fields.get(name, "") for card in cards):
            ignored.add(name)
    return refused, frozenset(ignored)


async def _card(api: ThuliumApi, number: int) -> Card:
    card = read_card(await api.get(f"customers/{number}", ALL_OF_A_CARD))
    return card or Card(number)


async def _delete(api: ThuliumApi, number: int) -> None:
    try:
        await api.send("DELETE", f"customers/{number}")
    except NotFoundError:
        return
    except (AdministratorMustAct, RejectedError) as error:
        raise AdministratorMustAct("thulium.test_card", card=number) from error


async def _by_email(api: ThuliumApi, email: str) -> list[Card]:
    rows = rows_of(await api.get("customers", [("email", email), *ALL_OF_A_CARD, ("limit", "100")]))
    return [card for row in rows if (card := read_card(row)) is not None]


def _has(cards: Sequence[Card], wanted: Card) -> bool:
    return any(card.id == wanted.id for card in cards)

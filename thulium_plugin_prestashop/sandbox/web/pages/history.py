"""Contact history: calls, mails and chats in time, the sections of plugins, and their entries among the contacts."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from urllib.parse import urlencode

import attrs
from aiohttp import web

from thulium_plugin_prestashop.contract.views import HistorySection, Row
from thulium_plugin_prestashop.sandbox.crm import Contact, ContactPage
from thulium_plugin_prestashop.sandbox.web.pages.card import load_card, load_tabs, show_card
from thulium_plugin_prestashop.sandbox.web.visit import Visit
from thulium_plugin_prestashop.sandbox.web.words import Words

PAGE = 25
SECTION_ENTRIES = 50
"""Newest entries of a section that stand among the contacts: each is drawn with all its details."""
PREVIEW = 5
"""Newest entries of a section that its quick preview lists."""
SHOWN = ("all", "call", "mail", "chat", "orders")


@attrs.frozen
class Entry:
    """Something on the time line: a contact, or a row of a section."""

    at: datetime
    contact: Contact | None = None
    row: Row | None = None
    section: HistorySection | None = None


async def history(visit: Visit) -> web.Response:
    """A page of the time line, newest first; ``show`` narrows it to one kind."""
    card = await load_card(visit)
    show = visit.query("show") if visit.query("show") in SHOWN else "all"
    before = _position(visit.query("before"))
    tabs = await load_tabs(visit, card)
    sections = await visit.crm.host.load_sections(card.id, visit.viewer, SECTION_ENTRIES)
    contacts = (
        ContactPage((), None)
        if show == "orders"
        else await visit.crm.contacts.page(card.id, before=before, limit=PAGE)
    )
    entries = time_line(contacts, sections, show, before)
    older = contacts.older
    more = {"show": show} if show != "all" else {}
    return show_card(
        visit,
        "history.html",
        card,
        tabs,
        "history",
        *sections,
        sections=sections if before is None and show in ("all", "orders") else [],
        preview=PREVIEW,
        opened=visit.query("opened"),
        show=show,
        days=by_day(entries, visit.words),
        older=urlencode(more | {"before": f"{older[0].timestamp():.3f},{older[1]}"}) if older else "",
    )


def time_line(
    contacts: ContactPage, sections: Sequence[HistorySection], show: str, before: tuple[datetime, int] | None
) -> list[Entry]:
    """One page: its contacts, and the sections' entries of the same stretch of time."""
    entries = [
        Entry(contact.at, contact=contact)
        for contact in contacts.entries
        if show in ("all", contact.kind.value)
    ]
    if show in ("all", "orders"):
        newest = before[0] if before else datetime.max.replace(tzinfo=UTC)
        oldest = contacts.older[0] if contacts.older else datetime.min.replace(tzinfo=UTC)
        entries += [
            Entry(row.at, row=row, section=section)
            for section in sections
            for row in section.entries
            if oldest <= row.at < newest
        ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def by_day(entries: Sequence[Entry], words: Words) -> list[tuple[str, list[Entry]]]:
    """The entries under their days, in the reader's time zone."""
    days = groupby(entries, key=lambda entry: entry.at.astimezone(words.time_zone).date())
    return [(words.day(same_day[0].at), same_day) for _, group in days if (same_day := list(group))]


def _position(text: str) -> tuple[datetime, int] | None:
    """Where a page begins, from its address; ``None`` (the newest) for anything that makes no sense."""
    moment, comma, number = text.partition(",")
    if not comma or not number.isascii() or not number.isdigit():
        return None
    try:
        return datetime.fromtimestamp(float(moment), UTC), int(number)
    except (ValueError, OverflowError, OSError):
        return None

"""What a demo starts with: two accounts, and contacts that fit the customers' orders."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random

import attrs

from thulium_plugin_prestashop.sandbox.crm.records import ContactKind, Direction, NewContact, Role
from thulium_plugin_prestashop.sandbox.crm.sandbox import SandboxCrm

AGENTS = ("Katarzyna Wójcik", "Marek Zieliński", "Emily Carter")


@attrs.frozen
class Account:
    """An account to sign in with."""

    login: str
    password: str = attrs.field(repr=False)


@attrs.frozen
class _Story:
    """A contact as it is often had: when it happens, counted from the order, and what is said."""

    kind: ContactKind
    direction: Direction
    after: timedelta
    subject: str
    preview: str
    seconds: tuple[int, int] | None = None


_IN, _OUT = Direction.IN, Direction.OUT
_CALL, _MAIL, _CHAT = ContactKind.CALL, ContactKind.MAIL, ContactKind.CHAT

STORIES: Mapping[str, tuple[_Story, ...]] = {
    "pl": (
        _Story(
            _CHAT,
            _IN,
            timedelta(hours=-3),
            "Pytanie o dostępność",
            "Dzień dobry, czy ten produkt jest na magazynie i czy dotrze do piątku?",
            (120, 900),
        ),
        _Story(
            _MAIL,
            _OUT,
            timedelta(minutes=4),
            "Potwierdzenie zamówienia {reference}",
            "Dziękujemy za zamówienie. Damy znać, gdy paczka wyruszy.",
        ),
        _Story(
            _CALL,
            _IN,
            timedelta(hours=20),
            "Zmiana adresu dostawy",
            "Klient prosi o dostawę do paczkomatu przy ul. Długiej zamiast pod adres domowy.",
            (60, 420),
        ),
        _Story(
            _MAIL,
            _IN,
            timedelta(days=2),
            "Gdzie jest moja paczka?",
            "Zamówiłem w zeszłym tygodniu i nadal nie mam numeru przesyłki. Proszę o informację.",
        ),
        _Story(
            _CALL,
            _OUT,
            timedelta(days=3),
            "Paczka u przewoźnika",
            "Poinformowano klienta, że paczka czeka na doręczenie; oddzwonić, jeśli jutro nie dotrze.",
            (40, 200),
        ),
        _Story(
            _MAIL,
            _IN,
            timedelta(days=6),
            "Zwrot z zamówienia {reference}",
            "Rozmiar okazał się za mały. Jak mogę zwrócić jedną sztukę?",
        ),
        _Story(
            _CHAT,
            _IN,
            timedelta(days=9),
            "Faktura VAT",
            "Czy można dopisać NIP do faktury? Zapomniałem podać przy zamówieniu.",
            (90, 600),
        ),
    ),
    "en": (
        _Story(
            _CHAT,
            _IN,
            timedelta(hours=-2),
            "Is it in stock?",
            "Hi, is this item in stock, and do you ship to Ireland?",
            (120, 800),
        ),
        _Story(
            _MAIL,
            _OUT,
            timedelta(minutes=5),
            "Your order {reference}",
            "Thank you for your order. We will write again when it is on its way.",
        ),
        _Story(
            _CALL,
            _IN,
            timedelta(days=1),
            "Change of delivery address",
            "The customer asks to have the parcel delivered to the office.",
            (60, 400),
        ),
        _Story(
            _MAIL,
            _IN,
            timedelta(days=4),
            "Where is my parcel?",
            "The tracking page has not changed for two days. Could you have a look?",
        ),
        _Story(
            _MAIL,
            _IN,
            timedelta(days=8),
            "Return of order {reference}",
            "One of the items arrived damaged. I would like a replacement.",
        ),
    ),
}  # fmt: skip - a table reads better with one story a line


@attrs.frozen
class Occasion:
    """An order that people talk about: whose it is, when it was placed, and in which language they talk."""

    customer: str
    reference: str
    at: datetime
    locale: str = "pl"


async def seed_accounts(
    crm: SandboxCrm, *, admin_password: str | None = None, agent_password: str | None = None
) -> Mapping[Role, Account]:
    """An administrator ``admin`` and an agent ``agent``, with the given passwords or made-up ones.

    Accounts that exist already get the password; so the answer is always what one can sign in with.
    """
    wanted = (
        (Role.ADMIN, "admin", "Administrator", admin_password),
        (Role.AGENT, "agent", AGENTS[0], agent_password),
    )
    known = {user.login for user in await crm.accounts.users()}
    accounts = {}
    for role, login, name, password in wanted:
        if login in known:
            chosen = await crm.accounts.set_password(login, password)
        else:
            chosen = await crm.accounts.create(login, name, role, password=password, locale=crm.locale)
        accounts[role] = Account(login, chosen)
    return accounts


async def seed_contacts(crm: SandboxCrm, occasions: Sequence[Occasion], *, seed: int = 1) -> int:
    """Calls, mails and chats around orders; how many were written. The same input gives the same contacts.

    Contacts that would lie in the future are left out, and customers that have contacts already are left alone, so
    that seeding again adds nothing.
    """
    now = crm.clock.now()
    fresh: dict[str, bool] = {}
    contacts: list[NewContact] = []
    for occasion in occasions:
        if occasion.customer not in fresh:
            fresh[occasion.customer] = not await crm.contacts.count(occasion.customer)
        if fresh[occasion.customer]:
            random = Random(f"{seed}/{occasion.customer}/{occasion.reference}")  # noqa: S311 - made-up people, not secrets
            contacts += (contact for contact in _tell(occasion, random) if contact.at < now)
    await crm.contacts.add(contacts)
    return len(contacts)


def _tell(occasion: Occasion, random: Random) -> list[NewContact]:
    stories = STORIES["pl" if occasion.locale.startswith("pl") else "en"]
    chosen = sorted(random.sample(range(len(stories)), random.randint(1, 4)))
    agent = random.choice(AGENTS)
    return [
        NewContact(
            customer=occasion.customer,
            kind=story.kind,
            direction=story.direction,
            at=occasion.at + story.after + timedelta(seconds=random.randint(0, 3000)),
            subject=story.subject.format(reference=occasion.reference),
            preview=story.preview,
            agent=agent,
            seconds=None if story.seconds is None else random.randint(*story.seconds),
        )
        for story in (stories[index] for index in chosen)
    ]

"""Whatever a shop, a customer or an administrator wrote is shown as text, wherever it is shown."""

from html.parser import HTMLParser

import pytest

from tests.sandbox_web.corner_shop import KEY
from tests.sandbox_web.people import Person, Site
from thulium_plugin_prestashop.contract.customers import CustomerChange, PostalAddress
from thulium_plugin_prestashop.contract.problems import Problem, Severity
from thulium_plugin_prestashop.contract.text import LocalizedText
from thulium_plugin_prestashop.sandbox.crm import ContactKind, Direction, NewContact

EVIL = (
    "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    "{{ 7*7 }}\u202egnp.exe\u2066 😀 &amp; " + "długie" * 40
)


class Elements(HTMLParser):
    """Counts what could run, and collects where links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.dangerous: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img" or (tag == "script" and not (given.get("src") or "").startswith("/static/")):
            self.dangerous.append(tag)
        self.dangerous += [name for name in given if name.startswith("on") or name == "style"]
        self.links += [value for name, value in attrs if name in ("href", "action", "formaction") and value]


@pytest.fixture
async def planted(site: Site) -> Site:
    """A site where every field that anybody can fill in is hostile."""
    site.shop.words.text = EVIL
    site.shop.words.url = "javascript:alert(1)"
    site.shop.words.color = "red;}body{display:none"
    crm = site.crm
    (outcome,) = await crm.customers.update(
        [
            CustomerChange(
                id=site.customer,
                name=EVIL,
                surname=EVIL,
                company=EVIL,
                tax_number=EVIL,
                add_emails=(f"{'x' * 50}<script>@example.com",),
                add_phones=(EVIL,),
                address=PostalAddress(EVIL, EVIL, EVIL, "PL"),
                custom_fields={"Login": EVIL},
            )
        ]
    )
    assert outcome.error is None
    configured = await crm.configure_integration(
        "corner", {"address": EVIL, "key": KEY}, {"name": EVIL, "field": "Corner number"}
    )
    assert configured.id is not None
    text = LocalizedText(EVIL, EVIL)
    await crm.problems.raise_problem(Problem(configured.id, "evil", Severity.ERROR, text, text))
    kinds = [(kind, way) for kind in ContactKind for way in Direction]
    now = crm.clock.now()
    await crm.contacts.add(
        [NewContact(site.customer, kind, way, now, EVIL, EVIL, EVIL, 60) for kind, way in kinds]
    )
    return site


async def test_hostile_text_is_shown_and_never_runs(planted: Site, admin: Person) -> None:
    (entry,) = planted.crm.host.integrations.entries()
    customer, address = f"/customers/{planted.customer}", f"/administration/integrations/{entry.config.id}"
    draft = (await admin.post(f"{address}/reauthenticate")).headers["Location"]
    await admin.post(f"{draft}/authenticate", address=EVIL, key=KEY)
    pages = [
        "/customers",
        f"/search?q={EVIL[:20]}",
        "/search?q=REF028",
        "/search/suggestions?q=alert",
        customer,
        f"{customer}/history",
        f"{customer}/edit",
        f"{customer}/tabs/{entry.config.id}",
        f"{customer}/tabs/{entry.config.id}?search=%3Cscript%3Ealert(1)",
        "/administration/integrations",
        "/administration/problems",
        "/administration/custom-fields",
        address,
        f"{address}/settings",
        draft,
        "/sign-in?next=%22%3E%3Cscript%3E",
    ]
    for path in pages:
        answer = await admin.get(path)
        page = Elements()
        page.feed(answer.text)
        assert page.dangerous == [], path
        assert not [link for link in page.links if link.lower().startswith(("javascript:", "data:"))], path
    for path in (customer, f"{customer}/history", f"{customer}/tabs/{entry.config.id}", address):
        text = (await admin.get(path)).text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text, path
        assert "{{ 7*7 }}" in text, path


async def test_hostile_findings_are_text_in_the_stream_too(planted: Site, admin: Person) -> None:
    draft = (await admin.post("/administration/integrations/new/corner")).headers["Location"]
    data = {"csrf": admin.token, "address": EVIL, "key": "wrong"}
    headers = {"Accept": "application/x-ndjson"}
    async with admin.http.post(
        f"{planted.server.url}{draft}/authenticate", data=data, headers=headers
    ) as answer:
        text = await answer.text()
    assert "<script>" not in text
    assert "&lt;script&gt;" in text

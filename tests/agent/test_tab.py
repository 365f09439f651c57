"""The tab, from rows of the mirror to what an agent reads."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.agent.conftest import BRITON, NOW, POLE, SHOP, Filling, order_row
from thulium_plugin_prestashop.agent.shop import ShopViews
from thulium_plugin_prestashop.agent.tab import customer_tab
from thulium_plugin_prestashop.contract.problems import Severity
from thulium_plugin_prestashop.contract.views import (
    AddressCell,
    BadgeCell,
    CustomerTab,
    LinesCell,
    MoneyCell,
    TabQuery,
    Viewer,
    to_json,
)

MakeViews = Callable[..., ShopViews]


async def load(
    views: ShopViews, query: TabQuery | None = None, *, viewer: Viewer = POLE, customer: str = "7"
) -> CustomerTab:
    return await customer_tab(views, customer, viewer, query or TabQuery())


def ids(tab: CustomerTab) -> list[int]:
    return [int(row.key.rpartition(":")[2]) for row in tab.table.rows]


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


@pytest.fixture
async def one_order(filling: Filling) -> Filling:
    await filling.small_tables()
    await filling.customer(5)
    await filling.address(
        31,
        id_country=14,
        firstname="Anna",
        lastname="Nowak",
        company="Nowak sp. z o.o.",
        vat_number="PL1234567890",
        address1="Długa 5",
        address2="",
        postcode="00-001",
        city="Warszawa",
        phone="600 100 200",
        phone_mobile="600 100 200",
    )
    await filling.orders(
        order_row(
            9,
            reference="XKBKNABJK",
            lines=[("Kubek <b>biały</b>", "K-1", 2, "12.300000"), ("Koc", "", 1, "37.200000")],
            tracking=" 6280001 ",
            note="<p>Dzwonić<br>po 16</p>",
            gift_message="Sto lat!",
            id_address_delivery=31,
            id_address_invoice=32,
            placed_at=1_764_000_000,
        )
    )
    await filling.last_success(NOW - timedelta(minutes=4))
    await filling.finished_run()
    return filling


@pytest.mark.usefixtures("one_order")
async def test_an_order_reads_as_an_agent_needs_it(views: MakeViews) -> None:
    tab = await load(views())
    cells = tab.table.rows[0].cells
    json = {key: to_json(cell) for key, cell in cells.items()}
    assert tab.table.rows[0].key == "prestashop-1:9"
    assert json["reference"] == {"text": "XKBKNABJK", "copyable": True}
    assert json["id"] == {"text": "9", "copyable": False}
    assert json["date"] == {
        "at": "2025-11-24T17:00:00+01:00",
        "text": "24 lis 2025, 17:00",
        "relative": "1 rok temu",
    }
    assert json["status"] == {"key": "2", "text": "Płatność zaakceptowana", "color": "#3498D8"}
    assert json["total"] == {"amount": "61.80", "currency": "PLN", "text": "61,80\xa0zł"}
    assert json["payment"] == {"text": "Przelew", "copyable": False}
    assert json["tracking"] == {"text": "6280001", "copyable": True}
    assert json["shop"] == {"text": "Sklep 1", "copyable": False}
    assert json["note"] == {"text": "Dzwonić\npo 16", "copyable": False}
    assert json["gift_message"] == {"text": "Sto lat!", "copyable": False}
    assert cells["delivery_address"] == AddressCell(
        (
            "Anna Nowak",
            "Nowak sp. z o.o.",
            "NIP PL1234567890",
            "Długa 5",
            "00-001 Warszawa",
            "Polska",
            "600 100 200",
        )
    )
    assert "invoice_address" not in cells
    lines = cells["lines"]
    assert isinstance(lines, LinesCell)
    assert [
        (line.name, line.reference, line.quantity, plain(line.unit_price.text), plain(line.total.text))
        for line in lines.lines
    ] == [("Kubek <b>biały</b>", "K-1", 2, "12,30 zł", "24,60 zł"), ("Koc", "", 1, "37,20 zł", "37,20 zł")]


@pytest.mark.usefixtures("one_order")
async def test_the_same_order_in_english(views: MakeViews) -> None:
    tab = await load(views(), viewer=BRITON)
    cells = tab.table.rows[0].cells
    status, total, address = cells["status"], cells["total"], cells["delivery_address"]
    assert isinstance(status, BadgeCell)
    assert isinstance(total, MoneyCell)
    assert isinstance(address, AddressCell)
    assert (status.text, plain(total.text)) == ("Payment accepted", "PLN 61.80")
    assert "Poland" in address.lines
    assert [column.title for column in tab.table.columns] == [
        "Reference",
        "No.",
        "Date",
        "Status",
        "Total",
        "Payment",
        "Tracking number",
    ]
    assert [column.key for column in tab.table.details] == [
        "lines",
        "delivery_address",
        "invoice_address",
        "note",
        "gift_message",
    ]


async def test_cells_without_a_value_are_absent(filling: Filling, views: MakeViews) -> None:
    await filling.small_tables()
    await filling.customer(5)
    await filling.orders(
        order_row(1, lines=[], payment="", placed_at=None, reference="", state=0, id_shop=99)
    )
    row = (await load(views())).table.rows[0]
    assert set(row.cells) == {"id", "total"}
    assert row.at.isoformat() == "1970-01-01T01:00:00+01:00"


async def test_what_the_small_tables_do_not_know_is_still_shown(filling: Filling, views: MakeViews) -> None:
    await filling.customer(5)
    await filling.orders(order_row(1, state=77))
    cells = (await load(views())).table.rows[0].cells
    assert cells["status"] == BadgeCell("77", "Status 77", "#6B7280")
    total = cells["total"]
    assert isinstance(total, MoneyCell)
    assert (str(total.amount), total.currency) == ("61.80", "XXX")


async def test_summary_counts_worth_last_and_first(filling: Filling, views: MakeViews) -> None:
    await filling.small_tables()
    await filling.customer(5)
    await filling.customer(6, is_guest=True, basis="created")
    await filling.orders(
        order_row(1, placed_at=1_700_000_000, total_micro=10_005_000),
        order_row(2, placed_at=1_710_000_000, total_micro=5_000_000, id_currency=2, state=4),
        order_row(3, placed_at=1_720_000_000, id_customer=6, total_micro=20_000_000),
        order_row(4, placed_at=None, total_micro=0, state=4),
        order_row(5, id_customer=999),
        order_row(6, removed_at=1),
        order_row(7, placed_at=1_715_000_000, total_micro=9_000_000, id_currency=2, state=6),
    )
    tab = await load(views())
    facts = {fact.key: [plain(getattr(cell, "text", "")) for cell in fact.cells] for fact in tab.summary}
    assert facts == {
        "orders": ["5"],
        "worth": ["30,01 zł", "5,00 €"],
        "unsettled": ["9,00 €"],
        "last_order": ["3 lip 2024, 11:46"],
        "first_order": ["14 lis 2023, 23:13"],
    }
    assert ids(tab) == [3, 7, 2, 1, 4]
    assert [(badge.key, badge.text) for badge in tab.statuses] == [
        ("2", "Płatność zaakceptowana"),
        ("4", "Wysłane"),
        ("6", "Anulowane"),
    ]
    assert [(match.customer, match.basis, match.text) for match in tab.matches] == [
        (5, "email", "Klient 5: dopasowany po adresie e-mail"),
        (6, "created", "Gość 6: tę kartę utworzono dla tego klienta"),
    ]


async def test_hidden_states_are_neither_shown_nor_counted(filling: Filling, views: MakeViews) -> None:
    await filling.small_tables()
    await filling.customer(5)
    await filling.orders(order_row(1), order_row(2, state=6), order_row(3, state=6))
    tab = await load(views(hidden=frozenset({6})))
    assert ids(tab) == [1]
    assert [badge.key for badge in tab.statuses] == ["2"]
    assert tab.table.total == 1


@pytest.fixture
async def forty(filling: Filling) -> Filling:
    await filling.small_tables()
    await filling.customer(5)
    await filling.orders(
        *(
            order_row(
                number,
                state=4 if number % 4 == 0 else 2,
                lines=[("Żółty żuraw" if number % 10 == 0 else "Kubek", f"SKU-{number:03}", 1, "1.0")],
            )
            for number in range(1, 41)
        )
    )
    return filling


@pytest.mark.usefixtures("forty")
async def test_pages_cover_all_orders_once_newest_first(views: MakeViews) -> None:
    pages = [await load(views(), TabQuery(offset=offset)) for offset in (0, 25, 50)]
    assert [len(tab.table.rows) for tab in pages] == [25, 15, 0]
    assert [order for tab in pages for order in ids(tab)] == list(range(40, 0, -1))
    assert {(tab.table.total, tab.table.limit) for tab in pages} == {(40, 25)}


@pytest.mark.usefixtures("forty")
async def test_filters_narrow_the_table_but_not_the_summary(views: MakeViews) -> None:
    shop = views()
    shipped = await load(shop, TabQuery(status="4", limit=5))
    searched = await load(shop, TabQuery(search=" ZOLTY "))
    by_code = await load(shop, TabQuery(search="sku-007"))
    both = await load(shop, TabQuery(search="zuraw", status="4"))
    assert ids(shipped) == [40, 36, 32, 28, 24]
    assert shipped.table.total == 10
    assert ids(searched) == [40, 30, 20, 10]
    assert ids(by_code) == [7]
    assert ids(both) == [40, 20]
    assert {getattr(tab.summary[0].cells[0], "text", "") for tab in (shipped, searched, by_code, both)} == {
        "40"
    }


@pytest.mark.usefixtures("forty")
async def test_a_filter_without_hits_says_so(views: MakeViews) -> None:
    nothing = "Żadne zamówienie nie pasuje. Wyczyść filtr albo wyszukiwanie."
    for query in (TabQuery(status="6"), TabQuery(search="rower"), TabQuery(status="' OR 1=1")):
        tab = await load(views(), query)
        assert (tab.empty == nothing) == (not tab.table.rows)
    assert (await load(views(), TabQuery(search="%"))).empty == nothing


@pytest.mark.usefixtures("forty")
async def test_the_opened_order_is_on_the_page(views: MakeViews) -> None:
    tab = await load(views(), TabQuery(opened=f"{SHOP}:3"))
    assert tab.table.offset == 25
    assert 3 in ids(tab)
    elsewhere = await load(views(), TabQuery(opened="prestashop-9:3"))
    assert elsewhere.table.offset == 0


@pytest.mark.usefixtures("forty")
async def test_odd_pages_are_put_right(views: MakeViews) -> None:
    assert len(ids(await load(views(), TabQuery(offset=-5, limit=0)))) == 1
    assert len(ids(await load(views(), TabQuery(limit=10**6)))) == 40


async def test_several_shops_get_a_column(filling: Filling, views: MakeViews) -> None:
    await filling.small_tables(shops=2)
    await filling.customer(5)
    await filling.orders(order_row(1, id_shop=2))
    tab = await load(views())
    assert tab.table.columns[-1].key == "shop"
    assert to_json(tab.table.rows[0].cells["shop"])["text"] == "Sklep 2"


@pytest.mark.parametrize(
    ("known", "linked", "empty"),
    [
        (False, False, "Ten sklep nie był jeszcze synchronizowany"),
        (True, False, "Ta karta nie jest powiązana z klientem sklepu"),
        (True, True, "Ten klient jeszcze nic w tym sklepie nie zamówił"),
    ],
)
async def test_an_empty_tab_says_why(
    filling: Filling, views: MakeViews, *, known: bool, linked: bool, empty: str
) -> None:
    if known:
        await filling.last_success(NOW)
    if linked:
        await filling.customer(5)
    tab = await load(views())
    assert tab.empty.startswith(empty)
    assert bool(tab.matches) == linked
    assert tab.summary == ()


async def test_an_unlinked_customer_is_gone_from_the_card(filling: Filling, views: MakeViews) -> None:
    await filling.customer(5, crm_id=None)
    await filling.orders(order_row(1))
    assert (await load(views())).matches == ()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("auth.key_unknown", "Sklep nie wpuszcza już CRM"),
        ("net.tls_expired", "Sklep nie wpuszcza już CRM"),
        ("shop.webservice_off", "Sklep nie wpuszcza już CRM"),
        ("net.timeout", "Sklep ostatnio nie odpowiedział"),
        ("shop.unavailable", "Sklep ostatnio nie odpowiedział"),
        ("host.unavailable", "Ostatnia synchronizacja nie mogła zapisać"),
        ("answer.unreadable", "Ostatnia synchronizacja nie została ukończona"),
    ],
)
async def test_why_the_last_run_failed_is_said_in_an_agents_words(
    filling: Filling, views: MakeViews, error: str, words: str
) -> None:
    await filling.customer(5)
    await filling.last_success(NOW)
    await filling.finished_run(outcome="failed", error=error)
    notice = (await load(views())).notices[0]
    assert notice.severity is Severity.WARNING
    assert notice.text.startswith(words)


async def test_old_data_is_said_to_be_old_until_it_is_refreshed(filling: Filling, views: MakeViews) -> None:
    await filling.customer(5)
    await filling.last_success(NOW - timedelta(hours=3))
    tab = await load(views())
    assert tab.as_of is not None
    assert tab.as_of.relative == "3 godziny temu"
    assert tab.notices[0].text.startswith("Sklep od dłuższego czasu nie był odczytywany")
    refreshed = await customer_tab(
        views(), "7", POLE, TabQuery(), refreshed=int((NOW - timedelta(minutes=1)).timestamp())
    )
    assert refreshed.notices == ()
    assert refreshed.as_of is not None
    assert refreshed.as_of.relative == "1 minutę temu"


async def test_during_the_first_import_orders_may_be_missing(filling: Filling, views: MakeViews) -> None:
    await filling.customer(5)
    tab = await load(views())
    assert tab.as_of is None
    assert tab.notices[0].severity is Severity.INFO


HOSTILE = "<script>alert(1)</script> \u202eevil\u202c \x00 'quote\" {brace} %s " + "😀" * 2_000


async def test_hostile_data_stays_text(filling: Filling, views: MakeViews) -> None:
    await filling.small_tables()
    await filling.customer(5)
    await filling.address(1, **dict.fromkeys(("firstname", "company", "address1", "city", "phone"), HOSTILE))
    await filling.orders(
        order_row(
            1,
            reference=HOSTILE,
            payment=HOSTILE,
            tracking=HOSTILE,
            note=HOSTILE,
            gift_message=HOSTILE,
            lines=[(HOSTILE, HOSTILE, 1, "1.0")],
            id_address_delivery=1,
        )
    )
    tab = await load(views(), TabQuery(search="<script>"))
    cells = to_json(tab.table.rows[0].cells)
    for key in ("reference", "payment", "tracking", "note", "gift_message"):
        assert cells[key]["text"] == HOSTILE.strip()
    assert cells["lines"]["lines"][0]["name"] == HOSTILE
    assert cells["delivery_address"]["lines"].count(HOSTILE.strip()) == 5

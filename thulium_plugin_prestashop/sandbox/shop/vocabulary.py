"""Words the made-up data are put together from. No real person: any likeness is chance."""

# ruff: noqa: SIM905 - a line of words is easier to read and to add to than a list of literals

from typing import NamedTuple

WOMEN = (
    "Agnieszka Alicja Anna Barbara Beata Dorota Elżbieta Ewa Grażyna Hanna Iwona Joanna Justyna Katarzyna Łucja "
    "Magdalena Małgorzata Maria Michalina Monika Natalia Paulina Róża Świętosława Teresa Urszula Wiesława Zofia Żaneta"
).split()
MEN = (
    "Adam Andrzej Bartłomiej Dariusz Grzegorz Jan Jerzy Józef Kamil Krzysztof Łukasz Maciej Marcin Marek Michał "
    "Mieczysław Paweł Piotr Rafał Robert Sławomir Stanisław Świętopełk Tomasz Wacław Wojciech Zbigniew Żelisław"
).split()
SURNAMES_OF_WOMEN = (
    "Nowak Kowalska Wiśniewska Wójcik Kowalczyk Kamińska Lewandowska Zielińska Szymańska Woźniak Dąbrowska Kozłowska "
    "Jankowska Mazur Krawczyk Piotrowska Grabowska Pawłowska Michalska Król Wieczorek Jabłońska Wróbel Majewska "
    "Olszewska Stępień Malinowska Jaworska Dudek Pawlak Sikora Łęcka Źrebiec Brzęczyszczykiewicz Sokołowska-Zając"
).split()
SURNAMES_OF_MEN = (
    "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski "
    "Jankowski Mazur Krawczyk Piotrowski Grabowski Pawłowski Michalski Król Wieczorek Jabłoński Wróbel Majewski "
    "Olszewski Stępień Malinowski Jaworski Dudek Pawlak Sikora Łęcki Źrebiec Brzęczyszczykiewicz Sokołowski-Zając"
).split()
NICKS = (
    "misiek kasia jan_ marek.b sklep-u-zosi super-Kupiec zlota_raczka allegro_ Client: ogrodnik wujek_ hania. "
    "rower- basia_ kolekcjoner"
).split()
MAIL_HOSTS = "wp.pl onet.pl o2.pl interia.pl gmail.com poczta.fm tlen.pl example.com".split()

CITIES = (
    ("Warszawa", "00-950"),
    ("Kraków", "30-002"),
    ("Łódź", "90-001"),
    ("Wrocław", "50-044"),
    ("Poznań", "61-001"),
    ("Gdańsk", "80-001"),
    ("Szczecin", "70-001"),
    ("Bydgoszcz", "85-005"),
    ("Lublin", "20-002"),
    ("Białystok", "15-001"),
    ("Katowice", "40-004"),
    ("Zielona Góra", "65-001"),
    ("Rzeszów", "35-001"),
    ("Żywiec", "34-300"),
    ("Świętochłowice", "41-600"),
    ("Częstochowa", "42-200"),
)
STREETS = (
    "ul. Kościuszki|ul. Świętokrzyska|ul. Długa|ul. Polna|ul. Ogrodowa|ul. Mickiewicza|ul. 3 Maja|al. Jana Pawła II|"
    "ul. Żwirki i Wigury|os. Złotego Wieku|pl. Wolności|ul. Łąkowa|ul. Gęsia|ul. Brzeźna"
).split("|")
FOREIGN_CITIES = {
    1: ("Berlin", "10115", "Torstraße"),
    8: ("Paris", "75002", "rue de l'Église"),
    16: ("Praha", "110 00", "Dlouhá"),
}
ALIASES = "Dom|Mój adres|Praca|Biuro|Adres faktury|Rodzice".split("|")
COMPANY_FORMS = (
    '{0} Sp. z o.o.|P.H.U. {0}|{0} & Synowie S.A.|Zakład Usługowy {0}|F.H. "{0}" s.c.|Hurtownia {0} – oddział Łódź|'
    "{0} Spółka komandytowa"
).split("|")
GIFT_MESSAGES = "Wszystkiego najlepszego!|Sto lat! 🎁|Dla Zosi na urodziny ❤|Happy birthday".split("|")
CUSTOMER_NOTES = (
    "Uwaga: dzwonić po 16:00\nnie wysyłać <b>kurierem</b> & paczkomatem|Stały klient, rabat 5%|Reklamacja z 2023 r."
).split("|")


class Product(NamedTuple):
    """A product with its gross price in grosze."""

    ident: int
    attribute: int
    name: str
    reference: str
    ean13: str
    price: int


PRODUCTS = (
    Product(1, 1, "Kubek ceramiczny „Żubr” 330 ml", "KUB-001", "5901234123457", 3990),
    Product(2, 9, "Koszulka bawełniana – Rozmiar : L, Kolor : Zielony", "KOSZ/L/ZIE", "", 5990),
    Product(2, 10, "Koszulka bawełniana – Rozmiar : M, Kolor : Biały", "KOSZ/M/BIA", "", 5990),
    Product(3, 0, 'Plakat "Best is yet to come" 40x60cm', "PLA-40", "5900000000017", 2900),
    Product(4, 0, "Śruba M8×40 A2 (10 szt.)", "SR-M8", "", 1250),
    Product(5, 0, "Poduszka & koc – zestaw <promo>", "POD-KOC", "5909999999990", 14900),
    Product(6, 0, "Usługa: grawer 'Imię'", "GRAW", "", 2500),
    Product(7, 0, "Herbata liściasta Earl Grey 100 g", "HER-EG", "5901111111112", 2150),
    Product(8, 0, "Lampka biurkowa LED z ładowarką", "LAM-LED", "5902222222225", 12999),
    Product(9, 31, "Zeszyt A5 w kratkę – Okładka : Lis", "ZES-LIS", "", 1290),
    Product(10, 25, "Świeca sojowa „Las o świcie”", "SWI-LAS", "5903333333338", 4900),
    Product(11, 0, "Plecak miejski 20 l", "PLE-20", "5904444444441", 18990),
    Product(999, 0, "Produkt usunięty z katalogu", "OLD-1", "", 1000),
)

PAYMENTS = (
    ("przelewy24", "Przelewy24"),
    ("przelewy24", "BLIK"),
    ("payu", "PayU"),
    ("ps_cashondelivery", "Płatność przy odbiorze"),
    ("ps_wirepayment", "Przelew bankowy"),
)
CARRIER_PRICES = (1299, 1499, 999, 0)
"""Gross, in grosze, by how often they are chosen."""


class State(NamedTuple):
    """An order state with the flags PrestaShop gives it, by their initial letters.

    u: unremovable, d: delivery, m: sends an e-mail, i: invoice, l: logable, s: shipped, p: paid, x: deleted.
    """

    ident: int
    polish: str
    english: str
    color: str
    flags: str
    template: str
    module: str = ""


STATES = (
    State(
        1,
        "Oczekiwanie na płatność czekiem",
        "Awaiting check payment",
        "#34209E",
        "um",
        "cheque",
        "ps_checkpayment",
    ),
    State(2, "Płatność zaakceptowana", "Payment accepted", "#3498D8", "umilp", "payment"),
    State(3, "Przygotowanie w toku", "Processing in progress", "#3498D8", "udmilp", "preparation"),
    State(4, "Dostarczane", "Shipped", "#01B887", "udmilsp", "shipped"),
    State(5, "Dostarczone", "Delivered", "#01B887", "udilsp", ""),
    State(6, "Anulowane", "Canceled", "#2C3E50", "um", "order_canceled"),
    State(7, "Zwrócono pieniądze", "Refunded", "#01B887", "umi", "refund"),
    State(8, "Błąd płatności", "Payment error", "#E74C3C", "um", "payment_error"),
    State(9, "Zamówienie oczekujące (opłacone)", "On backorder (paid)", "#3498D8", "umip", "outofstock"),
    State(
        10,
        "Oczekiwanie na płatność przelewem",
        "Awaiting bank wire payment",
        "#34209E",
        "um",
        "bankwire",
        "ps_wirepayment",
    ),
    State(11, "Płatność przyjęta", "Remote payment accepted", "#3498D8", "umilp", "payment"),
    State(
        12, "Zamówienie oczekujące (nieopłacone)", "On backorder (not paid)", "#34209E", "um", "outofstock"
    ),
    State(
        13,
        "Oczekiwanie na płatność przy odbiorze",
        "Awaiting Cash On Delivery validation",
        "#34209E",
        "u",
        "cashondelivery",
        "ps_cashondelivery",
    ),
    State(14, "Spakowane (stary status)", "Packed (old status)", "#FF8C00", "px", ""),
)

COUNTRIES = (
    (1, "DE", 49, "Niemcy", "Germany"),
    (2, "AT", 43, "Austria", "Austria"),
    (3, "BE", 32, "Belgia", "Belgium"),
    (6, "ES", 34, "Hiszpania", "Spain"),
    (8, "FR", 33, "Francja", "France"),
    (10, "IT", 39, "Włochy", "Italy"),
    (13, "NL", 31, "Holandia", "Netherlands"),
    (14, "PL", 48, "Polska", "Poland"),
    (16, "CZ", 420, "Czechy", "Czech Republic"),
    (17, "GB", 44, "Wielka Brytania", "United Kingdom"),
    (21, "US", 1, "Stany Zjednoczone", "United States"),
    (37, "SK", 421, "Słowacja", "Slovakia"),
    (131, "LT", 370, "Litwa", "Lithuania"),
    (216, "UA", 380, "Ukraina", "Ukraine"),
)

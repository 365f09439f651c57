"""The form's two parts as an administrator fills them in: wrong first, put right in the same form."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import attrs
import pytest
import pytest_asyncio
from aiohttp import web

from tests.admin.conftest import Fields, Secrets
from thulium_plugin_prestashop.admin.integration_type import PrestaShopType
from thulium_plugin_prestashop.contract.customers import CustomField
from thulium_plugin_prestashop.contract.forms import CustomFieldType, Values
from thulium_plugin_prestashop.contract.host import Egress, HostContext
from thulium_plugin_prestashop.contract.integration import (
    Authentication,
    Finding,
    FindingState,
    IntegrationConfig,
)
from thulium_plugin_prestashop.sandbox.shop import DemoShop, WebserviceKey
from thulium_plugin_prestashop.sandbox.shop.keys import SEVEN_RESOURCES

NO_ORDERS = "NOORDERS" * 4
WRITING = "WRITINGX" * 4
DISABLED = "DISABLED" * 4
UNKNOWN = "UNKNOWNX" * 4
KIND = PrestaShopType()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop() -> AsyncIterator[DemoShop]:
    keys = [
        WebserviceKey.reading(NO_ORDERS, [name for name in SEVEN_RESOURCES if name != "orders"]),
        WebserviceKey(WRITING, dict.fromkeys(SEVEN_RESOURCES, frozenset({"GET", "PUT"}))),
        WebserviceKey.reading(DISABLED, active=False),
    ]
    async with DemoShop(customers=20, orders=30, multistore=True, keys=keys) as shop:
        yield shop


@asynccontextmanager
async def other_server() -> AsyncIterator[str]:
    """A web server that is no PrestaShop."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html><body>Blog</body></html>", content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield str(site.name)
    await runner.cleanup()


async def authenticate(host: HostContext, address: str, key: str) -> Authentication:
    return await KIND.authenticate(host, {"address": address, "api_key": key})


pytestmark = pytest.mark.asyncio(loop_scope="module")

WRONG = [
    ("", "GOOD", "address", "address.empty", "Podaj adres sklepu", "Enter the shop's address"),
    ("ftp://x", "GOOD", "address", "address.scheme", "musi zaczynać się od https", "begins with https"),
    ("http://u:p@x", "GOOD", "address", "address.credentials", "nazwę użytkownika", "user name"),
    ("http://127.0.0.1:1", "GOOD", "address", "net.refused", "127.0.0.1", "127.0.0.1"),
    (
        "http://no-such-shop.invalid",
        "GOOD",
        "address",
        "net.dns",
        "no-such-shop.invalid",
        "no-such-shop.invalid",
    ),
    (
        "OTHER",
        "GOOD",
        "address",
        "address.not_prestashop",
        "to nie jest API PrestaShop",
        "not a PrestaShop API",
    ),
    ("SHOP", "", "api_key", "auth.key_empty", "klucz", "key"),
    ("SHOP", "short", "api_key", "auth.key_format", "32", "32"),
    (
        "SHOP",
        UNKNOWN,
        "api_key",
        "auth.key_unknown",
        "Zaawansowane → API",
        "Advanced Parameters → Webservice",
    ),
    (
        "SHOP",
        DISABLED,
        "api_key",
        "auth.key_unknown",
        "Zaawansowane → API",
        "Advanced Parameters → Webservice",
    ),
    ("SHOP", NO_ORDERS, "api_key", "auth.permission", "orders", "orders"),
]


@pytest.mark.parametrize("wrong", WRONG, ids=[f"{row[0]}-{row[3]}-{row[1][:8]}" for row in WRONG])
async def test_what_is_wrong_stands_on_its_field_and_correcting_it_finishes_the_form(
    host: HostContext, shop: DemoShop, wrong: tuple[str, str, str, str, str, str]
) -> None:
    address, key, field, reason, polish, english = wrong
    async with other_server() as other:
        typed = {"SHOP": shop.url, "OTHER": other}.get(address, address)
        failed = await authenticate(host, typed, shop.key if key == "GOOD" else key)
    assert not failed.ok
    assert {error.field for error in failed.errors} == {field}
    error = failed.errors[0]
    assert error.key == reason
    assert polish in error.message.pl
    assert english in error.message.en
    assert error.message.pl != error.message.en
    assert failed.authorization == {}
    assert shop.key not in repr(failed)
    corrected = await authenticate(host, shop.url, shop.key)
    assert corrected.ok
    assert corrected.errors == ()


async def test_both_fields_may_be_wrong_at_once(host: HostContext) -> None:
    failed = await authenticate(host, " ", " ")
    assert [(error.field, error.key) for error in failed.errors] == [
        ("address", "address.empty"),
        ("api_key", "auth.key_empty"),
    ]


async def test_findings_are_told_live_with_the_seven_permissions(host: HostContext, shop: DemoShop) -> None:
    live: list[Finding] = []
    found = await KIND.authenticate(
        host, {"address": shop.url, "api_key": f" {shop.key}\n"}, on_finding=live.append
    )
    assert set(live) == set(found.findings)
    ticked = {finding.resource for finding in live if finding.key == "permission.ok"}
    assert ticked == set(SEVEN_RESOURCES)
    assert all(finding.state is FindingState.OK for finding in live if finding.resource)
    assert found.message is not None
    assert found.message.pl == "Połączono ze sklepem Sklep (PrestaShop 9.1.4)."


async def test_a_missing_permission_is_crossed_and_the_others_are_ticked(
    host: HostContext, shop: DemoShop
) -> None:
    found = await authenticate(host, shop.url, NO_ORDERS)
    states = {finding.resource: finding.state for finding in found.findings if finding.resource}
    assert states.pop("orders") is FindingState.ERROR
    assert states == dict.fromkeys(set(SEVEN_RESOURCES) - {"orders"}, FindingState.OK)


async def test_a_key_that_can_write_works_with_a_warning(host: HostContext, shop: DemoShop) -> None:
    found = await authenticate(host, shop.url, WRITING)
    assert found.ok
    (warning,) = (finding for finding in found.findings if finding.key == "auth.can_write")
    assert warning.state is FindingState.WARNING
    assert warning.hint is not None


async def test_what_authentication_learns_fills_the_second_form(host: HostContext, shop: DemoShop) -> None:
    found = await authenticate(host, shop.url.replace("http://", "HTTP://") + "api/orders?x=1", shop.key)
    assert found.authorization == {"address": shop.url.rstrip("/")}
    assert (found.facts["shop_name"], found.facts["version"]) == ("Sklep", "9.1.4")
    form = await KIND.settings_form(host, found.facts)
    assert [option.label.pl for option in form.field("shops").options] == ["Sklep", "Sklep EU"]
    assert {"Wysłane", "Dostarczane"} & {option.label.pl for option in form.field("hidden_states").options}
    assert {"Shipped"} <= {option.label.en for option in form.field("hidden_states").options}
    assert found.suggested["name"] == "Sklep"
    assert found.suggested["id_field"] == "PrestaShop ID"
    assert found.suggested["time_zone"] == "Europe/Warsaw"
    assert await KIND.validate(host, found.suggested) == []


async def test_the_shop_must_be_allowed_by_the_hosts_egress_rules(host: HostContext, shop: DemoShop) -> None:
    refused = await authenticate(attrs.evolve(host, egress=Egress()), shop.url, shop.key)
    assert [(error.field, error.key) for error in refused.errors] == [("address", "net.blocked")]


async def test_a_silent_server_is_told_in_time(host: HostContext) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10_000)
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    started = monotonic()
    found = await authenticate(host, f"http://127.0.0.1:{port}", UNKNOWN)
    server.close()
    await server.wait_closed()
    assert not found.ok
    assert found.errors[0].field == "address"
    assert monotonic() - started < 15


class TestReauthentication:
    @pytest_asyncio.fixture(loop_scope="module")
    async def existing(
        self, host: HostContext, shop: DemoShop, secrets: Secrets, config: IntegrationConfig
    ) -> IntegrationConfig:
        found = await authenticate(host, shop.url, shop.key)
        kept = attrs.evolve(
            config, authorization=found.authorization, identity=found.identity, facts=found.facts
        )
        await secrets.put(kept.secret_handle("api_key"), shop.key)
        return kept

    async def test_an_empty_key_means_the_stored_one(
        self, host: HostContext, existing: IntegrationConfig
    ) -> None:
        found = await KIND.authenticate(host, {**existing.authorization, "api_key": ""}, existing=existing)
        assert found.ok
        assert found.identity == existing.identity
        assert found.suggested == {}

    async def test_another_key_of_the_same_shop_is_welcome(
        self, host: HostContext, existing: IntegrationConfig
    ) -> None:
        found = await KIND.authenticate(
            host, {**existing.authorization, "api_key": WRITING}, existing=existing
        )
        assert found.ok

    async def test_another_shop_is_refused_and_both_are_named(
        self, host: HostContext, existing: IntegrationConfig
    ) -> None:
        async with DemoShop(customers=20, orders=30, seed=7, name="Inny sklep") as other:
            found = await KIND.authenticate(
                host, {"address": other.url, "api_key": other.key}, existing=existing
            )
        assert not found.ok
        (error,) = found.errors
        assert (error.field, error.key) == ("address", "identity.other_shop")
        assert "otwiera inny sklep (Inny sklep)" in error.message.pl
        assert "opens another shop (Inny sklep)" in error.message.en
        assert "(Sklep)" in error.message.en


VALUES: Values = {
    "name": "Sklep",
    "id_field": "PrestaShop ID",
    "time_zone": "Europe/Warsaw",
    "existing_customers": "fill",
}


class TestOtherData:
    @pytest.mark.parametrize(
        ("field", "key", "polish", "english"),
        [
            ("", "required", "Wypełnij to pole", "Fill in this field"),
            ("Nowe", "field_missing", "CRM nie ma pola specjalnego „Nowe”", "no custom field called “Nowe”"),
            (
                "Nick",
                "field_not_numeric",
                "„Nick” nie jest polem numerycznym",
                "“Nick” is not a numeric field",
            ),
            (
                "Taken",
                "field_used",
                "Pola „Taken” używa już integracja „Sklep EU”",
                "“Taken” is already used by the integration “Sklep EU”",
            ),
        ],
    )
    async def test_the_id_field_must_be_a_numeric_one_of_its_own(
        self, host: HostContext, field: str, key: str, polish: str, english: str
    ) -> None:
        (error,) = await KIND.validate(host, {**VALUES, "id_field": field})
        assert (error.field, error.key) == ("id_field", key)
        assert polish in error.message.pl
        assert english in error.message.en
        assert await KIND.validate(host, VALUES) == []

    async def test_an_integration_may_keep_its_own_field(
        self, host: HostContext, config: IntegrationConfig
    ) -> None:
        own = attrs.evolve(config, id="prestashop-9")
        assert await KIND.validate(host, {**VALUES, "id_field": "Taken"}, existing=own) == []
        assert KIND.id_field({"id_field": " Taken "}) == "Taken"
        assert KIND.id_field({}) is None

    async def test_a_field_another_kind_of_integration_holds_is_taken(
        self, host: HostContext, fields: Fields
    ) -> None:
        fields.fields.append(CustomField("IdoSell", CustomFieldType.NUMERIC, used_by="idosell-1"))
        (error,) = await KIND.validate(host, {**VALUES, "id_field": "IdoSell"})
        assert "idosell-1" in error.message.pl

    async def test_the_field_and_the_rest_are_told_together(self, host: HostContext) -> None:
        errors = await KIND.validate(host, {**VALUES, "id_field": "Nick", "since": "x"})
        assert {error.field for error in errors} == {"id_field", "since"}

"""The plugin's whole life on this host's services: connect, synchronise, show, follow, remove, stop."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from thulium_plugin_prestashop.contract.customers import ByCustomField, CustomerId
from thulium_plugin_prestashop.contract.host import Egress, HostContext
from thulium_plugin_prestashop.contract.integration import Integration
from thulium_plugin_prestashop.contract.views import Viewer
from thulium_plugin_prestashop.hosting import (
    Host,
    HostServices,
    MemoryIntegrationStorage,
    ProblemList,
    connect,
)
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.testing.suite import Suite, check, expect

TYPE = "prestashop"
VIEWER = Viewer("en", "Europe/Warsaw")


class LifeSuite(Suite):
    """The installed plugin, on this host's customers, fields and secrets, with a demo shop of 15 customers. Only the
    schedule and the list of integrations are the kit's own.
    """

    @check
    async def test_every_order_is_on_its_customers_card(self, host: HostContext) -> None:
        """A first synchronisation brings all customers with their orders; a second one changes nothing."""
        async with self._stage(host) as (stage, shop, integration):
            await self._synchronise(stage, integration)
            await self._compare(stage, shop, host)
            await self._synchronise(stage, integration)
            await self._compare(stage, shop, host)

    @check
    async def test_merged_and_erased_customers_are_followed(self, host: HostContext) -> None:
        """Orders follow a merge; nothing is shown of an erased customer."""
        async with self._stage(host) as (stage, shop, integration):
            await self._synchronise(stage, integration)
            kept, merged = [customer for customer in (await self._cards(shop, host)).values() if customer][:2]
            await stage.customers_merged(kept, [merged])
            counts = [await _orders_shown(stage, each) for each in (kept, merged)]
            expect(counts[0] > 0 and counts[1] == 0, "orders follow a merge", got=counts)
            await stage.customers_erased([kept])
            left = await _orders_shown(stage, kept)
            expect(left == 0, "nothing is shown of an erased customer", got=left)

    @check
    async def test_nothing_is_left_of_a_removed_integration(self, host: HostContext) -> None:
        """The secrets go, the tabs go, and no task is left when the host has stopped."""
        before = asyncio.all_tasks()
        async with self._stage(host) as (stage, _, integration):
            handle = integration.config.secret_handle("api_key")
            expect(await host.secrets.get(handle) is not None, "the key lies in the secret store")
            await stage.integrations.remove(integration.id, keep_data=False)
            expect(await host.secrets.get(handle) is None, "the key goes with the integration")
        left = {task.get_name() for task in asyncio.all_tasks() - before}
        expect(not left, "no task is left", got=left)

    @asynccontextmanager
    async def _stage(self, host: HostContext) -> AsyncIterator[tuple[Host, DemoShop, Integration]]:
        services = HostServices(
            name=host.name,
            customers=host.customers,
            custom_fields=host.custom_fields,
            secrets=host.secrets,
            allegro=host.allegro,
            integrations=MemoryIntegrationStorage(),
            data_directory=host.data_directory / "kit",
            problems=ProblemList(host.clock),
            clock=host.clock,
            # The demo shop is on the loopback interface.
            egress=Egress(allow_private=True),
            time_zone=host.time_zone,
            locale=host.locale,
        )
        async with (
            DemoShop(customers=15, orders=40, seed=7) as shop,
            Host(services, by_itself=False) as stage,
        ):
            authorization = {"address": shop.url, "api_key": shop.key}
            integration = await connect(stage, TYPE, authorization, {"id_field": self.numeric_field})
            yield stage, shop, integration

    async def _synchronise(self, stage: Host, integration: Integration) -> None:
        (job, *_) = stage.scheduler.jobs(integration.id)
        finished = await job.run_now().finished()
        expect(finished.ok, "the synchronisation ends well", got=finished)

    async def _cards(self, shop: DemoShop, host: HostContext) -> dict[int, CustomerId]:
        """The shop's customer ids that stand in an ID field, and on whose card."""
        numbers = sorted(int(str(row["id"])) for row in shop.all_customers())
        lookups = [ByCustomField(self.numeric_field, str(number)) for number in numbers]
        found = await host.customers.find(lookups)
        return {number: cards[0].id for number, cards in zip(numbers, found, strict=True) if cards}

    async def _compare(self, stage: Host, shop: DemoShop, host: HostContext) -> None:
        cards = await self._cards(shop, host)
        # One person may be several customers of the shop; the card shows the orders of all of them.
        emails = {int(str(row["id"])): str(row["email"]).casefold() for row in shop.all_customers()}
        placed = Counter(
            emails[row["id_customer"]] for row in shop.all_orders() if row["id_customer"] in emails
        )
        for number, card in cards.items():
            shown = await _orders_shown(stage, card)
            wanted = placed[emails[number]]
            expect(shown == wanted, f"card {card} shows the {wanted} orders of {emails[number]}", got=shown)
        reached = {emails[number] for number in cards}
        expect(reached >= placed.keys(), "whoever has orders has a card", got=sorted(placed.keys() - reached))


async def _orders_shown(stage: Host, customer: CustomerId) -> int:
    tabs = await stage.load_tabs(customer, VIEWER)
    return sum(tab.table.total for tab in tabs if tab.matches)

"""``export``: all that a sandbox CRM holds, as JSON Lines."""

from pathlib import Path

from thulium_plugin_prestashop.admin.integration import PrestaShopIntegration
from thulium_plugin_prestashop.agent.dump import all_orders
from thulium_plugin_prestashop.cli.cards import customer_json, order_json
from thulium_plugin_prestashop.cli.console import Console, Exit
from thulium_plugin_prestashop.cli.crm import TYPE, opened
from thulium_plugin_prestashop.contract.views import Viewer


async def export(console: Console, data: Path) -> Exit:
    """One object a customer, in the order of their ids, then one an order, shop by shop, in the order of their ids.

    An order of a customer whom nobody knows (a hard-deleted one) has ``customer`` null.
    """
    async with opened(data, must_exist=True) as crm:
        async for card in crm.iter_customers():
            console.answer({"kind": "customer", **customer_json(card.customer())})
        viewer = Viewer(console.locale, crm.time_zone)
        for integration in crm.host.integrations.running(TYPE):
            if isinstance(integration, PrestaShopIntegration):
                async for owner, row in all_orders(integration.views, viewer):
                    console.answer(
                        {
                            "kind": "order",
                            "integration": integration.id,
                            "customer": owner,
                            **order_json(row),
                        }
                    )
    return Exit.DONE

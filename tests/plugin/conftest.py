"""A sandbox CRM that loaded the plugin by its entry point, and a demo shop."""

from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import pytest

from thulium_plugin_prestashop.admin.integration import PrestaShopIntegration
from thulium_plugin_prestashop.contract.forms import CustomFieldType, Value
from thulium_plugin_prestashop.contract.host import Egress
from thulium_plugin_prestashop.contract.tasks import Progress, RunContext, RunResult, Trigger
from thulium_plugin_prestashop.contract.views import Viewer
from thulium_plugin_prestashop.sandbox.crm import SandboxCrm
from thulium_plugin_prestashop.sandbox.shop import DemoShop

ID_FIELD = "PrestaShop ID"
VIEWER = Viewer()


@attrs.define
class Connected:
    """An administrator has connected the shop; nothing has been synchronised yet."""

    crm: SandboxCrm
    shop: DemoShop
    id: str
    progress: list[Progress] = attrs.field(factory=list)

    @property
    def integration(self) -> PrestaShopIntegration:
        running = self.crm.desk.running(self.id)
        assert isinstance(running, PrestaShopIntegration)
        return running

    async def synchronise(self, trigger: Trigger = Trigger.PERSON) -> RunResult:
        return await self.integration.run(RunContext(trigger, self.progress.append))

    async def card(self, order: int) -> str:
        """The CRM customer that an order of the shop belongs to."""
        hits = await self.crm.host.search_orders(str(order), VIEWER, 5)
        return next(hit.customer for hit in hits if hit.row.key == f"{self.id}:{order}")


@pytest.fixture
async def shop() -> AsyncIterator[DemoShop]:
    async with DemoShop(customers=60, orders=150, seed=3) as shop:
        yield shop


@pytest.fixture
async def crm(tmp_path: Path) -> AsyncIterator[SandboxCrm]:
    async with await SandboxCrm.open(
        tmp_path / "crm", egress=Egress(allow_private=True), schedule=False
    ) as crm:
        yield crm


async def connect(crm: SandboxCrm, shop: DemoShop, **settings: Value) -> Connected:
    """What an administrator does: the two forms, saved and started."""
    field = str(settings.get("id_field") or ID_FIELD)
    await crm.ensure_custom_field(field, CustomFieldType.NUMERIC)
    draft = await crm.setup.begin("prestashop")
    draft = await crm.setup.authenticate(draft.id, {"address": shop.url, "api_key": shop.key}, "admin")
    values = {**await crm.setup.initial_settings(draft.id), "id_field": field, **settings}
    saved = await crm.setup.save(draft.id, values, "admin")
    assert saved.errors == ()
    assert saved.entry is not None
    await crm.desk.start(saved.entry.config.id, "admin")
    return Connected(crm, shop, saved.entry.config.id)


@pytest.fixture
async def connected(crm: SandboxCrm, shop: DemoShop) -> Connected:
    return await connect(crm, shop)

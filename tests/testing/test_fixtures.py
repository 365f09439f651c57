"""The fixtures that plugin authors get."""

from pathlib import Path

import pytest

from thulium_plugin_prestashop.contract.views import Viewer
from thulium_plugin_prestashop.hosting import RefusedFormError
from thulium_plugin_prestashop.sandbox.shop import DemoShop
from thulium_plugin_prestashop.testing import FakeHost

pytest_plugins = ["pytester"]

USES_THE_FIXTURES = """
import asyncio

pytest_plugins = ["thulium_plugin_prestashop.testing.fixtures"]

def test_both(demo_shop, fake_host):
    async def go():
        async with demo_shop as shop, fake_host as fake:
            integration = await fake.connect(
                "prestashop", {"address": shop.url, "api_key": shop.key}, {"id_field": "PrestaShop ID"}
            )
            finished = await fake.run(integration.id)
            assert finished.ok
            assert len(fake.customers.records) > 30
            assert fake.problems.list() == []
    asyncio.run(go())
"""


def test_a_plugin_is_tried_without_an_asyncio_plugin_of_pytest(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["thulium_plugin_prestashop.testing.fixtures"]')
    pytester.makepyfile(
        USES_THE_FIXTURES.replace('pytest_plugins = ["thulium_plugin_prestashop.testing.fixtures"]', "")
    )
    done = pytester.runpytest_subprocess("-p", "no:asyncio", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=1)


async def test_a_form_that_is_refused_says_which_field(tmp_path: Path) -> None:
    async with DemoShop(customers=1, orders=0) as shop, FakeHost(tmp_path) as fake:
        with pytest.raises(RefusedFormError, match="api_key"):
            await fake.connect("prestashop", {"address": shop.url, "api_key": "x" * 32}, {})
        good = {"address": shop.url, "api_key": shop.key}
        with pytest.raises(RefusedFormError, match="id_field") as raised:
            await fake.connect("prestashop", good, {"id_field": "Text"})
        assert [error.field for error in raised.value.errors] == ["id_field"]
        assert fake.secrets.handles == frozenset()
        integration = await fake.connect("prestashop", good, {"id_field": "PrestaShop ID"})
        assert fake.secrets.handles == {integration.config.secret_handle("api_key")}
        assert await fake.host.load_tabs("nobody", Viewer()) != []

"""All suites a host derives from at once."""

from thulium_plugin_prestashop.testing.life import LifeSuite
from thulium_plugin_prestashop.testing.lookups import LookupSuite
from thulium_plugin_prestashop.testing.manners import MannersSuite
from thulium_plugin_prestashop.testing.services import ContextSuite, CustomFieldsSuite, SecretsSuite
from thulium_plugin_prestashop.testing.writes import CreateSuite, UpdateSuite


class HostSuite(
    LookupSuite,
    CreateSuite,
    UpdateSuite,
    MannersSuite,
    CustomFieldsSuite,
    SecretsSuite,
    ContextSuite,
    LifeSuite,
):
    """Everything the contract asks of a host. Derive from single suites to prove a part."""

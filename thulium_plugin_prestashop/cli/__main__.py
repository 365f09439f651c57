"""``python -m thulium_plugin_prestashop.cli`` is ``thulium-prestashop``."""

from thulium_plugin_prestashop.cli import main

main()

"""The plugin's words in Polish and English; ``en/`` and ``pl/`` hold the same keys, which a test checks."""

from importlib.resources import files

from thulium_plugin_prestashop.contract.catalogue import Catalogue

MESSAGES = Catalogue.read(files(__name__))
"""All messages, read once; nothing changes them."""

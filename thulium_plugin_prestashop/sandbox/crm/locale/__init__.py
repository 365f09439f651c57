"""What the sandbox CRM says by itself, in Polish and English."""

from importlib.resources import files

from thulium_plugin_prestashop.contract.catalogue import Catalogue

MESSAGES = Catalogue.read(files(__name__))
"""All messages, read once; nothing changes them."""

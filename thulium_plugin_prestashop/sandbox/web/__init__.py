"""The sandbox CRM's pages: what agents and administrators see.

They draw the forms and views of any plugin from the contract's data, and know no plugin themselves.
"""

from thulium_plugin_prestashop.sandbox.web.server import Server, create_app, serve

__all__ = ["Server", "create_app", "serve"]

"""Alembic environment of the mirror, run by :mod:`thulium_plugin_prestashop.mirror.migrate`."""

"""Alembic's environment: runs on the connection that :mod:`..migrate` hands over, never on one of its own."""

from alembic import context

from thulium_plugin_prestashop.mirror.migrate import VERSION_TABLE
from thulium_plugin_prestashop.mirror.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # SQLite cannot alter a column in place; Alembic copies the table instead.
    render_as_batch=True,
)
# The caller holds the transaction: either all revisions are applied, or none.
context.run_migrations()

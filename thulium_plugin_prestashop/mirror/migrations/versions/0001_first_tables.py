"""The first tables, as they stood when this revision was written; later ones are changes to it.

Revision ID: 0001
Create Date: 2026-11-24
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def _key(name: str, kind: sa.types.TypeEngine[Any]) -> "sa.Column[object]":
    return sa.Column(name, kind, autoincrement=False, nullable=False)


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, _TEXT, server_default="", nullable=False)


def _number(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def _flag(name: str) -> "sa.Column[bool]":
    return sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)


def upgrade() -> None:
    """Create all tables and indexes."""
    op.create_table(
        "prestashop_addresses",
        _key("integration", _TEXT),
        _key("id", sa.BigInteger()),
        _number("id_customer"),
        _number("id_country"),
        _text("alias"),
        _text("company"),
        _text("firstname"),
        _text("lastname"),
        _text("vat_number"),
        _text("dni"),
        _text("address1"),
        _text("address2"),
        _text("postcode"),
        _text("city"),
        _text("other"),
        _text("phone"),
        _text("phone_mobile"),
        _flag("deleted"),
        sa.Column("date_add", _TEXT, nullable=True),
        sa.Column("date_upd", _TEXT, nullable=True),
        sa.Column("checksum", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("integration", "id", name="pk_prestashop_addresses"),
    )
    op.create_index(
        "ix_prestashop_addresses_id_customer",
        "prestashop_addresses",
        ["integration", "id_customer"],
        unique=False,
    )
    op.create_table(
        "prestashop_claims",
        _key("integration", _TEXT),
        _text("holder"),
        sa.Column("until", sa.Float(), nullable=True),
        _number("fence"),
        sa.Column("since", sa.Float(), nullable=True),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.Column("requested_at", sa.Float(), nullable=True),
        _flag("cancelling"),
        _text("progress"),
        sa.PrimaryKeyConstraint("integration", name="pk_prestashop_claims"),
        comment="Whose turn it is: one run per integration at a time, in any number of processes.",
    )
    op.create_index(
        "ix_prestashop_claims_requested_at",
        "prestashop_claims",
        ["requested_at"],
        unique=False,
        sqlite_where=sa.text("requested_at IS NOT NULL"),
        postgresql_where=sa.text("requested_at IS NOT NULL"),
    )
    op.create_table(
        "prestashop_cursors",
        _key("integration", _TEXT),
        _key("resource", _TEXT),
        _number("imported_to"),
        _flag("imported"),
        sa.Column("watermark", _TEXT, nullable=True),
        sa.Column("recent_watermark", _TEXT, nullable=True),
        sa.Column("reached_shop", sa.BigInteger(), nullable=True),
        sa.Column("reached_host", sa.BigInteger(), nullable=True),
        sa.Column("settled", _TEXT, nullable=True),
        sa.Column("window_lower", _TEXT, nullable=True),
        sa.Column("window_upper", _TEXT, nullable=True),
        sa.Column("window_after", sa.BigInteger(), nullable=True),
        sa.Column("window_floor", sa.BigInteger(), nullable=True),
        _number("highest_id"),
        sa.Column("full_window_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("integration", "resource", name="pk_prestashop_cursors"),
    )
    op.create_table(
        "prestashop_customers",
        _key("integration", _TEXT),
        _key("id", sa.BigInteger()),
        _text("email"),
        _text("email_key"),
        _text("firstname"),
        _text("lastname"),
        _text("company"),
        _text("siret"),
        _flag("is_guest"),
        _flag("active"),
        _flag("deleted"),
        _number("id_shop"),
        _number("id_lang"),
        sa.Column("date_add", _TEXT, nullable=True),
        sa.Column("date_upd", _TEXT, nullable=True),
        sa.Column("checksum", sa.BigInteger(), nullable=False),
        _flag("pending"),
        sa.PrimaryKeyConstraint("integration", "id", name="pk_prestashop_customers"),
    )
    op.create_index(
        "ix_prestashop_customers_email_key",
        "prestashop_customers",
        ["integration", "email_key"],
        unique=False,
    )
    op.create_index(
        "ix_prestashop_customers_pending",
        "prestashop_customers",
        ["integration", "id"],
        unique=False,
        sqlite_where=sa.text("pending = 1"),
        postgresql_where=sa.text("pending"),
    )
    op.create_table(
        "prestashop_links",
        _key("integration", _TEXT),
        _key("id_customer", sa.BigInteger()),
        sa.Column("crm_id", _TEXT, nullable=True),
        _text("basis"),
        _text("login_key"),
        _text("masked_key"),
        sa.Column("offered", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _flag("blocked"),
        _text("conflict"),
        sa.PrimaryKeyConstraint("integration", "id_customer", name="pk_prestashop_links"),
    )
    op.create_index("ix_prestashop_links_crm_id", "prestashop_links", ["integration", "crm_id"], unique=False)
    op.create_index("ix_prestashop_links_customer", "prestashop_links", ["crm_id"], unique=False)
    op.create_index(
        "ix_prestashop_links_login_key",
        "prestashop_links",
        ["integration", "login_key"],
        unique=False,
        sqlite_where=sa.text("login_key <> ''"),
        postgresql_where=sa.text("login_key <> ''"),
    )
    op.create_index(
        "ix_prestashop_links_masked_key",
        "prestashop_links",
        ["integration", "masked_key"],
        unique=False,
        sqlite_where=sa.text("masked_key <> ''"),
        postgresql_where=sa.text("masked_key <> ''"),
    )
    op.create_table(
        "prestashop_lookups",
        _key("integration", _TEXT),
        _key("kind", _TEXT),
        _key("id", sa.BigInteger()),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("integration", "kind", "id", name="pk_prestashop_lookups"),
    )
    op.create_table(
        "prestashop_orders",
        _key("integration", _TEXT),
        _key("id", sa.BigInteger()),
        _text("reference"),
        _text("reference_key"),
        _number("id_customer"),
        _number("id_shop"),
        _number("id_currency"),
        _number("state"),
        _number("total_micro"),
        _text("payment"),
        _text("module"),
        _text("tracking"),
        _number("id_address_delivery"),
        _number("id_address_invoice"),
        _text("gift_message"),
        _text("note"),
        _flag("valid"),
        sa.Column("placed_at", sa.BigInteger(), nullable=True),
        sa.Column("date_add", _TEXT, nullable=True),
        sa.Column("date_upd", _TEXT, nullable=True),
        sa.Column("rows", sa.LargeBinary(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.Column("checksum", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("integration", "id", name="pk_prestashop_orders"),
    )
    op.create_index(
        "ix_prestashop_orders_owner",
        "prestashop_orders",
        [
            "integration",
            "id_customer",
            "placed_at",
            "id",
            "state",
            "id_currency",
            "total_micro",
            "removed_at",
        ],
        unique=False,
    )
    op.create_index(
        "ix_prestashop_orders_reference_key",
        "prestashop_orders",
        ["integration", "reference_key"],
        unique=False,
    )
    op.create_table(
        "prestashop_phones",
        _key("integration", _TEXT),
        _key("id_customer", sa.BigInteger()),
        _key("number", _TEXT),
        sa.PrimaryKeyConstraint("integration", "id_customer", "number", name="pk_prestashop_phones"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_prestashop_phones_number", "prestashop_phones", ["number"], unique=False)
    op.create_table(
        "prestashop_places",
        _key("integration", _TEXT),
        _key("shop", _TEXT),
        _key("holder", _TEXT),
        _key("number", sa.Integer()),
        sa.Column("until", sa.Float(), nullable=False),
        _flag("waiting"),
        sa.PrimaryKeyConstraint("integration", "shop", "holder", "number", name="pk_prestashop_places"),
        comment="Who may have a request under way at a shop, where several processes share the work.",
    )
    op.create_index("ix_prestashop_places_shop", "prestashop_places", ["shop"], unique=False)
    op.create_table(
        "prestashop_runs",
        _key("integration", _TEXT),
        _key("id", _TEXT),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        _text("mode"),
        _text("trigger"),
        _text("outcome"),
        _text("error"),
        _text("message"),
        _text("figures"),
        sa.PrimaryKeyConstraint("integration", "id", name="pk_prestashop_runs"),
    )
    op.create_index("ix_prestashop_runs_started", "prestashop_runs", ["integration", "started"], unique=False)
    op.create_table(
        "prestashop_set_aside",
        _key("integration", _TEXT),
        _key("resource", _TEXT),
        _key("id", _TEXT),
        _text("reason"),
        _text("detail"),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("last_tried", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("integration", "resource", "id", name="pk_prestashop_set_aside"),
    )
    op.create_table(
        "prestashop_shops_state",
        _key("integration", _TEXT),
        _text("facts"),
        _text("settings"),
        sa.Column("last_success", sa.BigInteger(), nullable=True),
        sa.Column("last_lookups", sa.BigInteger(), nullable=True),
        sa.Column("last_sweep", sa.BigInteger(), nullable=True),
        sa.Column("shop_clock", sa.BigInteger(), nullable=True),
        sa.Column("host_clock", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("integration", name="pk_prestashop_shops_state"),
    )
    op.create_table(
        "prestashop_skipped",
        _key("integration", _TEXT),
        _key("resource", _TEXT),
        _key("id", sa.BigInteger()),
        _text("reason"),
        sa.PrimaryKeyConstraint("integration", "resource", "id", name="pk_prestashop_skipped"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop them all."""
    op.drop_table("prestashop_skipped")
    op.drop_table("prestashop_shops_state")
    op.drop_table("prestashop_set_aside")
    op.drop_table("prestashop_runs")
    op.drop_table("prestashop_places")
    op.drop_table("prestashop_phones")
    op.drop_table("prestashop_orders")
    op.drop_table("prestashop_lookups")
    op.drop_table("prestashop_links")
    op.drop_table("prestashop_customers")
    op.drop_table("prestashop_cursors")
    op.drop_table("prestashop_claims")
    op.drop_table("prestashop_addresses")

"""The plugin's own tables: what is known of every shop, and what was made of it.

Every primary key begins with ``integration``, the id the host gave the configured shop, so that two shops never mix
and one can be removed whole. Two kinds of time are kept apart: columns called ``date_…`` hold the shop's naive
wall-clock time as text (``"2024-10-27 02:30:00"``, ``NULL`` for a zero date), all other times are UTC epoch seconds.
Amounts are integers in millionths of the order's currency (PrestaShop keeps six decimals), so that the database can
add them up exactly. ``checksum`` is a hash of all that the shop sent of a row; a row whose checksum is known is
never written again.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


TEXT: Final[TypeEngine[str]] = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Text that is compared and sorted by its bytes on both databases, whatever language the server was set up in."""


def _key(name: str = "integration", kind: TypeEngine[Any] = TEXT) -> "Column[Any]":
    return Column(name, kind, primary_key=True, nullable=False, autoincrement=False)


def _text(name: str) -> "Column[str]":
    return Column(name, TEXT, nullable=False, server_default="")


def _id(name: str) -> "Column[int]":
    """A reference to another row of the shop; 0 is none. No foreign key: shops hold dangling references."""
    return Column(name, BigInteger(), nullable=False, server_default="0")


def _flag(name: str) -> "Column[bool]":
    return Column(name, Boolean(), nullable=False, server_default=false())


customers = Table(
    "prestashop_customers",
    metadata,
    _key(),
    _key("id", BigInteger()),
    _text("email"),
    # The e-mail without surrounding blanks and case-folded: what two spellings of one address share.
    _text("email_key"),
    _text("firstname"),
    _text("lastname"),
    _text("company"),
    _text("siret"),
    _flag("is_guest"),
    _flag("active"),
    _flag("deleted"),
    _id("id_shop"),
    _id("id_lang"),
    Column("date_add", TEXT),
    Column("date_upd", TEXT),
    Column("checksum", BigInteger(), nullable=False),
    # The link phase must look at this customer: it, an address of it or an order of it has changed.
    _flag("pending"),
)
Index("ix_prestashop_customers_email_key", customers.c.integration, customers.c.email_key)
# Partial: nearly always empty, so finding what is pending costs nothing on a large mirror.
Index(
    "ix_prestashop_customers_pending",
    customers.c.integration,
    customers.c.id,
    # As SQLAlchemy asks for it: SQLite uses a partial index only for the very condition it was made with.
    sqlite_where=text("pending = 1"),
    postgresql_where=text("pending"),
)

addresses = Table(
    "prestashop_addresses",
    metadata,
    _key(),
    _key("id", BigInteger()),
    _id("id_customer"),
    _id("id_country"),
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
    Column("date_add", TEXT),
    Column("date_upd", TEXT),
    Column("checksum", BigInteger(), nullable=False),
)
Index("ix_prestashop_addresses_id_customer", addresses.c.integration, addresses.c.id_customer)

orders = Table(
    "prestashop_orders",
    metadata,
    _key(),
    _key("id", BigInteger()),
    _text("reference"),
    # The reference in upper case without surrounding blanks, as people type it into a search.
    _text("reference_key"),
    _id("id_customer"),
    _id("id_shop"),
    _id("id_currency"),
    _id("state"),
    # total_paid in millionths of the order's currency.
    Column("total_micro", BigInteger(), nullable=False, server_default="0"),
    _text("payment"),
    _text("module"),
    _text("tracking"),
    _id("id_address_delivery"),
    _id("id_address_invoice"),
    _text("gift_message"),
    # PrestaShop's internal note; may hold HTML.
    _text("note"),
    _flag("valid"),
    # When it was placed, UTC epoch seconds, by the shop's time zone; NULL for a zero date.
    Column("placed_at", BigInteger()),
    Column("date_add", TEXT),
    Column("date_upd", TEXT),
    # JSON list of [id, product_id, attribute_id, quantity, name, reference, unit_incl, unit_excl];
    # the two unit prices are decimals as text.
    Column("rows", LargeBinary(), nullable=False),
    # UTC epoch seconds when the order was found to have vanished from the shop; NULL while it is there.
    Column("removed_at", BigInteger()),
    Column("checksum", BigInteger(), nullable=False),
)
# The first four columns find a customer's orders newest first; the others make it cover the tab's summary, so that
# a customer with 5,000 orders is counted and added up without reading a single order.
Index(
    "ix_prestashop_orders_owner",
    orders.c.integration,
    orders.c.id_customer,
    orders.c.placed_at,
    orders.c.id,
    orders.c.state,
    orders.c.id_currency,
    orders.c.total_micro,
    orders.c.removed_at,
)
Index("ix_prestashop_orders_reference_key", orders.c.integration, orders.c.reference_key)

lookups = Table(
    "prestashop_lookups",
    metadata,
    _key(),
    # "currencies", "countries", "order_states" or "shops".
    _key("kind"),
    _key("id", BigInteger()),
    # The record as a JSON object with the fields of webservice.records; keys of translated names are texts.
    Column("data", LargeBinary(), nullable=False),
)

links = Table(
    "prestashop_links",
    metadata,
    _key(),
    _key("id_customer", BigInteger()),
    # The host's customer; NULL when an agent has taken the link back (blocked) or nobody could be chosen (conflict).
    Column("crm_id", TEXT),
    # Why: id_field, link, login, masked_email, email, created, manual.
    _text("basis"),
    # Marketplace login and masked address without its order part, case-folded; "" when there is none.
    _text("login_key"),
    _text("masked_key"),
    # Four-byte hashes of every value ever offered to the card for this customer, one after the other. A value is
    # offered once: what an agent has corrected or taken off the card since does not come back.
    Column("offered", LargeBinary(), nullable=False),
    Column("created_at", BigInteger(), nullable=False),
    # An agent or administrator has unlinked it: no run links it again, only a person does.
    _flag("blocked"),
    # Why no card was chosen or what could not be written, as JSON {"reason", "candidates"}; "" when all is well.
    _text("conflict"),
)
Index("ix_prestashop_links_crm_id", links.c.integration, links.c.crm_id)
# Over all shops: merges, erasures and the card's tabs start from the host's customer alone.
Index("ix_prestashop_links_customer", links.c.crm_id)
Index(
    "ix_prestashop_links_login_key",
    links.c.integration,
    links.c.login_key,
    sqlite_where=text("login_key <> ''"),
    postgresql_where=text("login_key <> ''"),
)
Index(
    "ix_prestashop_links_masked_key",
    links.c.integration,
    links.c.masked_key,
    sqlite_where=text("masked_key <> ''"),
    postgresql_where=text("masked_key <> ''"),
)

phones = Table(
    "prestashop_phones",
    metadata,
    _key(),
    _key("id_customer", BigInteger()),
    # E.164. Kept beside the addresses because shops hold any spelling.
    _key("number"),
    sqlite_with_rowid=False,
)
# Over all shops: somebody is calling.
Index("ix_prestashop_phones_number", phones.c.number)

cursors = Table(
    "prestashop_cursors",
    metadata,
    _key(),
    # "customers", "addresses" or "orders".
    _key("resource"),
    # First import: all ids up to this one are in the mirror.
    Column("imported_to", BigInteger(), nullable=False, server_default="0"),
    _flag("imported"),
    # All changes up to this moment of the shop's wall clock are in the mirror; NULL before the first import began.
    Column("watermark", TEXT),
    # The same for rows above an id floor only, which frequent runs on a large shop are content with.
    Column("recent_watermark", TEXT),
    # When that was first reached, by the shop's clock and by the host's (epoch seconds), and the watermark at and
    # before which nothing can change any more.
    Column("reached_shop", BigInteger()),
    Column("reached_host", BigInteger()),
    Column("settled", TEXT),
    # The window being walked, and the id inside it up to which its rows are in the mirror; NULL when none is open.
    Column("window_lower", TEXT),
    Column("window_upper", TEXT),
    Column("window_after", BigInteger()),
    Column("window_floor", BigInteger()),
    # The highest id ever seen, for the probe that finds rows with odd dates.
    Column("highest_id", BigInteger(), nullable=False, server_default="0"),
    # UTC epoch seconds of the last window over all ids, that is without an id floor.
    Column("full_window_at", BigInteger()),
)

skipped = Table(
    "prestashop_skipped",
    metadata,
    _key(),
    _key("resource"),
    _key("id", BigInteger()),
    # "settings": the settings leave it out; "erased": the host has erased the person it belongs to.
    _text("reason"),
    sqlite_with_rowid=False,
    comment="Rows the shop holds and the mirror must not, so that the sweep does not take them for lost ones.",
)

set_aside = Table(
    "prestashop_set_aside",
    metadata,
    _key(),
    _key("resource"),
    # As text: a record whose id cannot be read is kept under what the shop sent.
    _key("id"),
    _text("reason"),
    _text("detail"),
    Column("first_seen", BigInteger(), nullable=False),
    Column("last_tried", BigInteger(), nullable=False),
    Column("tries", Integer(), nullable=False),
    Column("next_try", BigInteger(), nullable=False),
)

runs = Table(
    "prestashop_runs",
    metadata,
    _key(),
    # Sortable: the start in milliseconds, then random, in hexadecimal.
    _key("id"),
    Column("started", BigInteger(), nullable=False),
    Column("finished", BigInteger()),
    # "first" or "incremental".
    _text("mode"),
    # "schedule" or "person".
    _text("trigger"),
    # "running", "ok", "failed" or "cancelled".
    _text("outcome"),
    # Stable key of what went wrong; "" when nothing did.
    _text("error"),
    # {"en": …, "pl": …} and the figures, both JSON.
    _text("message"),
    _text("figures"),
)
Index("ix_prestashop_runs_started", runs.c.integration, runs.c.started)

shops_state = Table(
    "prestashop_shops_state",
    metadata,
    _key(),
    # What the webservice client learned of the shop, JSON.
    _text("facts"),
    # The settings the mirror was filled with, JSON: a change says what must be read or looked at again.
    _text("settings"),
    # UTC epoch seconds of the last run that reached its end, of the last reading of the small tables and of the
    # last sweep.
    Column("last_success", BigInteger()),
    Column("last_lookups", BigInteger()),
    Column("last_sweep", BigInteger()),
    # The shop's clock and the host's at the last run, both UTC epoch seconds: their drift betrays a clock set back.
    Column("shop_clock", BigInteger()),
    Column("host_clock", BigInteger()),
)

claims = Table(
    "prestashop_claims",
    metadata,
    _key(),
    # Which process does the run, "" for none, and until when that holds unless it is renewed. Moments here and below
    # are epoch seconds of the database's clock, with fractions.
    _text("holder"),
    Column("until", Float()),
    # Grows with every claim; a transaction of a run checks that it has not grown since.
    Column("fence", BigInteger(), nullable=False, server_default="0"),
    Column("since", Float()),
    # When the next run is due; NULL before the first.
    Column("due_at", Float()),
    # When somebody asked for a run that nobody has begun.
    Column("requested_at", Float()),
    # Somebody wants the run under way to end.
    _flag("cancelling"),
    # How far the run is, JSON, seconds old.
    _text("progress"),
    comment="Whose turn it is: one run per integration at a time, in any number of processes.",
)
# Partial and nearly always empty: each process looks here every other second.
Index(
    "ix_prestashop_claims_requested_at",
    claims.c.requested_at,
    sqlite_where=text("requested_at IS NOT NULL"),
    postgresql_where=text("requested_at IS NOT NULL"),
)

places = Table(
    "prestashop_places",
    metadata,
    # On whose behalf it was taken.
    _key(),
    # Host name and path of the shop, which several integrations may share.
    _key("shop"),
    # The process, and which of its places at this shop it is.
    _key("holder"),
    _key("number", Integer()),
    Column("until", Float(), nullable=False),
    # It has none and waits for one.
    _flag("waiting"),
    comment="Who may have a request under way at a shop, where several processes share the work.",
)
Index("ix_prestashop_places_shop", places.c.shop)

__all__ = [
    "addresses",
    "claims",
    "cursors",
    "customers",
    "links",
    "lookups",
    "metadata",
    "orders",
    "phones",
    "places",
    "runs",
    "set_aside",
    "shops_state",
    "skipped",
]

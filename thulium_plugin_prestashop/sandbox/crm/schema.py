"""Tables of the sandbox CRM.

They are made with ``create_all`` and carry their version in SQLite's ``user_version``; a file of another version is
refused with a clear message. A sandbox is thrown away and made again, so migrations would only cost; the plugin's own
mirror, which outlives releases in real hosts, has them.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

VERSION = 1


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware moment, stored as milliseconds since 1970 in UTC, so that it sorts and takes part in indexes."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """To milliseconds."""
        return None if value is None else round(value.timestamp() * 1000)

    def process_result_value(self, value: int | None, dialect: object) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """To an aware moment in UTC."""
        return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


metadata = sa.MetaData()


def _owner() -> Column[int]:
    return Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), nullable=False)


customers = Table(
    "customers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, default=""),
    Column("surname", Text, nullable=False, default=""),
    Column("company", Text, nullable=False, default=""),
    Column("tax_number", Text, nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    Column(
        "search", Text, nullable=False, default="", comment="folded name, surname, company and tax number"
    ),
    Column("merged_into", ForeignKey("customers.id", ondelete="CASCADE"), index=True),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # AUTOINCREMENT: an erased customer's id is never given to another.
    sqlite_autoincrement=True,
)
emails = Table(
    "emails",
    metadata,
    Column("id", Integer, primary_key=True),
    _owner(),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, comment="case-folded"),
    Column("description", Text, nullable=False, default=""),
    Index("emails_key", "email_key"),
    sa.UniqueConstraint("customer_id", "email_key"),
)
phones = Table(
    "phones",
    metadata,
    Column("id", Integer, primary_key=True),
    _owner(),
    Column("number", Text, nullable=False, comment="as typed"),
    Column("phone_key", Text, nullable=False, comment="E.164, or the digits when it is no phone number"),
    Column("description", Text, nullable=False, default=""),
    Index("phones_key", "phone_key"),
    sa.UniqueConstraint("customer_id", "phone_key"),
)
addresses = Table(
    "addresses",
    metadata,
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, primary_key=True, comment="address, invoice_address"),
    Column("street", Text, nullable=False),
    Column("postcode", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("country", Text, nullable=False, comment="ISO 3166-1 alpha-2 or empty"),
    sqlite_with_rowid=False,
)
custom_fields = Table(
    "custom_fields",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True, comment="case-folded"),
    Column("type", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)
custom_values = Table(
    "custom_values",
    metadata,
    Column("customer_id", ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True),
    Column("field_id", ForeignKey("custom_fields.id", ondelete="CASCADE"), primary_key=True),
    Column("value", Text, nullable=False),
    Index("custom_values_value", "field_id", "value"),
    sqlite_with_rowid=False,
)
contacts = Table(
    "contacts",
    metadata,
    Column("id", Integer, primary_key=True),
    _owner(),
    Column("kind", Text, nullable=False, comment="call, mail, chat"),
    Column("direction", Text, nullable=False, comment="in, out"),
    Column("at", Moment, nullable=False),
    Column("subject", Text, nullable=False, default=""),
    Column("preview", Text, nullable=False, default=""),
    Column("agent", Text, nullable=False, default=""),
    Column("seconds", Integer, comment="how long a call or chat took"),
    Index("contacts_time", "customer_id", "at", "id"),
)
changes = Table(
    "changes",
    metadata,
    Column("id", Integer, primary_key=True),
    _owner(),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="edit, merge, undo"),
    Column("before", sa.JSON, nullable=False, comment="customer id to card, as it was"),
    Column("after", sa.JSON, nullable=False, comment="customer id to card, or null for one that was merged"),
    Column("moved", sa.JSON, nullable=False, comment="merged customer id to ids of its contacts"),
    Column("undone_by", Integer),
    Index("changes_customer", "customer_id", "id"),
)
users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login", Text, nullable=False),
    Column("login_key", Text, nullable=False, unique=True, comment="case-folded"),
    Column("name", Text, nullable=False),
    Column("password", Text, nullable=False, comment="argon2id"),
    Column("role", Text, nullable=False, comment="agent, admin"),
    Column("locale", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("theme", Text, nullable=False, default="auto"),
    Column("active", sa.Boolean, nullable=False, default=True),
    Column("created_at", Moment, nullable=False),
)
sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True, comment="SHA-256 of the token"),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    sqlite_with_rowid=False,
)
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login_hash", Text, nullable=False, comment="people type passwords into the wrong box: SHA-256"),
    Column("address", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index("sign_in_failures_time", "at"),
)
integrations = Table(
    "integrations",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("config", sa.JSON, nullable=False, comment="without secrets"),
    Column("wanted", sa.Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
)
numbers = Table(
    "numbers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("last", Integer, nullable=False),
    sqlite_with_rowid=False,
)
drafts = Table(
    "drafts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("body", sa.JSON, nullable=False, comment="without secrets"),
    Column("created_at", Moment, nullable=False),
)
secrets = Table(
    "secrets",
    metadata,
    Column("handle", Text, primary_key=True),
    Column("ciphertext", LargeBinary, nullable=False),
)
problems = Table(
    "problems",
    metadata,
    Column("integration", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body", sa.JSON, nullable=False),
    Column("since", Moment, nullable=False),
)
preferences = Table(
    "preferences",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", sa.JSON, nullable=False),
)
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", sa.JSON, nullable=False),
)
notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False, comment="merged, erased"),
    Column("body", sa.JSON, nullable=False),
)

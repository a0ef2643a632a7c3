"""What it takes to run the house, and may change: interventions, and what else people enter or the service notes.

Neither private like the scores nor for ever like the releases: no comment, no score and no cell is in it, and the web
process may write here and nowhere else. Every table of the store is defined in this file; what reads and writes one
stands in a file of its own beside it.
"""

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table

from friction.store.engine import Database
from friction.store.schema import Schema, open_store

METADATA: Final = MetaData()
INTERVENTIONS: Final = Table(
    "interventions",
    METADATA,
    Column("from_team", String, primary_key=True),
    Column("about_team", String, primary_key=True),
    Column("week", Integer, primary_key=True),
    Column("description", String, nullable=False),
)
KEYS: Final = Table(
    "keys",
    METADATA,
    Column("id", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("scopes", String, nullable=False),
    Column("team", String),
    Column("name", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
    Column("revoked", BigInteger),
    Column("last_used", BigInteger),
)
"""Access keys; moments are seconds since 1970."""
RECIPIENTS: Final = Table(
    "recipients",
    METADATA,
    Column("key", String, primary_key=True),
    Column("left", Boolean, nullable=False),
)
"""Who was sent a digest, by keyed hash; ``left`` is True once they want no more."""
DELIVERIES: Final = Table(
    "deliveries",
    METADATA,
    Column("week", Integer, primary_key=True),
    Column("recipient", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
)
DELIVERY_KEY: Final = Table("delivery_key", METADATA, Column("value", String, primary_key=True))
"""One row: what addresses are hashed with."""
UPLOADS: Final = Table(
    "uploads",
    METADATA,
    Column("id", String, primary_key=True),
    Column("key", String, nullable=False),
    Column("source", String),
    Column("week", Integer),
    Column("received", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String),
    Column("report", JSON(none_as_null=True)),
    Column("batch", String),
    Column("begun", Integer, nullable=False, server_default="0"),
    Index("ix_uploads_key", "key", "id"),
    Index("ix_uploads_state", "state"),
)
"""What was uploaded, by which key, and what became of it."""
SESSIONS: Final = Table(
    "sessions",
    METADATA,
    Column("digest", String, primary_key=True),
    Column("key", String, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
)
"""Browsers that are signed in, each by a key."""
AUDIT: Final = Table(
    "audit",
    METADATA,
    Column("minute", BigInteger, primary_key=True),
    Column("key", String, primary_key=True),
    Column("route", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("status", Integer, primary_key=True),
    Column("times", Integer, nullable=False),
)
"""Who asked for what, by the minute."""
SCHEMA: Final = Schema("operations", METADATA, head="0006")


def open_operations(address: str) -> Database:
    """Open the store; whoever comes first makes it or brings its tables up to date.

    Raises:
        UsageError: it cannot be opened, or holds something else.
    """
    return open_store(address, SCHEMA, create=True)

"""Uploads."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "uploads",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("source", sa.String),
        sa.Column("week", sa.Integer),
        sa.Column("received", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("report", sa.JSON),
        sa.Column("batch", sa.String),
    )
    op.create_index("ix_uploads_key", "uploads", ["key", "id"])
    op.create_index("ix_uploads_state", "uploads", ["state"])

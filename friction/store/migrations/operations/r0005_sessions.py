"""Sessions of the dashboard, and the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("minute", sa.BigInteger, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("route", sa.String, primary_key=True),
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("status", sa.Integer, primary_key=True),
        sa.Column("times", sa.Integer, nullable=False),
    )

"""Which digests were sent to whom, and who wants no more."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "recipients",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("left", sa.Boolean, nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("week", sa.Integer, primary_key=True),
        sa.Column("recipient", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_table("delivery_key", sa.Column("value", sa.String, primary_key=True))

"""What noisy cells cost: the ledger of differential privacy."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "ledger",
        sa.Column("from_team", sa.String, primary_key=True),
        sa.Column("about_team", sa.String, primary_key=True),
        sa.Column("week", sa.Integer, primary_key=True),
        sa.Column("epsilon", sa.String, nullable=False),
    )

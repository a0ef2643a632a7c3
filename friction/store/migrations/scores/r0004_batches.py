"""Batches that can be listed and withdrawn: what became of each, and which votes and comments it brought."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make room. What was read before cannot be withdrawn."""
    op.add_column("batches", sa.Column("whole", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("batches", sa.Column("day", sa.String))
    op.add_column("batches", sa.Column("added", sa.Integer))
    op.add_column("batches", sa.Column("repeats", sa.Integer))
    op.add_column("batches", sa.Column("report", sa.Text))
    op.add_column("scores", sa.Column("batch", sa.LargeBinary))
    op.create_table(
        "arrivals",
        sa.Column("from_team", sa.String, nullable=False),
        sa.Column("about_team", sa.String, nullable=False),
        sa.Column("week", sa.Integer, nullable=False),
        sa.Column("batch", sa.LargeBinary, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("is_first", sa.Boolean, nullable=False),
    )
    op.create_index("ix_arrivals_key", "arrivals", ["key"])
    op.create_index("ix_arrivals_pair_week", "arrivals", ["from_team", "about_team", "week"])

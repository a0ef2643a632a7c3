"""Batches have ids that are drawn; the keys of their files, which were the ids before, can be forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Forget every file: its key is in the tags of its votes too. What was read before cannot be withdrawn."""
    op.drop_table("batches")
    op.create_table(
        "batches",
        sa.Column("id", sa.LargeBinary, primary_key=True),
        sa.Column("key", sa.LargeBinary),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("day", sa.String, nullable=False),
        sa.Column("added", sa.Integer, nullable=False),
        sa.Column("repeats", sa.Integer, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
    )

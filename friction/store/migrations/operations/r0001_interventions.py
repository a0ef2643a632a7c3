"""Interventions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "interventions",
        sa.Column("from_team", sa.String, primary_key=True),
        sa.Column("about_team", sa.String, primary_key=True),
        sa.Column("week", sa.Integer, primary_key=True),
        sa.Column("description", sa.String, nullable=False),
    )

"""Released cells as they were first."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "releases",
        sa.Column("week", sa.Integer, primary_key=True),
        sa.Column("previous", sa.String, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
    )
    op.create_table(
        "cells",
        sa.Column("from_team", sa.String, primary_key=True),
        sa.Column("about_team", sa.String, primary_key=True),
        sa.Column("last_week", sa.Integer, primary_key=True),
        sa.Column("first_week", sa.Integer, nullable=False),
        sa.Column("respondents", sa.Integer, nullable=False),
        sa.Column("blame", sa.Integer, nullable=False),
        sa.Column("appreciation", sa.Integer, nullable=False),
        sa.Column("patterns", sa.JSON, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("mechanism", sa.String, nullable=False),
    )

"""The private store as it was first."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "secrets", sa.Column("name", sa.String, primary_key=True), sa.Column("value", sa.LargeBinary, nullable=True)
    )
    op.create_table(
        "clock", sa.Column("name", sa.String, primary_key=True), sa.Column("week", sa.Integer, nullable=False)
    )
    op.create_table("batches", sa.Column("key", sa.LargeBinary, primary_key=True))
    op.create_table(
        "seen", sa.Column("key", sa.LargeBinary, primary_key=True), sa.Column("week", sa.Integer, nullable=False)
    )
    op.create_index("ix_seen_week", "seen", ["week"])
    op.create_table(
        "windows",
        sa.Column("from_team", sa.String, primary_key=True),
        sa.Column("about_team", sa.String, primary_key=True),
        sa.Column("opens", sa.Integer),
        sa.Column("salt", sa.LargeBinary),
    )
    op.create_table(
        "scores",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("from_team", sa.String, nullable=False),
        sa.Column("about_team", sa.String, nullable=False),
        sa.Column("week", sa.Integer, nullable=False),
        sa.Column("respondent", sa.LargeBinary, nullable=False),
        sa.Column("blamed", sa.Boolean, nullable=False),
        sa.Column("appreciated", sa.Boolean, nullable=False),
        sa.Column("patterns", sa.Integer, nullable=False),
        sa.Column("model", sa.String, nullable=False),
    )
    op.create_index("ix_scores_pair_week", "scores", ["from_team", "about_team", "week"])
    op.create_table(
        "outbox", sa.Column("week", sa.Integer, primary_key=True), sa.Column("release", sa.String, nullable=False)
    )

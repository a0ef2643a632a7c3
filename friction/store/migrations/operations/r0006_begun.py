"""How often the reading of an upload began, and came to no end."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column. Nothing is known of what is being read now."""
    op.add_column("uploads", sa.Column("begun", sa.Integer, nullable=False, server_default="0"))

"""A comment's language. Of comments that wait already it is not known: they count for none."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("scores") as table:
        table.add_column(sa.Column("lang", sa.String, nullable=False, server_default=""))
    with op.batch_alter_table("scores") as table:
        table.alter_column("lang", server_default=None)

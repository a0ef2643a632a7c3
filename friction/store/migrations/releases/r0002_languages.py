"""How many people wrote in which language. Of cells released before it is not known, and their hash stands."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column."""
    with op.batch_alter_table("cells") as table:
        table.add_column(sa.Column("languages", sa.JSON, nullable=False, server_default="{}"))
    with op.batch_alter_table("cells") as table:
        table.alter_column("languages", server_default=None)

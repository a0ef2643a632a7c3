"""Which parts of a file count for a larger team than they speak of. What stands there already may be such: so it is."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Note it of every vote, also of those from before batches were kept, which were in no part."""
    op.add_column("parts", sa.Column("merged", sa.Boolean, nullable=False, server_default=sa.true()))
    nothing = "x''" if op.get_bind().dialect.name == "sqlite" else "''::bytea"
    op.execute(
        "insert into parts (from_team, about_team, week, batch, votes) "  # noqa: S608
        "select from_team, about_team, week, batch, count(*) from scores "
        f"where batch = {nothing} group by from_team, about_team, week, batch"
    )

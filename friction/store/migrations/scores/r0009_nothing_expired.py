"""Nothing says any more that a pair was spoken of whose window has expired.

A window without votes leaves no row: where a pair's next one opens, the released cells say. And no column that stands
beside a vote is sampled for PostgreSQL's planner: teams and weeks in its samples would outlive the rows.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
_SHORT_LIVED = ("windows", "scores", "arrivals", "parts", "batches")


def upgrade() -> None:
    """Forget every pair of whom no vote waits; drop the samples as revision 0008 does."""
    op.execute("delete from windows where salt is null")
    with op.batch_alter_table("windows") as windows:
        windows.drop_column("opens")
        windows.alter_column("salt", existing_type=sa.LargeBinary, nullable=False)
    db = op.get_bind()
    if db.dialect.name == "sqlite":
        return
    for table in _SHORT_LIVED:
        for column in sa.inspect(db).get_columns(table):
            op.execute(f"alter table {table} alter column {column['name']} set statistics 0")
            op.execute(f"alter table {table} alter column {column['name']} type {column['type'].compile(db.dialect)}")

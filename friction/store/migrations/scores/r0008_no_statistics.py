"""No column that holds a key, a salt or who wrote is sampled for PostgreSQL's planner any more.

The samples (``pg_statistic``) outlive the rows: neither ``DELETE`` nor ``VACUUM FULL`` takes them away.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
_SECRET = {
    "secrets": ["value"],
    "batches": ["id", "key"],
    "seen": ["key"],
    "windows": ["salt"],
    "scores": ["respondent", "batch"],
    "arrivals": ["batch", "key"],
    "parts": ["batch"],
}


def upgrade() -> None:
    """Take no sample from now on, and drop those that were taken: a column's go when its type is set, if to itself."""
    if op.get_bind().dialect.name == "sqlite":
        return
    for table, columns in _SECRET.items():
        for column in columns:
            op.execute(f"alter table {table} alter column {column} set statistics 0")
            op.execute(f"alter table {table} alter column {column} type bytea")

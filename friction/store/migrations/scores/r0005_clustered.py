"""Votes in the order in which they are asked for, not that in which they came; how many of a batch stand where."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
_PLACE = "from_team, about_team, week"
_SAID = "lang, blamed, appreciated, patterns, model"


def upgrade() -> None:
    """Write the tables anew, in their new order. Votes from before batches were kept get the tag of none."""
    for table, indexes in (("scores", ("pair_week",)), ("arrivals", ("key", "pair_week")), ("seen", ("week",))):
        for index in indexes:
            op.drop_index(f"ix_{table}_{index}", table)
        op.rename_table(table, f"{table}_before")
    _make()
    nothing = "x''" if op.get_bind().dialect.name == "sqlite" else "''::bytea"
    op.execute(
        f"insert into scores ({_PLACE}, respondent, batch, number, {_SAID}) "  # noqa: S608
        f"select {_PLACE}, respondent, coalesce(batch, {nothing}), id, {_SAID} from scores_before"
    )
    op.execute(
        f"insert into arrivals ({_PLACE}, batch, key, is_first) "  # noqa: S608
        f"select {_PLACE}, batch, key, count(case when is_first then 1 end) > 0 "
        f"from arrivals_before group by {_PLACE}, batch, key"
    )
    op.execute("insert into seen (week, key) select week, key from seen_before order by week, key")
    op.execute(
        f"insert into parts ({_PLACE}, batch, votes) select {_PLACE}, batch, count(*) from scores "  # noqa: S608
        f"where batch <> {nothing} group by {_PLACE}, batch"
    )
    for table in ("scores", "arrivals", "seen"):
        op.drop_table(f"{table}_before")


def _make() -> None:
    place = ("from_team", sa.String), ("about_team", sa.String), ("week", sa.Integer)
    key = (*place, ("batch", sa.LargeBinary))
    op.create_table(
        "scores",
        *_keys((*place, ("respondent", sa.LargeBinary), ("batch", sa.LargeBinary), ("number", sa.Integer))),
        sa.Column("lang", sa.String, nullable=False),
        sa.Column("blamed", sa.Boolean, nullable=False),
        sa.Column("appreciated", sa.Boolean, nullable=False),
        sa.Column("patterns", sa.Integer, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "arrivals",
        *_keys((*key, ("key", sa.LargeBinary))),
        sa.Column("is_first", sa.Boolean, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table("seen", *_keys((place[-1], ("key", sa.LargeBinary))), sqlite_with_rowid=False)
    op.create_table("parts", *_keys(key), sa.Column("votes", sa.Integer, nullable=False))


def _keys(columns: Sequence[tuple[str, type[Any]]]) -> list[sa.Column[Any]]:
    """Columns of a primary key; none counts up by itself."""
    return [sa.Column(name, kind, primary_key=True, autoincrement=False) for name, kind in columns]

"""The private store's tables, and the few questions that every part of it asks."""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    select,
    true,
)

from friction.disclosure import SEEN_WEEKS
from friction.records import Pair, TeamId, Week
from friction.store.schema import Schema

METADATA: Final = MetaData()
WHO: Final = 32
"""Bytes of a respondent's key that say who wrote; those behind them say in which pool."""
AT_ONCE: Final = 500
"""Values that one query asks for: a database takes so many and no more."""
SECRETS: Final = Table("secrets", METADATA, Column("name", String, primary_key=True), Column("value", LargeBinary))
CLOCK: Final = Table(
    "clock", METADATA, Column("name", String, primary_key=True), Column("week", Integer, nullable=False)
)
BATCHES: Final = Table(
    "batches",
    METADATA,
    Column("id", LargeBinary, primary_key=True),
    Column("key", LargeBinary),
    Column("whole", Boolean, nullable=False),
    Column("day", String, nullable=False),
    Column("added", Integer, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("report", Text, nullable=False),
)
"""Files of which votes are in open windows. ``id``: drawn, so that whatever is called by it tells nothing of the file.
``key``: by which the file is known until the next release. ``whole``: every row of it was usable, so that it need not
be looked at again."""
SEEN: Final = Table(
    "seen",
    METADATA,
    Column("week", Integer, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)
"""Comments by which they are known again, each once. A week's stand side by side, to be forgotten together, in the
order of their keys, which does not say in which they came."""
WINDOWS: Final = Table(
    "windows",
    METADATA,
    Column("from_team", String, primary_key=True),
    Column("about_team", String, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
)
"""Open windows with votes in them. Where a pair's next one opens, the released cells say: a row that outlived an
expired window would say that the pair was spoken of."""
SCORES: Final = Table(
    "scores",
    METADATA,
    Column("from_team", String, primary_key=True),
    Column("about_team", String, primary_key=True),
    Column("week", Integer, primary_key=True),
    Column("respondent", LargeBinary, primary_key=True),
    Column("batch", LargeBinary, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("lang", String, nullable=False),
    Column("blamed", Boolean, nullable=False),
    Column("appreciated", Boolean, nullable=False),
    Column("patterns", Integer, nullable=False),
    Column("model", String, nullable=False),
    sqlite_with_rowid=False,
)
"""Votes, in the order in which they are asked for and deleted: a window's stand side by side, and a person's in them.

``batch``: a tag of the file under the window's salt, another one in each window. ``number``: tells votes of a batch
apart, and nothing else: not in which order they came.
"""
ARRIVALS: Final = Table(
    "arrivals",
    METADATA,
    Column("from_team", String, primary_key=True),
    Column("about_team", String, primary_key=True),
    Column("week", Integer, primary_key=True),
    Column("batch", LargeBinary, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("is_first", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
"""Which comments of ``SEEN`` a batch brought to a window, without whose they are; gone with the window's rows.
``is_first``: no batch had brought the comment before."""
PARTS: Final = Table(
    "parts",
    METADATA,
    Column("from_team", String, primary_key=True),
    Column("about_team", String, primary_key=True),
    Column("week", Integer, primary_key=True),
    Column("batch", LargeBinary, primary_key=True),
    Column("votes", Integer, nullable=False),
    Column("merged", Boolean, nullable=False, server_default=true()),
)
"""How many votes of a batch stand in ``SCORES``, so that nobody needs to read them all to know which batches do.
``merged``: some of them are (``Vote.merged``), or may be, where nobody noted it."""
OUTBOX: Final = Table(
    "outbox", METADATA, Column("week", Integer, primary_key=True), Column("release", String, nullable=False)
)
LEDGER: Final = Table(
    "ledger",
    METADATA,
    Column("from_team", String, primary_key=True),
    Column("about_team", String, primary_key=True),
    Column("week", Integer, primary_key=True),
    Column("epsilon", String, nullable=False),
)
"""What each noisy cell of the last ``YEAR`` weeks cost the people of the speaking team: a decimal, exact."""
SCHEMA: Final = Schema("scores", METADATA, head="0009", unversioned=("scores", "lang"))


@dataclass(frozen=True, slots=True)
class Window:
    """A pair's open window with votes in it."""

    pair: Pair
    salt: bytes = field(repr=False)


def is_pair(table: Table, pair: Pair | tuple[ColumnElement[str], ColumnElement[str]]) -> ColumnElement[bool]:
    """Whether a row is of that pair; ``pair`` may be columns of another table, or parameters."""
    return and_(table.c.from_team == pair[0], table.c.about_team == pair[1])


def find_salt(db: Connection, pair: Pair) -> bytes | None:
    """The salt of a pair's window, or None where no vote is in it."""
    return db.scalar(select(WINDOWS.c.salt).where(is_pair(WINDOWS, pair)))


def windows(db: Connection) -> list[Window]:
    """Every window with votes in it."""
    rows = db.execute(select(WINDOWS).order_by("from_team", "about_team"))
    return [Window((TeamId(row.from_team), TeamId(row.about_team)), row.salt) for row in rows]


def pools(*where: ColumnElement[bool]) -> Select[Any]:
    """How many people speak in each pool, of the votes ``where``."""
    pool = func.substr(SCORES.c.respondent, WHO + 1)
    return select(func.count(SCORES.c.respondent.distinct()).label("people")).where(*where).group_by(pool)


def clock(db: Connection, name: str) -> Week | None:
    """A week that the store remembers, or None."""
    index = db.scalar(select(CLOCK.c.week).where(CLOCK.c.name == name))
    return None if index is None else Week(index)


def oldest_week(db: Connection) -> Week | None:
    """The first week whose rows can still be counted: older ones would not be recognised as repeats."""
    released, skipped = clock(db, "released"), clock(db, "skipped")
    if released is None:
        return None
    return released + -SEEN_WEEKS if skipped is None else max(released + -SEEN_WEEKS, skipped + 1)


def set_clock(db: Connection, name: str, week: Week | None) -> None:
    """Remember a week, or forget it."""
    db.execute(delete(CLOCK).where(CLOCK.c.name == name))
    if week is not None:
        db.execute(insert(CLOCK).values(name=name, week=week.index))

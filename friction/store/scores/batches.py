"""Files that were read: known again, listed, and taken out again while all that they brought is in open windows.

Promises: no name of a file is kept, which may name a person; what ties a file to its votes is a tag under the salt of
each window, so that nothing joins one person's votes in two windows, and goes with the window's rows; what was
released is never taken back, so that no two releases differ by one file; the key by which a file is known, of all that
is in it and so of its people too, is forgotten at the next release. Each function runs inside a transaction.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, bindparam, delete, exists, func, insert, select, update

from friction.errors import UsageError
from friction.records import Week
from friction.store.scores.adding import Added
from friction.store.scores.keys import batch_tag
from friction.store.scores.tables import (
    ARRIVALS,
    AT_ONCE,
    BATCHES,
    PARTS,
    SCORES,
    SEEN,
    WINDOWS,
    Window,
    clock,
    is_pair,
    set_clock,
    windows,
)
from friction.wording import counted

SHORTEST: Final = 4
"""Characters of an id that name a batch."""
SHOWN: Final = 12
"""Characters of an id that are told."""
_PLACE: Final = ("from_team", "about_team", "week", "batch")


@dataclass(frozen=True, slots=True)
class Batch:
    """A file that was read, as long as votes of it are in open windows.

    Attributes:
        id: under which it can be withdrawn.
        day: on which it was read.
        report: what became of it (``friction.batch_report.stored``).
    """

    id: str
    day: str
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was taken out again: the id of its batch, and how many votes."""

    batch: str
    votes: int


def batch_id(id: bytes) -> str:
    """What people call a batch."""
    return id.hex()[:SHOWN]


def find_id(db: Connection, key: bytes) -> bytes:
    """The id of a file that is known, or a fresh one."""
    return db.scalar(select(BATCHES.c.id).where(BATCHES.c.key == key)) or secrets.token_bytes(16)


def is_whole(db: Connection, key: bytes) -> bool:
    """Whether a file was read before and need not be looked at again."""
    return bool(db.scalar(select(BATCHES.c.whole).where(BATCHES.c.key == key)))


def note(db: Connection, id: bytes, key: bytes, added: Added, *, whole: bool, report: dict[str, Any]) -> None:
    """Note that a file was read; again, where it comes again because rows of it could not be used."""
    earlier = db.scalar(select(BATCHES.c.added).where(BATCHES.c.id == id)) or 0
    db.execute(delete(BATCHES).where(BATCHES.c.id == id))
    db.execute(
        insert(BATCHES).values(
            id=id,
            key=key,
            whole=whole,
            day=date.today().isoformat(),
            added=earlier + added.added,
            repeats=added.repeats,
            report=json.dumps(report),
        )
    )


def listed(db: Connection) -> list[Batch]:
    """Batches of which votes are in open windows, the latest first."""
    rows = db.execute(select(BATCHES).order_by(BATCHES.c.day.desc(), BATCHES.c.id))
    return [Batch(batch_id(row.id), row.day, json.loads(row.report)) for row in rows]


def withdraw(db: Connection, wanted: str) -> Withdrawn:
    """Take a batch's votes out of the open windows. Its file, and those that brought its comments too, may come again.

    Raises:
        UsageError: no such batch, or some of its votes are in windows that are closed; then nothing is changed.
    """
    batch = _find(db, wanted)
    parts = _parts(db, batch.id)
    votes: int = sum(part.votes for part in parts)
    if votes < batch.added:
        raise UsageError(
            f"Batch {batch_id(batch.id)}: {counted(batch.added - votes, 'vote')} of {batch.added} in windows that are "
            "closed. What was released stays as it is, so nothing was withdrawn."
        )
    if parts:
        _take_out(db, parts)
    db.execute(delete(BATCHES).where(BATCHES.c.id == batch.id))
    db.execute(update(BATCHES).where(BATCHES.c.repeats > 0).values(whole=False))
    if clock(db, "released") is None:
        first = db.scalar(select(func.min(SCORES.c.week)))
        set_clock(db, "start", None if first is None else Week(first))
    return Withdrawn(batch_id(batch.id), votes)


def forget(db: Connection) -> None:
    """Forget batches of which no vote is in an open window, and the keys of all: one that stayed with some open window
    would outlive others, and whoever holds the store and all of a file but a name could test names with it.
    """
    waiting = windows(db)
    blocks = [waiting[:1]]  # most stand in the first that they may stand in
    blocks += [waiting[i : i + AT_ONCE] for i in range(1, len(waiting), AT_ONCE)]
    for id in db.scalars(select(BATCHES.c.id)).all():
        if not any(_stands(db, id, some) for some in blocks):
            db.execute(delete(BATCHES).where(BATCHES.c.id == id))
    db.execute(update(BATCHES).values(key=None))


def _stands(db: Connection, id: bytes, some: Sequence[Window]) -> bool:
    """Whether a vote of a batch is in one of the windows. The database looks: tags are many, where much waits."""
    tags = [batch_tag(window.salt, id) for window in some]
    return db.execute(select(PARTS.c.batch).where(PARTS.c.batch.in_(tags)).limit(1)).first() is not None


def _find(db: Connection, wanted: str) -> Any:
    """The row of the batch whose id begins so."""
    rows = db.execute(select(BATCHES.c.id, BATCHES.c.added)).all()
    found = [row for row in rows if len(wanted) >= SHORTEST and row.id.hex().startswith(wanted.lower())]
    if len(found) != 1:
        raise UsageError(
            f"{'More than one' if found else 'No'} batch {wanted} is in open windows, and what was released stays as "
            "it is. List those that are with: friction ingest --batches"
        )
    return found[0]


def _parts(db: Connection, id: bytes) -> Sequence[Row[Any]]:
    """Where votes of a batch stand, under its tag in each window."""
    tags = [batch_tag(window.salt, id) for window in windows(db)]
    return db.execute(select(PARTS).where(PARTS.c.batch.in_(tags))).all()


def _take_out(db: Connection, parts: Sequence[Row[Any]]) -> None:
    """Delete what a batch brought; comments that no other one brought are unknown again."""
    tags = {part.batch for part in parts}
    theirs = ARRIVALS.c.batch.in_(tags)
    brought = select(ARRIVALS.c.key).where(theirs, ARRIVALS.c.is_first)
    db.execute(delete(SEEN).where(SEEN.c.key.in_(brought.except_(select(ARRIVALS.c.key).where(~theirs)))))
    for table in (ARRIVALS, SCORES, PARTS):
        here = and_(*(table.c[name] == bindparam(f"in_{name}") for name in _PLACE))
        db.execute(
            delete(table).where(here), [{f"in_{name}": getattr(part, name) for name in _PLACE} for part in parts]
        )
    for pair in {(part.from_team, part.about_team) for part in parts}:
        db.execute(delete(WINDOWS).where(is_pair(WINDOWS, pair), ~exists().where(is_pair(SCORES, pair))))

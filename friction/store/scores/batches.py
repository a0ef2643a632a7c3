"""Files that were read: known again, listed, and taken out again while all that they brought is in open windows.

Promises: no name of a file is kept, which may name a person; what ties a file to its votes is a tag under the salt of
each window, so that nothing joins one person's votes in two windows, and goes with the window's rows; what was
released is never taken back, so that no two releases differ by one file. Each function runs inside a transaction.
"""

import json
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
    BATCHES,
    PARTS,
    SCORES,
    SEEN,
    WINDOWS,
    clock,
    is_pair,
    salted,
    set_clock,
)

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


def batch_id(key: bytes) -> str:
    """What people call a batch: the start of its key, which tells nothing of the file without the store's secret."""
    return key.hex()[:SHOWN]


def is_whole(db: Connection, key: bytes) -> bool:
    """Whether a file was read before and need not be looked at again."""
    return bool(db.scalar(select(BATCHES.c.whole).where(BATCHES.c.key == key)))


def note(db: Connection, key: bytes, added: Added, *, whole: bool, report: dict[str, Any]) -> None:
    """Note that a file was read; again, where it comes again because rows of it could not be used."""
    before = db.execute(select(BATCHES.c.added).where(BATCHES.c.key == key)).first()
    earlier = 0 if before is None else before.added or 0
    db.execute(delete(BATCHES).where(BATCHES.c.key == key))
    db.execute(
        insert(BATCHES).values(
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
    rows = db.execute(
        select(BATCHES).where(BATCHES.c.report.is_not(None)).order_by(BATCHES.c.day.desc(), BATCHES.c.key)
    )
    return [Batch(batch_id(row.key), row.day, json.loads(row.report)) for row in rows]


def withdraw(db: Connection, wanted: str) -> int:
    """Take a batch's votes out of the open windows. Its file, and those that brought its comments too, may come again.

    Returns:
        How many votes.

    Raises:
        UsageError: no such batch, or some of its votes are in windows that are closed; then nothing is changed.
    """
    batch = _find(db, wanted)
    parts = _parts(db, batch.key)
    votes: int = sum(part.votes for part in parts)
    if votes < batch.added:
        raise UsageError(
            f"Batch {batch_id(batch.key)}: {batch.added - votes} of its {batch.added} votes are in windows that are "
            "closed. What was released stays as it is, so nothing was withdrawn."
        )
    if parts:
        _take_out(db, parts)
    db.execute(delete(BATCHES).where(BATCHES.c.key == batch.key))
    db.execute(update(BATCHES).where(BATCHES.c.repeats > 0).values(whole=False))
    if clock(db, "released") is None:
        first = db.scalar(select(func.min(SCORES.c.week)))
        set_clock(db, "start", None if first is None else Week(first))
    return votes


def forget_closed(db: Connection) -> None:
    """Keep of batches of which no vote is in an open window nothing but that they are known."""
    left = {bytes(tag) for tag in db.scalars(select(PARTS.c.batch).distinct())}
    salts = [window.salt for window in salted(db)]
    for key in db.scalars(select(BATCHES.c.key).where(BATCHES.c.report.is_not(None))).all():
        if not any(batch_tag(salt, key) in left for salt in salts):
            nothing = {"day": None, "added": None, "repeats": None, "report": None}
            db.execute(update(BATCHES).where(BATCHES.c.key == key).values(nothing))


def _find(db: Connection, wanted: str) -> Any:
    """The row of the batch whose id begins so."""
    rows = db.execute(select(BATCHES.c.key, BATCHES.c.added)).all()
    found = [row for row in rows if len(wanted) >= SHORTEST and row.key.hex().startswith(wanted.lower())]
    if len(found) != 1:
        raise UsageError(
            f"{'No' if not found else 'More than one'} batch {wanted}. List them with: friction ingest --batches"
        )
    if found[0].added is None:
        raise UsageError(f"Batch {wanted}: its windows are closed. What was released stays; nothing was withdrawn.")
    return found[0]


def _parts(db: Connection, key: bytes) -> Sequence[Row[Any]]:
    """Where votes of a batch stand, under its tag in each window."""
    tags = [batch_tag(window.salt, key) for window in salted(db)]
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
        empty = and_(is_pair(WINDOWS, pair), ~exists().where(is_pair(SCORES, pair)))
        db.execute(delete(WINDOWS).where(empty, WINDOWS.c.opens.is_(None)))
        db.execute(update(WINDOWS).where(empty).values(salt=None))

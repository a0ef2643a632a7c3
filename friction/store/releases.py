"""The public side: released cells. Append-only, the same for every reader.

A release of a week is written once, with a hash that covers its cells and the release before it; ``verify``
walks the chain. Readers (``friction.trends``, ``service``) need nothing else and can reach nothing else.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import JSON, Column, Integer, MetaData, String, Table, func, insert, select
from sqlalchemy.exc import DatabaseError

from friction.errors import IntegrityError
from friction.records import Cell, TeamId, Week
from friction.store.schema import Schema, is_current, open_store

METADATA: Final = MetaData()
_RELEASES: Final = Table(
    "releases",
    METADATA,
    Column("week", Integer, primary_key=True),
    Column("previous", String, nullable=False),
    Column("hash", String, nullable=False),
)
_CELLS: Final = Table(
    "cells",
    METADATA,
    Column("from_team", String, primary_key=True),
    Column("about_team", String, primary_key=True),
    Column("last_week", Integer, primary_key=True),
    Column("first_week", Integer, nullable=False),
    Column("respondents", Integer, nullable=False),
    Column("languages", JSON, nullable=False),
    Column("blame", Integer, nullable=False),
    Column("appreciation", Integer, nullable=False),
    Column("patterns", JSON, nullable=False),
    Column("model", String, nullable=False),
    Column("mechanism", String, nullable=False),
)
SCHEMA: Final = Schema("releases", METADATA, head="0002", unversioned=("cells", "languages"))
GENESIS: Final = "0" * 64
_MEND: Final = "Restore the store from a backup."


def serialise(cells: Sequence[Cell]) -> str:
    """The canonical form of a release: what is hashed, and what crosses from one store to the other.

    Cells that were released before languages were counted have none, and keep their hash.
    """
    rows: list[dict[str, Any]] = [
        {
            "from_team": c.from_team,
            "about_team": c.about_team,
            "first_week": c.first_week.index,
            "last_week": c.last_week.index,
            "respondents": c.respondents,
            **({"languages": dict(c.languages)} if c.languages else {}),
            "blame": c.blame,
            "appreciation": c.appreciation,
            "patterns": dict(c.patterns),
            "model": c.model,
            "mechanism": c.mechanism,
        }
        for c in sorted(cells, key=lambda c: (c.from_team, c.about_team))
    ]
    return json.dumps(rows, sort_keys=True, separators=(",", ":"))


def _cell(row: Any) -> Cell:
    return Cell(
        from_team=TeamId(row.from_team),
        about_team=TeamId(row.about_team),
        first_week=Week(row.first_week),
        last_week=Week(row.last_week),
        respondents=row.respondents,
        languages=row.languages,
        blame=row.blame,
        appreciation=row.appreciation,
        patterns=row.patterns,
        model=row.model,
        mechanism=row.mechanism,
    )


class ReleaseStore:
    """The released cells."""

    def __init__(self, address: str, *, create: bool = False) -> None:
        self._database = open_store(address, SCHEMA, create=create)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def is_current(self) -> bool:
        """Whether the store answers and has the tables of this version; see ``schema.is_current``."""
        return is_current(self._database, SCHEMA)

    def append(self, week: Week, release: str) -> None:
        """Write a week's release; nothing where the same one is written already.

        Raises:
            IntegrityError: the week was released before with other cells.
        """
        with self._database.write() as db:
            last = db.execute(
                select(_RELEASES.c.week, _RELEASES.c.hash).order_by(_RELEASES.c.week.desc()).limit(1)
            ).one_or_none()
            known = db.execute(select(_RELEASES).where(_RELEASES.c.week == week.index)).one_or_none()
            if known is not None:
                if known.hash != _link(known.previous, week, release):
                    raise IntegrityError(f"{week} was released before with other cells; a release never changes")
                return
            if last is not None and last.week > week.index:
                raise IntegrityError(f"{week} cannot be released after {Week(last.week)}")
            previous = GENESIS if last is None else last.hash
            db.execute(
                insert(_RELEASES).values(week=week.index, previous=previous, hash=_link(previous, week, release))
            )
            if rows := json.loads(release):
                db.execute(insert(_CELLS), [{"languages": {}} | row for row in rows])
        self._database.scrub()  # a flipped byte in a write-ahead log would silently cut off what is in it

    def cells(self, from_team: TeamId | None = None, about_team: TeamId | None = None) -> list[Cell]:
        """Every released cell, or those of one pair, oldest first."""
        query = select(_CELLS)
        if from_team is not None and about_team is not None:
            query = query.where(_CELLS.c.from_team == from_team, _CELLS.c.about_team == about_team)
        with self._database.read() as db:
            return _sorted(db.execute(query))

    def ends(self, before: Week) -> dict[tuple[TeamId, TeamId], Week]:
        """The last week of each pair's last cell before a week."""
        pair = _CELLS.c.from_team, _CELLS.c.about_team
        last = select(*pair, func.max(_CELLS.c.last_week).label("last")).where(_CELLS.c.last_week < before.index)
        with self._database.read() as db:
            rows = db.execute(last.group_by(*pair)).all()
        return {(TeamId(row.from_team), TeamId(row.about_team)): Week(row.last) for row in rows}

    def last_week(self) -> Week | None:
        """The last week released."""
        return self.head()[0]

    def head(self) -> tuple[Week | None, str]:
        """The last week released and its hash, which tells any other state apart; ``GENESIS`` before the first."""
        newest = select(_RELEASES.c.week, _RELEASES.c.hash).order_by(_RELEASES.c.week.desc()).limit(1)
        with self._database.read() as db:
            row = db.execute(newest).one_or_none()
        return (None, GENESIS) if row is None else (Week(row.week), row.hash)

    def verify(self) -> tuple[int, str]:
        """Check the database itself, then walk the chain of hashes.

        The chain covers every value; the database's own check covers what leads to them: an index that misses a row
        would hide a cell from who asks for a pair, and from nobody else.

        Returns:
            How many releases hold, and the last one's hash: whoever notes it can tell later if the end was cut off.

        Raises:
            IntegrityError: a release, or a cell of it, is not as it was written, or cannot be read.
        """
        try:
            return self._verified()
        except (DatabaseError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise IntegrityError(
                f"The releases cannot be read as they were written ({type(error).__name__}). {_MEND}"
            ) from None

    def _verified(self) -> tuple[int, str]:
        with self._database.read() as db:
            if self._database.is_sqlite and db.exec_driver_sql("PRAGMA integrity_check").scalars().all() != ["ok"]:
                raise IntegrityError(f"The file of the releases is damaged. {_MEND}")
            cells = _sorted(db.execute(select(_CELLS)))
            releases = db.execute(select(_RELEASES).order_by(_RELEASES.c.week)).all()
        by_week: dict[int, list[Cell]] = {}
        for cell in cells:
            by_week.setdefault(cell.last_week.index, []).append(cell)
        previous = GENESIS
        for row in releases:
            link = _link(previous, Week(row.week), serialise(by_week.pop(row.week, [])))
            if row.previous != previous or row.hash != link:
                raise IntegrityError(f"The release of {Week(row.week)} is not as it was written. {_MEND}")
            previous = row.hash
        if by_week:
            raise IntegrityError(f"Cells of {Week(min(by_week))} belong to no release. {_MEND}")
        return len(releases), previous


def _sorted(rows: Iterable[Any]) -> list[Cell]:
    """Cells, oldest first; sorted here, since databases sort the letters of a team each in their own way."""
    return sorted(map(_cell, rows), key=lambda c: (c.last_week, c.from_team, c.about_team))


def _link(previous: str, week: Week, release: str) -> str:
    return hashlib.sha256(f"{previous}\n{week}\n{release}".encode()).hexdigest()

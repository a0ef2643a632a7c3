"""The private store in the hands of a release: people out of open windows, which then close.

Security property: a window's rows, what says which files they came from, and its salt are deleted in the transaction
that makes its cell; the salt lives on only while rows that were sent ahead for later weeks still wait under it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, Integer, delete, func, insert, select, update

from friction.disclosure import SEEN_WEEKS, YEAR
from friction.errors import IntegrityError
from friction.records import LANGS, Lang, TeamId, Week
from friction.store.scores import batches
from friction.store.scores.keys import WHO
from friction.store.scores.tables import (
    ARRIVALS,
    LEDGER,
    OUTBOX,
    SCORES,
    SEEN,
    WINDOWS,
    Pair,
    Window,
    clock,
    find_window,
    is_pair,
    set_clock,
)
from friction.taxonomy import PATTERNS, Pattern


@dataclass(frozen=True, slots=True)
class Person:
    """What one respondent said of one target in a window: how many comments, how many with each stance.

    ``lang`` is the language of most of the comments; of the first of ``LANGS`` where as many are in another.
    ``survey`` is None for people whom their source names; else the hash of that within which they are surely others.
    """

    comments: int
    lang: Lang
    blaming: int
    appreciating: int
    patterns: frozenset[Pattern]
    model: str
    survey: bytes | None = None


class Closing:
    """The private store in the hands of a release. Every change commits together or not at all."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    @property
    def start(self) -> Week | None:
        """The first week that was ever counted."""
        return clock(self._db, "start")

    @property
    def released(self) -> Week | None:
        """The last week that was released."""
        return clock(self._db, "released")

    def windows(self, through: Week) -> Iterator[tuple[Window, list[Person]]]:
        """Open windows that have rows up to and with week ``through``, and their people."""
        waiting = select(SCORES.c.from_team, SCORES.c.about_team).where(SCORES.c.week <= through.index).distinct()
        for from_team, about_team in self._db.execute(waiting.order_by("from_team", "about_team")).all():
            pair = (TeamId(from_team), TeamId(about_team))
            opens, salt = find_window(self._db, pair) or (None, None)
            if salt is None:
                raise IntegrityError(
                    f"The votes of {pair[0]} about {pair[1]} have no salt: the private store is damaged"
                )
            yield Window(pair, opens, salt), self._people(pair, through)

    def _people(self, pair: Pair, through: Week) -> list[Person]:
        written = [func.sum((SCORES.c.lang == lang).cast(Integer)) for lang in LANGS]
        voiced = [func.max(SCORES.c.patterns.op(">>")(bit).op("&")(1)) for bit in range(len(PATTERNS))]
        query = (
            select(
                func.count(),
                func.sum(SCORES.c.blamed.cast(Integer)),
                func.sum(SCORES.c.appreciated.cast(Integer)),
                func.max(SCORES.c.model),
                SCORES.c.respondent,
                *written,
                *voiced,
            )
            .where(is_pair(SCORES, pair), SCORES.c.week <= through.index)
            .group_by(SCORES.c.respondent)
        )
        return [_person(*row) for row in self._db.execute(query)]

    def close(self, pair: Pair, through: Week) -> None:
        """Delete a window's rows and, unless rows for later weeks wait under it, its salt; open the next."""
        for table in (SCORES, ARRIVALS):
            self._db.execute(delete(table).where(is_pair(table, pair), table.c.week <= through.index))
        left = self._db.execute(select(SCORES.c.id).where(is_pair(SCORES, pair)).limit(1)).first()
        after: dict[str, object] = {"opens": (through + 1).index} | ({} if left else {"salt": None})
        self._db.execute(update(WINDOWS).where(is_pair(WINDOWS, pair)).values(after))

    def finish(self, week: Week, release: str) -> None:
        """Note that ``week`` is released, and keep its cells until they are delivered; forget what is closed."""
        set_clock(self._db, "released", week)
        self._db.execute(delete(SEEN).where(SEEN.c.week < (week + -SEEN_WEEKS).index))
        self._db.execute(delete(LEDGER).where(LEDGER.c.week <= (week + -YEAR).index))
        batches.forget_closed(self._db)
        self._db.execute(insert(OUTBOX).values(week=week.index, release=release))

    def spent(self, from_team: TeamId, week: Week) -> Decimal:
        """What the cells of a speaking team cost one person of it, in the year that ends with ``week``."""
        since = (week + 1 + -YEAR).index
        query = select(LEDGER.c.epsilon).where(LEDGER.c.from_team == from_team, LEDGER.c.week >= since)
        return sum(map(Decimal, self._db.scalars(query)), Decimal(0))

    def spend(self, pair: Pair, week: Week, epsilon: Decimal) -> None:
        """Note what a cell costs."""
        row = {"from_team": pair[0], "about_team": pair[1], "week": week.index, "epsilon": str(epsilon)}
        self._db.execute(insert(LEDGER).values(row))

    def undelivered(self) -> list[tuple[Week, str]]:
        """Releases that may not have reached the public side yet, oldest first."""
        rows = self._db.execute(select(OUTBOX.c.week, OUTBOX.c.release).order_by(OUTBOX.c.week))
        return [(Week(week), release) for week, release in rows]

    def delivered(self, week: Week) -> None:
        """Forget a release that has arrived."""
        self._db.execute(delete(OUTBOX).where(OUTBOX.c.week == week.index))


def _person(comments: int, blaming: int, appreciating: int, model: str, key: bytes, *found: int) -> Person:
    written, voiced = found[: len(LANGS)], found[len(LANGS) :]
    return Person(
        comments=comments,
        lang=max(zip(LANGS, written, strict=True), key=lambda of: of[1])[0],
        blaming=blaming,
        appreciating=appreciating,
        patterns=frozenset(p for p, v in zip(PATTERNS, voiced, strict=True) if v),
        model=model,
        survey=bytes(key[WHO:]) or None,
    )

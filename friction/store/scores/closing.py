"""The private store in the hands of a release: people out of open windows, which then close.

Security property: a window's rows, what says which files they came from, and its salt are deleted in the transaction
that makes its cell; the salt lives on only while rows that were sent ahead for later weeks still wait under it.

The database counts, one window after the other, and tells only how many people said the same: a release holds neither
votes nor people in memory, and a week reads the rows of the windows that are open in it, and of no others: once for
what people said, once for their pools, and of a window that makes a cell once more for its models.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
)

from friction.disclosure import SEEN_WEEKS, YEAR, majority
from friction.records import LANGS, Lang, Pair, TeamId, Week
from friction.store.scores import batches
from friction.store.scores.tables import (
    ARRIVALS,
    LEDGER,
    OUTBOX,
    PARTS,
    SCORES,
    SEEN,
    WHO,
    WINDOWS,
    Window,
    clock,
    is_pair,
    pools,
    set_clock,
)
from friction.taxonomy import PATTERNS, Pattern


@dataclass(frozen=True, slots=True)
class People:
    """Respondents of a window who said the same of one target, each with one vote.

    Attributes:
        count: how many they are.
        lang: the language of most of their comments; the first of ``LANGS`` where as many are in another.
        blame: whether they blame; ``appreciate`` likewise.
        patterns: those that any of their comments voices; none unless they blame.
    """

    count: int
    lang: Lang
    blame: bool
    appreciate: bool
    patterns: frozenset[Pattern]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open window, and what its votes say.

    Attributes:
        people: who spoke, in groups that said the same.
        voices: how many these are at least: those of the fullest pool (``Vote.pool``), since others may be the same
            under other names.
        merged: whether some of what they said may be of a smaller team in the target (``Vote.merged``).
    """

    window: Window
    people: list[People]
    voices: int
    merged: bool


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

    def oldest(self, through: Week) -> dict[Pair, Week]:
        """The first week of which each open window has rows, of those that have some up to and with ``through``."""
        rows = self._db.execute(WAITING, {"through": through.index})
        return {(TeamId(row.from_team), TeamId(row.about_team)): Week(row.oldest) for row in rows}

    def windows(self, through: Week) -> Iterator[Waiting]:
        """Open windows that have rows up to and with week ``through``."""
        for row in self._db.execute(WAITING, {"through": through.index}).all():
            pair = (TeamId(row.from_team), TeamId(row.about_team))
            found = self._db.execute(PEOPLE, _place(pair, through)).all()
            people = [_alike(*alike) for *alike, _ in found]
            yield Waiting(Window(pair, row.salt), people, voices=found[0].voices, merged=bool(row.merged))

    def models(self, pair: Pair, through: Week) -> dict[str, int]:
        """People of a window of whose comments each model scored one."""
        return {row.model: row.people for row in self._db.execute(MODELS, _place(pair, through))}

    def close(self, pairs: Sequence[Pair], through: Week) -> None:
        """Delete windows' rows and, unless rows for later weeks wait under them, all else that says they were there."""
        if not pairs:
            return
        places = [_place(pair, through) for pair in pairs]
        for statement in DELETING:
            self._db.execute(statement, places)

    def finish(self, week: Week, release: str) -> None:
        """Note that ``week`` is released, and keep its cells until they are delivered; forget what is closed."""
        set_clock(self._db, "released", week)
        self._db.execute(delete(SEEN).where(SEEN.c.week < (week + -SEEN_WEEKS).index))
        self._db.execute(delete(LEDGER).where(LEDGER.c.week <= (week + -YEAR).index))
        batches.forget(self._db)
        self._db.execute(insert(OUTBOX).values(week=week.index, release=release))

    def skip(self, last: Week) -> None:
        """Note that weeks up to ``last`` were released without this store, which therefore cannot tell what counted in
        them: none of their rows counts, neither those that are here nor those that come.
        """
        released = self.released
        for table in (SCORES, ARRIVALS, PARTS):
            skipped = delete(table).where(table.c.week <= last.index)
            self._db.execute(skipped if released is None else skipped.where(table.c.week > released.index))
        self._db.execute(delete(WINDOWS).where(_OLDEST.is_(None)))
        set_clock(self._db, "released", last)
        set_clock(self._db, "skipped", last)

    def spent(self, from_team: TeamId, week: Week) -> Decimal:
        """What the cells of a speaking team cost one person of it, in the year that ends with ``week``."""
        since = (week + 1 + -YEAR).index
        query = select(LEDGER.c.epsilon).where(LEDGER.c.from_team == from_team, LEDGER.c.week >= since)
        return sum(map(Decimal, self._db.scalars(query)), Decimal(0))

    def spend(self, pair: Pair, week: Week, epsilon: Decimal) -> None:
        """Note what a cell costs, once."""
        here = is_pair(LEDGER, pair), LEDGER.c.week == week.index
        self._db.execute(delete(LEDGER).where(*here))
        row = {"from_team": pair[0], "about_team": pair[1], "week": week.index, "epsilon": str(epsilon)}
        self._db.execute(insert(LEDGER).values(row))

    def undelivered(self) -> list[tuple[Week, str]]:
        """Releases that may not have reached the public side yet, oldest first."""
        rows = self._db.execute(select(OUTBOX.c.week, OUTBOX.c.release).order_by(OUTBOX.c.week))
        return [(Week(week), release) for week, release in rows]

    def delivered(self, week: Week) -> None:
        """Forget a release that has arrived."""
        self._db.execute(delete(OUTBOX).where(OUTBOX.c.week == week.index))


def _place(pair: Pair, through: Week) -> dict[str, Any]:
    """A window, as the statements below are told of it."""
    return {"speaks": pair[0], "about": pair[1], "through": through.index}


def _alike(count: int, lang: Lang, blame: bool, appreciate: bool, voiced: int) -> People:
    return People(
        count=count,
        lang=lang,
        blame=bool(blame),
        appreciate=bool(appreciate),
        patterns=_patterns(voiced),
    )


@cache
def _patterns(voiced: int) -> frozenset[Pattern]:
    return frozenset(p for bit, p in enumerate(PATTERNS) if voiced >> bit & 1)


def _in_window(table: Table) -> ColumnElement[bool]:
    here = is_pair(table, (bindparam("speaks"), bindparam("about")))
    return and_(here, table.c.week <= bindparam("through"))


_WHO: Final = func.substr(SCORES.c.respondent, 1, WHO)


def _people() -> Select[Any]:
    """How many people of a window cast the same vote: ``_alike`` of each row. Comments, then people, then votes. Beside
    each, the people of the window's fullest pool, whom the database counts once.
    """
    said = (
        select(
            func.count().label("comments"),
            func.count().filter(SCORES.c.blamed).label("blaming"),
            func.count().filter(SCORES.c.appreciated).label("appreciating"),
            *(func.count().filter(SCORES.c.lang == lang).label(f"in_{lang}") for lang in LANGS),
            *(func.max(SCORES.c.patterns.bitwise_and(1 << bit)).label(p) for bit, p in enumerate(PATTERNS)),
        )
        .where(_in_window(SCORES))
        .group_by(_WHO)
        .subquery()
    )
    written = [said.c[f"in_{lang}"] for lang in LANGS]
    mostly = [(and_(*(most >= other for other in written)), lang) for most, lang in zip(written, LANGS, strict=True)]
    blames = majority(said.c.blaming, said.c.comments)
    voiced: ColumnElement[int] = literal(0)
    for pattern in PATTERNS:
        voiced = voiced.bitwise_or(said.c[pattern])
    votes = select(
        case(*mostly).label("lang"),
        blames.label("blame"),
        majority(said.c.appreciating, said.c.comments).label("appreciate"),
        case((blames, voiced), else_=0).label("voiced"),
    ).subquery()
    pool = pools(_in_window(SCORES)).subquery()
    voices = select(func.max(pool.c.people)).scalar_subquery()
    return select(func.count(), *votes.c, voices.label("voices")).group_by(*votes.c)


_OLDEST: Final = (
    select(func.min(SCORES.c.week))
    .where(is_pair(SCORES, (WINDOWS.c.from_team, WINDOWS.c.about_team)))
    .correlate(WINDOWS)
    .scalar_subquery()
)
_MERGED: Final = (
    exists()
    .where(is_pair(PARTS, (WINDOWS.c.from_team, WINDOWS.c.about_team)))
    .where(PARTS.c.week <= bindparam("through"), PARTS.c.merged)
    .correlate(WINDOWS)
)
WAITING: Final = (
    select(WINDOWS, _OLDEST.label("oldest"), _MERGED.label("merged"))
    .where(bindparam("through") >= _OLDEST)
    .order_by(WINDOWS.c.from_team, WINDOWS.c.about_team)
)
PEOPLE: Final = _people()
MODELS: Final = (
    select(SCORES.c.model, func.count(_WHO.distinct()).label("people"))
    .where(_in_window(SCORES))
    .group_by(SCORES.c.model)
)
DELETING: Final = [
    *(delete(table).where(_in_window(table)) for table in (SCORES, ARRIVALS, PARTS)),
    delete(WINDOWS).where(is_pair(WINDOWS, (bindparam("speaks"), bindparam("about"))), _OLDEST.is_(None)),
]
"""What a release asks and does, each by way of an index (``tests/store/test_plans.py``)."""

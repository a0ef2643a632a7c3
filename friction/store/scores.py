"""The private store: one row for each person's comment about one target, until its window closes.

Security properties (``tests/store`` and ``tests/properties`` guard them):
    - no text, no name: a respondent is a keyed hash under the salt of the pair's open window;
    - a window's rows and its salt are deleted in the transaction that makes its cell; the salt lives on only
      while rows that were sent ahead for later weeks still wait under it;
    - what a noisy cell costs is in the ledger in the transaction that makes the cell, and for a year from then;
    - a batch is one transaction: a file is in whole or not at all, and the same content counts once.

Written by the ingesting command, read and emptied by ``friction.release``; nobody else opens it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)

from friction.disclosure import SEEN_WEEKS, YEAR
from friction.records import LANGS, Lang, TeamId, Week
from friction.store.schema import Schema, open_store
from friction.taxonomy import PATTERNS, Pattern

METADATA: Final = MetaData()
_SECRETS: Final = Table("secrets", METADATA, Column("name", String, primary_key=True), Column("value", LargeBinary))
_CLOCK: Final = Table(
    "clock", METADATA, Column("name", String, primary_key=True), Column("week", Integer, nullable=False)
)
_BATCHES: Final = Table("batches", METADATA, Column("key", LargeBinary, primary_key=True))
_SEEN: Final = Table(
    "seen", METADATA, Column("key", LargeBinary, primary_key=True), Column("week", Integer, nullable=False, index=True)
)
_WINDOWS: Final = Table(
    "windows",
    METADATA,
    Column("from_team", String, primary_key=True),
    Column("about_team", String, primary_key=True),
    Column("opens", Integer),
    Column("salt", LargeBinary),
)
_SCORES: Final = Table(
    "scores",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("from_team", String, nullable=False),
    Column("about_team", String, nullable=False),
    Column("week", Integer, nullable=False),
    Column("respondent", LargeBinary, nullable=False),
    Column("lang", String, nullable=False),
    Column("blamed", Boolean, nullable=False),
    Column("appreciated", Boolean, nullable=False),
    Column("patterns", Integer, nullable=False),
    Column("model", String, nullable=False),
    Index("ix_scores_pair_week", "from_team", "about_team", "week"),
)
_OUTBOX: Final = Table(
    "outbox", METADATA, Column("week", Integer, primary_key=True), Column("release", String, nullable=False)
)
_LEDGER: Final = Table(
    "ledger",
    METADATA,
    Column("from_team", String, primary_key=True),
    Column("about_team", String, primary_key=True),
    Column("week", Integer, primary_key=True),
    Column("epsilon", String, nullable=False),
)
"""What each noisy cell of the last ``YEAR`` weeks cost the people of the speaking team: a decimal, exact."""
SCHEMA: Final = Schema("scores", METADATA, head="0003", unversioned=("scores", "lang"))

_KEY: Final = 32
_SURVEY: Final = 8
Pair = tuple[TeamId, TeamId]


@dataclass(frozen=True, slots=True)
class Vote:
    """One comment's stance on one target, without its text.

    Attributes:
        respondent: as the source gives it; only its keyed hash is stored.
        comment: what makes the comment the same one when another file brings it; only its keyed hash is stored.
        survey: where the source names no respondent, that within which each row is surely another person: the source
            and the week that the row states. Whoever writes in the next one may be the same.
    """

    from_team: TeamId
    about_team: TeamId
    week: Week
    respondent: str = field(repr=False)
    comment: str = field(repr=False)
    lang: Lang
    blamed: bool
    appreciated: bool
    labels: tuple[Pattern, ...]
    model: str
    survey: str | None = None


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


class ScoreStore:
    """The private store."""

    def __init__(self, address: str) -> None:
        self._database = open_store(address, SCHEMA, create=True)
        with self._database.read() as db:
            found = _secret(db)
        self._secret = found or self._make_secret()

    def _make_secret(self) -> bytes:
        with self._database.write() as db:
            found = _secret(db)
            if found is None:
                found = secrets.token_bytes(32)
                db.execute(insert(_SECRETS).values(name="content", value=found))
        return found

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def oldest_week(self) -> Week | None:
        """The first week whose rows can still be counted: older ones would no longer be recognised as repeats."""
        with self._database.read() as db:
            released = clock(db, "released")
        return None if released is None else released + -SEEN_WEEKS

    def delivered(self) -> Week | None:
        """The last week whose release has surely reached the public side."""
        with self._database.read() as db:
            waiting = db.scalar(select(func.min(_OUTBOX.c.week)))
            start, released = clock(db, "start"), clock(db, "released")
        if waiting is None or start is None:
            return released
        return Week(waiting) + -1 if Week(waiting) > start else None

    def has_batch(self, content: bytes) -> bool:
        """Whether a file with this digest of its content is in already."""
        with self._database.read() as db:
            return self._known(db, content)

    def add_batch(self, content: bytes, votes: Iterable[Vote], *, whole: bool = True) -> int:
        """Put a file's votes in, all or none; nothing where the same content is in already.

        Args:
            content: digest of the file's content.
            votes: consumed inside the transaction.
            whole: False where rows were rejected; then the file may come again once that is mended, and its
                comments are recognised one by one.

        Returns:
            How many votes were new; the others came with comments that an earlier file brought.
        """
        with self._database.write() as db:
            if self._known(db, content):
                return 0
            added = _Adding(db, self._secret).add(votes)
            if whole:
                db.execute(insert(_BATCHES).values(key=self._hash(b"file", content)))
        return added

    def _known(self, db: Connection, content: bytes) -> bool:
        key = self._hash(b"file", content)
        return db.scalar(select(_BATCHES.c.key).where(_BATCHES.c.key == key)) is not None

    def _hash(self, kind: bytes, content: bytes) -> bytes:
        return hmac.new(self._secret, kind + b":" + content, hashlib.sha256).digest()

    @contextmanager
    def closing(self) -> Iterator["Closing"]:
        """One transaction in which a release reads the open windows and closes those that it can."""
        with self._database.write() as db:
            yield Closing(db)

    def scrub(self) -> None:
        """Leave nothing in the database's files of what was deleted: neither rows nor salts."""
        self._database.scrub(*METADATA.tables)


class _Adding:
    def __init__(self, db: Connection, secret: bytes) -> None:
        self._db = db
        self._secret = secret
        self._released = clock(db, "released")
        self._start = clock(db, "start")
        self._windows: dict[Pair, Window] = {}
        self._fresh: dict[bytes, bool] = {}

    def add(self, votes: Iterable[Vote]) -> int:
        added = 0
        for vote in votes:
            week = vote.week if self._released is None or vote.week > self._released else self._released + 1
            pair = (vote.from_team, vote.about_team)
            window = self._window(pair)
            respondent = _key(window.salt, vote)
            if not self._is_fresh(vote, week, window, respondent):
                continue
            if self._start is None or week < self._start:
                self._start = week
                set_clock(self._db, "start", week)
            self._db.execute(
                insert(_SCORES).values(
                    from_team=vote.from_team,
                    about_team=vote.about_team,
                    week=week.index,
                    respondent=respondent,
                    lang=vote.lang,
                    blamed=vote.blamed,
                    appreciated=vote.appreciated,
                    patterns=sum(1 << PATTERNS.index(p) for p in vote.labels),
                    model=vote.model,
                )
            )
            added += 1
        return added

    def _is_fresh(self, vote: Vote, week: Week, window: "Window", respondent: bytes) -> bool:
        """Whether the comment is new. The same words from somebody else are, as far as the open window can tell."""
        key = hmac.new(self._secret, b"comment:" + vote.comment.encode(), hashlib.sha256).digest()
        if key not in self._fresh:
            is_known = self._db.scalar(select(_SEEN.c.week).where(_SEEN.c.key == key)) is not None
            is_closed = window.opens is not None and vote.week < window.opens
            self._fresh[key] = not is_known or not (is_closed or self._has_spoken(window.pair, respondent))
            if not is_known:
                self._db.execute(insert(_SEEN).values(key=key, week=week.index))
        return self._fresh[key]

    def _has_spoken(self, pair: Pair, respondent: bytes) -> bool:
        theirs = and_(_is_pair(_SCORES, pair), _SCORES.c.respondent == respondent)
        return self._db.execute(select(_SCORES.c.id).where(theirs).limit(1)).first() is not None

    def _window(self, pair: Pair) -> "Window":
        """The pair's open window, with a salt from now on."""
        if pair not in self._windows:
            row = self._db.execute(
                select(_WINDOWS.c.opens, _WINDOWS.c.salt).where(_is_pair(_WINDOWS, pair))
            ).one_or_none()
            salt: bytes = row.salt if row and row.salt else secrets.token_bytes(32)
            if row is None:
                self._db.execute(insert(_WINDOWS).values(from_team=pair[0], about_team=pair[1], salt=salt))
            elif row.salt is None:
                self._db.execute(update(_WINDOWS).where(_is_pair(_WINDOWS, pair)).values(salt=salt))
            opens = None if row is None or row.opens is None else Week(row.opens)
            self._windows[pair] = Window(pair, opens, salt)
        return self._windows[pair]


@dataclass(frozen=True, slots=True)
class Window:
    """A pair's open window. ``opens`` is None while no window of the pair was ever closed."""

    pair: Pair
    opens: Week | None
    salt: bytes = field(repr=False)


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
        waiting = select(_SCORES.c.from_team, _SCORES.c.about_team).where(_SCORES.c.week <= through.index).distinct()
        for from_team, about_team in self._db.execute(waiting.order_by("from_team", "about_team")).all():
            pair = (TeamId(from_team), TeamId(about_team))
            row = self._db.execute(select(_WINDOWS.c.opens, _WINDOWS.c.salt).where(_is_pair(_WINDOWS, pair))).one()
            opens = None if row.opens is None else Week(row.opens)
            yield Window(pair, opens, row.salt), self._people(pair, through)

    def _people(self, pair: Pair, through: Week) -> list[Person]:
        written = [func.sum((_SCORES.c.lang == lang).cast(Integer)) for lang in LANGS]
        voiced = [func.max(_SCORES.c.patterns.op(">>")(bit).op("&")(1)) for bit in range(len(PATTERNS))]
        query = (
            select(
                func.count(),
                func.sum(_SCORES.c.blamed.cast(Integer)),
                func.sum(_SCORES.c.appreciated.cast(Integer)),
                func.max(_SCORES.c.model),
                _SCORES.c.respondent,
                *written,
                *voiced,
            )
            .where(_is_pair(_SCORES, pair), _SCORES.c.week <= through.index)
            .group_by(_SCORES.c.respondent)
        )
        return [_person(*row) for row in self._db.execute(query)]

    def close(self, pair: Pair, through: Week) -> None:
        """Delete a window's rows and, unless rows for later weeks wait under it, its salt; open the next."""
        self._db.execute(delete(_SCORES).where(_is_pair(_SCORES, pair), _SCORES.c.week <= through.index))
        left = self._db.execute(select(_SCORES.c.id).where(_is_pair(_SCORES, pair)).limit(1)).first()
        after: dict[str, object] = {"opens": (through + 1).index} | ({} if left else {"salt": None})
        self._db.execute(update(_WINDOWS).where(_is_pair(_WINDOWS, pair)).values(after))

    def finish(self, week: Week, release: str) -> None:
        """Note that ``week`` is released, and keep its cells until they are delivered."""
        set_clock(self._db, "released", week)
        self._db.execute(delete(_SEEN).where(_SEEN.c.week < (week + -SEEN_WEEKS).index))
        self._db.execute(delete(_LEDGER).where(_LEDGER.c.week <= (week + -YEAR).index))
        self._db.execute(insert(_OUTBOX).values(week=week.index, release=release))

    def spent(self, from_team: TeamId, week: Week) -> Decimal:
        """What the cells of a speaking team cost one person of it, in the year that ends with ``week``."""
        since = (week + 1 + -YEAR).index
        query = select(_LEDGER.c.epsilon).where(_LEDGER.c.from_team == from_team, _LEDGER.c.week >= since)
        return sum(map(Decimal, self._db.scalars(query)), Decimal(0))

    def spend(self, pair: Pair, week: Week, epsilon: Decimal) -> None:
        """Note what a cell costs."""
        row = {"from_team": pair[0], "about_team": pair[1], "week": week.index, "epsilon": str(epsilon)}
        self._db.execute(insert(_LEDGER).values(row))

    def undelivered(self) -> list[tuple[Week, str]]:
        """Releases that may not have reached the public side yet, oldest first."""
        rows = self._db.execute(select(_OUTBOX.c.week, _OUTBOX.c.release).order_by(_OUTBOX.c.week))
        return [(Week(week), release) for week, release in rows]

    def delivered(self, week: Week) -> None:
        """Forget a release that has arrived."""
        self._db.execute(delete(_OUTBOX).where(_OUTBOX.c.week == week.index))


def _key(salt: bytes, vote: Vote) -> bytes:
    """Who wrote, under a window's salt: ``_KEY`` bytes, and ``_SURVEY`` more where no source names them."""
    who = hmac.new(salt, vote.respondent.encode(), hashlib.sha256).digest()
    if vote.survey is None:
        return who
    return who + hmac.new(salt, b"survey:" + vote.survey.encode(), hashlib.sha256).digest()[:_SURVEY]


def _secret(db: Connection) -> bytes | None:
    """What keys the hashes that recognise files and comments."""
    return db.scalar(select(_SECRETS.c.value).where(_SECRETS.c.name == "content"))


def clock(db: Connection, name: str) -> Week | None:
    """A week that the store remembers, or None."""
    index = db.scalar(select(_CLOCK.c.week).where(_CLOCK.c.name == name))
    return None if index is None else Week(index)


def set_clock(db: Connection, name: str, week: Week) -> None:
    """Remember a week."""
    db.execute(delete(_CLOCK).where(_CLOCK.c.name == name))
    db.execute(insert(_CLOCK).values(name=name, week=week.index))


def _person(comments: int, blaming: int, appreciating: int, model: str, key: bytes, *found: int) -> Person:
    written, voiced = found[: len(LANGS)], found[len(LANGS) :]
    return Person(
        comments=comments,
        lang=max(zip(LANGS, written, strict=True), key=lambda of: of[1])[0],
        blaming=blaming,
        appreciating=appreciating,
        patterns=frozenset(p for p, v in zip(PATTERNS, voiced, strict=True) if v),
        model=model,
        survey=bytes(key[_KEY:]) or None,
    )


def _is_pair(table: Table, pair: Pair) -> ColumnElement[bool]:
    return and_(table.c.from_team == pair[0], table.c.about_team == pair[1])

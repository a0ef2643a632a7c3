"""Votes into open windows, each comment once. Runs inside one writing transaction.

Votes come and go in blocks: what is known of a block's comments is asked at once, and its rows go in at once, in the
order of their keys, so that nothing of the order in which they came is left: it would say whose each comment is.
"""

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, func, insert, literal, or_, select, update

from friction.records import Pair, TeamId, Week
from friction.store.loading import load
from friction.store.scores.keys import batch_tag, comment_key, respondent_key
from friction.store.scores.tables import (
    ARRIVALS,
    AT_ONCE,
    BATCHES,
    PARTS,
    SCORES,
    SEEN,
    WHO,
    WINDOWS,
    Window,
    clock,
    find_salt,
    is_pair,
    pools,
    set_clock,
)
from friction.store.scores.votes import Vote

_TOGETHER: Final = 10_000
"""Votes of a block: enough to hide which comment is whose, few enough to hold."""
_SAID: Final = 5
"""Where a vote's number stands in its row: what was said comes behind it."""
_Place = tuple[TeamId, TeamId, int]
"""Speaking team, target, week: where a vote stands."""


@dataclass(frozen=True, slots=True)
class Voices:
    """Who speaks in a pair's open window.

    Attributes:
        people: those who surely do: of its fullest pool (``Vote.pool``).
        merged: some of what they say is of a smaller team in the target (``Vote.merged``).
    """

    people: int = 0
    merged: bool = False


@dataclass(slots=True)
class Added:
    """What came of a file's votes.

    Attributes:
        added: votes that are new.
        repeats: votes whose comments an earlier file brought.
        voices: of the pairs that got a new vote.
    """

    added: int = 0
    repeats: int = 0
    voices: dict[Pair, Voices] = field(default_factory=dict)


def add(db: Connection, secret: bytes, batch: bytes, votes: Iterable[Vote]) -> Added:
    """Put a file's votes in; late ones into the window that is open."""
    adding = _Adding(db, secret, batch)
    waiting = iter(votes)
    while block := list(islice(waiting, _TOGETHER)):
        adding.add(block)
    return adding.finish()


def voices(db: Connection, pair: Pair) -> Voices:
    """Who speaks in a pair's open window."""
    merged = db.execute(select(PARTS.c.week).where(is_pair(PARTS, pair), PARTS.c.merged).limit(1)).first() is not None
    return Voices(max(db.scalars(pools(is_pair(SCORES, pair))), default=0), merged)


def known(db: Connection, keys: Iterable[bytes]) -> dict[bytes, int]:
    """Comments that were brought before, and the week for which each was brought last."""
    found: dict[bytes, int] = {}
    weeks, waiting = _weeks(db), iter(keys)
    while asked := list(islice(waiting, AT_ONCE)):
        seen = select(SEEN).where(SEEN.c.week.in_(weeks), SEEN.c.key.in_(asked))
        found.update((bytes(row.key), row.week) for row in db.execute(seen))
    return found


class Again:
    """Whether a comment that was brought before counts once more: the same words of somebody else do, where it counted.

    Nobody is somebody else who is not named: a row that moved in its file would be. Nor is the author of a comment that
    its id or its words tell from all others, whatever they are called today. And it counts for no pair that it
    did not count for, whatever the directory has become meanwhile: the same people would be published twice.

    ``spoke``: who has a new vote by this file, so far; ``note`` adds to it.
    """

    def __init__(self, db: Connection, spoke: set[bytes]) -> None:
        self._db = db
        self._spoke = spoke
        self._parts: dict[Pair, tuple[list[int], list[bytes]]] = {}

    def note(self, vote: Vote, respondent: bytes) -> None:
        """Remember that somebody has a new vote by this file; of those who are not named, ``counts`` never asks."""
        if vote.pool is not None:
            self._spoke.add(respondent[:WHO])

    def counts(self, vote: Vote, key: bytes, pair: Pair, respondent: bytes) -> bool:
        """Whether the vote is new, of a comment that is known under ``key``."""
        if not vote.is_ambiguous or respondent[:WHO] in self._spoke:
            return False
        return not self.has_spoken(pair, respondent) and self._counted(pair, key)

    def _counted(self, pair: Pair, key: bytes) -> bool:
        """Whether the comment has a vote in the pair's open window."""
        weeks, tags = self._of(pair)
        place = is_pair(ARRIVALS, pair), ARRIVALS.c.week.in_(weeks), ARRIVALS.c.batch.in_(tags), ARRIVALS.c.key == key
        return self._db.execute(select(ARRIVALS.c.week).where(*place).limit(1)).first() is not None

    def has_spoken(self, pair: Pair, respondent: bytes) -> bool:
        """Whether somebody has a vote in the pair's open window that an earlier file brought, in whatever pool."""
        theirs = SCORES.c.week.in_(self.weeks(pair)), SCORES.c.respondent.between(*_in_any_pool(respondent))
        found = select(SCORES.c.week).where(is_pair(SCORES, pair), *theirs).limit(1)
        return self._db.execute(found).first() is not None

    def weeks(self, pair: Pair) -> list[int]:
        """Weeks of the votes that earlier files brought to a pair's open window."""
        return self._of(pair)[0]

    def _of(self, pair: Pair) -> tuple[list[int], list[bytes]]:
        """Weeks and batches of which votes stand in the pair's window."""
        if pair not in self._parts:
            parts = self._db.execute(select(PARTS.c.week, PARTS.c.batch).where(is_pair(PARTS, pair))).all()
            self._parts[pair] = sorted({p.week for p in parts}), sorted({bytes(p.batch) for p in parts})
        return self._parts[pair]


def _in_any_pool(respondent: bytes) -> tuple[bytes, bytes]:
    """The least and the greatest key of somebody."""
    who = respondent[:WHO]
    return who, who + b"\xff" * (len(respondent) - WHO)


def _weeks(db: Connection) -> list[int]:
    """Every week from the first to the last of ``SEEN``; named, so that what follows a week in its key is found."""
    least, most = (select(of(SEEN.c.week)).scalar_subquery() for of in (func.min, func.max))
    first, last = db.execute(select(least, most)).one()
    return [] if first is None else [*range(first, last + 1)]


class _Adding:
    def __init__(self, db: Connection, secret: bytes, batch: bytes) -> None:
        self._db = db
        self._secret = secret
        self._batch = batch
        self._reading = secrets.token_bytes(16)
        self._released = clock(db, "released")
        self._start = clock(db, "start")
        self._numbered = db.scalar(select(BATCHES.c.added).where(BATCHES.c.id == batch)) or 0
        self._windows: dict[Pair, Window] = {}
        self._tags: dict[Pair, bytes] = {}
        self._parts: Counter[_Place] = Counter()
        self._merged: set[_Place] = set()
        self._comment = ""
        self._key = b""
        self._is_first = False
        self._known: dict[bytes, int] = {}
        self._again = Again(db, set())
        self._returned: defaultdict[tuple[_Place, bytes], set[bytes]] = defaultdict(set)
        self._seen: list[tuple[Any, ...]] = []
        self._later: list[tuple[bytes, int, int]] = []
        self._arrivals: dict[tuple[TeamId, TeamId, int, bytes, bytes], bool] = {}
        self._scores: list[tuple[Any, ...]] = []
        self._done = Added()

    def add(self, votes: Sequence[Vote]) -> None:
        keys = {vote.comment: comment_key(self._secret, vote.comment) for vote in votes}
        self._known = known(self._db, keys.values())
        for vote in votes:
            self._add(vote, keys[vote.comment])
        self._put()

    def finish(self) -> Added:
        for place, votes in self._parts.items():
            self._note_part(place, votes)
        for (place, pool), people in self._returned.items():
            self._gather(place, pool, people)
        self._done.voices = {pair: voices(self._db, pair) for pair in dict.fromkeys((p[0], p[1]) for p in self._parts)}
        return self._done

    def _add(self, vote: Vote, key: bytes) -> None:
        window = self._window((vote.from_team, vote.about_team))
        week = vote.week if self._released is None or vote.week > self._released else self._released + 1
        respondent = respondent_key(window.salt, vote, self._reading)
        if vote.comment != self._comment:
            self._comment, self._key = vote.comment, key
            self._meet(week, vote.week)
        place = (*window.pair, week.index)
        if not self._is_fresh(vote, window.pair, respondent):
            self._done.repeats += 1
            if vote.pool is None and self._again.has_spoken(window.pair, respondent):
                self._returned[place, respondent[WHO:]].add(respondent)
            return
        if self._start is None or week < self._start:
            self._start = week
            set_clock(self._db, "start", week)
        self._arrive(place, self._tags[window.pair])
        said = (vote.lang, vote.blamed, vote.appreciated, vote.patterns, vote.model)
        self._scores.append((*place, respondent, self._tags[window.pair], *said))
        self._again.note(vote, respondent)
        self._parts[place] += 1
        if vote.merged:
            self._merged.add(place)
        self._done.added += 1

    def _meet(self, week: Week, said: Week) -> None:
        """The next comment; its votes follow each other. One that comes again for a later week is forgotten later."""
        last = self._known.get(self._key)
        self._is_first = last is None
        if last is None:
            self._known[self._key] = week.index
            self._seen.append((week.index, self._key))
        elif last < said.index:
            self._known[self._key] = said.index
            self._later.append((self._key, last, said.index))

    def _is_fresh(self, vote: Vote, pair: Pair, respondent: bytes) -> bool:
        """Whether a vote of the comment is new."""
        return self._is_first or self._again.counts(vote, self._key, pair, respondent)

    def _arrive(self, place: _Place, tag: bytes) -> None:
        """A batch brings a comment to a window once, even where it is read again, or two people wrote the same."""
        if not self._is_first:
            here = and_(is_pair(ARRIVALS, (place[0], place[1])), ARRIVALS.c.week == place[2])
            brought = select(ARRIVALS.c.week).where(here, ARRIVALS.c.batch == tag, ARRIVALS.c.key == self._key)
            if self._db.execute(brought).first() is not None:
                return
        self._arrivals.setdefault((*place, tag, self._key), self._is_first)

    def _put(self) -> None:
        """The block's rows, each kind in an order that does not say which belong together."""
        load(self._db, SEEN, sorted(self._seen, key=itemgetter(1)))
        if self._later:
            here = and_(SEEN.c.week == bindparam("last"), SEEN.c.key == bindparam("same"))
            places = [{"same": key, "last": last, "now": now} for key, last, now in sorted(self._later)]
            self._db.execute(update(SEEN).where(here).values(week=bindparam("now")), places)
        arrivals = [(*arrival, is_first) for arrival, is_first in self._arrivals.items()]
        load(self._db, ARRIVALS, sorted(arrivals, key=itemgetter(4)))
        numbered = enumerate(sorted(self._scores), start=self._numbered)
        load(self._db, SCORES, [(*vote[:_SAID], number, *vote[_SAID:]) for number, vote in numbered])
        self._numbered += len(self._scores)
        self._seen, self._later, self._arrivals, self._scores = [], [], {}, []

    def _gather(self, place: _Place, pool: bytes, returned: set[bytes]) -> None:
        """Put rows of an earlier file that stand in this one as well into its pool: one file's rows are surely others.

        Not where as many stand in one pool already, which would lose some.
        """
        pair, week = place[:2], place[2]
        here = is_pair(SCORES, pair), SCORES.c.week <= week
        in_pool = select(SCORES.c.respondent).where(*here, func.substr(SCORES.c.respondent, WHO + 1) == pool)
        together = returned.union(map(bytes, self._db.scalars(in_pool.distinct())))
        if len(together) <= max(self._db.scalars(pools(*here)), default=0):
            return
        theirs = SCORES.c.respondent.between(bindparam("least"), bindparam("most"))
        moved = update(SCORES).where(here[0], SCORES.c.week == bindparam("in_week"), theirs)
        ends = [(*_in_any_pool(now), now) for now in sorted(returned)]
        self._db.execute(
            moved.values(respondent=bindparam("now")),
            [
                {"in_week": week, "least": least, "most": most, "now": now}
                for week in self._again.weeks(pair)
                for least, most, now in ends
            ],
        )

    def _note_part(self, place: _Place, votes: int) -> None:
        """A file that is read again adds to what it brought before."""
        part = {"from_team": place[0], "about_team": place[1], "week": place[2], "batch": self._tags[place[:2]]}
        here = and_(*(PARTS.c[name] == value for name, value in part.items()))
        merged = place in self._merged
        more = {"votes": PARTS.c.votes + votes, "merged": or_(PARTS.c.merged, literal(merged))}
        if not self._db.execute(update(PARTS).where(here).values(more)).rowcount:
            self._db.execute(insert(PARTS).values(votes=votes, merged=merged, **part))

    def _window(self, pair: Pair) -> Window:
        """The pair's open window, with a salt from now on."""
        if pair not in self._windows:
            salt = find_salt(self._db, pair)
            if salt is None:
                salt = secrets.token_bytes(32)
                self._db.execute(insert(WINDOWS).values(from_team=pair[0], about_team=pair[1], salt=salt))
            self._windows[pair] = Window(pair, salt)
            self._tags[pair] = batch_tag(salt, self._batch)
        return self._windows[pair]

"""Votes into open windows, each comment once. Runs inside one writing transaction."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from friction.records import Week
from friction.store.scores.keys import WHO, batch_tag, comment_key, respondent_key
from friction.store.scores.tables import (
    ARRIVALS,
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
from friction.store.scores.votes import Vote

_TOGETHER: Final = 10_000
"""Arrivals that are noted at once: enough to hide which vote each belongs to, few enough to hold."""


@dataclass(slots=True)
class Added:
    """What came of a file's votes.

    Attributes:
        added: votes that are new.
        repeats: votes whose comments an earlier file brought.
        voices: people in the open windows of the pairs that got a new vote (``voices``).
    """

    added: int = 0
    repeats: int = 0
    voices: dict[Pair, int] = field(default_factory=dict)


def add(db: Connection, secret: bytes, batch: bytes, votes: Iterable[Vote]) -> Added:
    """Put a file's votes in; late ones into the window that is open."""
    adding = _Adding(db, secret, batch)
    for vote in votes:
        adding.add(vote)
    return adding.finish()


def voices(db: Connection, pair: Pair) -> int:
    """People who speak in a pair's open window; of those whom no source names, the most in one survey."""
    survey = func.substr(SCORES.c.respondent, WHO + 1)
    people = select(func.count(SCORES.c.respondent.distinct())).where(is_pair(SCORES, pair)).group_by(survey)
    return max(db.scalars(people), default=0)


def is_known(db: Connection, key: bytes) -> bool:
    """Whether a comment was brought before."""
    return db.scalar(select(SEEN.c.week).where(SEEN.c.key == key)) is not None


def is_repeat(db: Connection, vote: Vote, window: Window, respondent: bytes) -> bool:
    """Whether a comment that was brought before is the same person's, as far as the open window can tell."""
    if window.opens is not None and vote.week < window.opens:
        return True
    theirs = select(SCORES.c.id).where(is_pair(SCORES, window.pair), SCORES.c.respondent == respondent)
    return db.execute(theirs.limit(1)).first() is not None


class _Adding:
    def __init__(self, db: Connection, secret: bytes, batch: bytes) -> None:
        self._db = db
        self._secret = secret
        self._batch = batch
        self._released = clock(db, "released")
        self._start = clock(db, "start")
        self._windows: dict[Pair, Window] = {}
        self._spoken: set[Pair] = set()
        self._tags: dict[Pair, bytes] = {}
        self._comment = ""
        self._key = b""
        self._is_first = self._is_fresh = False
        self._arrivals: list[dict[str, Any]] = []
        self._done = Added()

    def add(self, vote: Vote) -> None:
        window = self._window((vote.from_team, vote.about_team))
        week = vote.week if self._released is None or vote.week > self._released else self._released + 1
        respondent = respondent_key(window.salt, vote)
        if vote.comment != self._comment:
            self._meet(vote, week, window, respondent)
        if not self._is_fresh:
            self._done.repeats += 1
            return
        if self._start is None or week < self._start:
            self._start = week
            set_clock(self._db, "start", week)
        place = {
            "from_team": vote.from_team,
            "about_team": vote.about_team,
            "week": week.index,
            "batch": self._tags[window.pair],
        }
        self._arrive(place | {"key": self._key, "is_first": self._is_first})
        said = {
            "respondent": respondent,
            "lang": vote.lang,
            "blamed": vote.blamed,
            "appreciated": vote.appreciated,
            "patterns": vote.patterns,
            "model": vote.model,
        }
        self._db.execute(insert(SCORES).values(place | said))
        self._spoken.add(window.pair)
        self._done.added += 1

    def finish(self) -> Added:
        self._note_arrivals()
        self._done.voices = {pair: voices(self._db, pair) for pair in self._spoken}
        return self._done

    def _arrive(self, arrival: dict[str, Any]) -> None:
        self._arrivals.append(arrival)
        if len(self._arrivals) == _TOGETHER:
            self._note_arrivals()

    def _note_arrivals(self) -> None:
        """Note which comments came, in an order that does not say whose they are."""
        if self._arrivals:
            self._db.execute(insert(ARRIVALS), sorted(self._arrivals, key=itemgetter("key")))
            self._arrivals.clear()

    def _meet(self, vote: Vote, week: Week, window: Window, respondent: bytes) -> None:
        """The next comment; its votes follow each other. The same words from somebody else are new, too."""
        self._comment = vote.comment
        self._key = comment_key(self._secret, vote.comment)
        self._is_first = not is_known(self._db, self._key)
        self._is_fresh = self._is_first or not is_repeat(self._db, vote, window, respondent)
        if self._is_first:
            self._db.execute(insert(SEEN).values(key=self._key, week=week.index))

    def _window(self, pair: Pair) -> Window:
        """The pair's open window, with a salt from now on."""
        if pair not in self._windows:
            found = find_window(self._db, pair)
            opens, salt = found or (None, None)
            if salt is None:
                salt = secrets.token_bytes(32)
                if found is None:
                    self._db.execute(insert(WINDOWS).values(from_team=pair[0], about_team=pair[1], salt=salt))
                else:
                    self._db.execute(update(WINDOWS).where(is_pair(WINDOWS, pair)).values(salt=salt))
            self._windows[pair] = Window(pair, opens, salt)
            self._tags[pair] = batch_tag(salt, self._batch)
        return self._windows[pair]

"""What would come of a file, told by the private store without a change to it; or by the file alone where none is yet.

Called by ``friction.ingest`` for a dry run.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, select

from friction.records import Pair, Week
from friction.store.engine import Database
from friction.store.schema import is_made, open_store
from friction.store.scores import batches
from friction.store.scores.adding import Again, Voices, known, voices
from friction.store.scores.keys import comment_key, file_key, find_secret, respondent_key
from friction.store.scores.tables import SCHEMA, SCORES, WHO, Window, clock, find_salt, is_pair, oldest_week
from friction.store.scores.votes import Vote

_TOGETHER: Final = 1000
"""Comments that are looked up in one reading transaction: none stays open for long."""


class Preview:
    """Counts votes as the store would, in memory that grows only with the people who are named in the file.

    Args:
        address: of the private store; None where no file is there yet.
        enough: people of a pair beyond whom it does not matter how many there are.

    Raises:
        UsageError: the store cannot be opened.
    """

    def __init__(self, address: str | None, *, enough: int) -> None:
        self._database: Database | None = None
        if address is not None and is_made(address, SCHEMA):
            self._database = open_store(address, SCHEMA, create=False)
        self._enough = enough
        self._secret = secrets.token_bytes(32)
        self._batch = secrets.token_bytes(16)
        if self._database is not None:
            with self._database.read() as db:
                self._secret = find_secret(db) or self._secret
        self._waiting: list[Collection[Vote]] = []
        self._known: dict[str, bytes] = {}
        self._windows: dict[Pair, Window] = {}
        self._speaking: dict[Pair, Voices] = defaultdict(Voices)
        self._people: dict[Pair, dict[bytes, set[bytes]]] = {}
        self._spoke: set[bytes] = set()
        self._spoken: set[Pair] = set()
        self._merged: set[Pair] = set()
        self._votes = self._added = 0

    def close(self) -> None:
        """Let go of the database."""
        if self._database is not None:
            self._database.close()

    def oldest_week(self) -> Week | None:
        """As ``ScoreStore.oldest_week``."""
        if self._database is None:
            return None
        with self._database.read() as db:
            return oldest_week(db)

    def released_week(self) -> Week | None:
        """As ``ScoreStore.released_week``."""
        if self._database is None:
            return None
        with self._database.read() as db:
            return clock(db, "released")

    def has_batch(self, content: bytes) -> bool:
        """As ``ScoreStore.has_batch``."""
        if self._database is None:
            return False
        with self._database.read() as db:
            return batches.is_whole(db, file_key(self._secret, content))

    def take(self, votes: Collection[Vote]) -> None:
        """Count the votes of one comment."""
        self._waiting.append(votes)
        if len(self._waiting) == _TOGETHER:
            self._count()

    def counts(self) -> tuple[int, int]:
        """How many votes were taken, and how many of them would be new."""
        self._count()
        return self._votes, self._added

    def voices(self) -> dict[Pair, Voices]:
        """Who speaks in the window of each pair that would get a new vote; people as far as ``enough``."""
        self._count()
        return {
            pair: Voices(
                max(self._speaking[pair].people, *map(len, self._people[pair].values())),
                self._speaking[pair].merged or pair in self._merged,
            )
            for pair in self._spoken
        }

    def _count(self) -> None:
        waiting, self._waiting = self._waiting, []
        if self._database is None:
            for votes in waiting:
                self._count_comment(None, votes, None)
            return
        keys = {vote.comment: comment_key(self._secret, vote.comment) for votes in waiting for vote in votes}
        with self._database.read() as db:
            met, again = known(db, keys.values()), Again(db, self._spoke)
            self._known = {comment: key for comment, key in keys.items() if key in met}
            for votes in waiting:
                self._count_comment(db, votes, again)

    def _count_comment(self, db: Connection | None, votes: Collection[Vote], again: Again | None) -> None:
        self._votes += len(votes)
        for vote in votes:
            window = self._window(db, (vote.from_team, vote.about_team))
            respondent = respondent_key(window.salt, vote, self._batch)
            key = self._known.get(vote.comment)
            if key is None or again is None or again.counts(vote, key, window.pair, respondent):
                self._added += 1
                self._spoken.add(window.pair)
                if again is not None:
                    again.note(vote, respondent)
                if vote.merged:
                    self._merged.add(window.pair)
            elif vote.pool is not None or not again.has_spoken(window.pair, respondent):
                continue
            people = self._people[window.pair][respondent[WHO:]]
            if len(people) < self._enough:
                people.add(respondent)

    def _window(self, db: Connection | None, pair: Pair) -> Window:
        """The pair's window as it is now, and those who speak in it, as far as it matters."""
        if pair not in self._windows:
            salt = None if db is None else find_salt(db, pair)
            self._windows[pair] = Window(pair, salt or secrets.token_bytes(32))
            self._people[pair] = defaultdict(set)
            if db is not None:
                self._speaking[pair] = voices(db, pair)
                if self._speaking[pair].people < self._enough:
                    for respondent in db.scalars(select(SCORES.c.respondent).where(is_pair(SCORES, pair)).distinct()):
                        self._people[pair][bytes(respondent[WHO:])].add(bytes(respondent))
        return self._windows[pair]

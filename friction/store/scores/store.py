"""The private store as its callers see it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from friction.records import Pair, Week
from friction.store.schema import open_store
from friction.store.scores import batches
from friction.store.scores.adding import Voices, add
from friction.store.scores.batches import Batch, Withdrawn, batch_id
from friction.store.scores.closing import Closing
from friction.store.scores.keys import file_key, make_secret
from friction.store.scores.tables import METADATA, OUTBOX, SCHEMA, clock, oldest_week
from friction.store.scores.votes import Vote


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a file: the id of its batch, how many of its votes are new, and who speaks in the pairs' windows."""

    batch: str
    added: int
    voices: dict[Pair, Voices]


class ScoreStore:
    """The private store."""

    def __init__(self, address: str) -> None:
        self._database = open_store(address, SCHEMA, create=True)
        self._secret = make_secret(self._database)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def oldest_week(self) -> Week | None:
        """The first week whose rows can still be counted."""
        with self._database.read() as db:
            return oldest_week(db)

    def released_week(self) -> Week | None:
        """The last week that is released: what comes for it, or for one before, counts in the next."""
        with self._database.read() as db:
            return clock(db, "released")

    def delivered(self) -> Week | None:
        """The last week whose release has surely reached the public side."""
        with self._database.read() as db:
            waiting = db.scalar(select(func.min(OUTBOX.c.week)))
            start, released = clock(db, "start"), clock(db, "released")
        if waiting is None or start is None:
            return released
        return Week(waiting) + -1 if Week(waiting) > start else None

    def has_batch(self, content: bytes) -> bool:
        """Whether a file with this digest of its content is in already, whole, since the last release."""
        with self._database.read() as db:
            return batches.is_whole(db, file_key(self._secret, content))

    def add_batch(
        self,
        content: bytes,
        votes: Iterable[Vote],
        *,
        whole: bool = True,
        report: Callable[[Taken], dict[str, Any]] | None = None,
    ) -> int:
        """Put a file's votes in, all or none; nothing where ``has_batch``.

        Args:
            content: digest of the file's content.
            votes: consumed inside the transaction; those of one comment follow each other.
            whole: False where rows were rejected; then the file may come again once that is mended, and its
                comments are recognised one by one.
            report: says what to keep beside the batch; called inside the transaction, and only if votes go in.

        Returns:
            How many votes were new; the others came with comments that an earlier file brought.
        """
        key = file_key(self._secret, content)
        with self._database.write() as db:
            if batches.is_whole(db, key):
                return 0
            id = batches.find_id(db, key)
            added = add(db, self._secret, id, votes)
            said = {} if report is None else report(Taken(batch_id(id), added.added, added.voices))
            batches.note(db, id, key, added, whole=whole, report=said)
        return added.added

    def batches(self) -> list[Batch]:
        """Files of which votes are in open windows, the latest first."""
        with self._database.read() as db:
            return batches.listed(db)

    def withdraw(self, batch: str) -> Withdrawn:
        """Take a file's votes out again, and leave nothing of them in the database's files.

        Raises:
            UsageError: no such batch, or not all of its windows are open; then nothing is changed.
        """
        with self._database.write() as db:
            withdrawn = batches.withdraw(db, batch)
        self.scrub()
        return withdrawn

    @contextmanager
    def closing(self) -> Iterator[Closing]:
        """One transaction in which a release reads the open windows and closes those that it can."""
        with self._database.write() as db:
            yield Closing(db)

    def scrub(self) -> None:
        """Leave nothing in the database's files of what was deleted: neither rows nor salts."""
        self._database.scrub(*METADATA.tables)

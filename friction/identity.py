"""Which comment of a file is the same one in another, and which person: that each counts once hangs on it.

Promise: what a comment is known by outlives its window, so its respondent is no part of it, and nobody can test with it
who wrote a text that is known. No text is kept. Called by ``friction.ingest``.
"""

import hashlib
from typing import Final

from friction.occurrences import Occurrences
from friction.records import Comment, Week
from friction.sources.rows import alike, wording

TELLING: Final = 8
"""Words of a text from which on it is one person's: of the corpus's texts, written for organisations that know nothing
of each other, no two so long are the same (``tests/training/test_corpus.py``)."""


class Identities:
    """What comments of one file, and their people, are known by. It remembers which comments came before.

    Args:
        source: name of the ``[sources.NAME]`` that the file is read by; empty without.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._occurrences = Occurrences()

    def key(self, comment: Comment, week: Week) -> str | None:
        """What makes a comment the same one in another file: its id and its words. None where it came before.

        The respondent stays out: this key outlives the window, and must not tell the author of a text that is known.
        So does the source's name, under which a file may come again or not; the names of teams, which change from one
        export to the next, where the comment tells itself (``tells``); and where there is an id, a week that the row
        does not state. Of a moment only the week counts, and of a text its words, since every tool spells both its own
        way. Rows that say the same are told apart by their count in the file; a row that stands twice in it, with an id
        or of one response, has no key the second time. A chat's message that has an id of its own is known by that
        alone, so that it stays itself when it is edited.
        """
        if comment.message is not None:
            digest = _digest_of("message", comment.message)
            return digest.hex() if self._occurrences.add(digest) == 1 else None
        stated = comment.week or (week if comment.id is None else None)
        teams = "" if tells(comment) else comment.stated
        digest = _digest_of(comment.id and alike(comment.id), teams, stated, wording(comment.text))
        if comment.id is not None or comment.survey is not None:
            row = digest + f"{comment.stated}\x1f{comment.respondent}".encode()
            if self._occurrences.add(row) > 1:
                return None
        return f"{digest.hex()}\x1f{self._occurrences.add(digest)}"

    def person(self, comment: Comment, week: Week, key: str, form: str) -> tuple[str, str | None]:
        """Who wrote, and the pool within which it tells them from others; none where nobody is named (``Vote``).

        Then a person is a row: the same one in another file by its response or its id, however it is written there, and
        only where it has neither by all that it says.
        """
        if comment.respondent is not None and comment.survey is None:
            realm = "addresses" if "@" in comment.respondent else comment.realm
            return comment.respondent, f"{self._source}\x1f{form}\x1f{realm}"
        row = comment.respondent or (comment.id and f"{self._source}\x1f{alike(comment.id)}")
        return f"{week}\x1f{row}" if row else key, None


def tells(comment: Comment) -> bool:
    """Whether no other comment has its id, or its words."""
    return comment.id is not None or len(wording(comment.text).split()) >= TELLING


def _digest_of(*said: object) -> bytes:
    return hashlib.sha256("\x1f".join(map(str, said)).encode()).digest()

"""Which comment of a file is the same one in another, and which person: that each counts once hangs on it.

Promise: what a comment is known by outlives its window, so its respondent is no part of it, and nobody can test with it
who wrote a text that is known. No text is kept. Called by ``friction.ingest``.
"""

import hashlib
import re
import unicodedata
from typing import Final

from friction.occurrences import Occurrences
from friction.records import Comment, Week
from friction.sources.rows import alike, wording

TELLING: Final = 8
"""Words of a text from which on it is one person's: of the corpus's texts, written for organisations that know nothing
of each other, no two so long are the same (``tests/training/test_corpus.py``)."""
_SPELLING: Final = "3"
"""Part of every pool of keys, and another one whenever ``bare`` changes: who is known otherwise since then is no second
voice in a window that was open."""
_BETWEEN: Final = re.compile(r"[\s<>\"()\[\]{},;:?|]+")
_NUMBER: Final = re.compile(r"(\d{1,3}(?:[ .,']\d{3})+|\d+)(?:[.,]0+)?")
"""A whole number as sheets show it, in either language: with its thousands apart, with zeros behind it."""
_EDGES: Final = "<>=+`´ "
"""What stands around a key beside punctuation."""


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
        who = comment.respondent and bare(comment.respondent)
        if who is not None and comment.survey is None:
            realm = "addresses" if "@" in who else comment.realm
            return who, f"{self._source}\x1f{form}\x1f{realm}\x1f{_SPELLING}"
        row = who or (comment.id and f"{self._source}\x1f{alike(comment.id)}")
        return f"{week}\x1f{row}" if row else key, None


def bare(key: str) -> str:
    """A person's key without what tools and spreadsheets put around it or take from it; as it is where nothing is left.

    A number is its digits without zeros in front, an address without the name that it belongs to. Two people who become
    one by this only make the threshold harder to reach; one who becomes two would lower it.

    >>> bare("'00101"), bare("Ann Lee <Ann@X.example>;"), bare("{ABC-1}")
    ('101', 'ann@x.example', 'abc-1')
    >>> bare("10 101"), bare("10,101"), bare("101,00")
    ('10101', '10101', '101')
    >>> bare("000"), bare("***"), bare("o'brien+pulse@x.example")
    ('000', '***', "o'brien+pulse@x.example")
    """
    said = alike(key)
    marks = _EDGES + "".join(c for c in set(said) if unicodedata.category(c).startswith("P"))
    addresses = {word for part in _BETWEEN.split(said) if "@" in (word := part.strip(marks))}
    found = addresses.pop() if len(addresses) == 1 else alike(said.strip(marks))
    if number := _NUMBER.fullmatch(found):
        found = re.sub(r"\D", "", number[1]).lstrip("0")
    return found or said


def tells(comment: Comment) -> bool:
    """Whether no other comment has its id, or its words."""
    return comment.id is not None or len(wording(comment.text).split()) >= TELLING


def _digest_of(*said: object) -> bytes:
    return hashlib.sha256("\x1f".join(map(str, said)).encode()).digest()

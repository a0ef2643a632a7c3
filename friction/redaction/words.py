"""The words of a text, as the recognisers of names look at them; none is kept. Called by this package only."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(r"[^\W\d_]+(?:[-'\u2019\u2011][^\W\d_]+)*")
_ELIDED: Final = re.compile(r"(?:[cdjlmnst]|qu|jusqu|quelqu|lorsqu|puisqu|quoiqu|presqu)['\u2019](?=[^\W\d_]{2})", re.I)
_SAME: Final = str.maketrans(
    {"\u2019": "'", "\u2011": "-", "\u0153": "oe", "\u00e6": "ae", "\u0142": "l", "\u00f8": "o"}
)


_KEPT: Final = 0x2200
"""Latin letters, apostrophes and hyphens are before this character."""


class _Folds(dict[int, str]):
    """What each character becomes, worked out when it is first met; those beyond ``_KEPT`` each time."""

    def __missing__(self, code: int) -> str:
        plain = unicodedata.normalize("NFKD", chr(code).casefold().translate(_SAME))
        folded = "".join(c for c in plain if not unicodedata.combining(c))
        if code < _KEPT:
            self[code] = folded
        return folded


_FOLDS: Final = _Folds()


def fold(word: str) -> str:
    """Case, accents and kinds of apostrophe levelled, for comparison.

    >>> fold("Ma\u00eblys"), fold("O\u2019Rourke")
    ('maelys', "o'rourke")
    """
    return word.lower() if word.isascii() else word.translate(_FOLDS)


@dataclass(slots=True)
class Word:
    """A word and where it stands; not its kind. ``folded`` is how lists know it."""

    start: int
    end: int
    text: str
    folded: str


def words(text: str) -> list[Word]:
    """The words of ``text``, without French elisions ("d'Antoine") and English possessives ("Tom's").

    >>> [word.text for word in words("l'avis d'Antoine, Tom's and O'Rourke's")]
    ['avis', 'Antoine', 'Tom', 'and', "O'Rourke"]
    """
    found = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        word = match[0]
        if "'" in word or "\u2019" in word:
            if word[-2:] in ("'s", "\u2019s", "'S", "\u2019S"):
                word, end = word[:-2], end - 2
            elided = _ELIDED.match(word)
            if elided and not _is_given_prefix(word):
                word, start = word[elided.end() :], start + elided.end()
        found.append(Word(start, end, word, fold(word)))
    return found


def _is_given_prefix(word: str) -> bool:
    """N'Golo, M'Hamed: capitals on both sides of the apostrophe, and no letter that French elides before names."""
    return word[0] in "NMT" and word[2:3].isupper() and not word[3:4].isupper()

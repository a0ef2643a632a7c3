"""The lists that ship with the recogniser of names, read once.

Made by ``training.bench.redaction.lists``; licences in NOTICE.
Called by ``friction.redaction.names``.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

_DATA: Final = files("friction.redaction") / "data"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Folded words.

    Attributes:
        plain: given and family names that are nothing else.
        given: given names, whatever else they are.
        family: family names, whatever else they are.
        notable: given names that are given names above all, whatever else they are.
        worded: names that are ordinary words as well ("Rose", "Will", "Claire").
        placed: names that are places, months or brands as well ("Jordan", "June", "Tiffany").
        lower: given names that are masked in lower case too.
        ordinary: words of English and French that are never taken for an unknown name.
    """

    plain: frozenset[str]
    given: frozenset[str]
    family: frozenset[str]
    notable: frozenset[str]
    worded: frozenset[str]
    placed: frozenset[str]
    lower: frozenset[str]
    ordinary: frozenset[str]


@cache
def lexicon() -> Lexicon:
    """The lists; a few hundredths of a second the first time."""
    marks = dict(line.split("\t") for line in (_DATA / "names.txt").read_text(encoding="ascii").splitlines())
    return Lexicon(
        plain=frozenset(name for name, mark in marks.items() if not {"w", "p"} & set(mark)),
        given=frozenset(name for name, mark in marks.items() if "g" in mark),
        family=frozenset(name for name, mark in marks.items() if "f" in mark),
        notable=frozenset(name for name, mark in marks.items() if "n" in mark),
        worded=frozenset(name for name, mark in marks.items() if "w" in mark and "p" not in mark),
        placed=frozenset(name for name, mark in marks.items() if "p" in mark),
        lower=frozenset(name for name, mark in marks.items() if "l" in mark),
        ordinary=frozenset((_DATA / "words.txt").read_text(encoding="ascii").split()),
    )

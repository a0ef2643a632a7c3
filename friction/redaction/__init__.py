"""Mask what could identify a person, before anything else looks at a text.

Promises: personal names, e-mail addresses, URLs, phone numbers, bank accounts, cards, national numbers, IP
addresses, handles and employee numbers become a neutral placeholder; a word of the directory is not taken for a name,
nor "@" before a team's name for a person's handle; nothing found is logged or kept but its kind is counted. Finding and
masking are apart, joined by ``Found``.
How well, per kind and language: docs/redaction.md. Called by ``friction.pipeline``; training reads through it too.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from friction.records import AlignedText, Directory, Span
from friction.redaction import patterns
from friction.redaction.names import NameFinder
from friction.redaction.roster import Roster
from friction.redaction.spans import Found, Kind, without_overlaps
from friction.redaction.words import fold, words

MASKS: Final[dict[Kind, str]] = {
    "email": "[email]",
    "url": "[link]",
    "phone": "[phone]",
    "iban": "[account]",
    "card": "[account]",
    "national_number": "[id]",
    "ip": "[link]",
    "handle": "[person]",
    "identifier": "[id]",
    "name": "Alex",
    "listed_name": "Alex",
}
"""A name is replaced by one and the same name: the model reads "Alex from sales" as it reads any other, and worse
"[person] from sales"; that name is one token of its vocabulary, and a woman's or a man's in both languages."""
_ALIKE: Final = {"\u2010": "-", "\u2011": "-", "\uff20": "@", "\uff0e": "."}
"""Hyphens that do not break a line, and the signs of an address in full width: as they are usually typed."""
_UNSEEN: Final = re.compile(f"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff{''.join(_ALIKE)}]")
_ACCENTED: Final = re.compile(r"[^\W\d_][\u0300-\u036f]+")
"""A letter and its accents as characters of their own, as some keyboards and files have them."""
_BESIDE_AN_ALEX: Final = "[person]"
"""Where a team is called Alex, a masked name must not look like it."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text that may be looked at, and how many of each kind were masked in it."""

    text: AlignedText
    counts: Mapping[str, int] = field(default_factory=dict)


class Redactor:
    """Finds and masks, for one organisation.

    Args:
        directory: its teams, whose words are never masked as names.
        roster: its own list of names to mask.
        identifiers: its pattern of employee numbers.
    """

    def __init__(
        self,
        directory: Directory | None = None,
        *,
        roster: Roster | None = None,
        identifiers: re.Pattern[str] | None = None,
    ) -> None:
        phrases = list(_phrases(directory)) if directory else []
        self._names = NameFinder(phrases)
        self._team_handles = frozenset("@" + fold(phrase) for phrase in phrases)
        alex = any(word.folded == fold(MASKS["name"]) for phrase in phrases for word in words(phrase))
        self._masks = MASKS | ({"name": _BESIDE_AN_ALEX, "listed_name": _BESIDE_AN_ALEX} if alex else {})
        self._roster = roster or Roster()
        self._identifiers = identifiers

    def find(self, text: str) -> list[Found]:
        """Everything to be masked, in order, without overlaps; what has a form of its own wins over a name."""
        candidates = [found for found in patterns.find(text, self._identifiers) if not self._is_team(found, text)]
        candidates += [Found(span, "listed_name") for span in self._roster.find(text)]
        candidates += [Found(span, "name") for span in self._names.find(text)]
        return without_overlaps(candidates)

    def _is_team(self, found: Found, text: str) -> bool:
        return found.kind == "handle" and fold(text[found.span.start : found.span.end]) in self._team_handles

    def redact(self, text: str) -> Redacted:
        """``text`` with everything that ``find`` finds masked."""
        seen = _as_seen(text)
        found = self.find(seen.text)
        edits = [(f.span, self._masks[f.kind]) for f in found]
        return Redacted(seen.replace(edits), Counter(f.kind for f in found))


def _as_seen(text: str) -> AlignedText:
    """``text`` without what would keep a name or a number from being known, and looks the same.

    Gone are characters that nobody sees; an accent that stands behind its letter becomes one with it.
    """
    aligned = AlignedText.of(text)
    if text.isascii():
        return aligned
    seen = aligned.replace([(Span(*m.span()), _ALIKE.get(m[0], "")) for m in _UNSEEN.finditer(text)])
    whole = ((Span(*m.span()), unicodedata.normalize("NFC", m[0])) for m in _ACCENTED.finditer(seen.text))
    return seen.replace(list(whole))


def _phrases(directory: Directory) -> Iterable[str]:
    for team in directory.teams.values():
        yield from (team.id, team.id.replace("-", " ").replace("_", " "), team.name, *team.aliases)


@cache
def _anyones() -> Redactor:
    return Redactor()


def redact(text: str) -> AlignedText:
    """``text`` masked without a directory, a list or a pattern of an organisation."""
    return _anyones().redact(text).text

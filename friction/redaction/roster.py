"""The organisation's own list of names to mask: a file of names, or of their salted hashes.

One name a line; ``#`` begins a remark. In the hashed form the first line is ``salt: TEXT`` and every other line is
the HMAC-SHA-256 of the folded name under that salt, in hexadecimal: ``python -m friction.redaction NAMES`` writes it.
Hashes keep a passer-by from reading the list; whoever has the file can still try names on it, so keep it as private as
the list.

Promises: no name is in a message. A listed name is masked in any case, with or without accents, and as a part of a word
with hyphens.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from friction.errors import UsageError
from friction.records import Span
from friction.redaction.words import Word, fold, words

_PART: Final = re.compile(r"[^-\u2011]+")
LONGEST: Final = 5
"""Words of the longest name that a hashed list finds."""


@dataclass(frozen=True, slots=True)
class Roster:
    """Names, or hashes of names under ``salt``. Does not show them."""

    entries: frozenset[str] = field(default_factory=frozenset, repr=False)
    salt: bytes | None = field(default=None, repr=False)

    def find(self, text: str) -> Iterator[Span]:
        """Listed names in ``text``, the longest first where they begin together."""
        if not self.entries:
            return
        seen = words(text)
        at = 0
        while at < len(seen):
            length = next((n for n in range(LONGEST, 0, -1) if self._holds(seen[at : at + n], n)), 0)
            if length:
                yield Span(seen[at].start, seen[at + length - 1].end)
            elif parts := _parts(seen[at]):
                yield from (Span(part.start, part.end) for part in parts if self._holds([part], 1))
            at += length or 1

    def _holds(self, phrase: Sequence[Word], length: int) -> bool:
        if len(phrase) < length:
            return False
        name = " ".join(word.folded for word in phrase)
        return (name if self.salt is None else hashed(name, self.salt)) in self.entries


def _parts(word: Word) -> list[Word]:
    """Of a word with hyphens what stands between them: "Zyx" and "led" of "Zyx-led"; of another nothing."""
    found = [Word(word.start + m.start(), word.start + m.end(), m[0], fold(m[0])) for m in _PART.finditer(word.text)]
    return found if len(found) > 1 else []


def hashed(name: str, salt: bytes) -> str:
    """The form in which a hashed list holds a folded name."""
    return hmac.new(salt, name.encode(), hashlib.sha256).hexdigest()


def folded(name: str) -> str:
    """A name as lists know it: its words folded, one space between."""
    return " ".join(word.folded for word in words(name))


def read(path: Path) -> Roster:
    """The list in a file.

    Raises:
        UsageError: missing, not UTF-8, or a line of a hashed list that is no hash; the message has its number only.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"[redaction] names: cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"[redaction] names: {path} is not UTF-8; save it as UTF-8.") from None
    kept = [(number, name) for number, line in enumerate(lines, 1) if (name := line.partition("#")[0].strip())]
    if kept and kept[0][1].startswith("salt:"):
        salt = lines[kept[0][0] - 1].strip().removeprefix("salt:").strip().encode()
        for number, line in kept[1:]:
            if len(line) != 64 or set(line) - set("0123456789abcdef"):
                raise UsageError(f"[redaction] names: {path} line {number} is not a hash; make the list anew.")
        return Roster(frozenset(line for _, line in kept[1:]), salt)
    for number, line in kept:
        if not 1 <= len(words(line)) <= LONGEST:
            raise UsageError(f"[redaction] names: {path} line {number} is not a name of one to {LONGEST} words.")
    return Roster(frozenset(folded(line) for _, line in kept))


def hashed_lines(roster: Roster) -> Iterator[str]:
    """The hashed form of a list in the clear, under a new salt.

    Raises:
        UsageError: it is hashed already.
    """
    if roster.salt is not None:
        raise UsageError("The list holds hashes already; give the one with the names.")
    salt = secrets.token_hex(16)
    yield f"salt: {salt}"
    yield from sorted(hashed(name, salt.encode()) for name in roster.entries)

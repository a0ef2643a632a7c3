"""A text word by word: what stands beside what. Called by ``friction.redaction.names``."""

from typing import Final

from friction.redaction.words import Word, words

_STOPS: Final = frozenset('.!?:\u2026\n\u00ab\u201c"\u2022;')
_SPACES: Final = (" ", "\u00a0", "\u202f")
_SHOUTED: Final = 0.6
"""Share of capitals from which a text is shouted, and capitals say nothing."""


class Sentence:
    """The words of a text, and their neighbourhood.

    Attributes:
        words: in order.
        shouted: most of it is in capitals.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = words(text)
        self._shouted: bool | None = None

    @property
    def shouted(self) -> bool:
        """Most of it is in capitals, which then say nothing."""
        if self._shouted is None:
            letters = sum(map(str.isalpha, self.text))
            self._shouted = letters > 8 and sum(map(str.isupper, self.text)) > _SHOUTED * letters
        return self._shouted

    def between(self, at: int) -> str:
        """What stands between a word and the next; a word of its own if there is no next."""
        if not 0 <= at < len(self.words) - 1:
            return "end"
        return self.text[self.words[at].end : self.words[at + 1].start]

    def next(self, at: int) -> Word | None:
        """The next word, if only a space stands between."""
        return self.words[at + 1] if self.between(at) in _SPACES else None

    def previous(self, at: int) -> Word | None:
        """The word before, if only a space stands between."""
        return self.words[at - 1] if self.between(at - 1) in _SPACES else None

    def before(self, at: int) -> str:
        """The word before, folded; ``#`` for a number, ``l'`` for that article, nothing if something stands between.

        « à » keeps its accent: it is not the English article.
        """
        start = self.words[at].start
        lead = self.text[max(0, start - 2) : start].lower()
        if lead in ("l'", "l\u2019"):
            return "l'"
        if lead[:1].isdigit() and lead[1:] == " ":
            return "#"
        word = self.previous(at)
        return "" if word is None else "\u00e0" if word.text == "\u00e0" else word.folded

    def starts(self, at: int) -> bool:
        """Whether a sentence, a line or a quotation begins with the word."""
        lead = self.text[: self.words[at].start].rstrip(" \u00a0\u202f'(-\u2013\u2014*>")
        return not lead or lead[-1] in _STOPS

    def touches(self, at: int, marks: str) -> bool:
        """Whether a digit or one of ``marks`` stands right before or after the word."""
        word = self.words[at]
        sides = self.text[word.end : word.end + 1], self.text[word.start - 1 : word.start] if word.start else ""
        return any(side and (side in marks or side.isdigit()) for side in sides)

    def is_handle(self, at: int) -> bool:
        """Whether an "@" stands right before the word."""
        start = self.words[at].start
        return start > 0 and self.text[start - 1] == "@"

    def in_heading(self, at: int) -> bool:
        """Whether the words on both sides are capitalised too: A Title Like This."""
        return (
            0 < at < len(self.words) - 1
            and self.words[at - 1].text[0].isupper()
            and self.words[at + 1].text[0].isupper()
            and self.previous(at) is not None
            and self.next(at) is not None
        )

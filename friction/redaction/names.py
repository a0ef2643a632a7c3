"""Personal names: given and family names from lists, and unknown ones where only a person can stand.

Promises: a word of the directory is never taken for a name; nothing is kept or logged. A name that is an ordinary
word, place, month or brand as well needs a sign beside it: a title, a surname, a verb of speech, a human's verb.
Titles stay. Called by ``friction.redaction`` only.
"""

from collections.abc import Iterable, Sequence

from friction.records import Span
from friction.redaction import context
from friction.redaction.lexicon import lexicon
from friction.redaction.sentence import Sentence
from friction.redaction.signs import Signs
from friction.redaction.words import Word, words


class NameFinder:
    """Finds personal names.

    Args:
        spared: phrases that are no names here, whatever the lists say: the directory's ids, names and aliases.
    """

    def __init__(self, spared: Iterable[str] = ()) -> None:
        self._spared = _Phrases(spared)

    def find(self, text: str) -> list[Span]:
        """Spans of names, in order, without overlaps."""
        sentence = Sentence(text)
        starts = _starts(sentence)
        if not starts:
            return []
        reader = _Reader(sentence, Signs(sentence, self._spared.covered(sentence.words)))
        return list(reader.spans(starts))


def _starts(sentence: Sentence) -> list[int]:
    """Indices of the words that a name could begin with: few, so that what takes long looks at few."""
    seen, small, before = sentence.words, lexicon().lower, context.BEFORE_NAMES
    return [
        at
        for at, word in enumerate(seen)
        if word.text[0].isupper()
        or word.folded in small
        or (at and (seen[at - 1].folded in before or sentence.is_handle(at - 1)))
    ]


class _Phrases:
    """The directory's phrases, word by word, singular and plural alike."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._by_first: dict[str, list[tuple[str, ...]]] = {}
        for phrase in phrases:
            bare = tuple(_singular(word.folded) for word in words(phrase))
            while bare and bare[0] in ("the", "our", "le", "la", "les", "nos"):
                bare = bare[1:]
            if bare:
                self._by_first.setdefault(bare[0], []).append(bare)

    def covered(self, seen: Sequence[Word]) -> frozenset[int]:
        """Indices of the words that belong to a phrase."""
        if not self._by_first:
            return frozenset()
        bare = [_singular(word.folded) for word in seen]
        covered: set[int] = set()
        for at, word in enumerate(bare):
            for phrase in self._by_first.get(word, ()):
                if tuple(bare[at : at + len(phrase)]) == phrase:
                    covered.update(range(at, at + len(phrase)))
        return frozenset(covered)


def _singular(folded: str) -> str:
    return folded[:-1] if len(folded) > 3 and folded[-1] in "sx" else folded


class _Reader:
    """Where names begin and how far they go."""

    def __init__(self, sentence: Sentence, signs: Signs) -> None:
        self._sentence = sentence
        self._words = sentence.words
        self._signs = signs
        self._lists = lexicon()

    def spans(self, starts: Iterable[int]) -> Iterable[Span]:
        """The names, from left to right; ``starts`` are the words that one could begin with."""
        free = 0
        for at in starts:
            last = self._begun(at) if at >= free else None
            if last is None:
                continue
            first = at - 1 if at > free and self._signs.is_unknown_given(at - 1, at) else at
            last = self._extended(last)
            yield Span(self._words[first].start, self._end(last))
            free = last + 1

    def _begun(self, at: int) -> int | None:
        """Index of the last word that is surely of the name whose first sure word is at ``at``; None: no name."""
        word, signs = self._words[at], self._signs
        titled = self._behind_title(at)
        if titled is not None:
            return titled
        if not word.text[0].isupper():
            small = word.folded in self._lists.lower and signs.is_lower_name(at)
            return at if small or signs.is_behind_handle(at) else None
        if signs.is_spared(at):
            return None
        if len(word.text) == 1:
            return self._behind_initial(at)
        if signs.is_thing(at) or word.folded in context.NOT_PEOPLE:
            return None
        known = signs.known(at)
        if known == "plain":
            return at if self._sentence.shouted or not signs.is_abbreviation(at) else None
        if known:
            return at if signs.is_meant(at, known) else None
        if signs.is_addressed(at, unknown=True) or signs.acts(at):
            return at
        return at + 1 if signs.is_particle_of_family(at) else None

    def _behind_title(self, at: int) -> int | None:
        """As in "Mme Tessier", "M. de La Roch\u00e8re", "mr okafor", "directeur Hallouin"."""
        strength = self._signs.title(at - 1) if at else None
        if strength is None:
            return None
        last = at
        if strength != "role":
            while self._words[last].folded in context.JOINING and self._sentence.next(last):
                last += 1
        word = self._words[last]
        capital = word.text[0].isupper() and not self._sentence.shouted
        if self._signs.is_spared(last) or word.folded in context.NOT_PEOPLE | context.TITLES or "'" in word.folded[:2]:
            return None
        if last > at and not capital:
            return None
        lists = self._lists
        if word.folded in lists.plain:
            return last if capital or strength == "short" else None
        if word.folded in lists.ordinary:
            named = word.folded in lists.worded or word.folded in lists.placed
            return last if capital and named and strength != "role" else None
        return last if capital or (strength == "short" and len(word.text) > 2 and last == at) else None

    def _behind_initial(self, at: int) -> int | None:
        """As in "J. Dupont", "J.-P. Martin": the initial at ``at`` and the name behind it."""
        if self._words[at].text == "M" or self._sentence.before(at) == "#" or self._sentence.touches(at, ""):
            return None
        last = at
        while (
            last < at + 3
            and len(self._words[last].text) == 1
            and self._sentence.between(last) in (". ", ".", ".-", ".\u00a0")
        ):
            last += 1
        name = self._words[last]
        if last == at or len(name.text) < 2 or not name.text[0].isupper() or name.folded in context.NOT_PEOPLE:
            return None
        if self._signs.is_spared(last) or self._signs.is_thing(last):
            return None
        lists = self._lists
        if name.folded in lists.plain or self._signs.may_be_unknown(last):
            return last
        previous = self._sentence.previous(at)
        return last if name.folded in lists.worded and (previous is None or previous.folded in context.BESIDE) else None

    def _extended(self, last: int) -> int:
        """The last word of the name, surnames and their particles included."""
        for _ in range(3):
            step = last + 1
            while step < len(self._words) and self._words[step].folded in context.JOINING and self._sentence.next(step):
                step += 1
            if self._sentence.next(last) is None or any(self._sentence.next(i) is None for i in range(last, step)):
                break
            if not self._signs.continues(step, small=self._words[last].text.islower() and step == last + 1):
                break
            last = step
        return last

    def _end(self, last: int) -> int:
        """A trailing initial takes its full stop along: "Nadia K."."""
        word = self._words[last]
        initial = len(word.text) == 1 and self._sentence.text.startswith(".", word.end)
        return word.end + 1 if initial else word.end

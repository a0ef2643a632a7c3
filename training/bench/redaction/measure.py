"""What is right: a label is found if every letter and digit of it is masked; a mask is right if every letter and digit
that it covers is labelled. Both are strict: half a name left is a miss, a word too many is a false alarm.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from scipy.stats import beta

from friction.records import Span
from training.bench.redaction.labelled import Label, Sentence


@dataclass(slots=True)
class Tally:
    """Counts over sentences."""

    found: int = 0
    labelled: int = 0
    right: int = 0
    masked: int = 0
    missed: list[tuple[Sentence, Label]] = field(default_factory=list, repr=False)
    wrong: list[tuple[Sentence, Span]] = field(default_factory=list, repr=False)

    @property
    def recall(self) -> float:
        """Share of labels found."""
        return self.found / self.labelled if self.labelled else 1.0

    @property
    def precision(self) -> float:
        """Share of masks right."""
        return self.right / self.masked if self.masked else 1.0


def interval(hits: int, of: int) -> tuple[float, float]:
    """Clopper-Pearson 95% interval of a share."""
    low = float(beta.ppf(0.025, hits, of - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, of - hits)) if hits < of else 1.0
    return low, high


def _letters(text: str, spans: Iterable[Span]) -> set[int]:
    return {i for span in spans for i in range(span.start, span.end) if text[i].isalnum()}


def tally(pairs: Iterable[tuple[Sentence, Sequence[tuple[Span, str]]]], kinds: frozenset[str]) -> Tally:
    """Compare masks with labels, where the label's or the mask's kind is one of ``kinds``.

    A label counts as found whatever kind its mask has, and a mask as right whatever kind its label has: masked is
    masked.
    """
    total = Tally()
    for sentence, masks in pairs:
        covered = _letters(sentence.text, (span for span, _ in masks))
        personal = _letters(sentence.text, (label.span for label in sentence.labels))
        for label in sentence.labels:
            if label.kind in kinds:
                total.labelled += 1
                if _letters(sentence.text, [label.span]) <= covered:
                    total.found += 1
                else:
                    total.missed.append((sentence, label))
        for span, kind in masks:
            if kind in kinds:
                total.masked += 1
                if _letters(sentence.text, [span]) <= personal:
                    total.right += 1
                else:
                    total.wrong.append((sentence, span))
    return total

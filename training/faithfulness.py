"""Is the evidence faithful? Deleting it must lower the blame more than deleting as many other words.

The comprehensiveness of ERASER (DeYoung et al. 2020), beside random words of the same comment.
"""

import dataclasses
import random
import re
from collections.abc import Sequence
from itertools import compress
from pathlib import Path

import numpy as np

from friction.classifier import Classifier
from friction.markers import mark
from friction.records import Evidence, Span
from friction.taxonomy import HEADS

from . import calibration
from .corpus import Example, Labelled
from .export import run

_BLAME = HEADS.index("blame")


def report(folder: Path, rows: Sequence[Labelled], items: Sequence[Example], *, seed: int = 7) -> str:
    """A sentence with the mean fall of the blame's probability, evidence deleted against as many random words.

    Judged are the targets that the model in ``folder`` blames and whose evidence leaves at least as many other words;
    ``items`` are the examples of ``rows``.
    """
    classifier = Classifier.load(folder)
    rng = random.Random(seed)
    places = {(e.org, e.id, e.team): e for e in items}
    whole, without, others = [], [], []
    for row, scores in zip(rows, classifier.score([r.reading for r in rows]), strict=True):
        for score in scores:
            if not score.blamed or (row.org, row.id, score.team) not in places:
                continue
            item = places[row.org, row.id, score.team]
            marked = mark(row.reading, score.team)
            words = [(m.start(), m.end()) for m in re.finditer(r"\S+", marked.text)]
            shown = [_is_shown(marked.source(Span(start, start + 1)), score.evidence) for start, _ in words]
            evidence = list(compress(words, shown))
            rest = [word for word in words if word not in evidence]
            if not evidence or len(rest) < len(evidence):
                continue
            whole.append(item)
            without.append(dataclasses.replace(item, text=_less(item.text, evidence)))
            others.append(dataclasses.replace(item, text=_less(item.text, rng.sample(rest, len(evidence)))))
    if not whole:
        return "Evidence: no comment to judge it on."
    before, less_evidence, less_others = (_blame(classifier, part) for part in (whole, without, others))
    falls = [float(np.mean(before - after)) for after in (less_evidence, less_others)]
    wins = float(np.mean(less_evidence < less_others))
    return (
        f"Evidence: over {len(whole)} blamed targets, deleting it lowers the probability of blame by {falls[0]:.2f} on "
        f"average, deleting as many random other words by {falls[1]:.2f}; it lowers it more in {wins:.0%} of them."
    )


def _is_shown(behind: Span, evidence: Sequence[Evidence]) -> bool:
    return any(e.start <= behind.start and behind.end <= e.end for e in evidence)


def _less(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + text[end:]
    return " ".join(text.split())


def _blame(classifier: Classifier, items: list[Example]) -> calibration.Array:
    logits = run(classifier.network.session, classifier.network.tokenizer, items)
    return calibration.probabilities(logits, items, classifier.card.scaling)[:, _BLAME]

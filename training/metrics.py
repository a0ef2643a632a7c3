"""The figures of the evaluation table, with bootstrap intervals over comments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from friction.taxonomy import HEADS, PATTERNS

from .calibration import joint
from .corpus import Example, Labelled

Array = NDArray[np.float64]
_IS_TEAM, _BLAME, _APPRECIATION = range(3)
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Figure:
    """A value and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.2f}-{self.high:.2f})"


def _f1(truth: NDArray[np.bool_], found: NDArray[np.bool_]) -> float:
    hits = int((truth & found).sum())
    return 2 * hits / max(int(truth.sum()) + int(found.sum()), 1)


class Judged:
    """Probabilities of one model on one split, as labels at its thresholds.

    Args:
        rows: the split's comments; ``items`` their examples; a gold target that the finder missed counts as missed.
        probability: shape (examples, heads).
    """

    def __init__(
        self, rows: Sequence[Labelled], items: Sequence[Example], probability: Array, limits: Mapping[str, float]
    ) -> None:
        seen = {(e.org, e.id, e.team) for e in items}
        missed = [(r, g) for r in rows for t, g in r.targets.items() if (r.org, r.id, t) not in seen]
        labels = np.array([e.labels for e in items])
        weights = np.array([e.weights for e in items])
        is_gold = weights[:, _BLAME] > 0
        found = joint(probability) >= np.array([limits[h] for h in HEADS])
        found[:, _IS_TEAM] |= weights[:, _IS_TEAM] == 0
        found[:, 1:] &= found[:, [_IS_TEAM]]
        found[:, 3:] &= found[:, [_BLAME]]
        extra = np.zeros((len(missed), len(HEADS)), dtype=bool)
        gold = np.zeros_like(extra)
        for row, (_, g) in enumerate(missed):
            gold[row] = [True, g.blame, g.appreciation, *(p in g.patterns for p in PATTERNS)]
        self.truth = np.vstack([(labels > 0.5) & is_gold[:, None], gold])
        self.found = np.vstack([found, extra])
        self.probability = probability
        self.is_gold = is_gold
        self.lang = np.array([e.lang for e in items] + [r.reading.lang for r, _ in missed])
        self.comment = np.array([f"{e.org}/{e.id}" for e in items] + [f"{r.org}/{r.id}" for r, _ in missed])

    def figures(self, lang: str | None = None) -> dict[str, Figure]:
        """Blame, appreciation and targets F1, pattern macro-F1, expected calibration error of blame."""
        here = np.ones(len(self.lang), dtype=bool) if lang is None else self.lang == lang
        measures: dict[str, Callable[[NDArray[np.int64]], float]] = {
            "blame F1": lambda i: _f1(self.truth[i, _BLAME], self.found[i, _BLAME]),
            "appreciation F1": lambda i: _f1(self.truth[i, _APPRECIATION], self.found[i, _APPRECIATION]),
            "pattern macro-F1": self._macro,
            "targets F1": lambda i: _f1(self.truth[i, _IS_TEAM], self.found[i, _IS_TEAM]),
            "ECE": self._ece,
        }
        return {name: self._bootstrap(measure, np.flatnonzero(here)) for name, measure in measures.items()}

    def pattern(self, name: str) -> float:
        """F1 of one pattern."""
        place = HEADS.index(name)
        return _f1(self.truth[:, place], self.found[:, place])

    def of(self, head: str) -> tuple[NDArray[np.bool_], Array]:
        """Truth and probability of a head over the targets that are judged."""
        place = HEADS.index(head)
        return self.truth[: len(self.is_gold), place][self.is_gold], self.probability[self.is_gold, place]

    def blame_of(self, places: Sequence[int]) -> tuple[int, int, float, float, float]:
        """Targets, how many are blamed, F1, precision and recall of blame over the examples at ``places``."""
        truth, found = self.truth[places, _BLAME], self.found[places, _BLAME]
        hits = int((truth & found).sum())
        precision, recall = hits / max(int(found.sum()), 1), hits / max(int(truth.sum()), 1)
        return len(places), int(truth.sum()), _f1(truth, found), precision, recall

    def _macro(self, index: NDArray[np.int64]) -> float:
        return float(np.mean([_f1(self.truth[index, p], self.found[index, p]) for p in range(3, len(HEADS))]))

    def _ece(self, index: NDArray[np.int64], bins: int = 10) -> float:
        index = index[index < len(self.probability)]
        index = index[self.is_gold[index]]
        p, y = self.probability[index, _BLAME], self.truth[index, _BLAME]
        place = np.minimum((p * bins).astype(int), bins - 1)
        gaps = [
            abs(p[place == b].mean() - y[place == b].mean()) * (place == b).mean()
            for b in range(bins)
            if (place == b).any()
        ]
        return float(sum(gaps))

    def _bootstrap(self, measure: Callable[[NDArray[np.int64]], float], index: NDArray[np.int64]) -> Figure:
        """Resample comments, not targets: those of one comment stand or fall together."""
        rng = np.random.default_rng(7)
        _, group = np.unique(self.comment[index], return_inverse=True)
        members = [index[group == g] for g in range(group.max() + 1)]
        values = [
            measure(np.concatenate([members[g] for g in rng.integers(0, len(members), len(members))]))
            for _ in range(RESAMPLES)
        ]
        low, high = np.quantile(values, (0.025, 0.975))
        return Figure(measure(index), float(low), float(high))

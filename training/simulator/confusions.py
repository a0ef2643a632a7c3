"""The released model's mistakes on the comments of dev: what a simulated classifier does, and what a card may say.

It errs more in one organisation than in the next. So each company draws error rates of its own from the distribution
that dev's organisations come from, and has a card measured on such organisations, as many and as large as dev's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from friction.classifier import Classifier
from friction.conflict import RELATIONSHIP
from friction.model_folder import RELEASED, ErrorRate
from friction.records import LANGS, Lang
from training.calibration import counts, likeness, pooled
from training.corpus import load

Rates = Mapping[str, ErrorRate]
"""By language."""
ACCURATE: Final = 10**6
"""Counts that tell a rate as good as exactly."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scored targets of one language, in arrays of one length.

    Attributes:
        org: number of the organisation.
        blamed: what the annotator said; ``found`` what the model says; ``posterior`` its calibrated probability.
        disrespected: whether the annotator says that disrespect is voiced; ``marked`` whether the model does.
    """

    org: NDArray[np.int64]
    blamed: NDArray[np.bool_]
    found: NDArray[np.bool_]
    posterior: NDArray[np.float64]
    disrespected: NDArray[np.bool_]
    marked: NDArray[np.bool_]

    def only(self, here: NDArray[np.bool_] | NDArray[np.int64]) -> "Scores":
        """Some of the targets."""
        return Scores(**{of.name: getattr(self, of.name)[here] for of in fields(self)})

    def error_rate(self) -> ErrorRate:
        """Counts as a card has them."""
        return pooled({"": counts(self.found, self.blamed, self.org, int(self.org.max()) + 1)})[""]


def scored() -> dict[Lang, Scores]:
    """Every target of dev that an annotator and the model have judged, by language."""
    rows = load("dev")
    orgs = {org: place for place, org in enumerate(sorted({r.org for r in rows}))}
    results = Classifier.load(RELEASED, threads=1).score([r.reading for r in rows], evidence=False)
    found: dict[Lang, list[tuple[int, bool, bool, float, bool, bool]]] = {lang: [] for lang in LANGS}
    for row, scores in zip(rows, results, strict=True):
        by_team = {s.team: s for s in scores}
        for team, gold in row.targets.items():
            if team in row.reading.candidates:
                score = by_team.get(team)
                said = (score.blamed, score.blame) if score else (False, 0.0)
                marked = score is not None and RELATIONSHIP in score.labels
                found[row.reading.lang].append(
                    (orgs[row.org], gold.blame, *said, RELATIONSHIP in gold.patterns, marked)
                )
    return {lang: Scores(*map(np.array, zip(*of, strict=True))) for lang, of in found.items()}


@dataclass(frozen=True, slots=True)
class Mistakes:
    """How a classifier errs, from one organisation to the next.

    Attributes:
        measured: by language, counts of each organisation (``calibration.counts``), shape (organisations, 4).
        alike: of sensitivity and of specificity, how alike organisations are (``calibration.alike``).
    """

    measured: Mapping[str, NDArray[np.int64]]
    alike: tuple[float, float]

    @classmethod
    def of_blame(cls, scores: Mapping[Lang, Scores]) -> "Mistakes":
        """As dev's organisations show them."""
        return cls._of({lang: (of.found, of.blamed, of.org) for lang, of in scores.items()})

    @classmethod
    def of_disrespect(cls, scores: Mapping[Lang, Scores]) -> "Mistakes":
        """The same of disrespect, which a card does not have."""
        return cls._of({lang: (of.marked, of.disrespected, of.org) for lang, of in scores.items()})

    @classmethod
    def _of(cls, judged: Mapping[str, tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]]) -> "Mistakes":
        orgs = max(int(org.max()) for *_, org in judged.values()) + 1
        return cls.of_counts({lang: counts(*of, orgs) for lang, of in judged.items()})

    @classmethod
    def of_counts(cls, measured: Mapping[str, NDArray[np.int64]]) -> "Mistakes":
        """Of organisations as they were counted."""
        return cls(measured, likeness(measured))

    @classmethod
    def everywhere(cls, rates: Rates) -> "Mistakes":
        """The same in every organisation."""
        counted = {lang: np.array([[r.hits, r.positives, r.rejections, r.negatives]]) for lang, r in rates.items()}
        return cls(counted, (np.inf, np.inf))

    def of_a_company(self, rng: np.random.Generator) -> dict[str, ErrorRate]:
        """A company's own rates: one that is read worse than most in a language is so in the other too."""
        places = rng.random(2)
        return {
            lang: _exactly([_drawn(k / max(n, 1), of, place) for (k, n), of, place in zip(
                of_lang.sum(axis=0).reshape(2, 2), self.alike, places, strict=True)])
            for lang, of_lang in self.measured.items()
        }  # fmt: skip

    def card(self, rng: np.random.Generator) -> dict[str, ErrorRate]:
        """A card as other organisations, as many and as large, would have shown it."""
        again = {lang: of.copy() for lang, of in self.measured.items()}
        for org in range(len(next(iter(again.values())))):
            for lang, rate in self.of_a_company(rng).items():
                row = again[lang][org]
                row[0] = rng.binomial(row[1], rate.hits / rate.positives)
                row[2] = rng.binomial(row[3], rate.rejections / rate.negatives)
        return pooled(again)


def _drawn(mean: float, alike: float, place: float) -> float:
    if alike == np.inf or not 0 < mean < 1:
        return mean
    return float(betaincinv(mean * alike, (1 - mean) * alike, place)) if alike else float(place > 1 - mean)


def _exactly(rates: Sequence[float]) -> ErrorRate:
    hit, kept = (round(ACCURATE * rate) for rate in rates)
    return ErrorRate(hit, ACCURATE, kept, ACCURATE)

"""The released model's mistakes on the comments of dev: what a simulated classifier does, and what a card may say."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from friction.classifier import Classifier
from friction.conflict import RELATIONSHIP
from friction.model_folder import RELEASED, ErrorRate
from friction.records import LANGS, Lang
from training.corpus import load

Card = Mapping[str, Mapping[str, ErrorRate]]


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
        return _error_rate(self.blamed, self.found)

    def error_rate_of_disrespect(self) -> ErrorRate:
        """The same of disrespect, which a card does not have."""
        return _error_rate(self.disrespected, self.marked)


def _error_rate(true: NDArray[np.bool_], found: NDArray[np.bool_]) -> ErrorRate:
    return ErrorRate(
        hits=int((found & true).sum()),
        positives=int(true.sum()),
        rejections=int((~found & ~true).sum()),
        negatives=int((~true).sum()),
    )


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


def measured_again(truth: Mapping[Lang, ErrorRate], rng: np.random.Generator) -> Card:
    """A card as another dev of the same size would have shown it: what is not known of the errors, played."""
    rates: dict[str, ErrorRate] = {}
    for lang, r in truth.items():
        hits = rng.binomial(r.positives, r.hits / r.positives)
        rates[lang] = ErrorRate(
            int(hits), r.positives, int(rng.binomial(r.negatives, r.rejections / r.negatives)), r.negatives
        )
    return {"blame": rates, "appreciation": rates}

"""From dev scores to the numbers beside the weights: calibration, thresholds, error rates. Reads dev only."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from friction.model_folder import ErrorRate, Scaling
from friction.taxonomy import HEADS, PATTERNS, STANCES

from .corpus import Example

Array = NDArray[np.float64]
PATTERN_LIMITS: Final = tuple(round(0.2 + 0.02 * step, 2) for step in range(21))
LIMITS: Final = np.arange(20, 61) / 100
RESAMPLES: Final = 200
_FIRST_PATTERN: Final = HEADS.index(PATTERNS[0])
ENOUGH: Final = 30
"""Examples of each kind that a language needs for a scaling of its own."""
ENOUGH_ORGANISATIONS: Final = 8
"""How many organisations it takes to tell how much they differ."""


def _judged(items: Sequence[Example], head: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    weights = np.array([e.weights[head] for e in items]) > 0
    return weights, np.array([e.labels[head] for e in items]) > 0.5


def fit(logits: NDArray[np.float32], items: Sequence[Example]) -> dict[str, Scaling]:
    """Platt scaling (Platt 1999) of each head in each language; languages pooled where one has too few of a kind.

    Args:
        logits: shape (examples, heads).
        items: the examples, as many.
    """
    langs = np.array([e.lang for e in items])
    found = {lang: Scaling(np.ones(len(HEADS), np.float32), np.zeros(len(HEADS), np.float32)) for lang in ("en", "fr")}
    for place in range(len(HEADS)):
        judged, truth = _judged(items, place)
        for lang, scaling in found.items():
            here = judged & (langs == lang)
            if min(truth[here].sum(), (~truth[here]).sum()) < ENOUGH:
                here = judged
            if len(set(truth[here])) < 2:
                continue
            fitted = LogisticRegression(C=10.0).fit(logits[here, place : place + 1], truth[here])
            scaling.scale[place], scaling.shift[place] = fitted.coef_[0, 0], fitted.intercept_[0]
    return found


def probabilities(logits: NDArray[np.float32], items: Sequence[Example], scaling: Mapping[str, Scaling]) -> Array:
    """Calibrated probabilities of shape (examples, heads)."""
    rows = [scaling[e.lang].probabilities(row) for e, row in zip(items, logits, strict=True)]
    return np.array(rows, dtype=np.float64).reshape(-1, len(HEADS))


def thresholds(probability: Array, items: Sequence[Example]) -> dict[str, float]:
    """The probability from which each label is given: that of the best F1, as a mean over resamples of dev.

    F1 hardly changes between 0.2 and 0.5, so that the best limit of dev alone is chance; its mean over bootstrap
    resamples is not (bagging, Breiman 1996). The patterns share one, of the best macro-F1, for the probability of blame
    and pattern together: where blame is in doubt, so is every pattern of it. With some forty of each in dev, one of
    their own fitted noise: it lost 0.013 of macro-F1 on the other half of dev's organisations; the joint probability
    gains 0.008 there (friction-enfr-11, 30 halvings) over that given blame.
    """
    found = {}
    for place, head in enumerate(HEADS[:_FIRST_PATTERN]):
        judged, truth = _judged(items, place)
        if len(set(truth[judged])) < 2:
            found[head] = 0.5
            continue
        found[head] = _limit(truth[judged], probability[judged, place])
    found["is_team"] = min(found["is_team"], 0.5)
    judged, _ = _judged(items, HEADS.index("blame"))
    blamed = probability[judged, HEADS.index("blame")] >= found["blame"]
    truths = np.array([e.labels for e in items])[judged, _FIRST_PATTERN:] > 0.5
    said = joint(probability)[judged, _FIRST_PATTERN:]
    macro = [
        float(np.mean(f1_score(truths, (said >= limit) & blamed[:, None], average=None, zero_division=0)))
        for limit in PATTERN_LIMITS
    ]
    return found | dict.fromkeys(PATTERNS, PATTERN_LIMITS[int(np.argmax(macro))])


def joint(probability: Array) -> Array:
    """Probabilities of shape (examples, heads) with those of the patterns, that are given blame, made those of both."""
    both = probability.copy()
    both[:, _FIRST_PATTERN:] *= probability[:, [HEADS.index("blame")]]
    return both


def _limit(truth: NDArray[np.bool_], probability: Array) -> float:
    rng = np.random.default_rng(0)
    said = probability[:, None] >= LIMITS
    best = []
    for _ in range(RESAMPLES):
        some = rng.integers(0, len(truth), len(truth))
        hits, found = (said[some] & truth[some, None]).sum(0), said[some].sum(0)
        best.append(LIMITS[np.argmax(2 * hits / np.maximum(found + truth[some].sum(), 1))])
    return round(float(np.mean(best)), 3)


def error_rates(
    probability: Array, items: Sequence[Example], limits: dict[str, float]
) -> dict[str, dict[str, ErrorRate]]:
    """Sensitivity and specificity of each stance by language, as counts, and what these tell another organisation."""
    of_org = np.unique([e.org for e in items], return_inverse=True)[1]
    lang = np.array([e.lang for e in items])
    rates: dict[str, dict[str, ErrorRate]] = {}
    for stance in STANCES:
        place = HEADS.index(stance)
        judged, truth = _judged(items, place)
        found = probability[:, place] >= limits[stance]
        rates[stance] = pooled({
            code: counts(found[here], truth[here], of_org[here], int(of_org.max(initial=-1)) + 1)
            for code in ("en", "fr")
            for here in [judged & (lang == code)]
        })  # fmt: skip
    return rates


def counts(found: NDArray[np.bool_], truth: NDArray[np.bool_], org: NDArray[np.int64], orgs: int) -> NDArray[np.int64]:
    """Hits, positives, rejections and negatives of each organisation, shape (orgs, 4), from arrays of one length."""
    kinds = (found & truth, truth, ~found & ~truth, ~truth)
    return np.stack([np.bincount(org[of], minlength=orgs) for of in kinds], axis=1)


def pooled(by_lang: Mapping[str, NDArray[np.int64]]) -> dict[str, ErrorRate]:
    """Error rates of each language, of counts by organisation: the same organisations, one row each, in every language.

    How much organisations differ is told from all of them together: one language has too few.
    """
    effective = likeness(by_lang)
    rates = {}
    for lang, of in by_lang.items():
        hits, positives, rejections, negatives = of.sum(axis=0).tolist()
        rates[lang] = ErrorRate(
            hits,
            positives,
            rejections,
            negatives,
            effective_positives=round(min(positives, effective[0]), 1),
            effective_negatives=round(min(negatives, effective[1]), 1),
        )
    return rates


def likeness(by_lang: Mapping[str, NDArray[np.int64]]) -> tuple[float, float]:
    """How alike sensitivity and specificity are from one organisation to the next, of counts by organisation."""
    whole = np.sum(list(by_lang.values()), axis=0)
    return alike(whole[:, 0], whole[:, 1]), alike(whole[:, 2], whole[:, 3])


def alike(right: NDArray[np.int64], of: NDArray[np.int64]) -> float:
    """How alike a rate is from one organisation to the next: how many counts of its own tell one of them as much.

    The sum of the parameters of the beta distribution that the organisations' rates come from, by moments, from the
    intraclass correlation (Ridout et al. 1999, "Estimating intraclass correlation for binary data"). None where each
    is either all right or all wrong. Infinite where they differ by no more than chance, or where that cannot be told:
    fewer than ``ENOUGH_ORGANISATIONS`` have any, or each has one.

    Args:
        right: how many each organisation has right, shape (organisations,).
        of: among how many.
    """
    n, k = of[of > 0], right[of > 0]
    more, mean = len(n) - 1, k.sum() / max(n.sum(), 1)
    chance = mean * (1 - mean)
    if len(n) < ENOUGH_ORGANISATIONS or not chance or n.max() == 1:
        return np.inf
    excess = (n * (k / n - mean) ** 2).sum() - more * chance
    correlation = excess / (chance * (n.sum() - (n**2).sum() / n.sum() - more))
    return max(float(1 / correlation - 1), 0.0) if correlation > 0 else np.inf

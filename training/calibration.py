"""From dev scores to the numbers beside the weights: calibration, thresholds, error rates. Reads dev only."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve

from friction.model_folder import ErrorRate
from friction.taxonomy import HEADS, STANCES

from .corpus import Example

Array = NDArray[np.float64]


def _judged(items: Sequence[Example], head: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    weights = np.array([e.weights[head] for e in items]) > 0
    return weights, np.array([e.labels[head] for e in items]) > 0.5


def fit(logits: NDArray[np.float32], items: Sequence[Example]) -> tuple[list[float], list[float]]:
    """Platt scaling of each head (Platt 1999): ``sigmoid(scale * logit + shift)`` is a probability.

    Returns:
        Scales and shifts, in the order of ``HEADS``.
    """
    scales, shifts = [], []
    for place in range(len(HEADS)):
        judged, truth = _judged(items, place)
        if len(set(truth[judged])) < 2:
            scales.append(1.0)
            shifts.append(0.0)
            continue
        fitted = LogisticRegression(C=10.0).fit(logits[judged, place : place + 1], truth[judged])
        scales.append(float(fitted.coef_[0, 0]))
        shifts.append(float(fitted.intercept_[0]))
    return scales, shifts


def probabilities(logits: NDArray[np.float32], scale: Sequence[float], shift: Sequence[float]) -> Array:
    """Calibrated probabilities of shape (examples, heads)."""
    found: Array = 1 / (1 + np.exp(-(logits * np.array(scale) + np.array(shift))))
    return found


def thresholds(probability: Array, items: Sequence[Example]) -> dict[str, float]:
    """For each head the probability that gives the best F1 on dev, kept within sane bounds."""
    found = {}
    for place, head in enumerate(HEADS):
        judged, truth = _judged(items, place)
        if len(set(truth[judged])) < 2:
            found[head] = 0.5
            continue
        precision, recall, limits = precision_recall_curve(truth[judged], probability[judged, place])
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
        best = float(limits[min(int(np.argmax(f1)), len(limits) - 1)])
        found[head] = round(min(max(best, 0.2), 0.6), 3)
    found["is_team"] = min(found["is_team"], 0.5)
    return found


def error_rates(
    probability: Array, items: Sequence[Example], limits: dict[str, float]
) -> dict[str, dict[str, ErrorRate]]:
    """Sensitivity and specificity of each stance by language, as counts."""
    rates: dict[str, dict[str, ErrorRate]] = {}
    for stance in STANCES:
        place = HEADS.index(stance)
        judged, truth = _judged(items, place)
        positive = probability[:, place] >= limits[stance]
        for lang in ("en", "fr"):
            here = judged & np.array([e.lang == lang for e in items])
            rates.setdefault(stance, {})[lang] = ErrorRate(
                hits=int((positive & truth & here).sum()),
                positives=int((truth & here).sum()),
                rejections=int((~positive & ~truth & here).sum()),
                negatives=int((~truth & here).sum()),
            )
    return rates

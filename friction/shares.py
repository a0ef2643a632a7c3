"""The share behind several cells taken together, unbiased and with its variance: what changes are measured with.

Unlike the rates of single cells (``friction.rates``) nothing is steadied or held between 0 and 1 here, so that the
difference of two shares is unbiased. Pure; reads cells only. Called by ``friction.verdicts`` and
``friction.interventions``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Final

import numpy as np

from friction.disclosure import BASE
from friction.likelihood import Array, Errors
from friction.mechanisms import SHARES, epsilon_of
from friction.records import Cell

_ROUNDING: Final = (BASE**2 - 1) / 6
"""Variance that random rounding adds to a count, on average over its remainders: 4/3 for base 3."""
_UNKNOWN: Final = 1 / 3
"""Variance of where in its class a rounded number of people lies, if it may be anywhere from -1 to 1."""


@dataclass(frozen=True, slots=True)
class Share:
    """The corrected share of blame behind some cells of a pair.

    Attributes:
        value: adjusted count (Rogan & Gladen 1978) of the sums; may lie outside 0 to 1.
        variance: of sampling and rounding, without over-dispersion and without the error rates' uncertainty.
        draws: the value under each draw of the error rates, shape (likelihood.DRAWS,).
        misfit, freedom: Pearson's statistic of the cells around their common share, and its degrees of freedom.
    """

    value: float
    variance: float
    draws: Array
    misfit: float
    freedom: int


def people(cell: Cell) -> int:
    """How many people a cell has, true on average: those by language, which are rounded at random.

    ``respondents`` is the nearest multiple of 3 and the same for 5 and for 7, so that writers who grow in number
    would look like blame that grows. Noise has no such classes.
    """
    return cell.respondents if epsilon_of(cell.mechanism) else sum(cell.languages.values()) or cell.respondents


def noise(cell: Cell) -> tuple[float, float]:
    """Variance that the mechanism adds to the count of blame, and to the number of people."""
    if not (epsilon := epsilon_of(cell.mechanism)):
        return _ROUNDING, _ROUNDING * sum(n > 0 for n in cell.languages.values())
    blame, number = (exp(-float(SHARES[of]) * epsilon) for of in ("blame", "people"))
    return 2 * blame / (1 - blame) ** 2, 4 * number / (1 - number) ** 2


def share(cells: Sequence[Cell], errors: Errors) -> Share:
    """The share of blame behind cells of one pair, model and mechanism."""
    blame: Array = np.array([float(c.blame) for c in cells])
    n: Array = np.array([float(people(c)) for c in cells])
    noises = np.array([noise(c) for c in cells])
    total = float(n.sum())
    seen = min(float(blame.sum()) / total, 1.0)
    q = (float(blame.sum()) + 1) / (total + 2)  # for the variance only: never 0 or 1 (Agresti & Caffo 2000)
    each: Array = n * q * (1 - q) + noises[:, 0] + noises[:, 1] * q**2
    unknown = q**2 * _UNKNOWN * float((noises[:, 1] == 0).sum()) ** 2  # those err together
    mix = errors.mix(cells)
    hit, false = float(mix @ errors.means[:, 0]), 1 - float(mix @ errors.means[:, 1])
    hits, falses = mix @ errors.sensitivity, 1 - mix @ errors.specificity
    youden = max(hit - false, 0.05)
    return Share(
        value=float((seen - false) / youden),
        variance=float((each.sum() + unknown) / total**2 / youden**2),
        draws=(seen - falses) / np.maximum(hits - falses, 0.05),
        misfit=float(((blame - seen * n) ** 2 / each).sum()),
        freedom=len(cells) - 1,
    )

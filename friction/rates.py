"""Released rates: the share of those who wrote that holds a team responsible, behind the counts that were released.

A rate is read off a posterior on a grid of shares, worked out week by week from the cells up to that week only, so
that a number once shown never changes. What goes into it:

- **the counts as they were made**: binomial people, of which the classifier finds and invents some (Rogan & Gladen
  1978), random rounding of the count, and the rounding of the number of people;
- **under noise, how many people usually write** for the pair (``friction.turnout``), a draw of its posterior beside
  each draw of the error rates: a single noisy number says too little of how many there were;
- **the classifier's error rates** in each language, mixed as the pair's people write: ``DRAWS`` draws of their
  posteriors. They are not learnt from the cells themselves (a "cut", Plummer 2015), so that their uncertainty stays
  in the interval however many weeks go by;
- **the pair's past**, whose likelihood counts less the older it is (the power steady model, Smith 1979): by what a
  drift of ``DRIFTS`` would have undone. How much a pair drifts is weighed by how well each foretold its cells
  (a multi-process model, Harrison & Stevens 1976). In any week it may also start anew, which is how a sudden change
  is followed: within weeks, and not at once, since one odd count is chance more often than a change;
- **the company's other pairs**: a beta distribution over pairs, with all parameters that the pairs leave possible
  weighed by their likelihood (hierarchical Bayes; each pair's own cells are left out of its prior).

``docs/statistics.md`` has what the intervals cover. Pure; reads cells only. Called by ``friction.trends``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from friction.likelihood import DRAWS, PLACES, WIDTH, Array, Counted, Errors, Stance, likelihood
from friction.records import Cell
from friction.turnout import Turnout

POINTS: Final = 64
"""Shares that the grid holds, evenly spread in their arc sine, where a count's variance is the same everywhere."""
DRIFTS: Final = (0.0, 0.01, 0.035)
"""Standard deviations of a week's drift, in the arc sine: at a share of a half, 0, 1 and 3.5 points."""
_USUAL: Final = np.array([0.4, 0.4, 0.2])
"""How common each drift is before a cell is seen; counts as much as ``_USUAL_WEIGHT`` pairs."""
_USUAL_WEIGHT: Final = 2.0
JUMPS: Final = 0.01
"""Probability that a pair starts anew in a week, at any share: it changed, and may now be unlike all other pairs."""
_LEVELS: Final = (0.02, 0.05, 0.09, 0.14, 0.2, 0.28, 0.37, 0.5, 0.63, 0.8, 0.92)
_SPREADS: Final = (2.0, 5.0, 12.0, 30.0, 100.0)
_ALONE: Final = 0.5
"""Weight of the even spread over the grid (Jeffreys' prior) among the priors, before any other pair is seen."""
_OUTLIERS: Final = 0.1
"""Weight, in the prior of every pair, of an even spread over the grid: a pair unlike all the others stays possible."""
_GRID: Final = (np.arange(POINTS) + 0.5) / POINTS * WIDTH
_EDGES: Final = np.linspace(0, WIDTH, POINTS + 1)
SHARES: Final = np.sin(_GRID) ** 2
LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Rate:
    """A corrected share of respondents and its 95 % interval."""

    value: float
    low: float
    high: float


def _beta_priors() -> Array:
    """Priors over pairs, shape (hyper, POINTS), each summing to 1."""
    a = np.array([level * spread for level in _LEVELS for spread in _SPREADS])[:, None]
    b = np.array([(1 - level) * spread for level in _LEVELS for spread in _SPREADS])[:, None]
    logs = (a - 0.5) * np.log(SHARES) + (b - 0.5) * np.log1p(-SHARES)
    found = np.exp(logs - logs.max(axis=1, keepdims=True))
    found /= found.sum(axis=1, keepdims=True)
    mixed: Array = (1 - _OUTLIERS) * found + _OUTLIERS / POINTS
    return np.vstack([mixed, np.full(POINTS, 1 / POINTS)])


_PRIORS: Final = _beta_priors()
_WEIGHTS: Final = np.append(np.full(len(_PRIORS) - 1, (1 - _ALONE) / (len(_PRIORS) - 1)), _ALONE)


def rates(series: Sequence[Sequence[Cell]], stance: Stance, errors: Errors) -> list[list[Rate]]:
    """The rate of every cell.

    Args:
        series: each pair's cells, oldest first, all of one model and mechanism.
        stance: whose rate.
        errors: of the stance, by the model that scored them.

    Returns:
        For each pair, one rate for each cell.
    """
    found: list[list[Rate]] = [[] for _ in series]
    closing: dict[int, list[int]] = {}
    for pair, cells in enumerate(series):
        for cell in cells:
            closing.setdefault(cell.last_week.index, []).append(pair)
    company = _Company(series, stance, errors)
    for week in sorted(closing):
        pairs = np.array(closing[week])
        for pair, rate in zip(pairs, company.see(pairs, week), strict=True):
            found[pair].append(rate)
    return found


class _Company:
    """What the cells up to a week say of every pair.

    ``logs`` is the discounted log-likelihood, shape (pairs, DRAWS, drifts, POINTS); ``fit`` how well each drift
    foretold the pair's cells, shape (pairs, drifts).
    """

    def __init__(self, series: Sequence[Sequence[Cell]], stance: Stance, errors: Errors) -> None:
        self._series = series
        self._stance = stance
        self._errors = errors
        self._seen = np.zeros(len(series), dtype=int)
        self._last = np.zeros(len(series), dtype=int)
        self.logs = np.zeros((len(series), DRAWS, len(DRIFTS), POINTS))
        self.fit = np.zeros((len(series), len(DRIFTS)))
        self._turnout = Turnout(len(series), DRAWS)
        self._prior = np.full((len(series), DRAWS, POINTS), 1 / POINTS)

    def see(self, pairs: NDArray[np.int64], week: int) -> list[Rate]:
        """Take in the cells that close in ``week`` and give their rates."""
        logs, prior = self.logs[pairs], self._prior[pairs][:, :, None]
        before = _normal(np.log(prior) + logs)
        gap = np.where(self._seen[pairs] > 0, week - self._last[pairs], 0)
        variance = _variance(before).mean(axis=1)
        kept = variance / (variance + gap[:, None] * np.square(DRIFTS))
        logs = logs * kept[:, None, :, None]
        ratio = _normal(np.log(prior) + logs) / prior
        lost = (1 - (1 - JUMPS) ** gap)[:, None, None, None]
        logs = np.log((1 - lost) * ratio + lost / (POINTS * prior) + 1e-300)
        usual = self._turnout.see(pairs, [self._series[pair][self._seen[pair]] for pair in pairs])
        here = np.stack([self._likelihood(*of) for of in zip(pairs, usual, strict=True)])[:, :, None]
        foretold = _normal(np.log(prior) + logs)
        peak = here.max(axis=-1, keepdims=True)
        evidence = (foretold * np.exp(here - peak)).sum(axis=-1) * np.exp(peak[..., 0] - peak.max())
        self.fit[pairs] += np.log(evidence.mean(axis=1) + 1e-300)
        self.logs[pairs] = logs + here
        self._seen[pairs] += 1
        self._last[pairs] = week
        drifts = self._drifts()
        self._prior = self._priors(drifts)
        after = _normal(np.log(self._prior[pairs][:, :, None]) + self.logs[pairs])
        return [_summary(p) for p in (after.mean(axis=1) * drifts[pairs][:, :, None]).sum(axis=1)]

    def _likelihood(self, pair: int, usual: NDArray[np.int64]) -> Array:
        cells = self._series[pair][: self._seen[pair] + 1]
        cell = cells[-1]
        table = np.stack([likelihood(Counted.of(cell, self._stance), level) for level in usual.tolist()])
        mix = self._errors.mix(cells)
        hit, false = mix @ self._errors.sensitivity, 1 - mix @ self._errors.specificity
        q = SHARES * hit[:, None] + (1 - SHARES) * false[:, None]
        place = np.minimum((np.arcsin(np.sqrt(q)) / WIDTH * PLACES).astype(int), PLACES - 1)
        found: Array = np.take_along_axis(table, place, axis=1)
        return found

    def _drifts(self) -> Array:
        """Weight of each drift in each pair, shape (pairs, drifts)."""
        common, seen = _USUAL, self._seen > 0
        for _ in range(3):  # expectation-maximisation, from where it hardly moves on
            each = _normal(self.fit[seen] + np.log(common)).sum(axis=0)
            common = (_USUAL_WEIGHT * _USUAL + each) / (_USUAL_WEIGHT + seen.sum())
        return _normal(self.fit + np.log(common))

    def _priors(self, drifts: Array) -> Array:
        """Every pair's prior from all the other pairs, shape (pairs, DRAWS, POINTS)."""
        logs = np.einsum("pd,pkdg->pkg", drifts, self.logs)
        logs -= logs.max(axis=-1, keepdims=True)
        fits = np.log(np.exp(logs) @ _PRIORS.T + 1e-300)
        others = fits.sum(axis=0) - fits + np.log(_WEIGHTS)
        return np.asarray(_normal(others) @ _PRIORS, dtype=np.float64)


def _normal(logs: Array) -> Array:
    """Probabilities from unnormalised logs, along the last axis."""
    found: Array = np.exp(logs - logs.max(axis=-1, keepdims=True))
    found /= found.sum(axis=-1, keepdims=True)
    return found


def _variance(density: Array) -> Array:
    mean = density @ _GRID
    found: Array = density @ _GRID**2 - mean**2
    return found


def _summary(density: Array) -> Rate:
    """Median, and the shortest 95 % interval in the arc sine: it reaches 0 and 1 where they are likeliest."""
    density = density / density.sum()
    middle = np.interp(0.5, np.concatenate([[0.0], np.cumsum(density)]), _EDGES)
    order = np.argsort(-density, kind="stable")
    total = np.cumsum(density[order])
    needed = int(np.searchsorted(total, LEVEL))
    held, last = order[: needed + 1], order[needed]
    low, high = _EDGES[held.min()], _EDGES[held.max() + 1]
    spare = (total[needed] - LEVEL) / density[last] * (_EDGES[1] - _EDGES[0])
    if last == held.min() and last > 0:
        low += spare
    elif last == held.max() and last < POINTS - 1:
        high -= spare
    return Rate(*(float(np.sin(x) ** 2) for x in (middle, low, high)))

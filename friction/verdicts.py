"""Whether blame in a pair has changed: its last ``RECENT_WEEKS`` against up to ``EARLIER_WEEKS`` before them.

The difference of the two corrected shares is tested for every pair that has both, under a false discovery rate of
5 % over all of them (Benjamini & Hochberg 1995). Its variance allows for over-dispersion: Pearson's statistic of a
pair's cells around their shares, steadied by that of all pairs (as Smyth 2004 does with variances), and never under
what sampling and rounding alone make. "Steady" is said where the difference is shown to lie within
``STEADY_WITHIN`` (two one-sided tests at 5 %, Schuirmann 1987).

A share is only compared with one of the same model and mechanism: another model finds other things. Pure; reads
cells only. Called by ``friction.trends``, for another count than that of blame by ``friction.conflict``, and by
``friction.visible``, which simulates what is found here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import numpy as np

from friction.likelihood import Array, Errors
from friction.records import Cell, Pair, TeamId, Week
from friction.shares import BLAME, Count, Difference, Share

Verdict = Literal["rising", "falling", "steady", "cannot tell"]

RECENT_WEEKS: Final = 6
EARLIER_WEEKS: Final = 20
STEADY_WITHIN: Final = 0.05
FALSE_DISCOVERIES: Final = 0.05
PRIOR_FREEDOM: Final = 20
"""Degrees of freedom that all pairs together lend to the over-dispersion of each."""
_MOVED: Final = 0.05
"""Odds, before anything is seen, that all who speak of a team move together."""
_MOVE: Final = 2.5
"""Standard deviation of such a move, in standard errors of a pair's difference."""
_UNMOVED_WEIGHT: Final = 0.2
"""Weight of a test, before scaling, where the others did not move."""


@dataclass(frozen=True, slots=True)
class Change:
    """A pair's verdict.

    Attributes:
        value, low, high: recent share less earlier share, with its 95 % interval; None without two periods.
        smallest_visible: change that would have been found four times out of five, whichever way it went; None
            likewise, and where no change would.
    """

    verdict: Verdict = "cannot tell"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    smallest_visible: float | None = None


def changes(
    series: Mapping[Pair, Sequence[Cell]], errors: Errors, week: Week, count: Count = BLAME
) -> dict[Pair, Change]:
    """The verdict on every pair.

    Args:
        series: each pair's cells, oldest first, all of one model and mechanism.
        errors: at the count, by the model that scored them.
        week: the last that was released; verdicts speak of the weeks up to it.
        count: whose share has changed or not.
    """
    from scipy.stats import false_discovery_control, t

    compared = {pair: found for pair, cells in series.items() if (found := compare(cells, errors, week, count))}
    if not compared:
        return dict.fromkeys(series, Change())
    common = max(dispersion([s for c in compared.values() for s in (c.later, c.earlier)], 1.0, 0), 1.0)
    spread = {pair: dispersion((c.later, c.earlier), common, PRIOR_FREEDOM) for pair, c in compared.items()}
    freedom = {p: PRIOR_FREEDOM + found.later.freedom + found.earlier.freedom for p, found in compared.items()}
    error = {pair: standard_error(found, spread[pair]) for pair, found in compared.items()}
    scores = {pair: c.value / error[pair] for pair, c in compared.items()}
    p_values = np.array([2 * t.sf(abs(score), freedom[pair]) for pair, score in scores.items()])
    weights = _weights(scores)
    weights = weights / _unchanged(p_values, weights)
    adjusted = false_discovery_control(np.minimum(p_values / weights, 1.0))
    found = (adjusted <= FALSE_DISCOVERIES) & (p_values <= FALSE_DISCOVERIES)  # its own interval leaves 0 out, too
    cuts = FALSE_DISCOVERIES * (found.sum() + 1) / len(found) * weights  # what one more discovery would have to pass
    result = dict.fromkeys(series, Change())
    for (pair, c), is_found, cut in zip(compared.items(), found, cuts, strict=True):
        wide, narrow = t.isf((0.025, 0.05), freedom[pair]) * error[pair]
        critical = float(t.isf(min(cut, FALSE_DISCOVERIES) / 2, freedom[pair]))
        verdict: Verdict = "cannot tell"
        if is_found:
            verdict = "rising" if c.value > 0 else "falling"
        elif abs(c.value) + narrow <= STEADY_WITHIN:
            verdict = "steady"
        result[pair] = Change(
            verdict,
            value=_held(c.value),
            low=_held(c.value - wide),
            high=_held(c.value + wide),
            smallest_visible=c.smallest_visible(critical, partial(standard_error, dispersion=spread[pair]), errors),
        )
    return result


def _weights(scores: Mapping[Pair, float]) -> Array:
    """Weight of each pair's test, 1 on average: more where the others who speak of the same team moved together.

    What the others say is odds for a common move of standard deviation ``_MOVE`` against none; a pair's own score
    does not enter, so that under no change the weight says nothing of the p-value (Genovese, Roeder & Wasserman
    2006; Ignatiadis & Huber 2021).
    """
    sums: dict[TeamId, tuple[float, int]] = {}
    for (_, about), score in scores.items():
        total, size = sums.get(about, (0.0, 0))
        sums[about] = (total + score, size + 1)
    found = []
    for (_, about), score in scores.items():
        total, size = sums[about]
        total, size = total - score, size - 1
        kept = 1 + size * _MOVE**2
        odds = _MOVED * np.exp(min(total**2 * _MOVE**2 / kept / 2, 50.0)) / np.sqrt(kept)
        found.append(_UNMOVED_WEIGHT + (1 - _UNMOVED_WEIGHT) / _MOVED * odds / (1 + odds))
    weights = np.array(found)
    result: Array = weights / weights.mean()
    return result


def _unchanged(p_values: Array, weights: Array) -> float:
    """Weight of the pairs that did not change, as a part of all: estimated from p-values over a half.

    The weighted form of Storey, Taylor & Siegmund (2004), with their correction for few tests (Ramdas, Barber,
    Wainwright & Jordan 2019). Without it the false discovery rate lies far under its level where weights are right.
    """
    return float((weights.max() + weights[p_values > 0.5].sum()) / (0.5 * len(weights)))


def compare(cells: Sequence[Cell], errors: Errors, week: Week, count: Count = BLAME) -> Difference | None:
    """A pair's recent share less its earlier one, as of a week; None without two periods. As ``changes``."""
    recent = [c for c in cells if week - c.last_week < RECENT_WEEKS]
    earlier = [c for c in cells if RECENT_WEEKS <= week - c.last_week < RECENT_WEEKS + EARLIER_WEEKS]
    return Difference.of(recent, earlier, errors, count) if recent and earlier else None


def standard_error(found: Difference, dispersion: float) -> float:
    """Standard error of a difference."""
    return float(np.sqrt(found.variance * dispersion + np.var(found.draws)))


def dispersion(shares: Sequence[Share], prior: float, weight: int) -> float:
    """How much more than by chance cells vary around their shares: 1 is by chance alone.

    Args:
        shares: of the cells.
        prior: what is believed of them before; counts as ``weight`` degrees of freedom.
        weight: see there.
    """
    freedom = weight + sum(s.freedom for s in shares)
    return (weight * prior + sum(s.misfit for s in shares)) / freedom if freedom else 1.0


def _held(value: float) -> float:
    """A difference of shares lies between -1 and 1."""
    return float(np.clip(value, -1, 1))

"""What the released cells say: corrected rates with intervals, and a verdict for each pair. Pure; reads cells only.

A rate is the share of those who wrote about a team that hold it responsible. It is corrected for the classifier's
measured errors (Rogan & Gladen 1978, "Estimating prevalence from the results of a screening test"), and its 95 %
interval carries sampling (Clopper & Pearson 1934, so that 0 and 1 are within reach), the uncertainty of the error
rates, and the rounding of both the count and the number of people, by simulation with a fixed seed.

A verdict compares the last ``RECENT_WEEKS`` of a pair with up to ``EARLIER_WEEKS`` before them, under a false
discovery rate of 5 % over all pairs that can be compared (Benjamini & Hochberg 1995).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from friction.disclosure import FLOOR
from friction.model_folder import ErrorRate
from friction.records import Cell, TeamId
from friction.taxonomy import Pattern

Verdict = Literal["rising", "falling", "steady", "cannot tell"]
Pair = tuple[TeamId, TeamId]
Draws = NDArray[np.float64]
"""Draws of a share or a difference, (2, DRAWS): the first row for its lower limit, the second for its upper one."""

RECENT_WEEKS: Final = 8
EARLIER_WEEKS: Final = 13
STEADY_WITHIN: Final = 0.05
FALSE_DISCOVERIES: Final = 0.05
PATTERN_STEP: Final = 0.05
DRAWS: Final = 20_000
_SEED: Final = 1978
_POWER: Final = (1.96 + 0.84) / 1.96
"""A change of so many half-widths of its interval is found four times out of five."""
_NONE: Final = 1e-9
"""In the place of a beta's parameter 0, whose draws are all 0 or all 1."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A corrected share of respondents and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Point:
    """A released cell with its corrected rates.

    ``patterns`` are plain shares of respondents, uncorrected, to the nearest 0.05; those that come to 0 are left out.
    """

    cell: Cell
    blame: Rate
    appreciation: Rate
    patterns: Mapping[Pattern, float]


@dataclass(frozen=True, slots=True)
class Trend:
    """A pair's series and verdict.

    Attributes:
        change, low, high: recent rate less earlier rate with its 95 % interval; None without two periods.
        smallest_visible_change: change that would have been found four times out of five; None likewise.
    """

    from_team: TeamId
    about_team: TeamId
    points: tuple[Point, ...]
    verdict: Verdict = "cannot tell"
    change: float | None = None
    low: float | None = None
    high: float | None = None
    smallest_visible_change: float | None = None


@dataclass(frozen=True, slots=True)
class _Compared:
    difference: Draws
    p_value: float


class Errors:
    """Draws of a stance's sensitivity and specificity, languages pooled; the same draws serve every cell.

    Args:
        rates: measured counts by language (see ``model_folder.ErrorRate``).
    """

    def __init__(self, rates: Mapping[str, ErrorRate]) -> None:
        rng = np.random.default_rng(_SEED)
        hits, positives = sum(r.hits for r in rates.values()), sum(r.positives for r in rates.values())
        kept, negatives = sum(r.rejections for r in rates.values()), sum(r.negatives for r in rates.values())
        self.sensitivity = rng.beta(hits + 0.5, positives - hits + 0.5, DRAWS)
        self.specificity = rng.beta(kept + 0.5, negatives - kept + 0.5, DRAWS)

    def correct(self, observed: Draws) -> Draws:
        """The share that must lie behind an observed share."""
        youden = np.maximum(self.sensitivity + self.specificity - 1, 0.05)
        return np.clip((observed + self.specificity - 1) / youden, 0, 1)


def _people_draws(cells: Sequence[Cell], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draws of how many people stand behind rounded numbers of them: each of the three that round there alike.

    A 6 stands for 5 half of the time, since a window closes in the first week that reaches five. Cells of a pair
    err together: who speaks with five one week rarely does with seven the next.
    """
    u = rng.random(DRAWS)
    people = np.zeros(DRAWS, np.int64)
    for cell in cells:
        steps = (1 / 2, 3 / 4) if cell.respondents - 1 == FLOOR else (1 / 3, 2 / 3)
        people += cell.respondents - 1 + np.searchsorted(steps, u, side="right")
    return people


def _share_draws(cells: Sequence[Cell], counts: Sequence[int], rng: np.random.Generator) -> Draws:
    """Draws of the share behind rounded counts.

    Rounding moves a count by -2 to 2 in proportions 1:2:3:2:1, as the sum of two steps of -1, 0 or 1 does.
    """
    people = _people_draws(cells, rng)
    noise = rng.integers(-1, 2, (2 * len(cells), DRAWS)).sum(axis=0)
    voiced = np.clip(sum(counts) + noise, 0, people)
    silent = people - voiced
    lower = rng.beta(np.maximum(voiced, _NONE), silent + 1)
    return np.stack([lower, rng.beta(voiced + 1, np.maximum(silent, _NONE))])


def _summary(draws: Draws) -> Rate:
    return Rate(
        value=float(np.median(draws)),
        low=float(np.quantile(draws[0], 0.025)),
        high=float(np.quantile(draws[1], 0.975)),
    )


def trends(cells: Iterable[Cell], errors: Mapping[str, Mapping[str, ErrorRate]]) -> list[Trend]:
    """Every pair that has a cell, by name, with its verdict.

    Args:
        cells: released cells.
        errors: of the model that is in use, by stance and language.
    """
    blame, appreciation = Errors(errors["blame"]), Errors(errors["appreciation"])
    pairs: dict[Pair, list[Cell]] = {}
    for cell in cells:
        pairs.setdefault((cell.from_team, cell.about_team), []).append(cell)
    for series in pairs.values():
        series.sort(key=lambda c: c.last_week)
    compared = {pair: _compare(series, blame) for pair, series in pairs.items()}
    discoveries = _discoveries({pair: c.p_value for pair, c in compared.items() if c is not None})
    return [
        _trend(pair, [_point(c, blame, appreciation) for c in series], compared[pair], pair in discoveries)
        for pair, series in sorted(pairs.items())
    ]


def _point(cell: Cell, blame: Errors, appreciation: Errors) -> Point:
    rng = np.random.default_rng((_SEED, cell.last_week.index))
    return Point(
        cell=cell,
        blame=_summary(blame.correct(_share_draws([cell], [cell.blame], rng))),
        appreciation=_summary(appreciation.correct(_share_draws([cell], [cell.appreciation], rng))),
        patterns={p: share for p, n in cell.patterns.items() if (share := _coarse(n / cell.respondents))},
    )


def _coarse(share: float) -> float:
    return round(round(share / PATTERN_STEP) * PATTERN_STEP, 2)


def _compare(series: Sequence[Cell], errors: Errors) -> _Compared | None:
    """Recent cells against earlier ones of the same model; None without both."""
    last = series[-1]
    same = [c for c in series if c.model == last.model and c.mechanism == last.mechanism]
    recent = [c for c in same if last.last_week - c.last_week < RECENT_WEEKS]
    earlier = [c for c in same if RECENT_WEEKS <= last.last_week - c.last_week < RECENT_WEEKS + EARLIER_WEEKS]
    if not earlier:
        return None
    rng = np.random.default_rng((_SEED, last.last_week.index, len(series)))
    now, before = (errors.correct(_share_draws(c, [x.blame for x in c], rng)) for c in (recent, earlier))
    difference = np.stack([now[0] - before[1], now[1] - before[0]])
    tail = min(float(np.mean(difference[0] <= 0)), float(np.mean(difference[1] >= 0)))
    return _Compared(difference, min(1.0, 2 * (tail * DRAWS + 1) / (DRAWS + 1)))


def _discoveries(p_values: Mapping[Pair, float]) -> set[Pair]:
    from scipy.stats import false_discovery_control

    if not p_values:
        return set()
    adjusted = false_discovery_control(list(p_values.values()))
    return {pair for pair, p in zip(p_values, adjusted, strict=True) if p <= FALSE_DISCOVERIES}


def _trend(pair: Pair, points: Sequence[Point], compared: _Compared | None, discovered: bool) -> Trend:
    if compared is None:
        return Trend(*pair, tuple(points))
    change = _summary(compared.difference)
    inner_low, inner_high = np.quantile(compared.difference[0], 0.05), np.quantile(compared.difference[1], 0.95)
    verdict: Verdict = "cannot tell"
    if discovered:
        verdict = "rising" if change.value > 0 else "falling"
    elif inner_low >= -STEADY_WITHIN and inner_high <= STEADY_WITHIN:
        verdict = "steady"
    return Trend(
        *pair,
        tuple(points),
        verdict=verdict,
        change=change.value,
        low=change.low,
        high=change.high,
        smallest_visible_change=_POWER * (change.high - change.low) / 2,
    )

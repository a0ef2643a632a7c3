"""What the released cells say: corrected rates with intervals, and a verdict for each pair. Pure; reads cells only.

A rate is the share of those who wrote about a team that hold it responsible. It is corrected for the classifier's
measured errors (Rogan & Gladen 1978, "Estimating prevalence from the results of a screening test"), and its 95 %
interval carries sampling, the uncertainty of the error rates, and rounding, by simulation with a fixed seed.

A verdict compares the last ``RECENT_WEEKS`` of a pair with up to ``EARLIER_WEEKS`` before them, under a false
discovery rate of 5 % over all pairs that can be compared (Benjamini & Hochberg 1995).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from friction.disclosure import ROUNDING_VARIANCE
from friction.model_folder import ErrorRate
from friction.records import Cell, TeamId
from friction.taxonomy import Pattern

Verdict = Literal["rising", "falling", "steady", "cannot tell"]
Pair = tuple[TeamId, TeamId]
Draws = NDArray[np.float64]

RECENT_WEEKS: Final = 8
EARLIER_WEEKS: Final = 13
STEADY_WITHIN: Final = 0.05
FALSE_DISCOVERIES: Final = 0.05
DRAWS: Final = 20_000
_SEED: Final = 1978
_POWER: Final = 2.8
"""1.96 + 0.84: a change of so many standard errors is found four times out of five."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A corrected share of respondents and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Point:
    """A released cell with its corrected rates. ``patterns`` are plain shares of respondents, uncorrected."""

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


def _share_draws(cells: Sequence[Cell], counts: Sequence[int], rng: np.random.Generator) -> Draws:
    """Draws of the share behind rounded counts (Jeffreys' prior)."""
    people = sum(cell.respondents for cell in cells)
    noise = rng.normal(0, np.sqrt(ROUNDING_VARIANCE * len(cells)), DRAWS)
    voiced = np.clip(sum(counts) + noise, 0, people)
    return rng.beta(voiced + 0.5, people - voiced + 0.5)


def _summary(draws: Draws) -> Rate:
    low, value, high = np.quantile(draws, (0.025, 0.5, 0.975))
    return Rate(float(value), float(low), float(high))


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
        patterns={p: n / cell.respondents for p, n in cell.patterns.items()},
    )


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
    difference = now - before
    tail = min(float(np.mean(difference <= 0)), float(np.mean(difference >= 0)))
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
    inner_low, inner_high = np.quantile(compared.difference, (0.05, 0.95))
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
        smallest_visible_change=float(_POWER * np.std(compared.difference)),
    )

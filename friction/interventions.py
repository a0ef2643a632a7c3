"""What an intervention changed: a pair's blame before and after it, against the pairs that nobody touched.

A segmented regression with two segments a pair, before and after, and a step for each pair that is random around the
step that all untouched pairs share in those weeks. The untouched pairs' steps give that common step and how much
steps differ from pair to pair by themselves (random effects, DerSimonian & Laird 1986); the effect is how far the
pair's own step lies from where an untouched pair's would have lain, with that prediction's t interval (Higgins,
Thompson & Spiegelhalter 2009). Segments have no slopes of their own: over half a year one more slope a pair doubles
the interval, and what untouched pairs do by themselves is in it already. Instead a placebo in time watches for pairs
that moved before: the same reckoning on the weeks before, as if it had happened half-way through them.

An effect is of the weeks after an intervention, not proof of its cause. Pure; reads cells only, whichever place
interventions are kept in. Called by ``friction.trends``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from friction.likelihood import Errors
from friction.records import Cell, Intervention, Pair, Week
from friction.shares import Difference

Finding = Literal["fell", "rose", "no effect seen", "moved before", "cannot tell"]

WEEKS_BEFORE: Final = 26
WEEKS_AFTER: Final = 26
FEWEST_CELLS: Final = 2
"""Cells that a pair needs on either side of the week."""
FEWEST_CONTROLS: Final = 3


@dataclass(frozen=True, slots=True)
class Step:
    """A difference of shares with its 95 % interval.

    ``smallest_visible`` would be found four times out of five, whichever way it went; None where no change would.
    """

    value: float
    low: float
    high: float
    smallest_visible: float | None

    @property
    def is_seen(self) -> bool:
        """Whether the interval leaves no change out."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True)
class Effect:
    """What an intervention changed.

    Attributes:
        finding: "moved before" where the placebo shows a change as well, so that the effect says little;
            "cannot tell" with too few cells or untouched pairs.
        step: change of the blame rate that the untouched pairs do not explain; None where it cannot be told.
        placebo: the same before the intervention; None where there are too few cells for it.
        controls: how many untouched pairs it was measured against.
    """

    intervention: Intervention
    finding: Finding = "cannot tell"
    step: Step | None = None
    placebo: Step | None = None
    controls: int = 0


def effects(
    series: Mapping[Pair, Sequence[Cell]], interventions: Sequence[Intervention], errors: Errors
) -> list[Effect]:
    """The effect of each intervention, in their order.

    Args:
        series: each pair's cells, oldest first, all of one model and mechanism.
        interventions: on any pair; a pair's own later and earlier ones bound the weeks that count.
        errors: of blame, by the model that scored them.
    """
    touched = {i.pair for i in interventions}
    untouched = [cells for pair, cells in series.items() if pair not in touched]
    return [_effect(i, series.get(i.pair, ()), untouched, interventions, errors) for i in interventions]


def _effect(
    intervention: Intervention,
    cells: Sequence[Cell],
    untouched: Sequence[Sequence[Cell]],
    all_: Sequence[Intervention],
    errors: Errors,
) -> Effect:
    week = intervention.week
    others = [i.week for i in all_ if i.pair == intervention.pair and i.week != week]
    first = max([w for w in others if w < week], default=week + -WEEKS_BEFORE)
    last = min([w for w in others if w > week], default=week + WEEKS_AFTER)
    first, last = max(first, week + -WEEKS_BEFORE), min(last, week + WEEKS_AFTER)
    step, controls = _step(cells, untouched, first, week, last, errors)
    before = [c for c in cells if c.first_week >= first and c.last_week < week]
    if step is None or not before:
        return Effect(intervention, controls=controls)
    middle = before[len(before) // 2].first_week
    placebo, _ = _step(cells, untouched, first, middle, week, errors)
    finding: Finding = "no effect seen"
    if placebo is not None and placebo.is_seen:
        finding = "moved before"
    elif step.is_seen:
        finding = "fell" if step.value < 0 else "rose"
    return Effect(intervention, finding, step, placebo, controls)


def _step(
    cells: Sequence[Cell],
    untouched: Sequence[Sequence[Cell]],
    first: Week,
    week: Week,
    last: Week,
    errors: Errors,
) -> tuple[Step | None, int]:
    """The pair's step at ``week`` beyond the untouched pairs', and how many of those have both segments."""
    from scipy.stats import t

    own = _difference(cells, first, week, last, errors)
    controls = [found for of in untouched if (found := _difference(of, first, week, last, errors)) is not None]
    if own is None or len(controls) < FEWEST_CONTROLS:
        return None, len(controls)
    changes, variances = np.array([c.value for c in controls]), np.array([c.variance for c in controls])
    weights = 1 / variances
    mean = weights @ changes / weights.sum()
    excess = weights @ (changes - mean) ** 2 - (len(controls) - 1)
    between = max(0.0, float(excess / (weights.sum() - (weights**2).sum() / weights.sum())))
    weights = 1 / (variances + between)
    mean = float(weights @ changes / weights.sum())
    common = weights @ np.array([c.draws for c in controls]) / weights.sum()

    def error(of: Difference) -> float:
        return float(np.sqrt(of.variance + between + 1 / weights.sum() + np.var(of.draws - common)))

    critical = float(t.isf(0.025, len(controls) - 1))
    value, wide = own.value - mean, critical * error(own)
    low, middle, high = (float(np.clip(x, -1, 1)) for x in (value - wide, value, value + wide))
    return Step(middle, low, high, own.smallest_visible(critical, error, errors, anyway=mean)), len(controls)


def _difference(cells: Sequence[Cell], first: Week, week: Week, last: Week, errors: Errors) -> Difference | None:
    """Share after less share before; None without both segments."""
    before = [c for c in cells if c.first_week >= first and c.last_week < week]
    after = [c for c in cells if c.first_week >= week and c.last_week < last]
    return Difference.of(after, before, errors) if min(len(before), len(after)) >= FEWEST_CELLS else None

"""The smallest change that could be seen in pairs whose people write so and so often: companies are simulated.

``friction.verdicts`` says of each pair which change it would have found four times out of five, with as many pairs as
there are under its false discovery rate; that is put right for a change that is part of the past by then. Sampling,
the classifier's error rates and random rounding are in the cells. Pure. Called by ``friction.plan``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Final

import numpy as np

from friction.disclosure import Policy, round_randomly, round_respondents
from friction.likelihood import Array, Errors
from friction.records import LANGS, Cell, Pair, TeamId, Week
from friction.verdicts import (
    EARLIER_WEEKS,
    PRIOR_FREEDOM,
    RECENT_WEEKS,
    changes,
    compare,
    dispersion,
    standard_error,
)

SEEN_AFTER: Final = 8
"""Weeks that a change has lasted when it should be seen."""
WEEKS: Final = RECENT_WEEKS + EARLIER_WEEKS
START: Final = Week.parse("2026-W01")
SIMULATED: Final = 40
MOST_CELLS: Final = 200_000
"""Cells that are simulated in all; a large company is simulated fewer times."""
_SEED: Final = 1981
_ROUNDS: Final = 5
_ANY: Final = (TeamId("a"), TeamId("b"))


@dataclass(frozen=True, slots=True)
class Speaking:
    """How a pair speaks: ``size`` people, each of whom writes about the other team in a week with the same ``odds``."""

    size: int
    odds: float


def smallest_visible(
    pairs: Mapping[Pair, Speaking], blame: float, errors: Errors, policy: Policy, mechanism: str
) -> dict[Pair, float | None]:
    """The median over simulated companies.

    Args:
        pairs: every pair that can make cells.
        blame: share of those who write that hold the other team responsible.
        errors: the model's, of blame.
        policy: thresholds.
        mechanism: name of the disclosure control, as cells carry it.

    Returns:
        A share for each pair; None where half of the companies have nothing to compare, or no change would do.
    """
    groups = dict.fromkeys(pairs.values())
    times = max(3, min(SIMULATED, MOST_CELLS // (WEEKS * len(pairs)))) if pairs else 0
    rng = np.random.default_rng(_SEED)
    q = seen_share(errors, blame)
    said: dict[Speaking, list[float | None]] = {group: [] for group in groups}
    for _ in range(times):
        series = {pair: simulate(pair, speaking, q, policy, mechanism, rng) for pair, speaking in pairs.items()}
        compared = changes({p: c for p, c in series.items() if c}, errors, START + WEEKS + -1)
        for pair, speaking in pairs.items():
            said[speaking].append(compared[pair].smallest_visible if pair in compared else None)
    found = {group: _changed(_middle(said[group]), group, blame, errors, policy, mechanism) for group in groups}
    return {pair: found[speaking] for pair, speaking in pairs.items()}


def _changed(
    sudden: float | None, speaking: Speaking, blame: float, errors: Errors, policy: Policy, mechanism: str
) -> float | None:
    """The change that is found ``SEEN_AFTER`` weeks later, when it is part of the past as well and widens the interval.

    ``sudden`` is what would be found while it fills the recent weeks and no others.
    """
    if sudden is None or sudden > 1 - blame:
        return None
    diluted = 1 - max(SEEN_AFTER - RECENT_WEEKS, 0) / EARLIER_WEEKS
    before, weeks = seen_share(errors, blame), np.arange(WEEKS)
    q = np.where(weeks < WEEKS - RECENT_WEEKS, before, seen_share(errors, blame + sudden))
    change, error = sudden / diluted, _error(speaking, q, errors, policy, mechanism)
    for _ in range(_ROUNDS):
        if change > 1 - blame or not error:
            return None
        q = np.where(weeks < WEEKS - SEEN_AFTER, before, seen_share(errors, blame + change))
        change = sudden / diluted * _error(speaking, q, errors, policy, mechanism) / error
    return change if change <= 1 - blame else None


def _error(speaking: Speaking, q: float | Array, errors: Errors, policy: Policy, mechanism: str) -> float:
    """Standard error of recent less earlier share, as ``friction.verdicts`` reckons it; the median of a few pairs."""
    rng = np.random.default_rng(_SEED)
    pairs = (simulate(_ANY, speaking, q, policy, mechanism, rng) for _ in range(SIMULATED))
    compared = [found for cells in pairs if (found := compare(cells, errors, START + WEEKS + -1))]
    spread = (dispersion((found.later, found.earlier), 1.0, PRIOR_FREEDOM) for found in compared)
    variances = [error**2 for error in map(standard_error, compared, spread)]
    return sqrt(median(variances)) if variances else 0.0


def seen_share(errors: Errors, blame: float) -> float:
    """Share of people whom the classifier counts as blaming, where ``blame`` of them do; languages evenly mixed."""
    hit, true = errors.means.mean(axis=0)
    return float(blame * hit + (1 - blame) * (1 - true))


def simulate(
    pair: Pair, speaking: Speaking, q: float | Array, policy: Policy, mechanism: str, rng: np.random.Generator
) -> list[Cell]:
    """Cells of a pair over ``WEEKS``, from ``START``.

    Args:
        pair: whose cells.
        speaking: how often its people write.
        q: share of writers who are counted as blaming, or one for each week.
        policy: thresholds.
        mechanism: name that the cells carry.
        rng: source of chance.
    """
    q = np.broadcast_to(q, WEEKS)
    cells: list[Cell] = []
    wrote, opens = 0, 0
    for week in range(WEEKS):
        wrote += int(rng.binomial(speaking.size - wrote, speaking.odds))
        if policy.enough_voices(wrote):
            cells.append(_cell(pair, START + opens, START + week, wrote, float(q[week]), mechanism, rng))
        elif week - opens + 1 < policy.max_window_weeks:
            continue
        wrote, opens = 0, week + 1
    return cells


def _cell(pair: Pair, first: Week, last: Week, people: int, q: float, mechanism: str, rng: np.random.Generator) -> Cell:
    respondents = round_respondents(people)
    shares = rng.multinomial(people, np.full(len(LANGS), 1 / len(LANGS)))
    blame = round_randomly(int(rng.binomial(people, q)), rng.random())
    return Cell(
        *pair,
        first_week=first,
        last_week=last,
        respondents=respondents,
        languages={lang: round_randomly(int(n), rng.random()) for lang, n in zip(LANGS, shares, strict=True)},
        blame=min(blame, respondents),
        appreciation=0,
        patterns={},
        model="planned",
        mechanism=mechanism,
    )


def _middle(found: Sequence[float | None]) -> float | None:
    """The median, if more than half have one."""
    known = [f for f in found if f is not None]
    return median(known) if 2 * len(known) > len(found) else None

"""Which patterns released cells tell of, and which leads: nothing that rounding, noise or few people may have made.

Counts of patterns are not corrected for the classifier's errors. Pure; reads cells only. Called by ``friction.trends``
and ``service.digest``.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Final

from friction.mechanisms import chances, variance
from friction.records import Cell
from friction.taxonomy import PATTERNS, Pattern

STEP: Final = 0.05
_FALSE: Final = 0.05
"""Chance, at most, of showing any pattern of a cell that nobody voices."""
_NORMAL: Final = 1.96


def shares(cell: Cell) -> Mapping[Pattern, float]:
    """Shares of a cell's people who voice each pattern, to the nearest ``STEP``, but those that come to 0.

    Under noise, counts that could as well come of nobody are left out. Rounding makes none of nobody.
    """
    of_nobody = chances(0, cell.respondents, cell.mechanism, "patterns")
    return {
        pattern: share
        for pattern, count in cell.patterns.items()
        if (share := round(round(count / cell.respondents / STEP) * STEP, 2))
        and sum(chance for c, chance in of_nobody.items() if c >= count) <= _FALSE / len(PATTERNS)
    }


def leading(cells: Iterable[Cell]) -> Pattern | None:
    """The pattern most voiced in some cells, where it is clearly ahead; else None.

    Clearly: the difference to the next one is more than rounding or noise and the chance of who writes allow, at 5 %
    in a two-sided test. That the leader was picked among nine needs no correction (Hung & Fithian 2019, "Rank
    verification for exponential families").
    """
    voiced, added = Counter[Pattern](), 0.0
    for cell in cells:
        voiced.update(cell.patterns)
        added += 2 * variance(cell.mechanism, "patterns")
    first, second = sorted(PATTERNS, key=lambda p: -voiced[p])[:2]
    most, next_ = voiced[first], voiced[second]
    return first if most - next_ > _NORMAL * sqrt(most + next_ + added) else None

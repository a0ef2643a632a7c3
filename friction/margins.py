"""Totals over released cells: what a team gives and receives, and the whole company. Pure; reads cells only (rule 10).

Security property (``tests/test_margins.py`` and ``tests/attacks/test_audit.py`` guard it): a margin is worked out from
cells that are published one by one, so it tells nothing that they do not. A pair that is not shown is in no margin,
hence nothing can be had by subtracting what is shown from a total.

A margin is therefore not of everybody who wrote, and says of how many cells it is. Its numbers of people are of voices:
who speaks of two teams counts in two cells.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scipy.special import ndtr, ndtri

from friction.likelihood import Errors
from friction.model_folder import StanceErrors, errors_of
from friction.rates import Rate
from friction.records import Cell, TeamId, Week
from friction.shares import newest_maker, share

_NORMAL: Final = 1.96
_FAR: Final = 3.0
"""Standard errors beyond 0 or 1 at which an estimate is taken to lie, at most; farther out the rates are off."""


@dataclass(frozen=True, slots=True)
class Margin:
    """A total over released cells, of their published counts.

    Attributes:
        cells: how many it is of.
        voices, blaming, appreciating: sums of the cells' published counts.
    """

    cells: int = 0
    voices: int = 0
    blaming: int = 0
    appreciating: int = 0

    def with_cell(self, cell: Cell) -> "Margin":
        """This total and one more cell."""
        return Margin(
            cells=self.cells + 1,
            voices=self.voices + cell.respondents,
            blaming=self.blaming + cell.blame,
            appreciating=self.appreciating + cell.appreciation,
        )


def closed_in(cells: Iterable[Cell], first: Week, last: Week) -> list[Cell]:
    """Cells that closed in a span of weeks, both ends included."""
    return [cell for cell in cells if first <= cell.last_week <= last]


def last_made(cells: Sequence[Cell], first: Week, last: Week) -> list[Cell]:
    """Those that closed in a span and that the newest model and mechanism made: shares of others are not added to
    theirs.

    ``cells``: those before the span too, so that it is known which began last.
    """
    newest = newest_maker(cells, first)
    return [c for c in closed_in(cells, first, last) if c.maker == newest]


def received(cells: Iterable[Cell]) -> Mapping[TeamId, Margin]:
    """What each team receives from all teams together. A team with no released cell is not in it."""
    return _totals(cells, lambda cell: cell.about_team)


def given(cells: Iterable[Cell]) -> Mapping[TeamId, Margin]:
    """What each team says of all teams together. A team with no released cell is not in it."""
    return _totals(cells, lambda cell: cell.from_team)


def company(cells: Iterable[Cell]) -> Margin:
    """The whole company."""
    total = Margin()
    for cell in cells:
        total = total.with_cell(cell)
    return total


def rate(cells: Sequence[Cell], errors: StanceErrors) -> Rate | None:
    """The share of all voices that blame, corrected for the classifier's errors, with its 95 % interval.

    Args:
        cells: of any pairs, of one model and mechanism (``last_made``); None comes of none.
        errors: of the model in use, which stand in for one that was never released.
    """
    if not cells:
        return None
    found = share(cells, Errors(errors_of(cells[0].model, errors)["blame"]))
    return Rate(min(max(found.value, 0.0), 1.0), *_ends(found.value, math.sqrt(found.variance + found.draws.var())))


def _ends(value: float, error: float) -> tuple[float, float]:
    """Of a share's 95 % interval, from its estimate and the standard error.

    Where it reaches beyond 0 or 1 it ends there, and on the other side where 2.5 % of the normal distribution's part
    between 0 and 1 are left: none of 300 is no proof of none.
    """
    low, high = value - _NORMAL * error, value + _NORMAL * error
    if (low < 0) == (high > 1):
        return max(low, 0.0), min(high, 1.0)
    near = min(max(value, -_FAR * error), 1 + _FAR * error)
    below, above = ndtr(-near / error), ndtr((1 - near) / error)
    end = float(near + error * ndtri(below + (0.975 if low < 0 else 0.025) * (above - below)))
    return (0.0, end) if low < 0 else (end, 1.0)


def _totals(cells: Iterable[Cell], key: Callable[[Cell], TeamId]) -> dict[TeamId, Margin]:
    found: dict[TeamId, Margin] = {}
    for cell in cells:
        found[key(cell)] = found.get(key(cell), Margin()).with_cell(cell)
    return dict(sorted(found.items()))

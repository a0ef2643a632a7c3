"""The share behind several cells taken together, unbiased and with its variance: what changes are measured with.

Unlike the rates of single cells (``friction.rates``) nothing is steadied or held between 0 and 1 here, so that the
difference of two shares is unbiased. Pure; reads cells only. Called by ``friction.verdicts``, ``friction.conflict``,
``friction.interventions``, ``friction.margins`` and ``friction.trends``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, Literal, NamedTuple, Self

import numpy as np

from friction.likelihood import Array, Errors
from friction.mechanisms import epsilon_of, variance
from friction.records import LANGS, Cell, Pair, Week
from friction.taxonomy import Pattern

_FOUR_IN_FIVE: Final = 0.84
"""Standard errors beyond the critical value at which a change is found four times out of five."""
_ROUNDS: Final = 4
"""Times that a change and its standard error are worked out from each other: they hardly move on."""
_UNKNOWN: Final = 1 / 3
"""Variance of where in its class a rounded number of people lies, if it may be anywhere from -1 to 1."""


class Count(NamedTuple):
    """Which count of a cell a share is of, and which part of the epsilon it has under noise."""

    of: Callable[[Cell], int]
    part: Literal["blame", "patterns"]


BLAME: Final = Count(attrgetter("blame"), "blame")


def newest_maker(cells: Iterable[Cell], since: Week) -> tuple[str, str] | None:
    """The model and mechanism whose shares are compared and added up: of those that made the last cell of a pair in the
    weeks since, the one that began last. A window that the one before it closes later, of whatever pair, changes
    nothing.

    Args:
        cells: every one that was released, or all of some pairs, so that it is known when each began.
        since: None comes where no cell closed since then.
    """
    began: dict[tuple[str, str], Week] = {}
    last: dict[Pair, Cell] = {}
    for cell in sorted(cells, key=lambda cell: cell.last_week):
        began.setdefault(cell.maker, cell.last_week)
        last[cell.pair] = cell
    current = {cell.maker for cell in last.values() if cell.last_week >= since}
    return max(current, key=lambda maker: (began[maker], maker), default=None)


def voicing(pattern: Pattern) -> Count:
    """The count of people who voice a pattern. A 0 is a rounded count like any other, and true on average."""
    return Count(lambda cell: cell.patterns.get(pattern, 0), "patterns")


@dataclass(frozen=True, slots=True)
class Share:
    """The corrected share of a count behind some cells of a pair.

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


def noise(cell: Cell, count: Count = BLAME) -> tuple[float, float]:
    """Variance that the mechanism adds to the count, and to the number of people."""
    languages = len(LANGS) if epsilon_of(cell.mechanism) else sum(n > 0 for n in cell.languages.values())
    return variance(cell.mechanism, count.part), variance(cell.mechanism, "people") * languages


def share(cells: Sequence[Cell], errors: Errors, count: Count = BLAME) -> Share:
    """The share of a count behind cells of one pair, model and mechanism.

    Args:
        cells: at least one.
        errors: at that count, by the model that scored them.
        count: whose share.
    """
    counts: Array = np.array([float(count.of(c)) for c in cells])
    n: Array = np.array([float(people(c)) for c in cells])
    noises = np.array([noise(c, count) for c in cells])
    total = float(n.sum())
    seen = min(float(counts.sum()) / total, 1.0)
    q = (float(counts.sum()) + 1) / (total + 2)  # for the variance only: never 0 or 1 (Agresti & Caffo 2000)
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
        misfit=float(((counts - seen * n) ** 2 / each).sum()),
        freedom=len(cells) - 1,
    )


class Difference(NamedTuple):
    """A pair's share of a count in some cells less that in earlier ones.

    Attributes:
        counted: whose shares.
        cells: the later ones.
        later, earlier: their shares.
    """

    counted: Count
    cells: Sequence[Cell]
    later: Share
    earlier: Share

    @classmethod
    def of(cls, later: Sequence[Cell], earlier: Sequence[Cell], errors: Errors, count: Count = BLAME) -> Self:
        """The difference between cells of one pair, model and mechanism; at least one on either side."""
        return cls(count, later, share(later, errors, count), share(earlier, errors, count))

    @property
    def value(self) -> float:
        """The later share less the earlier one; as ``Share``."""
        return self.later.value - self.earlier.value

    @property
    def variance(self) -> float:
        """As ``Share``."""
        return self.later.variance + self.earlier.variance

    @property
    def draws(self) -> Array:
        """As ``Share``."""
        return self.later.draws - self.earlier.draws

    def smallest_visible(
        self, critical: float, error: Callable[["Difference"], float], errors: Errors, *, anyway: float = 0.0
    ) -> float | None:
        """Least change that would be found four times out of five, whichever way it went; None where none would.

        The change makes the later cells what they would then be. The error is the larger the nearer they come to a
        half, so that a change towards it is the harder to see; it has the most room, too.

        Args:
            critical: standard errors away from none at which a difference is found.
            error: the standard error of such a difference.
            errors: at the count, by the model that scored the cells.
            anyway: change that is no part of it, and would have been there without.
        """
        base = min(max(self.earlier.value + anyway, 0.0), 1.0)
        way, change = (1 if base < 0.5 else -1), 0.0
        for _ in range(_ROUNDS):
            change = (critical + _FOUR_IN_FIVE) * error(self._moved(base + way * change, errors))
            if change > max(base, 1 - base):
                return None
        return change

    def _moved(self, to: float, errors: Errors) -> "Difference":
        hit, true = errors.mix(self.cells) @ errors.means
        seen = to * hit + (1 - to) * (1 - true)
        moved = self.counted._replace(of=lambda cell: round(seen * people(cell)))
        return self._replace(later=share(self.cells, errors, moved))

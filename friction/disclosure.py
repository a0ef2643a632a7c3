"""Statistical disclosure control: pure functions and a frozen policy. The rules are those of ``docs/privacy.md``.

Security properties (a change here must keep them; ``tests/test_disclosure.py`` and ``tests/properties`` guard them):
    - no threshold under ``FLOOR``, and no epsilon over ``MOST_EPSILON``;
    - counts leave only after random rounding to base 3, and counts of stances never exceed the rounded number of
      respondents, so that unanimity cannot be read off;
    - the same draw gives the same result, so that a crash between two stores cannot show two roundings.

Source of the rounding: random rounding as practised by national statistical offices (Statistics New Zealand,
Statistics Canada); unbiased for counts below the number of respondents.
"""

import hmac
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from friction.errors import UsageError

FLOOR: Final = 5
BASE: Final = 3
MECHANISM: Final = f"rounding-{BASE}"
MOST_EPSILON: Final = Decimal("2.3")
"""Of a cell. Three tenths of it, which is what blame gets, are under ln 2: then one noisy count tells who knows all
others no more than a rounded one does, which is right two times in three."""
YEAR: Final = 52
"""Weeks over which a budget is kept: any that follow each other, not those of a calendar."""
SEEN_WEEKS: Final = 26
"""Weeks for which a comment is recognised after it last came, so that it counts once; then its key is deleted."""
_BANDS: Final = ((100, "100+"), (50, "50-99"), (20, "20-49"), (10, "10-19"), (0, "5-9"))


@dataclass(frozen=True, slots=True)
class Policy:
    """Thresholds of the wall, and how much may be told.

    Attributes:
        epsilon: what a cell may cost one person in differential privacy; None for random rounding.
        epsilon_per_year: what all cells in which a team speaks may cost one person of it, in any ``YEAR`` weeks.

    Raises:
        UsageError: a threshold is under its floor, an epsilon over its ceiling, or the year's not enough for one cell.
    """

    min_respondents: int = FLOOR
    min_team_size: int = FLOOR
    max_window_weeks: int = 13
    epsilon: Decimal | None = None
    epsilon_per_year: Decimal | None = None

    def __post_init__(self) -> None:
        if self.min_respondents < FLOOR or self.min_team_size < FLOOR:
            raise UsageError(f"min_respondents and min_team_size are at least {FLOOR}: the wall cannot be lowered")
        if self.max_window_weeks < 1:
            raise UsageError("max_window_weeks is at least 1")
        if (self.epsilon is None) != (self.epsilon_per_year is None):
            raise UsageError("epsilon and epsilon_per_year go together: what a cell may cost, and what a year may")
        if self.epsilon is not None and not 0 < self.epsilon <= MOST_EPSILON:
            raise UsageError(f"epsilon is over 0 and at most {MOST_EPSILON}: the wall cannot be lowered")
        if not self.affords(Decimal(0)):
            raise UsageError("epsilon_per_year is less than epsilon: no cell could ever be released")

    def enough_voices(self, respondents: int) -> bool:
        """Whether so many distinct people may make a cell."""
        return respondents >= self.min_respondents

    def affords(self, spent: Decimal) -> bool:
        """Whether one more cell is within the year's budget, after so much was spent."""
        if self.epsilon is None or self.epsilon_per_year is None:
            return True
        return spent + self.epsilon <= self.epsilon_per_year

    def large_enough(self, headcount: int | None) -> bool:
        """Whether a team of that size may be spoken of."""
        return headcount is not None and headcount >= self.min_team_size


def majority(positive: Any, total: Any) -> Any:
    """One vote a person: most of their comments; a tie counts as yes. Of numbers, or of columns of a query.

    >>> majority(1, 2), majority(1, 3), majority(0, 0)
    (True, False, False)
    """
    return (2 * positive >= total) & (positive > 0)


def draw(salt: bytes, measure: str) -> float:
    """A number in [0, 1) that only the holder of the window's salt could foretell."""
    digest = hmac.digest(salt, b"rounding:" + measure.encode(), "sha256")
    return int.from_bytes(digest[:6], "big") / 2**48


def round_randomly(count: int, u: float) -> int:
    """Round to a neighbouring multiple of 3, up with probability remainder / 3: unbiased.

    >>> round_randomly(6, 0.9), round_randomly(7, 0.2), round_randomly(7, 0.5)
    (6, 9, 6)
    """
    down, remainder = count - count % BASE, count % BASE
    return down + BASE if u * BASE < remainder else down


def round_respondents(count: int) -> int:
    """The nearest multiple of 3: the only form in which a number of people is kept.

    >>> [round_respondents(n) for n in (5, 6, 7, 8)]
    [6, 6, 6, 9]
    """
    return (count + 1) // BASE * BASE


def band(count: int) -> str:
    """The published form of a number of people.

    >>> band(7), band(10), band(240)
    ('5-9', '10-19', '100+')
    """
    return next(name for least, name in _BANDS if count >= least)

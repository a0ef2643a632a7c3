"""Whether relationship conflict rises in a pair: of the three kinds (``taxonomy.KINDS``) the one whose damage lasts.

It shows as the one pattern ``disrespect`` (Jehn 1995). The share of people who voice it is compared as the share who
blame is (``friction.verdicts``: the same weeks and intervals, and a false discovery rate of its own over all pairs),
but:

- how often the classifier errs at a pattern is no part of a card, so that the share is not corrected. Disrespect that
  goes unseen makes a rise smaller. What is seen where there is none is hardly more when a team is blamed more, and
  much less than ``LEAST`` in any case (``docs/statistics.md``);
- a rise of less than ``LEAST`` is not told: pages show patterns no finer;
- only a rise is told, and nothing where there is none: no news of disrespect does not mean that there is none;
- nothing is told under noise. Of a person's patterns one counts there, so that one may grow because another shrinks,
  and noise that is cut off at 0 makes more of the share the fewer write.

Pure; reads cells only. Called by ``friction.trends``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from friction.likelihood import Errors
from friction.mechanisms import epsilon_of
from friction.model_folder import ErrorRate
from friction.records import LANGS, Cell, Pair, Week
from friction.shares import voicing
from friction.taxonomy import Pattern
from friction.verdicts import changes
from friction.voiced import STEP

LEAST: Final = STEP
_MANY: Final = 10**9
_UNCORRECTED: Final = Errors(dict.fromkeys(LANGS, ErrorRate(_MANY, _MANY, _MANY, _MANY)))
"""As of a classifier that judged so many without one error."""
RELATIONSHIP: Final[Pattern] = "disrespect"
"""The one pattern of that kind; of several, people who voice more than one would be counted more than once."""


@dataclass(frozen=True, slots=True)
class Rise:
    """How much larger the recent share of people who voice disrespect is than the earlier one; 95 % interval."""

    value: float
    low: float
    high: float


def rises(series: Mapping[Pair, Sequence[Cell]], week: Week) -> dict[Pair, Rise]:
    """The pairs in which relationship conflict rises, and no others.

    Args:
        series: each pair's cells, oldest first, all of one model and mechanism.
        week: the last that was released; what is told is of the weeks up to it.
    """
    if any(epsilon_of(cell.mechanism) for cells in series.values() for cell in cells[:1]):
        return {}
    found = changes(series, _UNCORRECTED, week, voicing(RELATIONSHIP))
    return {
        pair: Rise(change.value, change.low, change.high)
        for pair, change in found.items()
        if change.verdict == "rising" and change.value is not None and change.value >= LEAST
        if change.low is not None and change.high is not None
    }

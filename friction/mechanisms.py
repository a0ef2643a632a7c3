"""The two ways in which counts leave the wall: random rounding (rule 7) and discrete Laplace noise (rule 8).

Security properties (``tests/test_mechanisms.py`` and ``tests/attacks`` guard them):
    - what comes out of ``publish`` is all that is stored of a window; the exact counts go no further;
    - rounding draws hang on the window's salt: the same store always says the same;
    - noise comes from OpenDP, never from here, and its own privacy maps must add up to no more than the epsilon;
    - under noise one person's contribution is bounded: one language, one vote on blame and one on appreciation, and one
      of the patterns that they voice.

What an epsilon covers. It bounds what a cell's numbers tell about one person of the pair in that window: the chance of
anything that is published changes by a factor of at most e^epsilon when what they said is another thing, in the same
language, or when they are left out of the counts. It does not cover that a window closes in its week: that depends on
how many wrote, exactly, and so do threshold, expiry and refusal. Who knows all others may learn from it that one more
wrote, never what. Cells add up: a person of a team is in every cell that the team speaks in, which is why the budget
of a year is kept for each speaking team. Where a source promises that each row is another person, all this is of rows.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

from friction.disclosure import BASE, FLOOR, MECHANISM, YEAR, Policy, round_randomly, round_respondents
from friction.errors import IntegrityError, UsageError
from friction.records import Cell, Lang, TeamId, Week
from friction.taxonomy import Pattern

MOST_PATTERNS: Final = 1
"""How many of a person's patterns count under noise."""
SHARES: Final = {
    "people": Decimal("0.3"),
    "blame": Decimal("0.3"),
    "appreciation": Decimal("0.2"),
    "patterns": Decimal("0.2"),
}
"""How a cell's epsilon is split. Leaving a person out costs each share once; saying another thing costs that of the
patterns twice, and no share of people: never more than the whole."""
_SLACK: Final = 1 + 1e-9
"""Noise is wider by this, so that the sum of what OpenDP reckons, rounded up, stays under the epsilon."""
Draw = Callable[[str], float]
"""A number in [0, 1) for a measure, under the window's salt."""


@dataclass(frozen=True, slots=True)
class Counts:
    """People of one window, by what they said: exact inside, rounded or noisy outside."""

    people: int
    languages: Mapping[Lang, int]
    blame: int
    appreciation: int
    patterns: Mapping[Pattern, int]


class Mechanism(Protocol):
    """How exact counts become published ones."""

    @property
    def name(self) -> str:
        """What a cell says of it, with its parameters."""

    @property
    def epsilon(self) -> Decimal:
        """What a cell costs one person; 0 where nothing is accounted for."""

    @property
    def most_patterns(self) -> int | None:
        """How many of a person's patterns may count; None for all."""

    def publish(self, exact: Counts, draw: Draw) -> Counts:
        """The counts that leave. The exact ones must not be kept."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """Random rounding to base 3."""

    name: str = MECHANISM
    epsilon: Decimal = Decimal(0)
    most_patterns: None = None

    def publish(self, exact: Counts, draw: Draw) -> Counts:
        """Round every count, once; counts of stances never exceed the rounded number of people."""
        people = round_respondents(exact.people)

        def rounded(measure: str, count: int) -> int:
            return min(round_randomly(count, draw(measure)), people)

        return Counts(
            people=people,
            languages={lang: round_randomly(n, draw(f"lang:{lang}")) for lang, n in exact.languages.items()},
            blame=rounded("blame", exact.blame),
            appreciation=rounded("appreciation", exact.appreciation),
            patterns={p: rounded(p, n) for p, n in exact.patterns.items()},
        )


class Laplace:
    """Discrete Laplace noise on every count (Ghosh, Roughgarden & Sundararajan 2009; sampled by OpenDP).

    Args:
        epsilon: what one cell may cost one person.

    Raises:
        UsageError: OpenDP is not installed.
        IntegrityError: OpenDP reckons a larger loss than epsilon.
    """

    most_patterns: int = MOST_PATTERNS

    def __init__(self, epsilon: Decimal) -> None:
        try:
            import opendp.prelude as dp
        except ModuleNotFoundError:
            raise UsageError(
                "mechanism = \"laplace\" needs OpenDP. Install it with: pip install 'friction[dp]'"
            ) from None
        dp.enable_features("contrib")
        self.epsilon = epsilon
        self.name = f"laplace(epsilon={epsilon.normalize():f},patterns={MOST_PATTERNS})"
        self._noise = {measure: _measurement(dp, self.scale(measure)) for measure in SHARES}
        if self.loss(people=1, blame=1, appreciation=1, patterns=MOST_PATTERNS) > epsilon:
            raise IntegrityError("OpenDP reckons a larger privacy loss than the epsilon; nothing was released")

    def scale(self, measure: str) -> float:
        """Scale of a share's noise: its standard deviation is about 1.4 times as large."""
        most = MOST_PATTERNS if measure == "patterns" else 1
        return most / float(SHARES[measure] * self.epsilon) * _SLACK

    def loss(self, **moved: int) -> float:
        """OpenDP's own privacy loss, by how far one person can move each share's counts (L1)."""
        return math.fsum(self._noise[measure].map(by) for measure, by in moved.items())

    def publish(self, exact: Counts, draw: Draw) -> Counts:  # noqa: ARG002
        """Add noise to every count, then bring it within 0 and the noisy number of people. The salt has no part."""
        langs, patterns = list(exact.languages), list(exact.patterns)
        languages: list[int] = self._noise["people"]([exact.languages[lang] for lang in langs])
        people = max(FLOOR, sum(languages))

        def within(count: int) -> int:
            return min(max(count, 0), people)

        (blame,) = self._noise["blame"]([exact.blame])
        (appreciation,) = self._noise["appreciation"]([exact.appreciation])
        voiced = self._noise["patterns"]([exact.patterns[p] for p in patterns])
        return Counts(
            people=people,
            languages={lang: max(n, 0) for lang, n in zip(langs, languages, strict=True)},
            blame=within(blame),
            appreciation=within(appreciation),
            patterns={p: within(n) for p, n in zip(patterns, voiced, strict=True)},
        )


def _measurement(dp: Any, scale: float) -> Any:
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
    return dp.m.make_laplace(*space, scale=scale)


def mechanism_of(policy: Policy) -> Mechanism:
    """The mechanism that a policy asks for.

    Raises:
        UsageError: OpenDP is needed and not installed.
    """
    return Rounding() if policy.epsilon is None else Laplace(policy.epsilon)


def chances(exact: int, people: int, mechanism: str, share: str = "blame") -> Mapping[int, float]:
    """How likely each published count of a stance is.

    Args:
        exact: how many people there are in it.
        people: the published number of people, under which it is held.
        mechanism: as the cell names it.
        share: whose part of the epsilon it has; one of ``SHARES``.

    >>> chances(7, 9, "rounding-3")
    {6: 0.6666666666666667, 9: 0.3333333333333333}
    """
    if mechanism == MECHANISM:
        down, remainder = exact - exact % BASE, exact % BASE
        found: dict[int, float] = {}
        for count, chance in ((down, 1 - remainder / BASE), (down + BASE, remainder / BASE)):
            if chance:
                found[min(count, people)] = found.get(min(count, people), 0.0) + chance
        return found
    ratio = _ratio(mechanism, share)
    inner = {count: (1 - ratio) / (1 + ratio) * ratio ** abs(count - exact) for count in range(1, people)}
    return {0: _tail(ratio, exact), **inner, people: _tail(ratio, people - exact)}


def variance(mechanism: str, share: str = "blame") -> float:
    """What the mechanism adds to the variance of a published count; of rounding, the mean over its remainders."""
    if mechanism == MECHANISM:
        return (BASE**2 - 1) / 6
    ratio = _ratio(mechanism, share)
    return 2 * ratio / (1 - ratio) ** 2


def _ratio(mechanism: str, share: str) -> float:
    """How likely noise is, as a part of how likely noise one step nearer to 0 is."""
    most = MOST_PATTERNS if share == "patterns" else 1
    return math.exp(-float(SHARES[share]) * epsilon_of(mechanism) / most)


def _tail(ratio: float, distance: int) -> float:
    """The chance of noise of ``distance`` or more, on one side."""
    if distance > 0:
        return ratio**distance / (1 + ratio)
    return 1 - ratio ** (1 - distance) / (1 + ratio)


def epsilon_of(mechanism: str) -> float:
    """The epsilon that a cell's mechanism names; 0 for rounding."""
    start, _, rest = mechanism.partition("epsilon=")
    return float(rest.split(",")[0]) if start == "laplace(" else 0.0


def exhausted(cells: Iterable[Cell], policy: Policy, week: Week) -> list[TeamId]:
    """Speaking teams whose budget does not cover one more cell in ``week``. From published cells, so no secret."""
    spent: dict[TeamId, Decimal] = {}
    for cell in cells:
        if week - cell.last_week < YEAR:
            cost = Decimal(str(epsilon_of(cell.mechanism)))
            spent[cell.from_team] = spent.get(cell.from_team, Decimal(0)) + cost
    return sorted(team for team, cost in spent.items() if not policy.affords(cost))

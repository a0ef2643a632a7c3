"""The best that an insider can do who knows every comment but the victim's stance, and sees every output of every week.

Everything that anybody sees is worked out from released cells, so nobody can do better than who weighs the cells
themselves with their exact chances (Bayes' rule). The insider plays the victim's two stances through the release step
with a mechanism that hides nothing, and asks under which of the two the published counts were likelier.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import combinations_with_replacement, product
from math import exp, prod

import numpy as np

from friction.disclosure import Policy
from friction.mechanisms import Counts, Draw, Mechanism, chances, mechanism_of
from friction.records import Cell, Directory, Pair, Week
from friction.release import _close_week
from friction.store.scores import Vote
from tests.attacks.companies import Company, of_pair
from tests.attacks.memory import Memory

Policies = Callable[[Week], Policy]
Arrivals = Callable[[Vote], Week]
"""In which week's batch a vote comes in; its own week unless it is late."""


class Exact:
    """Hides nothing. For the insider's own reckoning, and to see that the suite notices."""

    name = "exact"
    epsilon = Decimal(0)
    most_patterns: int | None = None

    def publish(self, exact: Counts, draw: Draw) -> Counts:
        return exact


def default(_: Week) -> Policy:
    return Policy()


def on_time(vote: Vote) -> Week:
    return vote.week


def played(
    directory: Directory,
    votes: Sequence[Vote],
    rng: np.random.Generator,
    *,
    policies: Policies = default,
    arrivals: Arrivals = on_time,
    mechanism: Mechanism | None = None,
) -> list[Cell]:
    """Every cell that a company releases, week by week."""
    memory = Memory(lambda _: rng.bytes(32))
    batches: dict[Week, list[Vote]] = {}
    ends: dict[Pair, Week] = {}
    for vote in votes:
        batches.setdefault(arrivals(vote), []).append(vote)
    cells: list[Cell] = []
    if not batches:
        return cells
    first, last = min(batches), max(batches)
    for week in (first + i for i in range(last - first + 1)):
        memory.add(batches.get(week, []))
        policy = policies(week)
        made = _close_week(memory, ends, week, directory, policy, mechanism or _mechanism(policy))  # type: ignore[arg-type]
        ends.update((cell.pair, week) for cell in made)
        cells += made
        memory.finish(week)
    return cells


@cache
def _mechanism(policy: Policy) -> Mechanism:
    return mechanism_of(policy)


def likelihood(published: Cell, exact: Cell) -> float:
    """How likely a cell's counts of stances are, if the exact ones are these."""
    if published.mechanism == "exact":
        return float((published.blame, published.patterns) == (exact.blame, exact.patterns))

    def one(share: str, count: int, said: int) -> float:
        return chances(count, published.respondents, published.mechanism, share).get(said, 0.0)

    shares = [one("blame", exact.blame, published.blame)]
    shares += [one("patterns", exact.patterns[p], said) for p, said in published.patterns.items()]
    return prod(shares)


@dataclass(frozen=True)
class Guess:
    """What the insider makes of it: the odds that the victim blames, before any is 0.5."""

    chance: float
    blames: bool

    @property
    def is_right(self) -> float:
        """1 if the likelier stance is the true one; a half if both are as likely."""
        return 0.5 if abs(self.chance - 0.5) < 1e-9 else float((self.chance > 0.5) == self.blames)

    @property
    def is_sure(self) -> bool:
        return self.chance in (0.0, 1.0)


def attack(
    company: Company,
    rng: np.random.Generator,
    *,
    policies: Policies = default,
    arrivals: Arrivals = on_time,
    mechanism: Mechanism | None = None,
) -> Guess:
    """Draw the victim's stance, release, and guess it back."""
    blames = bool(rng.random() < 0.5)
    options = {"policies": policies, "arrivals": arrivals}
    published = played(company.directory, company.with_stance(blames), rng, mechanism=mechanism, **options)  # type: ignore[arg-type]
    seen = of_pair(published, company.pair)
    weights = []
    for stance in (False, True):
        votes = [v for v in company.with_stance(stance) if (v.from_team, v.about_team) == company.pair]
        exact = of_pair(played(company.directory, votes, rng, mechanism=Exact(), **options), company.pair)  # type: ignore[arg-type]
        by_week = {cell.last_week: cell for cell in exact}
        assert [c.last_week for c in seen] == sorted(by_week), "the insider must foresee every window"
        weights.append(prod(likelihood(cell, by_week[cell.last_week]) for cell in seen))
    return Guess(weights[1] / sum(weights), blames)


def rounding_grant(counts: int, keys: int = 1) -> float:
    """How often the best guess is right where the victim's stance is in so many rounded counts, at worst.

    What SECURITY.md states: by the remainders that the others leave, a count is one of three experiments. ``keys``:
    under how many the victim stands in each.
    """
    experiments: list[tuple[Mapping[int, float], Mapping[int, float]]] = [
        (chances(r, 99, "rounding-3"), chances(r + keys, 99, "rounding-3")) for r in range(3)
    ]
    return max(_right(chosen) for chosen in combinations_with_replacement(experiments, counts))


def _right(chosen: Sequence[tuple[Mapping[int, float], Mapping[int, float]]]) -> float:
    outcomes: Iterator[tuple[int, ...]] = product(*({*a, *b} for a, b in chosen))
    return sum(
        max(prod(pair[v].get(said, 0.0) for pair, said in zip(chosen, outcome, strict=True)) for v in (0, 1)) / 2
        for outcome in outcomes
    )


def epsilon_grant(epsilon: float) -> float:
    """How often the best guess is right under differential privacy, at worst."""
    return exp(epsilon) / (1 + exp(epsilon))

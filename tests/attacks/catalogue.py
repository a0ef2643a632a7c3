"""Every attack: what the insider does, what guessing would give, what is granted, and how often it comes right.

An attack is a function of a generator that plays one company and returns a ``Guess``. Odds before the attack are even,
so guessing is right one time in two. What is granted is stated in SECURITY.md under "Choices" and reckoned exactly in
``insider.rounding_grant`` and ``insider.epsilon_grant``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from math import prod

import numpy as np
from scipy.stats import binom

from friction.disclosure import Policy
from friction.margins import company as total
from friction.margins import given, received
from friction.mechanisms import SHARES, chances
from friction.records import Cell, Directory, Team, TeamId
from tests.attacks.companies import FIRST, VICTIM, Company, company, of_pair, vote
from tests.attacks.insider import Exact, Guess, attack, epsilon_grant, played, rounding_grant

Generator = np.random.Generator
Play = Callable[[Generator], Guess]
EPSILON = Decimal(1)
ONCE, THRICE, SEVEN = rounding_grant(1), rounding_grant(3), rounding_grant(7)
TWO_KEYS = rounding_grant(1, keys=2)


@dataclass(frozen=True)
class Attack:
    """One row of the report. ``granted`` is how often the best guess may be right; None where nothing is promised."""

    name: str
    does: str
    play: Play
    granted: float | None


@dataclass(frozen=True)
class Result:
    """What an attack did over many companies."""

    attack: Attack
    companies: int
    right: float
    sure: float

    @property
    def breaks(self) -> bool:
        """Whether it is right more often than granted, beyond what chance explains once in 10,000 runs."""
        granted = self.attack.granted
        if granted is None:
            return False
        hits = round(self.right * self.companies)
        return bool(hits > granted * self.companies and binom.sf(hits - 1, self.companies, granted) < 1e-4)


def run(chosen: Attack, companies: int, seed: int) -> Result:
    """Play an attack. Each company has a generator of its own, so that a longer run begins like a short one."""
    guesses = [chosen.play(np.random.default_rng((seed, i))) for i in range(companies)]
    return Result(
        chosen,
        companies,
        right=float(np.mean([g.is_right for g in guesses])),
        sure=float(np.mean([g.is_sure for g in guesses])),
    )


def _one_cell(rng: Generator) -> Guess:
    return attack(company(rng, weeks=1, victim_weeks=(0,)), rng)


def _weeks_beside(rng: Generator) -> Guess:
    """The others repeat themselves; the victim writes in the middle one of three weeks."""
    made = company(rng, weeks=1, victim_weeks=(1,))
    again = [replace(v, week=v.week + later, comment=f"{v.comment} {later}") for later in range(3) for v in made.votes]
    return attack(replace(made, votes=again), rng)


def _same_stance(weeks: int) -> Play:
    return lambda rng: attack(company(rng, weeks=weeks, victim_weeks=range(weeks)), rng)


def _patterns(rng: Generator) -> Guess:
    return attack(company(rng, victim_weeks=(1,), patterns=2), rng)


def _language(rng: Generator) -> Guess:
    return attack(company(rng, victim_weeks=(1,), victim_lang="fr"), rng)


def _sources(rng: Generator) -> Guess:
    """What the victim wrote comes in by a survey and by a chat export, under the same key."""
    made = company(rng, victim_weeks=(1,))
    twice = [*made.victims, *(replace(v, comment=f"chat {v.comment}") for v in made.victims)]
    return attack(replace(made, victims=twice), rng)


def _late(rng: Generator) -> Guess:
    """The victim's row of the first week comes in the third."""
    made = company(rng, victim_weeks=(0,))
    return attack(made, rng, arrivals=lambda v: v.week + (2 if v.respondent == VICTIM else 0))


def _thresholds(rng: Generator) -> Guess:
    """Each week another threshold is asked for."""
    made = company(rng, weeks=6, victim_weeks=(2,))
    asked = rng.integers((5, 1), (15, 9), (6, 2))
    policies = [Policy(min_respondents=int(n), max_window_weeks=int(weeks)) for n, weeks in asked]
    return attack(made, rng, policies=lambda week: policies[week - FIRST])


def _model(rng: Generator) -> Guess:
    """From the second week on another model scores."""
    made = company(rng, victim_weeks=(1,))
    return attack(replace(made, votes=[replace(v, model="m2") if v.week > FIRST else v for v in made.votes]), rng)


def _unanimity(rng: Generator) -> Guess:
    """Everybody else blames; does the victim?"""
    made = company(rng, weeks=1, victim_weeks=(0,))
    return attack(replace(made, votes=[replace(v, blamed=True) for v in made.votes]), rng)


def _sybils(weeks: int) -> Play:
    """Four keys of the attacker's close the window with the victim alone in it, at the remainder that tells most."""

    def play(rng: Generator) -> Guess:
        made = company(rng, weeks=weeks, victim_weeks=range(weeks))
        sybils = [vote(f"s{i}", made.pair, FIRST + w, blamed=i < 2) for i in range(4) for w in range(weeks)]
        return attack(replace(made, votes=sybils), rng)

    return play


def _small_target(rng: Generator) -> Guess:
    return attack(company(rng, victim_weeks=(1,), target_headcount=4), rng)


def _small_rest(rng: Generator) -> Guess:
    """What is said of a team of four counts for the nine around it; by the release five of these are another team."""
    made = company(rng, victim_weeks=(1,), target_headcount=9)
    five = Team(TeamId("five"), "Five", 5, parent=made.pair[1])
    told = replace(made, directory=Directory(made.directory.teams | {five.id: five}))
    merged = [[replace(v, merged=True) for v in votes] for votes in (made.votes, made.victims)]
    return attack(replace(told, votes=merged[0], victims=merged[1]), rng)


def _small_speaker(rng: Generator) -> Guess:
    """A team of four, and as many keys as the attacker likes."""
    made = company(rng, victim_weeks=(1,), speaking_headcount=4)
    return attack(replace(made, votes=[vote(f"s{i}", made.pair, FIRST + 1) for i in range(20)]), rng)


def _nameless(rng: Generator) -> Guess:
    """Only the victim answers an anonymous weekly survey, six weeks long; each row counts as another person."""
    made = company(rng, weeks=6, victim_weeks=range(6))
    rows = [replace(v, respondent=f"row {v.week}", pool=f"pulse {v.week}") for v in made.victims]
    return attack(replace(made, votes=[], victims=rows), rng)


def _two_tools(rng: Generator) -> Company:
    """The victim stands in a survey by an address, and in a chat by that tool's own key: two people to a cell."""
    made = company(rng, weeks=1, victim_weeks=(0,))
    by_chat = [replace(v, respondent="chat key", pool="chat", comment=f"chat {v.comment}") for v in made.victims]
    return replace(made, victims=[*made.victims, *by_chat])


def _pulses(weeks: int) -> Callable[[Generator], Company]:
    """The victim answers an anonymous survey each week, all others only in the last, in which the window closes."""

    def make(rng: Generator) -> Company:
        made = company(rng, weeks=1, victim_weeks=(0,))
        last = FIRST + (weeks - 1)
        others = [replace(v, week=last, pool=f"pulse {last}") for v in made.votes]
        rows = [
            replace(v, week=v.week + i, respondent=f"row {i}", pool=f"pulse {v.week + i}", comment=f"{v.comment} {i}")
            for v in made.victims
            for i in range(weeks)
        ]
        return replace(made, votes=others, victims=rows)

    return make


def _of(make: Callable[[Generator], Company]) -> Play:
    return lambda rng: attack(make(rng), rng)


def _margins(rng: Generator) -> Guess:
    """The victim's pair is hidden; the attacker has every other pair's cells and all margins of both worlds."""
    made = company(rng, victim_weeks=(1,), whole=True)
    few = [v for v in made.votes if (v.from_team, v.about_team) != made.pair]
    blames = bool(rng.random() < 0.5)
    seed = int(rng.integers(2**32))
    seen = [
        _margins_of(
            played(made.directory, [*few, *replace(made, votes=()).with_stance(stance)], np.random.default_rng(seed))
        )
        for stance in (False, True)
    ]
    return Guess(0.5 if seen[0] == seen[1] else float(blames), blames)


def _margins_of(cells: list[Cell]) -> tuple[object, ...]:
    return received(cells), given(cells), total(cells), cells


def _presence(rng: Generator) -> Guess:
    """Did the victim write at all? Asks the windows, the number of people and those by language."""
    made = company(rng, weeks=2, victim_weeks=(0,))
    wrote = bool(rng.random() < 0.5)
    votes = {False: list(made.votes), True: made.with_stance(False)}
    seen = of_pair(played(made.directory, votes[wrote], rng), made.pair)
    weights = []
    for world in (False, True):
        exact = of_pair(played(made.directory, votes[world], rng, mechanism=Exact()), made.pair)
        weights.append(_fits(seen, exact))
    return Guess(weights[1] / sum(weights), wrote)


def _fits(seen: list[Cell], exact: list[Cell]) -> float:
    if [(c.first_week, c.last_week) for c in seen] != [(c.first_week, c.last_week) for c in exact]:
        return 0.0
    return prod(
        float(abs(said.respondents - real.respondents) <= 1)
        * prod(chances(n, 999, "rounding-3").get(said.languages[lang], 0.0) for lang, n in real.languages.items())
        for said, real in zip(seen, exact, strict=True)
    )


def _noisy(play: Callable[[Generator], Company]) -> Play:
    policy = Policy(epsilon=EPSILON, epsilon_per_year=EPSILON * 52)
    return lambda rng: attack(play(rng), rng, policies=lambda _: policy)


def _loss(*shares: str, cells: int = 1) -> float:
    return epsilon_grant(cells * sum(float(SHARES[s] * EPSILON) for s in shares))


_NOISY_ONCE = _noisy(lambda rng: company(rng, weeks=1, victim_weeks=(0,)))
_NOISY_THRICE = _noisy(lambda rng: company(rng, weeks=3, victim_weeks=range(3)))
_NOISY_PULSES = _noisy(_pulses(6))
_NOISY_PATTERNS = _noisy(lambda rng: company(rng, victim_weeks=(1,), patterns=2))

CATALOGUE = (
    Attack("one cell", "subtracts all the others from the published count", _one_cell, ONCE),
    Attack("differencing weeks", "the others repeat themselves; the victim is in the middle week", _weeks_beside, ONCE),
    Attack("the same stance in three weeks", "adds up three cells", _same_stance(3), THRICE),
    Attack("the same stance in seven weeks", "adds up seven cells", _same_stance(7), SEVEN),
    Attack("two known patterns", "reads blame and the patterns that the victim would voice", _patterns, THRICE),
    Attack("languages", "the victim alone writes in French", _language, ONCE),
    Attack("sources", "the victim's comment comes by survey and by chat", _sources, ONCE),
    Attack("two keys", "the victim has an address and a chat key", _of(_two_tools), TWO_KEYS),
    Attack("three keys", "the victim answers an anonymous survey in 3 weeks", _of(_pulses(3)), None),
    Attack("six keys", "the same in 6 weeks of one window", _of(_pulses(6)), None),
    Attack("late rows", "the victim's row comes two weeks late", _late, ONCE),
    Attack("changed thresholds", "another threshold and window length each week", _thresholds, ONCE),
    Attack("model change", "another model from the second week on", _model, ONCE),
    Attack("unanimity", "everybody else blames", _unanimity, ONCE),
    Attack("sybils, once", "four keys of the attacker's and the victim", _sybils(1), ONCE),
    Attack("sybils, three weeks", "the same, three weeks long", _sybils(3), THRICE),
    Attack("tiny target", "the team spoken of has four people", _small_target, 0.5),
    Attack("tiny rest of a team", "all but four of the team spoken of are a team of their own", _small_rest, 0.5),
    Attack("tiny speaking team", "a team of four, and twenty keys of the attacker's", _small_speaker, 0.5),
    Attack("one person, six anonymous surveys", "nobody else answers them", _nameless, 0.5),
    Attack("margins", "the victim's pair is hidden; all cells and totals are seen", _margins, 0.5),
    Attack("noise, one cell", f"differential privacy, epsilon {EPSILON}", _NOISY_ONCE, _loss("blame")),
    Attack("noise, three weeks", "the same stance in three noisy cells", _NOISY_THRICE, _loss("blame", cells=3)),
    Attack("noise, two known patterns", "of which one counts", _NOISY_PATTERNS, _loss("blame", "patterns")),
    Attack("noise, six keys", "an anonymous survey in 6 weeks of a window", _NOISY_PULSES, _loss("blame", cells=6)),
    Attack("who wrote", "whether the victim wrote at all, from the numbers of people", _presence, None),
)

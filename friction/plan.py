"""What could be seen with these headcounts: for each pair the weeks to a cell, and the smallest visible change.

The model. Each week a share of a team's people write, each by the same odds and whoever wrote before; a writer speaks
of other teams as ``Habits.spread`` says. People who have written about a team in a window are counted until there are
``min_respondents``; the window is dropped after ``max_window_weeks``. Real people are not alike, and who wrote once
writes again more readily: then windows take longer than planned.

The smallest visible change comes from companies that are simulated under this model (``friction.visible``). Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from friction.disclosure import YEAR, Policy
from friction.likelihood import Array, Errors
from friction.model_folder import ErrorRate
from friction.records import Directory, Team, TeamId
from friction.visible import Speaking, smallest_visible

Spread = Literal["even", "size", "all"]
HARDLY: Final = 0.01
"""A window whose odds are lower hardly ever makes a cell."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How people write.

    Attributes:
        share: of a team's people who write in a week.
        spread: whom a writer speaks of: one other team, each as likely (``even``) or by its headcount (``size``), or
            every other team (``all``, a survey that asks about each).
        blame: share of them that holds the other team responsible.
    """

    share: float
    spread: Spread = "even"
    blame: float = 0.25


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be expected of a pair.

    Attributes:
        voices: people a week who write about the team, on average.
        weeks: to a cell, on average, dropped windows included; None if hardly ever or never.
        chance: that a window makes a cell before it is dropped.
        visible: smallest rise of the share, as a share, that is found about four times out of five when it has lasted
            ``visible.SEEN_AFTER`` weeks; None where none would be, and under noise, for which it is not reckoned.
        never: why the pair is never shown; None if it can be.
    """

    from_team: TeamId
    about_team: TeamId
    voices: float = 0.0
    weeks: float | None = None
    chance: float = 0.0
    visible: float | None = None
    never: str | None = None


def plan(
    directory: Directory, policy: Policy, errors: Mapping[str, ErrorRate], habits: Habits, mechanism: str
) -> list[Outlook]:
    """Every directed pair, in the directory's order.

    Args:
        directory: the teams and their headcounts.
        policy: thresholds, and the year's budget where noise is chosen.
        errors: the model's error rates of blame by language.
        habits: how people write.
        mechanism: name of the disclosure control, as cells carry it.
    """
    found = {pair: _outlook(directory, policy, habits, *pair) for pair in directory.pairs}
    shown = {pair: o for pair, o in found.items() if o.never is None and o.chance >= HARDLY}
    speaking = {
        pair: Speaking(size := directory.teams[pair[0]].headcount or 0, o.voices / size) for pair, o in shown.items()
    }
    visible = smallest_visible(speaking, habits.blame, Errors(errors), policy, mechanism)
    for pair, o in shown.items():
        least = _budget_weeks(policy, sum(a == pair[0] for a, _ in shown))
        weeks = None if o.weeks is None else max(o.weeks, least)
        found[pair] = Outlook(*pair, o.voices, weeks, o.chance, visible[pair] if least == 0 else None)
    return list(found.values())


def _budget_weeks(policy: Policy, pairs: int) -> float:
    """Weeks between two cells of a pair that a year's budget allows, if the team's pairs take turns; 0 without one."""
    if policy.epsilon is None or policy.epsilon_per_year is None:
        return 0.0
    return YEAR * pairs / int(policy.epsilon_per_year / policy.epsilon)


def _outlook(directory: Directory, policy: Policy, habits: Habits, a: TeamId, b: TeamId) -> Outlook:
    never = _never(directory, policy, a, b)
    if never is not None:
        return Outlook(a, b, never=never)
    size, odds = directory.teams[a].headcount or 0, habits.share * _attention(directory, policy, habits, a)[b]
    open_, closed = _closing(size, odds, policy)
    chance = float(closed.sum())
    weeks = float(open_[:-1].sum()) / chance if chance >= HARDLY else None
    return Outlook(a, b, voices=size * odds, weeks=weeks, chance=chance)


def _never(directory: Directory, policy: Policy, a: TeamId, b: TeamId) -> str | None:
    speaks, target = directory.teams[a], directory.teams[b]
    if not policy.large_enough(target.headcount):
        size = "no stated headcount" if target.headcount is None else f"under {policy.min_team_size} people"
        instead = directory.reportable(b, policy.min_team_size, by=a)
        return f"{b} has {size}" + (f"; what is said of it counts for {instead}" if instead not in (None, a) else "")
    if speaks.headcount is None:
        return f"{a} has no stated headcount, so that nothing can be reckoned; its voices count all the same"
    if not policy.enough_voices(speaks.headcount):
        return f"{a} has under {policy.min_respondents} people who could speak"
    return None


def _attention(directory: Directory, policy: Policy, habits: Habits, a: TeamId) -> dict[TeamId, float]:
    """Odds that somebody of ``a`` who writes speaks of each team; a small team's go to its parent."""
    others = [t for t in directory.teams.values() if t.id != a]
    weights = {t.id: _weight(t, habits.spread) for t in others}
    total = sum(weights.values()) if habits.spread != "all" else 1.0
    silent = {t.id: 1.0 for t in others}
    for t in others:
        target = directory.reportable(t.id, policy.min_team_size, by=a)
        if target in silent and total:
            silent[target] *= 1 - weights[t.id] / total
    return {team: 1 - none for team, none in silent.items()}


def _weight(team: Team, spread: Spread) -> float:
    return float(team.headcount or 0) if spread == "size" else 1.0


def _closing(size: int, odds: float, policy: Policy) -> tuple[Array, Array]:
    """Odds that a window is still open after 0, 1, 2 ... weeks, and that it closes in each, up to its longest.

    People who have written after w weeks are binomial, with odds 1 - (1 - odds)^w each.
    """
    from scipy.stats import binom

    weeks = np.arange(policy.max_window_weeks + 1)
    open_: Array = binom.cdf(policy.min_respondents - 1, size, 1 - (1 - odds) ** weeks)
    return open_, -np.diff(open_)

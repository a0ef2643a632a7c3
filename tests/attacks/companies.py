"""Synthetic companies whose every comment is known: who wrote about whom in which week, and with what stance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from friction.records import Cell, Directory, Pair, Team, TeamId, Week
from friction.store.scores import Vote
from friction.taxonomy import PATTERNS

FIRST = Week.parse("2026-W10")
VICTIM = "victim"


@dataclass(frozen=True)
class Company:
    """A company with one person of interest.

    Attributes:
        votes: of everybody but the victim.
        victims: the victim's own, as they are if the victim blames; ``with_stance`` gives the other case.
        pair: that the victim writes in.
    """

    directory: Directory
    votes: Sequence[Vote]
    victims: Sequence[Vote]
    pair: Pair

    def with_stance(self, blames: bool) -> list[Vote]:
        """Every vote, with the victim's stance."""
        theirs = self.victims if blames else [replace(v, blamed=False, labels=()) for v in self.victims]
        return [*self.votes, *theirs]


def vote(who: str, pair: Pair, week: Week, *, blamed: bool = False, **more: object) -> Vote:
    """One comment's stance."""
    given = {"lang": "en", "appreciated": False, "labels": (), "model": "m1"} | more
    return Vote(
        from_team=pair[0],
        about_team=pair[1],
        week=week,
        respondent=who,
        comment=f"{who} {pair} {week}",
        blamed=blamed,
        **given,  # type: ignore[arg-type]
    )


def company(
    rng: np.random.Generator,
    *,
    weeks: int = 4,
    victim_weeks: Sequence[int] = (1,),
    patterns: int = 0,
    target_headcount: int | None = None,
    speaking_headcount: int | None = None,
    victim_lang: str = "en",
    whole: bool = False,
) -> Company:
    """A company of three to five teams, whose people write in some weeks; and its victim.

    Args:
        rng: decides everything.
        weeks: that are released.
        victim_weeks: in which the victim writes, with one stance.
        patterns: how many patterns the victim is known to voice when blaming.
        target_headcount: of the team that the victim writes about, where it must be one.
        speaking_headcount: of the victim's team likewise.
        victim_lang: the victim's language; the others write in English where it is French.
        whole: every pair of teams writes; else the victim's only, since each pair is released under a salt of its own.
    """
    names = [TeamId(f"t{i}") for i in range(rng.integers(3, 6))]
    sizes = {name: int(rng.integers(3 if whole else 5, 31)) for name in names}
    pair = (names[0], names[1])
    sizes[pair[0]] = speaking_headcount or max(sizes[pair[0]], 8)
    sizes[pair[1]] = target_headcount or sizes[pair[1]]
    directory = Directory({name: Team(name, name, size) for name, size in sizes.items()})
    votes: list[Vote] = []
    for way in permutations(names, 2) if whole else [pair]:
        share, busy = rng.uniform(0.05, 0.7), rng.uniform(0.2, 0.9)
        others = sizes[way[0]] - (way[0] == pair[0])
        wrote, blamed, praised, french = rng.random((4, weeks, others))
        labels = rng.integers(0, 2 * len(PATTERNS), (weeks, others))
        votes += [
            vote(
                f"{way[0]}-{person}",
                way,
                FIRST + int(week),
                blamed=bool(blamed[week, person] < share),
                appreciated=bool(praised[week, person] < 0.1),
                labels=PATTERNS[labels[week, person] : labels[week, person] + 1],
                lang="fr" if victim_lang == "en" and french[week, person] < 0.3 else "en",
            )
            for week, person in np.argwhere(wrote < busy)
        ]
    voiced = tuple(PATTERNS[:patterns])
    victims = [vote(VICTIM, pair, FIRST + w, blamed=True, labels=voiced, lang=victim_lang) for w in victim_weeks]
    return Company(directory, votes, victims, pair)


def quietened(made: Company, rng: np.random.Generator, pairs: int) -> list[Vote]:
    """The company's votes, but in some pairs four people at most ever write: those stay hidden."""
    written = sorted({(v.from_team, v.about_team) for v in made.votes})
    quiet = {written[i] for i in rng.permutation(len(written))[:pairs]}
    heard: dict[Pair, set[str]] = {pair: set() for pair in quiet}
    kept = []
    for v in made.votes:
        names = heard.get((v.from_team, v.about_team))
        if names is None or v.respondent in names or len(names) < 4:
            kept.append(v)
            if names is not None:
                names.add(v.respondent)
    return kept


def of_pair(cells: Sequence[Cell], pair: Pair) -> list[Cell]:
    """A pair's cells, oldest first."""
    return sorted((c for c in cells if (c.from_team, c.about_team) == pair), key=lambda c: c.last_week)

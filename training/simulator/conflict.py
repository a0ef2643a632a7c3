"""What ``friction.conflict`` tells of companies of known truth: disrespect that more people voice, or that they do not.

Companies are those of ``measure``, in which a stance stands for disrespect: who holds it voices it, and the classifier
marks and misses it as it does on dev. A window's votes are the majority's, where for a pattern one comment is enough.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from friction.conflict import RELATIONSHIP, Rise, rises
from friction.records import Cell, Pair

from .company import FIRST, Habits, pairs
from .confusions import Mistakes, Scores
from .measure import BUSY, CHANGED, PERFECT, STEP, USUAL, figure, worlds

BEFORE = 0.05
"""Share of people who voice disrespect where nothing is wrong."""
BLAME_FROM, BLAME_TO = 0.1, 0.9
"""Blame that grows without any more disrespect."""
THIRTY = replace(BUSY, voices=(29.9, 30.1), headcount=(70, 70))


def relationship(count: int, scores: Mapping[Any, Scores]) -> dict[str, Any]:
    """What the classifier does, how often a rise is told where there is none, and how often one is found."""
    return {"marks": marks(scores), "nothing": nothing_changed(count, scores), "rose": rose(count, scores)}


def marks(scores: Mapping[Any, Scores]) -> dict[str, list[int]]:
    """By language: disrespect marked, of how much; marked without any, of how much blame, and of how much else."""
    found = {}
    for lang, of in scores.items():
        without = ~of.disrespected
        kinds = (of.disrespected, without & of.blamed, without & ~of.blamed)
        found[str(lang)] = [int(n) for kind in kinds for n in ((of.marked & kind).sum(), kind.sum())]
    return found


def nothing_changed(count: int, scores: Mapping[Any, Scores], *, seed: int = 8) -> dict[str, Any]:
    """Companies where no more people voice disrespect: how many hear of a rise nevertheless, and of how many pairs."""
    true = Mistakes.of_disrespect(scores)
    every = np.arange(len(pairs(BUSY.teams)))
    _, _, of_blame, blame, of_rest, rest = np.array(list(marks(scores).values())).sum(axis=0).tolist()
    invented = (1 - BEFORE) * (BLAME_TO - BLAME_FROM) * (of_blame / blame - of_rest / rest)
    settings: Mapping[str, tuple[Habits, Any, dict[str, Any]]] = {
        "as usual": (USUAL, true, {}),
        "25 voices": (BUSY, true, {}),
        "over-dispersed": (USUAL, true, {"over": 0.05}),
        "drifting": (USUAL, true, {"sd": 0.05}),
        "25 voices, more blame": (BUSY, Mistakes.everywhere(PERFECT), {"step": (every, CHANGED, invented)}),
    }
    found = {}
    for place, (name, (habits, errors, more)) in enumerate(settings.items()):
        rng = np.random.default_rng((seed, place))
        levels = rng.beta(1, 12, 1000)
        wrong = []
        for world in worlds(count, habits, levels, errors, rng, **more):
            wrong.append(len(told_at(world.played.cells, habits.weeks - 1, pairs(habits.teams))))
        found[name] = {
            "companies with any": figure([w > 0 for w in wrong]),
            "of pairs": figure(wrong, [len(pairs(habits.teams))] * count),
        }
    return found


def rose(count: int, scores: Mapping[Any, Scores], *, seed: int = 9) -> dict[str, Any]:
    """A rise by ``STEP`` in some pairs of thirty voices a week: found within six weeks, and how many false ones."""
    true, names = Mistakes.of_disrespect(scores), pairs(THIRTY.teams)
    about_one_team = np.flatnonzero([about == names[0][1] for _, about in names])
    found = {}
    for place, (name, changed) in enumerate((("one team", about_one_team), ("one pair", about_one_team[:1]))):
        rng = np.random.default_rng((seed, place))
        moved = {names[i] for i in changed}
        hits: dict[str, list[float]] = {"found": [], "perfect": []}
        false = []
        for world in worlds(count, THIRTY, np.array([BEFORE]), true, rng, step=(changed, CHANGED, STEP)):
            for labels, cells in (("found", world.played.cells), ("perfect", world.played.perfect)):
                weekly = [set(told_at(cells, week, names)) for week in range(CHANGED, THIRTY.weeks)]
                hits[labels].append(len(set.union(*weekly) & moved) / len(moved))
                if labels == "found":
                    false.append(float(np.mean([len(said - moved) / max(len(said), 1) for said in weekly])))
        found[name] = {
            **{labels: figure(of) for labels, of in hits.items()},
            "false discovery rate": figure(false),
        }
    return found


def told_at(cells: Sequence[Sequence[Cell]], week: int, names: Sequence[Pair]) -> dict[Pair, Rise]:
    """The rises that are told after a week's release."""
    known = {
        pair: [replace(c, blame=0, patterns={RELATIONSHIP: c.blame}) for c in of if c.last_week <= FIRST + week]
        for pair, of in zip(names, cells, strict=True)
    }
    return rises({pair: of for pair, of in known.items() if of}, FIRST + week)

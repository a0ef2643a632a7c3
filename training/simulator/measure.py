"""What the table measures: each function plays companies and returns its figures, ready for JSON.

A figure is ``[value, half width of its 95 % Monte-Carlo interval, companies]``; companies are the independent units,
since the pairs of one share its card. Every company has error rates and a card of its own (``confusions.Mistakes``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from friction.interventions import effects
from friction.likelihood import Errors
from friction.mechanisms import Laplace
from friction.model_folder import ErrorRate
from friction.rates import rates
from friction.records import LANGS, Cell, Intervention, Pair
from friction.verdicts import Change, changes

from .company import FIRST, Array, Habits, Played, drifting, pairs, release, write
from .confusions import Mistakes, Rates

Figure = list[float]
PREVALENCES: Final = (0.05, 0.2, 0.5)
LANGUAGES: Final = {"en": 0.0, "fr": 1.0, "both": 0.5}
STEP: Final = 0.2
CHANGED: Final = 20
"""Week of the change that verdicts must find; six weeks are left."""
INTERVENED: Final = 14
STEP_WEEKS: Final = 8
"""Weeks after a sudden change in which intervals are looked at."""
USUAL: Final = Habits()
BUSY: Final = Habits(voices=(24.9, 25.1), headcount=(60, 60))
"""Twenty-five voices a week in every pair."""
PERFECT: Final[Rates] = dict.fromkeys(LANGS, ErrorRate(10**6, 10**6, 10**6, 10**6))


@dataclass(frozen=True, slots=True)
class World:
    """A company as it was played, and the card that its readers have."""

    truth: Array
    played: Played
    errors: Errors


def figure(values: Sequence[float] | Array, weights: Sequence[float] | Array | None = None) -> Figure:
    """A mean over companies, or a ratio of sums where ``weights`` are given, and its half width."""
    v = np.array(values, dtype=float)
    w = np.ones(len(v)) if weights is None else np.array(weights, dtype=float)
    if not w.sum():
        return [float("nan"), float("nan"), len(v)]
    mean = float(v.sum() / w.sum())
    error = float(np.sqrt(((v - mean * w) ** 2).sum()) / w.sum())
    return [mean, 1.96 * error, len(v)]


def worlds(
    count: int, habits: Habits, levels: Array, true: Mistakes, rng: np.random.Generator, *, sd: float = 0.0,
    over: float = 0.0, step: tuple[NDArray[np.int64], int, float] | None = None, laplace: Laplace | None = None,
) -> Iterator[World]:  # fmt: skip
    """Companies one by one.

    Args:
        count: how many.
        habits: how their people write.
        levels: where pairs lie: values to draw from.
        true: how the classifier errs.
        rng: source of chance.
        sd: of the drift around the level (see ``company.drifting``).
        over: variance of weekly shares around theirs, as a part of the largest possible one (beta-binomial).
        step: pairs, week and size of a change.
        laplace: noise in the place of rounding.
    """
    names = pairs(habits.teams)
    for _ in range(count):
        truth = drifting(rng.choice(levels, len(names)), habits, rng, sd=sd)
        if step is not None:
            changed, week, size = step
            truth[changed, week:] = np.clip(truth[changed, week:] + size, 0, 1)
        held = truth
        if over:
            held = rng.beta(truth * (1 / over - 1) + 1e-9, (1 - truth) * (1 / over - 1) + 1e-9)
        played = release(write(habits, held, rng), truth, true.of_a_company(rng), rng, names, laplace=laplace)
        yield World(truth, played, Errors(true.card(rng)))


def coverage(
    count: int, true: Mistakes, *, habits: Habits = USUAL, sd: float = 0.05, seed: int = 1,
    languages: Mapping[str, float] = LANGUAGES, laplace: Laplace | None = None,
) -> dict[str, Any]:  # fmt: skip
    """How often intervals hold the truth, by prevalence, and errors beside the raw share's; ``count`` a language."""
    found: dict[str, Any] = {}
    for place, (lang, french) in enumerate(languages.items()):
        rng = np.random.default_rng((seed, place))
        sums: dict[float, list[list[float]]] = {p: [] for p in PREVALENCES}
        of = replace(habits, french=french)
        for world in worlds(count, of, np.array(PREVALENCES), true, rng, sd=sd, laplace=laplace):
            said = rates(world.played.cells, "blame", world.errors)
            rows: dict[float, list[tuple[float, ...]]] = {p: [] for p in PREVALENCES}
            for start, cells, truths, of_pair in zip(
                world.truth, world.played.cells, world.played.truth, said, strict=True
            ):
                level = min(PREVALENCES, key=lambda p: abs(np.sqrt(p) - np.sqrt(start.mean())))
                for cell, truth, rate in zip(cells, truths, of_pair, strict=True):
                    raw = abs(cell.blame / cell.respondents - truth)
                    rows[level].append((rate.low <= truth <= rate.high, abs(rate.value - truth), raw,
                                        rate.value - truth, rate.high - rate.low, 1))  # fmt: skip
            for level, entries in rows.items():
                sums[level].append(np.sum(entries, axis=0).tolist() if entries else [0.0] * 6)
        found[lang] = {}
        for level, per_company in sums.items():
            v = np.array(per_company)
            found[lang][str(level)] = {
                "covered": figure(v[:, 0], v[:, 5]),
                "error": figure(v[:, 1], v[:, 5]),
                "raw": figure(v[:, 2], v[:, 5]),
                "ratio": figure(v[:, 1], v[:, 2]),
                "bias": figure(v[:, 3], v[:, 5]),
                "width": figure(v[:, 4], v[:, 5]),
            }
        whole = np.sum([np.array(v) for v in sums.values()], axis=0)
        found[lang]["all"] = {"covered": figure(whole[:, 0], whole[:, 5]), "ratio": figure(whole[:, 1], whole[:, 2])}
    return found


def after_a_step(count: int, true: Mistakes, *, seed: int = 6) -> dict[str, Any]:
    """How often intervals hold the truth before a sudden rise in some pairs and so many weeks after it.

    Others stay where they were, at 0.1 to 0.3: ``width`` is theirs.
    """
    found: dict[str, Any] = {}
    names = pairs(BUSY.teams)
    about_one_team = np.flatnonzero([about == names[0][1] for _, about in names])
    apart = np.array([0, 20, 40])
    few = replace(BUSY, voices=(6.4, 6.6))
    designs = {
        "3 pairs, 25 voices, +20 points": (BUSY, apart, STEP),
        "3 pairs, 6 voices, +40 points": (few, apart, 2 * STEP),
        "one team, 12 voices, +20 points": (replace(BUSY, voices=(11.9, 12.1)), about_one_team, STEP),
    }
    for place, (name, (habits, moved, size)) in enumerate(designs.items()):
        rng = np.random.default_rng((seed, place))
        held: dict[str, list[tuple[int, int]]] = {"before": [], **{str(week): [] for week in range(STEP_WEEKS)}}
        widths = []
        for world in worlds(count, habits, np.linspace(0.1, 0.3, 50), true, rng, step=(moved, INTERVENED, size)):
            said = rates(world.played.cells, "blame", world.errors)
            rows: dict[str, list[bool]] = {when: [] for when in held}
            for pair in moved:
                for cell, truth, rate in zip(
                    world.played.cells[pair], world.played.truth[pair], said[pair], strict=True
                ):
                    since = cell.last_week - FIRST - INTERVENED
                    if since < STEP_WEEKS:
                        rows["before" if since < 0 else str(since)].append(rate.low <= truth <= rate.high)
            for when, entries in rows.items():
                held[when].append((sum(entries), len(entries)))
            others = [r.high - r.low for pair, of in enumerate(said) if pair not in moved for r in of]
            widths.append(float(np.mean(others)))
        found[name] = {when: figure(*np.array(of).T) for when, of in held.items()} | {"width": figure(widths)}
    return found


def said_at(cells: Sequence[Sequence[Cell]], errors: Errors, week: int, names: Sequence[Pair]) -> dict[Pair, Change]:
    """Verdicts as they stood after a week's release."""
    known = {
        pair: [c for c in of if c.last_week <= FIRST + week] for pair, of in zip(names, cells, strict=True)
    }  # fmt: skip
    return changes({pair: of for pair, of in known.items() if of}, errors, FIRST + week)


def false_verdicts(count: int, true: Mistakes, *, seed: int = 2) -> dict[str, Any]:
    """Companies where nothing changed: how many have any rising or falling verdict, and of how many pairs."""
    settings = {
        "as usual": (USUAL, 0.0, 0.0),
        "25 voices": (BUSY, 0.0, 0.0),
        "over-dispersed": (USUAL, 0.0, 0.05),
        "drifting": (USUAL, 0.05, 0.0),
    }
    found = {}
    for place, (name, (habits, sd, over)) in enumerate(settings.items()):
        rng = np.random.default_rng((seed, place))
        levels = rng.beta(1.5, 4, 1000)
        wrong, tested, outside = [], [], []
        for world in worlds(count, habits, levels, true, rng, sd=sd, over=over):
            said = said_at(world.played.cells, world.errors, habits.weeks - 1, pairs(habits.teams))
            wrong.append(sum(c.verdict in ("rising", "falling") for c in said.values()))
            tested.append(len(said))
            outside.append(sum(c.low is not None and c.high is not None and (c.low > 0 or c.high < 0)
                               for c in said.values()))  # fmt: skip
        found[name] = {
            "companies with any": figure([w > 0 for w in wrong]),
            "of pairs": figure(wrong, tested),
            "intervals without 0": figure(outside, tested),
        }
    return found


def found_changes(count: int, true: Mistakes, *, seed: int = 3) -> dict[str, Any]:
    """A rise of 20 points in some pairs: found within six weeks, by the model and by perfect labels."""
    names = pairs(BUSY.teams)
    about_one_team = np.flatnonzero([about == names[0][1] for _, about in names])
    found = {}
    designs = [("one team", about_one_team, b) for b in (0.1, 0.2, 0.4)] + [("one pair", about_one_team[:1], 0.2)]
    for place, (name, changed, base) in enumerate(designs):
        rng = np.random.default_rng((seed, place))
        hits: dict[str, list[float]] = {"model": [], "perfect": []}
        wrong: dict[str, list[float]] = {"model": [], "perfect": []}
        given: dict[str, list[float]] = {"model": [], "perfect": []}
        shares: list[float] = []
        for world in worlds(count, BUSY, np.array([base]), true, rng, step=(changed, CHANGED, STEP)):
            moved = {names[i] for i in changed}
            for labels, cells, errors in (
                ("model", world.played.cells, world.errors),
                ("perfect", world.played.perfect, Errors(PERFECT)),
            ):
                seen: set[Pair] = set()
                verdicts = false = 0
                weekly = []
                for week in range(CHANGED, CHANGED + 6):
                    said = {p: c.verdict for p, c in said_at(cells, errors, week, names).items()}
                    rising = {p for p, v in said.items() if v == "rising"}
                    falling = {p for p, v in said.items() if v == "falling"}
                    seen |= rising & moved
                    verdicts += len(rising | falling)
                    false += len(rising - moved) + len(falling)
                    weekly.append((len(rising - moved) + len(falling)) / max(len(rising | falling), 1))
                hits[labels].append(len(seen) / len(moved))
                wrong[labels].append(false)
                given[labels].append(verdicts)
                if labels == "model":
                    shares.append(float(np.mean(weekly)))
        found[f"{name}, from {base:.0%}"] = {
            "found": figure(hits["model"]),
            "perfect": figure(hits["perfect"]),
            "ratio": figure(hits["model"], hits["perfect"]),
            "false": figure(wrong["model"], given["model"]),
            "false discovery rate": figure(shares),
        }
    return found


def intervened(count: int, true: Mistakes, *, seed: int = 4) -> dict[str, Any]:
    """One pair of each company is acted upon, in vain or by 20 points: what the intervals hold."""
    found = {}
    designs = {"as usual": (USUAL, 0.0), "drifting": (USUAL, 0.05), "25 voices": (BUSY, 0.0)}
    for place, (name, (habits, sd)) in enumerate(designs.items()):
        names = pairs(habits.teams)
        for effect in (0.0, -STEP):
            rng = np.random.default_rng((seed, place, int(effect < 0)))
            covered, said, width, moved = [], [], [], []
            one = np.array([3])
            for world in worlds(count, habits, np.linspace(0.25, 0.6, 50), true, rng, sd=sd,
                                step=(one, INTERVENED, effect)):  # fmt: skip
                series = dict(zip(names, world.played.cells, strict=True))
                intervention = Intervention(*names[3], FIRST + INTERVENED, "a weekly meeting")
                (measured,) = effects(series, [intervention], world.errors)
                if measured.step is None:
                    continue
                covered.append(measured.step.low <= effect <= measured.step.high)
                said.append(measured.finding in ("fell", "rose"))
                width.append(measured.step.high - measured.step.low)
                moved.append(measured.finding == "moved before")
            found[f"{name}, {effect:+.0%}"] = {
                "covered": figure(covered),
                "effect said": figure(said),
                "width": figure(width),
                "moved before": figure(moved),
            }
    return found


def stress(count: int, true: Mistakes) -> dict[str, Any]:
    """Where an assumption is strained: repeated comments, quicker drift, another size."""
    strained = {
        "nobody writes twice": (replace(USUAL, again=1e-9, heavy=0.0), 0.05),
        "half write again and again": (replace(USUAL, again=0.5, heavy=0.0), 0.05),
        "no drift": (USUAL, 0.0),
        "twice the drift": (USUAL, 0.1),
        "10 to 30 voices": (replace(USUAL, voices=(10.0, 30.0), headcount=(40, 90)), 0.05),
    }
    return {
        name: coverage(count, true, habits=habits, sd=sd, seed=5 + place)
        for place, (name, (habits, sd)) in enumerate(strained.items())
    }


def noise(count: int, true: Mistakes, epsilons: Sequence[str] = ("0.5", "1", "2.3")) -> dict[str, Any]:
    """The same figures under differential privacy, in companies of four teams with a cell whenever a window closes."""
    few = replace(USUAL, teams=4)
    return {
        f"epsilon {epsilon}": coverage(
            count, true, habits=few, seed=6, languages={"both": 0.5}, laplace=Laplace(Decimal(epsilon))
        )["both"]
        for epsilon in epsilons
    }

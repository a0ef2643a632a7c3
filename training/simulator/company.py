"""Companies of known truth, many at once: who writes, what they hold, what the classifier finds, what is released.

The rules are those of ``friction.release`` and ``friction.disclosure``, in arrays; ``tests/training/test_simulator.py``
plays the same comments through both and compares. Every row below is one directed pair of one company.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from friction.disclosure import BASE, FLOOR, MECHANISM
from friction.mechanisms import Counts as Exact
from friction.mechanisms import Laplace
from friction.model_folder import ErrorRate
from friction.records import LANGS, Cell, TeamId, Week

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
FIRST: Final = Week.parse("2026-W01")


@dataclass(frozen=True, slots=True)
class Habits:
    """How people write.

    Attributes:
        headcount: of a team, lowest and highest.
        voices: people who write about a target in a week, lowest and highest over the pairs.
        again: probability that somebody who wrote writes once more in the week, and so on; half of ``heavy``
            people's comments have many more.
        heavy: share of people who write often.
        french: share of people who write French; ``other`` how often somebody writes in the other language.
    """

    headcount: tuple[int, int] = (10, 45)
    voices: tuple[float, float] = (2.0, 20.0)
    again: float = 0.12
    heavy: float = 0.1
    french: float = 0.5
    other: float = 0.05
    teams: int = 8
    weeks: int = 26
    max_window_weeks: int = 13


@dataclass(slots=True)
class Played:
    """What companies released, and what is true of it. Lists have one entry a row (a pair of a company).

    Attributes:
        cells: released cells; ``perfect`` those that a classifier without errors would have released.
        truth: for each cell, the share that holds the target responsible.
    """

    cells: list[list[Cell]] = field(default_factory=list)
    perfect: list[list[Cell]] = field(default_factory=list)
    truth: list[list[float]] = field(default_factory=list)


def pairs(teams: int) -> list[tuple[TeamId, TeamId]]:
    """Every directed pair."""
    names = [TeamId(f"team{i}") for i in range(teams)]
    return [(a, b) for a in names for b in names if a != b]


@dataclass(frozen=True, slots=True)
class Comments:
    """Who wrote what: shape (rows, people, weeks).

    Attributes:
        written: comments by language, shape (languages, rows, people, weeks).
        stance: whether a person holds the target responsible, shape (rows, people, weeks); of a window, the stance
            of the week that closes it counts.
    """

    written: Counts
    stance: NDArray[np.bool_]


def write(habits: Habits, truth: Array, rng: np.random.Generator) -> Comments:
    """Comments of many pairs.

    Args:
        habits: how people write.
        truth: share of people who hold the target responsible, shape (rows, weeks).
        rng: source of chance.
    """
    rows, weeks = truth.shape
    size: NDArray[np.int64] = np.asarray(rng.integers(habits.headcount[0], habits.headcount[1] + 1, rows))
    people = int(habits.headcount[1])
    there = np.arange(people) < size[:, None]
    voices = np.exp(rng.uniform(np.log(habits.voices[0]), np.log(habits.voices[1]), rows))
    heavy = rng.random((rows, people)) < habits.heavy
    eager = np.where(heavy, 3.0, 1.0) * there
    rate = np.minimum(eager * (voices / eager.sum(axis=1))[:, None], 0.95)
    wrote = rng.random((rows, people, weeks)) < rate[..., None]
    more = rng.geometric(1 - np.where(heavy, 0.5, habits.again)[..., None], (rows, people, weeks)) - 1
    count = wrote * (1 + more)
    in_french = rng.random((rows, people)) < habits.french
    share = np.where(in_french, 1 - habits.other, habits.other) if 0 < habits.french < 1 else in_french * 1.0
    french = rng.binomial(count, share[..., None])
    written = np.stack([count - french, french])
    return Comments(written, rng.random((rows, people, weeks)) < truth[:, None, :])


def release(
    comments: Comments,
    truth: Array,
    errors: Mapping[str, ErrorRate],
    rng: np.random.Generator,
    names: list[tuple[TeamId, TeamId]],
    *,
    max_window_weeks: int = 13,
    model: str = "simulated",
    laplace: Laplace | None = None,
) -> Played:
    """Close windows as ``friction.release`` does.

    Args:
        comments: who wrote what.
        truth: shape (rows, weeks), for the truth of a window: the mean over its weeks.
        errors: the classifier's, as they really are; drawn anew for each comment.
        rng: source of chance.
        names: of the rows' pairs, as many as rows or, repeated, a divisor of them.
        max_window_weeks: after which a window is dropped.
        model: name in the cells.
        laplace: noise in the place of rounding; OpenDP's, which no seed repeats.
    """
    _, rows, people, weeks = comments.written.shape
    rates = [(errors[lang].hits / errors[lang].positives, 1 - errors[lang].rejections / errors[lang].negatives)
             for lang in LANGS]  # fmt: skip
    open_: Counts = np.zeros((len(LANGS), rows, people), dtype=np.int64)
    opens = np.zeros(rows, dtype=np.int64)
    played = Played([[] for _ in range(rows)], [[] for _ in range(rows)], [[] for _ in range(rows)])
    for week in range(weeks):
        open_ += comments.written[..., week]
        n = (open_.sum(axis=0) > 0).sum(axis=1)
        closing = np.flatnonzero(n >= FLOOR)
        if len(closing):
            here, stance = open_[:, closing], comments.stance[closing, :, week]
            total = here.sum(axis=0)
            found = sum(
                (rng.binomial(here[i], np.where(stance, hit, false)) for i, (hit, false) in enumerate(rates)),
                start=np.zeros_like(total),
            )
            votes = (2 * found >= total) & (found > 0)
            french = (here[1] > here[0]).sum(axis=1)
            languages = np.stack([n[closing] - french, french], axis=1)
            respondents = (n[closing] + 1) // BASE * BASE
            exact = votes.sum(axis=1), (stance & (total > 0)).sum(axis=1)
            if laplace:
                rounded, respondents, blame, perfect = _noisy(laplace, languages, *exact)
            else:
                rounded = _rounded(languages, rng)
                blame, perfect = (np.minimum(_rounded(of, rng), respondents) for of in exact)
            for place, row in enumerate(closing):
                share = float(truth[row, opens[row] : week + 1].mean())
                for into, counted in ((played.cells, blame), (played.perfect, perfect)):
                    into[row].append(
                        Cell(
                            from_team=names[row % len(names)][0],
                            about_team=names[row % len(names)][1],
                            first_week=FIRST + int(opens[row]),
                            last_week=FIRST + week,
                            respondents=int(respondents[place]),
                            languages=dict(zip(LANGS, rounded[place].tolist(), strict=True)),
                            blame=int(counted[place]),
                            appreciation=0,
                            patterns={},
                            model=model,
                            mechanism=laplace.name if laplace else MECHANISM,
                        )
                    )
                played.truth[row].append(share)
        done = closing
        if week - opens.min() + 1 >= max_window_weeks:
            done = np.union1d(closing, np.flatnonzero(week - opens + 1 >= max_window_weeks))
        open_[:, done] = 0
        opens[done] = week + 1
    return played


def _rounded(count: Counts, rng: np.random.Generator) -> Counts:
    down, remainder = count - count % BASE, count % BASE
    found: Counts = down + BASE * (rng.random(count.shape) * BASE < remainder)
    return found


def _noisy(laplace: Laplace, languages: Counts, blame: Counts, perfect: Counts) -> tuple[Counts, ...]:
    """Languages, people, blame, and blame by perfect labels as noise publishes them; the last with noise of its own."""
    said = []
    for of_lang, *stances in zip(languages.tolist(), blame.tolist(), perfect.tolist(), strict=True):
        exact = [Exact(sum(of_lang), dict(zip(LANGS, of_lang, strict=True)), of, 0, {}) for of in stances]
        one, other = (laplace.publish(of, lambda _: 0.0) for of in exact)
        said.append(([one.languages[lang] for lang in LANGS], one.people, one.blame, min(other.blame, one.people)))
    return tuple(np.array(of) for of in zip(*said, strict=True))


def drifting(level: Array, habits: Habits, rng: np.random.Generator, *, sd: float = 0.05, stay: float = 0.9) -> Array:
    """Shares that wander around their level, shape (rows, weeks): an AR(1) in the arc sine of stationary ``sd``."""
    noise = rng.normal(0, sd * np.sqrt(1 - stay**2), (len(level), habits.weeks))
    noise[:, 0] = rng.normal(0, sd, len(level))
    for week in range(1, habits.weeks):
        noise[:, week] += stay * noise[:, week - 1]
    wandered: Array = np.sin(np.clip(np.arcsin(np.sqrt(level))[:, None] + noise, 0, np.pi / 2)) ** 2
    return wandered

"""What one released count says: how likely it is, by the share behind it.

A count was made of binomial people, of whom the classifier finds some and invents some (Rogan & Gladen 1978,
"Estimating prevalence from the results of a screening test"), and then rounded or made noisy, as was their number
(``friction.mechanisms``). Nothing here is approximate but the grid. Pure. Called by ``friction.rates``; ``Errors`` by
all that corrects a share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaln, xlog1py, xlogy

from friction.disclosure import FLOOR
from friction.mechanisms import chances, epsilon_of
from friction.model_folder import ErrorRate
from friction.records import LANGS, Cell
from friction.turnout import behind

Array = NDArray[np.float64]
Stance = Literal["blame", "appreciation"]
DRAWS: Final = 16
MOST_TWICE: Final = 0.12
"""Share of people, at most, who are taken to have written just two comments in a window."""
PLACES: Final = 512
"""Probabilities of being counted that a likelihood is worked out at, evenly spread in their arc sine."""
WIDTH: Final = np.pi / 2
_SEED: Final = 1978
_NEVER: Final = 1e-4
"""What is less likely than this is left out."""


class Errors:
    """A stance's error rates in each language, as draws of their posteriors (see ``ErrorRate``).

    The card has them for comments, a cell counts people. Who wrote one comment errs as it does; of three or more the
    majority errs less; of two, either is enough to blame. How many wrote two is not released: anything between none
    and ``MOST_TWICE`` is drawn.

    Args:
        rates: measured counts by language (see ``model_folder.ErrorRate``).

    Attributes:
        languages: in the order of the rows of the arrays.
        sensitivity, specificity: shape (languages, DRAWS), Latin hypercubes of the posteriors; where a draw is high in
            one language it is in the other: organisations that are read badly are in both.
        means: (sensitivity, specificity) by language, shape (languages, 2).
    """

    def __init__(self, rates: Mapping[str, ErrorRate]) -> None:
        rng = np.random.default_rng(_SEED)
        self.languages = tuple(lang for lang in LANGS if lang in rates)
        posteriors = [rates[lang].posteriors for lang in self.languages]
        a, b = np.moveaxis(np.array(posteriors, dtype=np.float64).reshape(-1, 2, 2), -1, 0)
        places = (np.arange(DRAWS) + 0.5) / DRAWS
        spread = np.array([[rng.permutation(places) for _ in range(2)]] * len(posteriors))
        twice = rng.permutation(places) * MOST_TWICE
        self.means: Array = _of_people(a / (a + b), MOST_TWICE / 2)
        draws = _of_people(np.moveaxis(betaincinv(a[..., None], b[..., None], spread), 1, -1), twice)
        self.sensitivity: Array = draws[..., 0]
        self.specificity: Array = draws[..., 1]

    def mix(self, cells: Sequence[Cell]) -> Array:
        """Share of each language among the people of some cells, shape (languages,); even where nothing is known."""
        people = np.array([float(sum(c.languages.get(lang, 0) for c in cells)) for lang in self.languages])
        found: Array = (people + 0.5) / (people.sum() + 0.5 * len(people))
        return found


def _of_people(rates: Array, twice: Array | float) -> Array:
    """Error rates of people, a part of whom wrote twice; the last axis has sensitivity and specificity."""
    hit, kept = rates[..., 0], rates[..., 1]
    return np.stack([hit + twice * hit * (1 - hit), kept - twice * kept * (1 - kept)], axis=-1)


@dataclass(frozen=True, slots=True)
class Counted:
    """One released count.

    Attributes:
        people: the released number of people; ``count`` of them have the stance.
        excess: what people by language add up to, less ``people``; None where it is not known.
        languages: how many languages have people.
        mechanism: as the cell names it.
    """

    people: int
    count: int
    excess: int | None
    languages: int
    mechanism: str
    stance: Stance

    @classmethod
    def of(cls, cell: Cell, stance: Stance) -> "Counted":
        """A stance's count in a cell."""
        known = sum(cell.languages.values())
        languages = sum(n > 0 for n in cell.languages.values())
        count = cell.blame if stance == "blame" else cell.appreciation
        excess = known - cell.respondents if known else None
        return cls(cell.respondents, count, excess, languages, cell.mechanism, stance)


@lru_cache(maxsize=8192)
def likelihood(cell: Counted, usual: int = 0) -> Array:
    """Log-likelihood of a released count, by the probability that a person is counted, shape (PLACES,).

    Args:
        cell: the count.
        usual: which of ``turnout.LEVELS`` the pair usually has; of no account under rounding.
    """
    weights = _people(cell)[1]
    found = weights[min(usual, len(weights) - 1)] @ _by_people(cell)
    logs: Array = np.log(np.maximum(found, 1e-300))
    logs.setflags(write=False)
    return logs


@lru_cache(maxsize=32)
def _by_people(cell: Counted) -> Array:
    """How likely the count is from each number of people that there may have been, shape (numbers, PLACES)."""
    q = np.sin((np.arange(PLACES) + 0.5) / PLACES * WIDTH) ** 2
    people = _people(cell)[0]
    exact = np.arange(people.max() + 1)
    chance = np.array([chances(int(e), cell.people, cell.mechanism, cell.stance).get(cell.count, 0.0) for e in exact])
    exact, chance = exact[chance > _NEVER], chance[chance > _NEVER]
    found = np.zeros((len(people), PLACES))
    for place, n in enumerate(people):
        here = exact[exact <= n]
        choose = gammaln(n + 1) - gammaln(here + 1) - gammaln(n - here + 1)
        likely = np.exp(choose[:, None] + xlogy(here[:, None], q) + xlog1py(n - here[:, None], -q))
        found[place] = chance[: len(here)] @ likely
    return found


def _people(cell: Counted) -> tuple[NDArray[np.int64], Array]:
    """How many people there may have been, and how likely each number is, shape (1 or turnout.LEVELS, numbers).

    Under rounding a 6 stands for 5 half of the time, since a window closes in the first week that reaches five; what
    people by language add up to says more.
    """
    if epsilon_of(cell.mechanism):
        people, weights = behind(cell.people, cell.mechanism)
    else:
        people = cell.people + np.arange(-1, 2)
        weights = np.array([[2.0, 1.0, 1.0] if cell.people - 1 == FLOOR else [1.0, 1.0, 1.0]])
        if cell.excess is not None:
            errors = np.array([1.0])
            for _ in range(max(cell.languages, 1)):
                errors = np.convolve(errors, (1, 2, 3, 2, 1))
            reach = len(errors) // 2
            off = np.clip(cell.excess - np.arange(-1, 2), -reach - 1, reach + 1)
            weights = weights * np.maximum(np.pad(errors, 1)[off + reach + 1], _NEVER)
    kept = (people >= FLOOR) & (weights > _NEVER * weights.max(axis=1, keepdims=True)).any(axis=0)
    return people[kept], weights[:, kept] / weights[:, kept].sum(axis=1, keepdims=True)

"""How many people there may have been behind a noisy number of them.

One noisy number leaves room for anything from five people to several times as many, and whoever believes in too many
shows rates that are far too low. So the numbers of a pair are read together: its level is how many usually write, and
a window's number strays around that (negative binomial), but is ``FLOOR`` or more, since a window stays open until
then. How common each level is, the company's pairs tell together (empirical Bayes). Pure. Called by
``friction.likelihood`` and, for a whole company, ``friction.rates``.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from friction.disclosure import FLOOR
from friction.mechanisms import SHARES, epsilon_of
from friction.records import Cell

Array = NDArray[np.float64]
LEVELS: Final = np.geomspace(1.5, 6000.0, 36)
"""Usual numbers of people. Of those under ``FLOOR``, nearly every window closes with just that many."""
_STEADINESS: Final = 20.0
"""Shape of the gamma that a window's own level is drawn from: it strays from the pair's by about a fifth."""
_EVEN_WEIGHT: Final = 1.0
"""What an even spread over the levels' logarithms counts as, in pairs, beside the company's."""
_NEVER: Final = 1e-4
"""What is less likely than this is left out."""
_SEED: Final = 1837


class Turnout:
    """What the cells seen so far say of every pair's level.

    Args:
        pairs: how many there are.
        draws: how many of each pair's posterior are wanted.
    """

    def __init__(self, pairs: int, draws: int) -> None:
        self._logs = np.zeros((pairs, len(LEVELS)))
        self._seen = np.zeros(pairs, dtype=bool)
        self._places = np.random.default_rng(_SEED).permutation((np.arange(draws) + 0.5) / draws)

    def see(self, pairs: NDArray[np.int64], cells: Sequence[Cell]) -> NDArray[np.int64]:
        """Take in one cell of each of some pairs.

        Returns:
            Draws of each pair's level: indices of ``LEVELS``, shape (pairs, draws); the same place of the posterior
            every week, so that a draw only moves as it narrows. All 0 under rounding, where hardly anything is open.
        """
        if not epsilon_of(cells[0].mechanism):
            return np.zeros((len(pairs), len(self._places)), dtype=np.int64)
        for pair, cell in zip(pairs, cells, strict=True):
            self._logs[pair] += np.log(behind(cell.respondents, cell.mechanism)[1].sum(axis=1))
        self._seen[pairs] = True
        likely = np.exp(self._logs - self._logs.max(axis=1, keepdims=True))
        common = even = np.full(len(LEVELS), 1 / len(LEVELS))
        for _ in range(20):  # expectation-maximisation
            each = likely[self._seen] * common
            each /= each.sum(axis=1, keepdims=True)
            common = (_EVEN_WEIGHT * even + each.sum(axis=0)) / (_EVEN_WEIGHT + len(each))
        posterior = likely[pairs] * common
        reached = np.cumsum(posterior / posterior.sum(axis=1, keepdims=True), axis=1)
        found: NDArray[np.int64] = (reached[:, None, :-1] < self._places[:, None]).sum(axis=-1)
        return found


@lru_cache(maxsize=4096)
def behind(published: int, mechanism: str) -> tuple[NDArray[np.int64], Array]:
    """Numbers of people that a published one may stand for.

    Args:
        published: a cell's number under noise: the sum of a noisy one for either language, or ``FLOOR`` if that is
            more.
        mechanism: as the cell names it.

    Returns:
        The numbers, shape (numbers,), and how likely each is together with the published one, by the level: shape
        (levels, numbers).
    """
    from scipy.stats import nbinom

    ratio = np.exp(-float(SHARES["people"]) * epsilon_of(mechanism))
    reach = int(np.ceil(1.3 * np.log(_NEVER) / np.log(ratio)))
    people = np.arange(max(FLOOR, published - reach), published + reach + 1)
    far = published - people
    if published == FLOOR:  # or less
        far = far[:, None] - np.arange(reach)
    noise = _of_two(far, ratio).reshape(len(people), -1).sum(axis=1)
    strays = _STEADINESS / (_STEADINESS + LEVELS[:, None])
    number = nbinom.pmf(people, _STEADINESS, strays) / nbinom.sf(FLOOR - 1, _STEADINESS, strays)
    return people, np.maximum(noise * number, 1e-300)


def _of_two(total: NDArray[np.int64], ratio: float) -> Array:
    """How likely discrete Laplace noise of two languages is to add up to ``total``."""
    off = np.abs(total)
    found: Array = ((1 - ratio) / (1 + ratio)) ** 2 * ratio**off * (off + (1 + ratio**2) / (1 - ratio**2))
    return found

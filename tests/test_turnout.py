"""What a noisy number of people says of how many there were."""

from decimal import Decimal

import numpy as np
import pytest

from friction.mechanisms import Counts, Laplace
from friction.turnout import LEVELS, behind

NOISE = "laplace(epsilon=1,patterns=1)"


def test_what_is_said_of_a_published_number_is_how_often_the_real_noise_makes_it() -> None:
    """Of people who stray around a level as is assumed, published under real noise."""
    pytest.importorskip("opendp")
    laplace, rng, level = Laplace(Decimal(1)), np.random.default_rng(1837), 9
    strays = rng.poisson(rng.gamma(20, LEVELS[level] / 20, 3_000))
    published = np.array(
        [laplace.publish(Counts(n, {"en": n // 3, "fr": n - n // 3}, 0, 0, {}), lambda _: 0.0).people
         for n in strays[strays >= 5].tolist()]
    )  # fmt: skip
    for number in (5, 6, 9, 14, 25):
        said = behind(number, NOISE)[1][level].sum()
        assert np.mean(published == number) == pytest.approx(said, abs=0.025)


def test_a_low_level_makes_small_windows_likely() -> None:
    people, likely = behind(9, NOISE)
    mean = (likely @ people) / likely.sum(axis=1)
    assert mean[0] < 6
    assert np.all(np.diff(mean) > -1e-9)

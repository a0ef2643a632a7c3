"""From dev scores to the numbers beside the weights."""

import numpy as np
import pytest

from friction.taxonomy import HEADS
from training.calibration import alike, error_rates
from training.corpus import Example

EACH = 60


@pytest.mark.parametrize(("total", "low", "high"), [(20, 10, 40), (10_000, 300, np.inf)])
def test_how_alike_organisations_are_is_found_again(total: float, low: float, high: float) -> None:
    rng = np.random.default_rng(7)
    each = np.full(40, EACH)
    assert low < alike(rng.binomial(each, rng.beta(0.9 * total, 0.1 * total, 40)), each) <= high


def test_few_organisations_cannot_tell_how_much_they_differ() -> None:
    assert alike(np.array([EACH, 0, 0]), np.full(3, EACH)) == np.inf


@pytest.mark.parametrize(("each", "found"), [(EACH, 0), (1, np.inf)])
def test_organisations_that_have_all_or_nothing_tell_each_other_nothing(each: int, found: float) -> None:
    """Unless each has a single comment: then it would have all or nothing anyway."""
    assert alike(each * (np.arange(10) < 3), np.full(10, each)) == found


def test_rates_of_organisations_that_differ_are_worth_fewer_counts() -> None:
    """Half of the organisations have all their blame found, the others half of it; nothing is invented anywhere."""
    blame = HEADS.index("blame")
    items, probability = [], np.zeros((10 * EACH, len(HEADS)))
    for place in range(10 * EACH):
        org, blamed = place // EACH, place % 2 == 0
        labels = tuple(float(blamed and head == blame) for head in range(len(HEADS)))
        items.append(Example(str(place), f"o{org}", "en", "t", "", "", labels, (1.0,) * len(HEADS)))  # type: ignore[arg-type]
        probability[place, blame] = blamed and (org < 5 or place % 4 == 0)
    rate = error_rates(probability, items, dict.fromkeys(HEADS, 0.5))["blame"]["en"]
    assert (rate.hits, rate.positives, rate.rejections, rate.negatives) == (225, 300, 300, 300)
    assert rate.effective_positives is not None
    assert 0 < rate.effective_positives < 30
    assert rate.effective_negatives == 300

"""Rule 8, with the real OpenDP: its own privacy maps, and what the noise does to counts."""

import math
import subprocess
import sys
from collections import Counter
from decimal import Decimal

import pytest

from friction.disclosure import MOST_EPSILON, Policy, draw
from friction.errors import UsageError
from friction.mechanisms import MOST_PATTERNS, SHARES, Counts, Laplace, Rounding, chances, mechanism_of

EXACT = Counts(
    people=11, languages={"en": 8, "fr": 3}, blame=4, appreciation=2, patterns={"mistakes": 3, "disrespect": 0}
)


def _nothing(_: str) -> float:
    raise AssertionError("noise must not hang on the salt")


@pytest.mark.parametrize("epsilon", ["0.001", "0.1", "0.7", "1", "1.3", str(MOST_EPSILON)])
def test_opendp_reckons_no_more_than_the_epsilon(epsilon: str) -> None:
    laplace = Laplace(Decimal(epsilon))
    left_out = laplace.loss(people=1, blame=1, appreciation=1, patterns=MOST_PATTERNS)
    says_otherwise = laplace.loss(blame=1, appreciation=1, patterns=2 * MOST_PATTERNS)
    assert left_out <= Decimal(epsilon)
    assert says_otherwise <= Decimal(epsilon)
    assert left_out == pytest.approx(float(epsilon))
    assert laplace.name == f"laplace(epsilon={epsilon},patterns={MOST_PATTERNS})"


def test_shares_make_a_whole() -> None:
    assert sum(SHARES.values()) == 1
    assert SHARES["blame"] * MOST_EPSILON < Decimal(math.log(2))


def test_noise_has_the_spread_that_is_stated_and_no_bias() -> None:
    laplace = Laplace(Decimal("2.3"))
    exact = Counts(people=60, languages={"en": 40, "fr": 20}, blame=30, appreciation=30, patterns={"mistakes": 30})
    found = [laplace.publish(exact, _nothing) for _ in range(4000)]
    scales = {share: laplace.scale(share) for share in SHARES}
    for share, values in (
        ("blame", [c.blame for c in found]),
        ("appreciation", [c.appreciation for c in found]),
        ("patterns", [c.patterns["mistakes"] for c in found]),
    ):
        mean = sum(values) / len(values)
        assert mean == pytest.approx(30, abs=0.35)
        deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
        assert deviation == pytest.approx(math.sqrt(2) * scales[share], rel=0.12)
    assert sum(c.people for c in found) / len(found) == pytest.approx(60, abs=0.35)
    assert len({c.people for c in found}) > 10


def test_published_counts_stay_within_the_published_people() -> None:
    laplace = Laplace(Decimal("0.2"))
    for _ in range(500):
        found = laplace.publish(EXACT, _nothing)
        assert found.people >= 5
        assert min(found.languages.values()) >= 0
        for count in (found.blame, found.appreciation, *found.patterns.values()):
            assert 0 <= count <= found.people


def test_chances_are_those_of_the_mechanism() -> None:
    laplace = Laplace(Decimal("2"))
    exact = Counts(people=5000, languages={"en": 5000}, blame=3, appreciation=0, patterns={"mistakes": 2})
    found = [laplace.publish(exact, _nothing) for _ in range(4000)]
    for share, count, values in (
        ("blame", 3, [c.blame for c in found]),
        ("patterns", 2, [c.patterns["mistakes"] for c in found]),
    ):
        seen, expected = Counter(values), chances(count, 4000, laplace.name, share)
        assert sum(expected.values()) == pytest.approx(1)
        for value in range(6):
            assert seen[value] / len(found) == pytest.approx(expected[value], abs=0.03)
    assert chances(9, 7, laplace.name)[7] == pytest.approx(sum(chances(9, 99, laplace.name)[n] for n in range(7, 99)))


def test_rounding_chances_are_those_of_the_mechanism() -> None:
    for exact, people in ((0, 6), (4, 6), (7, 6), (8, 9)):
        counts = Counts(people=people, languages={}, blame=exact, appreciation=0, patterns={})
        third = [Rounding().publish(counts, lambda _, u=u: u).blame for u in (1 / 6, 1 / 2, 5 / 6)]  # type: ignore[misc]
        assert chances(exact, people, "rounding-3") == pytest.approx({k: v / 3 for k, v in Counter(third).items()})


def test_a_policy_says_which_mechanism() -> None:
    assert mechanism_of(Policy()) == Rounding()
    assert mechanism_of(Policy(epsilon=Decimal(1), epsilon_per_year=Decimal(9))).epsilon == 1
    once = Rounding().publish(EXACT, lambda measure: draw(b"salt", measure))
    assert once == Rounding().publish(EXACT, lambda measure: draw(b"salt", measure))


@pytest.mark.parametrize(
    "wrong",
    [
        {"epsilon": Decimal(1)},
        {"epsilon_per_year": Decimal(1)},
        {"epsilon": Decimal(0), "epsilon_per_year": Decimal(1)},
        {"epsilon": MOST_EPSILON + 1, "epsilon_per_year": Decimal(9)},
        {"epsilon": Decimal(2), "epsilon_per_year": Decimal(1)},
    ],
)
def test_no_epsilon_beyond_what_the_wall_grants(wrong: dict[str, Decimal]) -> None:
    with pytest.raises(UsageError):
        Policy(**wrong)  # type: ignore[arg-type]


def test_without_opendp_the_message_says_how_to_install_it() -> None:
    code = (
        "import sys; sys.modules['opendp'] = None\n"
        "from decimal import Decimal\nfrom friction.mechanisms import Laplace\nLaplace(Decimal(1))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert "UsageError" in done.stderr
    assert "pip install 'friction[dp]'" in done.stderr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from friction.disclosure import Policy, band, draw, majority, round_randomly, round_respondents
from friction.errors import UsageError


@given(st.integers(0, 500))
def test_random_rounding_is_unbiased(count: int) -> None:
    grid = [(i + 0.5) / 3000 for i in range(3000)]
    assert sum(round_randomly(count, u) for u in grid) / len(grid) == pytest.approx(count, abs=1e-9)


@given(st.integers(0, 500), st.floats(0, 1, exclude_max=True))
def test_rounding_moves_less_than_three(count: int, u: float) -> None:
    rounded = round_randomly(count, u)
    assert rounded % 3 == 0
    assert abs(rounded - count) < 3


@given(st.integers(5, 500))
def test_no_number_of_people_can_be_pinned(count: int) -> None:
    same = [n for n in range(5, 510) if round_respondents(n) == round_respondents(count)]
    assert len(same) >= 3 or round_respondents(count) == 6
    assert len({band(round_respondents(n)) for n in same}) == 1


def test_a_draw_hangs_on_salt_and_measure() -> None:
    assert draw(b"a", "blame") == draw(b"a", "blame")
    assert len({draw(b"a", "blame"), draw(b"b", "blame"), draw(b"a", "appreciation")}) == 3
    draws = [draw(b"a", str(i)) for i in range(3000)]
    assert sum(draws) / len(draws) == pytest.approx(0.5, abs=0.03)
    assert 0 <= min(draws) < max(draws) < 1


@pytest.mark.parametrize("low", [{"min_respondents": 4}, {"min_team_size": 4}, {"max_window_weeks": 0}])
def test_no_threshold_under_its_floor(low: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        Policy(**low)


def test_majority_ties_count() -> None:
    assert [majority(*v) for v in ((0, 0), (0, 3), (1, 3), (1, 2), (2, 3))] == [False, False, False, True, True]

"""Effects of interventions: against untouched pairs, with a placebo, and with an honest null."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from friction.disclosure import round_randomly, round_respondents
from friction.interventions import FEWEST_CONTROLS, Effect, effects
from friction.likelihood import Errors
from friction.model_folder import ErrorRate
from friction.records import Cell, Intervention, Pair, TeamId, Week

MakeCells = Callable[..., list[Cell]]
ERRORS = Errors({"en": ErrorRate(188, 201, 215, 238)})
W0 = Week.parse("2026-W01")
PAIR = (TeamId("sales"), TeamId("marketing"))
MET = Intervention(*PAIR, W0 + 14, "a weekly meeting")
WEEKS = 26


@pytest.fixture
def play(make_cells: MakeCells) -> Callable[..., dict[Pair, list[Cell]]]:
    """A company: the pair's shares by week, and those of untouched pairs."""
    (template,) = make_cells([0.0])

    def cells(shares: Sequence[float], rng: np.random.Generator, people: int) -> list[Cell]:
        return [
            replace(
                template,
                first_week=W0 + week,
                last_week=W0 + week,
                respondents=round_respondents(people),
                languages={"en": round_randomly(people, rng.random()), "fr": 0},
                blame=min(
                    round_randomly(int(rng.binomial(people, 0.1 + 0.835 * share)), rng.random()),
                    round_respondents(people),
                ),
            )
            for week, share in enumerate(shares)
        ]

    def make(
        own: Sequence[float], others: Sequence[Sequence[float]], *, seed: int = 1, people: int = 25
    ) -> dict[Pair, list[Cell]]:
        rng = np.random.default_rng(seed)
        untouched = {(TeamId(f"t{i}"), TeamId("x")): cells(of, rng, people) for i, of in enumerate(others)}
        return {**untouched, PAIR: cells(own, rng, people)}

    return make


def _step(before: float, after: float, at: int = 14) -> list[float]:
    return [before] * at + [after] * (WEEKS - at)


def _one(series: dict[Pair, list[Cell]], done: Sequence[Intervention] = (MET,)) -> Effect:
    return effects(series, done, ERRORS)[0]


def test_a_fall_is_measured_against_untouched_pairs(play) -> None:  # type: ignore[no-untyped-def]
    effect = _one(play(_step(0.7, 0.3), [[0.4] * WEEKS] * 12))
    assert effect.finding == "fell"
    assert effect.step is not None
    assert effect.placebo is not None
    assert effect.step.low < -0.4 < effect.step.high < 0
    assert not effect.placebo.is_seen
    assert effect.controls == 12


def test_what_the_whole_company_does_is_no_effect(play) -> None:  # type: ignore[no-untyped-def]
    effect = _one(play(_step(0.7, 0.4), [_step(0.6, 0.3)] * 12))
    assert effect.finding == "no effect seen"
    assert effect.step is not None
    assert effect.step.low < 0 < effect.step.high


def test_a_pair_that_moved_before_is_said_to_have(play) -> None:  # type: ignore[no-untyped-def]
    effect = _one(play(_step(0.9, 0.2, at=7), [[0.4] * WEEKS] * 12))
    assert effect.finding == "moved before"


def test_pairs_that_differ_by_themselves_widen_the_interval(play) -> None:  # type: ignore[no-untyped-def]
    calm = _one(play(_step(0.7, 0.5), [[0.4] * WEEKS] * 12)).step
    wild = _one(play(_step(0.7, 0.5), [_step(0.4, 0.4 + d) for d in np.linspace(-0.35, 0.35, 12)])).step
    assert calm is not None
    assert wild is not None
    assert wild.high - wild.low > 2 * (calm.high - calm.low)


@pytest.mark.parametrize("lacking", ["controls", "weeks", "pair"])
def test_too_little_is_said_to_be(play, lacking: str) -> None:  # type: ignore[no-untyped-def]
    series = play(_step(0.7, 0.3), [[0.4] * WEEKS] * (FEWEST_CONTROLS - 1 if lacking == "controls" else 12))
    if lacking == "pair":
        del series[PAIR]
    done = replace(MET, week=W0 + 25) if lacking == "weeks" else MET
    effect = _one(series, [done])
    assert (effect.finding, effect.step) == ("cannot tell", None)


def test_a_touched_pair_is_no_control_and_interventions_bound_each_other(play) -> None:  # type: ignore[no-untyped-def]
    series = play(_step(0.7, 0.3), [_step(0.3, 0.9)] + [[0.4] * WEEKS] * 12)
    other = Intervention(TeamId("t0"), TeamId("x"), W0 + 14, "another")
    again = replace(MET, week=W0 + 20, description="again")
    first, second, third = effects(series, [MET, other, again], ERRORS)
    assert first.controls == 12
    assert second.finding == "rose"
    assert third.step is not None
    assert third.step.low < 0 < third.step.high


def test_intervals_hold_what_is_true_and_nulls_are_kept(play) -> None:  # type: ignore[no-untyped-def]
    held, said = [], []
    rng = np.random.default_rng(2)
    for seed in range(120):
        others = [[level] * WEEKS for level in rng.uniform(0.1, 0.6, 15)]
        effect = _one(play([0.4] * WEEKS, others, seed=seed, people=11))
        assert effect.step is not None
        held.append(effect.step.low <= 0 <= effect.step.high)
        said.append(effect.finding in ("fell", "rose"))
    assert np.mean(held) >= 0.89
    assert np.mean(said) <= 0.11


def test_the_smallest_visible_step_is_found_four_times_out_of_five(play) -> None:  # type: ignore[no-untyped-def]
    """The one that is said before it happens, from a low share, where a rise makes the error larger."""
    found = []
    for seed in range(200):
        others = [[0.3] * WEEKS] * 12
        said = _one(play([0.1] * WEEKS, others, seed=seed)).step
        assert said is not None
        assert said.smallest_visible is not None
        after = _one(play(_step(0.1, 0.1 + said.smallest_visible), others, seed=1000 + seed)).step
        assert after is not None
        found.append(after.low > 0)
    assert 0.72 <= np.mean(found) <= 0.9


def test_no_step_is_called_visible_beyond_all_that_is_possible(play) -> None:  # type: ignore[no-untyped-def]
    wild = [_step(0.5, 0.5 + change) for change in (-0.5, 0.5, -0.4)]
    step = _one(play([0.5] * WEEKS, wild)).step
    assert step is not None
    assert (step.low, step.high) == (-1.0, 1.0)
    assert step.smallest_visible is None

"""Rates of single cells: what a count says, what steadies it, and what its interval holds."""

from collections.abc import Callable
from dataclasses import astuple, replace
from decimal import Decimal

import numpy as np
import pytest

from friction.disclosure import round_randomly, round_respondents
from friction.likelihood import PLACES, WIDTH, Counted, Errors, likelihood
from friction.mechanisms import Counts, Laplace, chances
from friction.model_folder import ErrorRate
from friction.rates import rates
from friction.records import Cell, Week

NOISE = "laplace(epsilon=1,patterns=1)"
MakeCells = Callable[..., list[Cell]]
PERFECT = Errors({"en": ErrorRate(10_000, 10_000, 10_000, 10_000), "fr": ErrorRate(10_000, 10_000, 10_000, 10_000)})
USUAL = Errors({"en": ErrorRate(188, 201, 215, 238), "fr": ErrorRate(175, 201, 213, 244)})


def test_correction_undoes_known_errors(make_cells: MakeCells) -> None:
    errors = Errors({"en": ErrorRate(8000, 10000, 9000, 10000)})
    truth = 0.4
    (cell,) = make_cells([truth * 0.8 + (1 - truth) * 0.1], people=3000)
    assert rates([[cell]], "blame", errors)[0][0].value == pytest.approx(truth, abs=0.02)


def test_intervals_hold_the_truth_in_organisations_that_the_classifier_errs_in_more_or_less(
    make_cells: MakeCells,
) -> None:
    """Played: each organisation has error rates of its own, from a spread of which the card knows the mean."""
    rng = np.random.default_rng(5)
    truth, people, companies = 0.3, 600, 120
    spread = {"found": 30.0, "kept": 90.0}
    held = {True: 0, False: 0}
    for _ in range(companies):
        found, kept = (rng.beta(0.9 * total, 0.1 * total) for total in spread.values())
        (cell,) = make_cells([rng.binomial(people, truth * found + (1 - truth) * (1 - kept)) / people], people=people)
        for known in held:
            effective = spread.values() if known else ()
            rate = rates([[cell]], "blame", Errors({"en": ErrorRate(900, 1000, 900, 1000, *effective)}))[0][0]
            held[known] += rate.low <= truth <= rate.high
    assert held[True] >= 0.9 * companies
    assert held[False] < 0.85 * companies


def test_each_language_has_its_own_errors(make_cells: MakeCells) -> None:
    """One count, read off people who write English, where nothing is invented, or French, where much is."""
    errors = Errors({"en": ErrorRate(900, 1000, 999, 1000), "fr": ErrorRate(900, 1000, 700, 1000)})
    (cell,) = make_cells([0.4], people=300)
    english, french, mixed = (
        rates([[replace(cell, languages={"en": en, "fr": 300 - en})]], "blame", errors)[0][0].value
        for en in (300, 0, 150)
    )
    assert english == pytest.approx(0.44, abs=0.03)
    assert french == pytest.approx(0.17, abs=0.05)
    assert french < mixed < english


def test_an_organisation_that_is_read_badly_is_so_in_both_languages() -> None:
    """Else what is not known of the two would seem to cancel where people write in both."""
    alike = Errors({"en": ErrorRate(188, 201, 215, 238), "fr": ErrorRate(188, 201, 215, 238)})
    assert np.array_equal(alike.sensitivity[0], alike.sensitivity[1])
    assert np.array_equal(alike.specificity[0], alike.specificity[1])


def test_languages_that_are_not_known_count_alike() -> None:
    assert USUAL.mix([]).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(("people", "excess"), [(6, None), (6, 0), (9, 0), (30, 3)])
def test_the_likelihood_is_the_chance_of_the_count(people: int, excess: int | None) -> None:
    """Played: people are drawn, counted, rounded; the shares of each outcome are what the likelihoods say."""
    rng = np.random.default_rng(8)
    q, runs = 0.35, 60_000
    numbers = people + np.arange(-1, 2)
    weights = np.array([2.0, 1, 1]) if people == 6 else np.ones(3)
    if excess is not None:
        weights = weights * [max(3 - abs(excess - d), 0) for d in (-1, 0, 1)]
    n = rng.choice(numbers, runs, p=weights / weights.sum())
    exact = rng.binomial(n, q)
    rounded = [min(round_randomly(int(e), u), people) for e, u in zip(exact, rng.random(runs), strict=True)]
    place = int(np.arcsin(np.sqrt(q)) / WIDTH * PLACES)
    for count in range(0, people + 1, 3):
        said = np.exp(likelihood(Counted(people, count, excess, 1, "rounding-3", "blame"))[place])
        assert np.mean(np.array(rounded) == count) == pytest.approx(said, abs=0.01)


def test_noise_for_differential_privacy_is_read_as_what_it_is(make_cells: MakeCells) -> None:
    """The same count says less, the smaller the epsilon."""
    (cell,) = make_cells([0.3], people=60)
    said = [
        rates([[replace(cell, mechanism=m)]], "blame", USUAL)[0][0]
        for m in ("rounding-3", "laplace(epsilon=2,patterns=1)", "laplace(epsilon=0.2,patterns=1)")
    ]
    widths = [r.high - r.low for r in said]
    assert widths == sorted(widths)
    assert widths[2] > 1.5 * widths[0]
    assert sum(chances(20, 60, "laplace(epsilon=1,patterns=1)").values()) == pytest.approx(1)


def test_under_noise_intervals_hold_the_truth_and_rates_are_not_far_too_low(make_cells: MakeCells) -> None:
    """Real noise: with any number of people as likely as any other, six were shown 10 % for 35 %."""
    pytest.importorskip("opendp")
    laplace, rng, people = Laplace(Decimal(1)), np.random.default_rng(6), 6
    held, off = [], []
    for _ in range(3):
        truths = rng.uniform(0.1, 0.6, 10)
        series = [[_noisy(c, people, truth, laplace, rng) for c in make_cells([0] * 9)] for truth in truths]
        for truth, of_pair in zip(truths, rates(series, "blame", PERFECT), strict=True):
            held += [rate.low <= truth <= rate.high for rate in of_pair[4:]]
            off += [rate.value - truth for rate in of_pair[4:]]
    assert np.mean(held) > 0.7
    assert abs(np.mean(off)) < 0.18


def _noisy(template: Cell, people: int, truth: float, laplace: Laplace, rng: np.random.Generator) -> Cell:
    english = int(rng.binomial(people, 0.5))
    counts = Counts(people, {"en": english, "fr": people - english}, int(rng.binomial(people, truth)), 0, {})
    said = laplace.publish(counts, lambda _: 0.0)
    return replace(
        template, respondents=said.people, languages=said.languages, blame=said.blame, mechanism=laplace.name
    )


def test_under_noise_a_number_once_shown_never_changes(make_cells: MakeCells) -> None:
    """Neither later cells nor pairs that begin later reach back to what was made of the number of people."""
    noisy = [[replace(c, mechanism=NOISE, respondents=5 + 3 * i) for c in make_cells([0.4] * 6)] for i in range(3)]
    later = [replace(c, last_week=c.last_week + 9) for c in noisy[2]]
    early = rates([noisy[0][:3], noisy[1][:4]], "blame", USUAL)
    whole = rates([*noisy[:2], later], "blame", USUAL)
    for now, then in zip([*whole[0][:3], *whole[1][:3]], [*early[0], *early[1][:3]], strict=True):
        assert astuple(now) == pytest.approx(astuple(then), rel=1e-9)  # pairs that come later change the order of sums


@pytest.mark.parametrize(("epsilon", "people"), [("2.3", 5), ("1", 600)])
def test_under_noise_any_number_of_people_has_a_rate(epsilon: str, people: int, make_cells: MakeCells) -> None:
    (cell,) = make_cells([0.3], people=people)
    noisy = replace(cell, mechanism=f"laplace(epsilon={epsilon},patterns=1)")
    (rate,) = rates([[noisy]], "blame", PERFECT)[0]
    assert 0 <= rate.low <= rate.value <= rate.high <= 1
    assert people < 100 or rate.value == pytest.approx(0.3, abs=0.04)


def test_other_pairs_steady_a_small_one_and_no_more_than_it_bears(make_cells: MakeCells) -> None:
    (loud,) = make_cells([0.9], people=6)
    calm = [make_cells([0.1] * 4, from_team=f"t{i}", people=60) for i in range(12)]
    alone = rates([[loud]], "blame", USUAL)[0][0]
    among = rates([*calm, [replace(loud, last_week=Week(10**4))]], "blame", USUAL)[-1][0]
    assert among.value < alone.value
    many = [replace(c, last_week=c.last_week + 10**4) for c in make_cells([0.9] * 6, people=60)]
    assert rates([*calm, many], "blame", USUAL)[-1][-1].value > 0.85


def test_a_pair_that_leaves_all_others_behind_is_followed_within_weeks(make_cells: MakeCells) -> None:
    others = [make_cells([0.2] * 18, people=30, from_team=f"t{i}") for i in range(20)]
    of = rates([make_cells([0.2] * 14 + [0.4] * 4, people=30), *others], "blame", USUAL)[0]
    truth = (0.4 - 0.11) / (0.9 - 0.11)
    assert of[13].high < 0.25
    assert of[15].high > truth
    assert of[17].value > (0.12 + truth) / 2


def test_the_classifier_s_uncertainty_does_not_average_away(make_cells: MakeCells) -> None:
    """However many cells: what is not known of the error rates stays in the interval."""
    cells = make_cells([0.4] * 40, people=300)
    last = rates([cells], "blame", USUAL)[0][-1]
    sure = rates([cells], "blame", Errors({"en": ErrorRate(188_000, 201_000, 215_000, 238_000)}))[0][-1]
    assert last.high - last.low > sure.high - sure.low + 0.02


@pytest.mark.parametrize("people", [5, 6, 7, 8, 11, 12, 30])
def test_intervals_of_a_pair_alone_hold_the_truth_whatever_the_rounded_people(
    people: int, make_cells: MakeCells
) -> None:
    """A single cell of a single pair, which nothing steadies: 95 % on average over all shares.

    At one share they hold it in 80 to 100 %, since few counts are possible.
    """
    rng = np.random.default_rng(people)
    (template,) = make_cells([0.0])
    held = []
    for truth in rng.random(1000):
        blame = min(round_randomly(int(rng.binomial(people, truth)), rng.random()), round_respondents(people))
        language = round_randomly(people, rng.random())
        cell = replace(
            template, respondents=round_respondents(people), blame=blame, languages={"en": language, "fr": 0}
        )
        rate = rates([[cell]], "blame", PERFECT)[0][0]
        held.append(rate.low <= truth <= rate.high)
    assert 0.91 <= np.mean(held) <= 0.98


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_none_and_all_are_within_reach(share: float, make_cells: MakeCells) -> None:
    (rate,) = rates([make_cells([share])], "blame", PERFECT)[0]
    assert round(rate.low, 2) <= share <= round(rate.high, 2)

"""Verdicts: what is called a change, what is not, and that writers who come and go are not taken for blame."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from friction.disclosure import round_randomly, round_respondents
from friction.likelihood import Errors
from friction.model_folder import ErrorRate
from friction.records import Cell, TeamId, Week
from friction.shares import noise, people, share
from friction.verdicts import EARLIER_WEEKS, RECENT_WEEKS, Change, _unchanged, _weights, changes

MakeCells = Callable[..., list[Cell]]
USUAL = Errors({"en": ErrorRate(188, 201, 215, 238), "fr": ErrorRate(175, 201, 213, 244)})
SURE = Errors({"en": ErrorRate(95_000, 100_000, 95_000, 100_000)})
W0 = Week.parse("2026-W01")
WEEKS = RECENT_WEEKS + EARLIER_WEEKS
LAST = W0 + (WEEKS - 1)


def counted(template: Cell, numbers: Sequence[int], shares: Sequence[float], rng: np.random.Generator) -> list[Cell]:
    """Weekly cells of so many people, a share of whom are counted as blaming, rounded as the release does."""
    return [
        replace(
            template,
            first_week=W0 + week,
            last_week=W0 + week,
            respondents=round_respondents(n),
            languages={"en": round_randomly(n, rng.random()), "fr": 0},
            blame=min(round_randomly(int(rng.binomial(n, q)), rng.random()), round_respondents(n)),
        )
        for week, (n, q) in enumerate(zip(numbers, shares, strict=True))
    ]


def company(template: Cell, pairs: int, make: Callable[[int], list[Cell]]) -> dict[tuple[TeamId, TeamId], list[Cell]]:
    return {(TeamId(f"t{i}"), TeamId(f"u{i}")): make(i) for i in range(pairs)}


def _said(found: dict[tuple[TeamId, TeamId], Change]) -> list[str]:
    return [change.verdict for change in found.values()]


@pytest.mark.parametrize(("before", "now"), [(5, 7), (7, 5), (23, 25)])
def test_writers_who_come_or_go_within_a_rounding_class_are_no_change(
    before: int, now: int, make_cells: MakeCells
) -> None:
    """5 and 7 people are both kept as 6: only what they add up to by language tells them apart."""
    rng = np.random.default_rng(now)
    (template,) = make_cells([0.0])
    numbers = [before] * EARLIER_WEEKS + [now] * RECENT_WEEKS
    outside = []
    for _ in range(20):
        series = company(template, 20, lambda _: counted(template, numbers, [0.55] * WEEKS, rng))
        found = changes(series, USUAL, LAST)
        outside += [not c.low <= 0 <= c.high for c in found.values() if c.low is not None and c.high is not None]
    assert np.mean(outside) <= 0.07


def test_the_number_of_people_is_true_on_average(make_cells: MakeCells) -> None:
    rng = np.random.default_rng(3)
    (template,) = make_cells([0.0])
    for n in (5, 6, 7):
        cells = counted(template, [n] * 3000, [0.0] * 3000, rng)
        assert {c.respondents for c in cells} == {6}
        assert np.mean([people(c) for c in cells]) == pytest.approx(n, abs=0.1)
    assert people(replace(template, languages={})) == template.respondents


def test_where_nothing_changed_few_companies_hear_of_a_change(make_cells: MakeCells) -> None:
    """Over-dispersed weeks and pairs of many sizes: any verdict at all in at most about 5 % of companies."""
    rng = np.random.default_rng(4)
    (template,) = make_cells([0.0])

    def pair(_: int) -> list[Cell]:
        level = rng.beta(2, 4)
        shares = rng.beta(level * 19, (1 - level) * 19, WEEKS)
        return counted(template, rng.integers(5, 30, WEEKS).tolist(), shares.tolist(), rng)

    verdicts = [_said(changes(company(template, 20, pair), USUAL, LAST)) for _ in range(120)]
    any_change = np.mean([bool({"rising", "falling"} & set(v)) for v in verdicts])
    assert any_change <= 0.1  # 5 % and three standard errors


def test_a_plain_rise_is_found_and_a_flat_one_shown(make_cells: MakeCells) -> None:
    rng = np.random.default_rng(5)
    (template,) = make_cells([0.0])
    risen = [0.2] * EARLIER_WEEKS + [0.6] * RECENT_WEEKS
    series = company(template, 10, lambda i: counted(template, [25] * WEEKS, risen if not i else [0.3] * WEEKS, rng))
    found = changes(series, SURE, LAST)
    assert _said(found)[0] == "rising"
    assert set(_said(found)[1:]) <= {"cannot tell", "steady"}
    flat = company(template, 4, lambda _: counted(template, [900] * WEEKS, [0.3] * WEEKS, rng))
    assert set(_said(changes(flat, SURE, LAST))) == {"steady"}


def test_the_smallest_visible_change_is_found_four_times_out_of_five(make_cells: MakeCells) -> None:
    """The one that is said before it happens, under the week's own false discovery rate."""
    rng = np.random.default_rng(6)
    (template,) = make_cells([0.0])
    hits = []
    for _ in range(100):
        series = company(template, 8, lambda _: counted(template, [12] * WEEKS, [0.2] * WEEKS, rng))
        pair = next(iter(series))
        least = changes(series, SURE, LAST)[pair].smallest_visible
        assert least is not None
        risen = [0.2] * EARLIER_WEEKS + [
            0.2 + 0.9 * least
        ] * RECENT_WEEKS  # a tenth of a rise is lost on the classifier
        series[pair] = counted(template, [12] * WEEKS, risen, rng)
        hits.append(changes(series, SURE, LAST)[pair].verdict == "rising")
    assert 0.72 <= np.mean(hits) <= 0.9


def test_no_change_is_called_visible_beyond_all_that_is_possible(make_cells: MakeCells) -> None:
    rng = np.random.default_rng(6)
    (template,) = make_cells([0.0])
    for level in (0.1, 0.5, 0.9):
        cells = counted(template, [5] * WEEKS, [level] * WEEKS, rng)
        few = {(TeamId("a"), TeamId("b")): [cells[10], cells[-1]]}
        (change,) = changes(few, SURE, LAST).values()
        assert change.value is not None
        assert change.smallest_visible is None


def test_overdispersed_weeks_widen_the_interval(make_cells: MakeCells) -> None:
    rng = np.random.default_rng(7)
    (template,) = make_cells([0.0])
    wild = [0.1, 0.5] * (WEEKS // 2)
    widths = []
    for shares in ([0.3] * WEEKS, wild):
        series = company(template, 8, lambda _, of=shares: counted(template, [30] * WEEKS, of, rng))  # type: ignore[misc]
        change = next(iter(changes(series, SURE, LAST).values()))
        assert change.low is not None
        assert change.high is not None
        widths.append(change.high - change.low)
    assert widths[1] > 1.4 * widths[0]


def test_weights_are_one_on_average_and_come_from_the_others(make_cells: MakeCells) -> None:
    names = [(TeamId(a), TeamId(b)) for a in "abcdef" for b in "xy"]
    calm = dict.fromkeys(names, 0.3)
    assert _weights(calm) == pytest.approx(1.0)
    moved = {(a, b): 3.0 if b == "x" else 0.1 for a, b in names}
    weights = dict(zip(names, _weights(moved), strict=True))
    assert np.mean(list(weights.values())) == pytest.approx(1)
    assert weights["a", "x"] > 3 * weights["a", "y"]  # type: ignore[index]
    alone = _weights({**calm, names[0]: 9.0})
    ratio = {n: w / alone[1] for n, w in zip(names, alone, strict=True)}
    assert ratio[names[0]] == pytest.approx(1)  # its own score does not raise its own weight


def test_the_part_that_did_not_change_is_seen_and_never_made_small(make_cells: MakeCells) -> None:
    rng = np.random.default_rng(8)
    flat = np.ones(60)
    found = [_unchanged(np.concatenate([rng.random(40), rng.random(20) / 100]), flat) for _ in range(400)]
    assert np.mean(found) == pytest.approx(40 / 60, abs=0.05)  # and 1 in 30 more, the correction for few tests
    assert np.mean([_unchanged(rng.random(60), flat) for _ in range(400)]) >= 1
    assert _unchanged(np.full(60, 0.01), flat) > 0  # all of them changed


def test_what_is_said_to_have_changed_has_an_interval_without_none(make_cells: MakeCells) -> None:
    """Where many pairs moved the level is shared out generously; no verdict goes beyond its own interval."""
    rng = np.random.default_rng(10)
    (template,) = make_cells([0.0])
    risen = [0.2] * EARLIER_WEEKS + [0.5] * RECENT_WEEKS
    series = company(template, 12, lambda i: counted(template, [12] * WEEKS, risen if i else [0.3] * WEEKS, rng))
    for change in changes(series, USUAL, LAST).values():
        if change.verdict in ("rising", "falling"):
            assert change.low is not None
            assert change.high is not None
            assert change.low > 0 or change.high < 0


def test_a_share_is_unbiased_and_its_variance_is_true(make_cells: MakeCells) -> None:
    rng = np.random.default_rng(9)
    (template,) = make_cells([0.0])
    truth, hit, false = 0.35, 0.95, 0.05
    q = truth * hit + (1 - truth) * false
    errors = Errors({"en": ErrorRate(95_000_000, 100_000_000, 95_000_000, 100_000_000)})
    make = partial(counted, template, [8, 11, 7, 20, 13], [q] * 5)
    found = [share(make(rng), errors) for _ in range(3000)]
    values = np.array([s.value for s in found])
    assert values.mean() == pytest.approx(truth, abs=0.01)
    assert np.mean([s.variance for s in found]) == pytest.approx(values.var(), rel=0.15)


def test_noise_of_differential_privacy_counts(make_cells: MakeCells) -> None:
    (cell,) = make_cells([0.3], people=60)
    noisy = replace(cell, mechanism="laplace(epsilon=1,patterns=1)")
    assert noise(cell) == pytest.approx((4 / 3, 4 / 3))
    rng = np.random.default_rng(1)
    ratio = np.exp(-0.3)
    played = rng.geometric(1 - ratio, 200_000) - rng.geometric(1 - ratio, 200_000)
    assert noise(noisy)[0] == pytest.approx(played.var(), rel=0.05)
    assert share([noisy], USUAL).variance > 2 * share([cell], USUAL).variance

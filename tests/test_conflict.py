"""Relationship conflict: a rise that is there is told, one that is not hardly ever, and nothing else is."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from friction.conflict import LEAST, RELATIONSHIP, rises
from friction.model_folder import ErrorRate
from friction.records import Cell, Directory, Week
from friction.report import to_csv, to_json, to_table
from friction.shares import noise, voicing
from friction.taxonomy import KINDS, PATTERNS
from friction.trends import trends
from friction.verdicts import EARLIER_WEEKS, FALSE_DISCOVERIES, RECENT_WEEKS
from tests.conftest import disrespected
from tests.test_verdicts import LAST, WEEKS, company, counted

MakeCells = Callable[..., list[Cell]]
GOOD = {s: {"en": ErrorRate(95, 100, 190, 200)} for s in ("blame", "appreciation")}
GUIDELINE = Path(__file__).parent.parent / "docs" / "taxonomy.md"
NOISE = "laplace(epsilon=2.3,patterns=1)"


def voiced(template: Cell, numbers: Sequence[int], shares: Sequence[float], rng: np.random.Generator) -> list[Cell]:
    """Weekly cells of so many people, a share of whom voice disrespect, rounded as the release does."""
    cells = counted(template, numbers, shares, rng)
    return [replace(c, blame=0, patterns=dict.fromkeys(PATTERNS, 0) | {"disrespect": c.blame}) for c in cells]


def stepped(before: float, now: float) -> list[float]:
    return [before] * EARLIER_WEEKS + [now] * RECENT_WEEKS


def test_every_pattern_is_of_one_kind_as_the_guideline_has_it() -> None:
    assert sorted(p for of in KINDS.values() for p in of) == sorted(PATTERNS)
    assert KINDS["relationship"] == (RELATIONSHIP,)
    (told,) = re.findall(r"Jehn's kinds.*?Relationship", GUIDELINE.read_text(), re.S)
    for kind, patterns in KINDS.items():
        (listed,) = re.findall(rf"\b{kind}\s+\(([^)]*)\)", told)
        assert tuple(re.findall(r"`(\w+)`", listed)) == patterns


def _many_sizes(template: Cell, rng: np.random.Generator) -> list[Cell]:
    """Over-dispersed weeks; of most pairs hardly anybody voices disrespect."""
    level = rng.beta(1, 12)
    shares = rng.beta(level * 19 + 1e-9, (1 - level) * 19, WEEKS)
    return voiced(template, rng.integers(5, 30, WEEKS).tolist(), shares.tolist(), rng)


def _more_writers(template: Cell, rng: np.random.Generator) -> list[Cell]:
    """Of six people at 5 % a cell mostly says 0, of sixty it says 3: no more of them voice disrespect."""
    return voiced(template, [6] * EARLIER_WEEKS + [60] * RECENT_WEEKS, [0.05] * WEEKS, rng)


def _fewer_writers(template: Cell, rng: np.random.Generator) -> list[Cell]:
    return voiced(template, [60] * EARLIER_WEEKS + [6] * RECENT_WEEKS, [0.05] * WEEKS, rng)


@pytest.mark.parametrize("pair", [_many_sizes, _more_writers, _fewer_writers])
def test_where_nothing_changed_few_companies_hear_of_a_rise(
    pair: Callable[[Cell, np.random.Generator], list[Cell]], make_cells: MakeCells
) -> None:
    rng = np.random.default_rng(1995)
    (template,) = make_cells([0.0])
    heard = [bool(rises(company(template, 12, lambda _: pair(template, rng)), LAST)) for _ in range(80)]
    assert np.mean(heard) <= FALSE_DISCOVERIES


def test_a_real_rise_is_found_most_times_and_told_with_its_interval(make_cells: MakeCells) -> None:
    """From 5 % to 25 % of thirty people a week, in one pair of twenty."""
    rng = np.random.default_rng(1997)
    (template,) = make_cells([0.0])
    found, covered = [], []
    for _ in range(40):
        series = company(
            template, 20, lambda i: voiced(template, [30] * WEEKS, stepped(0.05, 0.05 if i else 0.25), rng)
        )
        said = rises(series, LAST)
        moved = next(iter(series))
        found.append(moved in said)
        if moved in said:
            covered.append(said[moved].low <= 0.2 <= said[moved].high)
    assert np.mean(found) >= 0.9
    assert np.mean(covered) >= 0.9


def test_blame_that_grows_invents_no_rise(make_cells: MakeCells) -> None:
    """The classifier marks 2 % of blame and 1 % of the rest with disrespect that is not there."""
    rng = np.random.default_rng(7)
    (template,) = make_cells([0.0])
    blame = np.array(stepped(0.0, 1.0))
    marked = (0.021 * blame + 0.009 * (1 - blame)).tolist()
    for _ in range(10):
        assert not rises(company(template, 6, lambda _: voiced(template, [300] * WEEKS, marked, rng)), LAST)


@pytest.mark.parametrize(("before", "now"), [(0.01, 0.01 + 0.8 * LEAST), (0.3, 0.1), (0.2, 0.2)])
def test_a_small_rise_a_fall_and_no_change_are_not_told(before: float, now: float, make_cells: MakeCells) -> None:
    rng = np.random.default_rng(8)
    (template,) = make_cells([0.0])
    assert not rises(company(template, 4, lambda _: voiced(template, [900] * WEEKS, stepped(before, now), rng)), LAST)


def test_under_noise_nothing_is_told(make_cells: MakeCells) -> None:
    cells = disrespected(make_cells(stepped(0.1, 0.9), people=90), stepped(0.0, 0.8))
    assert trends(cells, GOOD)[0].relationship_conflict is not None
    noisy = [replace(c, mechanism=NOISE) for c in cells]
    (trend,) = trends(noisy, GOOD)
    assert (trend.verdict, trend.relationship_conflict) == ("rising", None)


def test_noise_on_a_pattern_is_that_of_its_part_of_the_epsilon(make_cells: MakeCells) -> None:
    (cell,) = make_cells([0.3], people=60)
    assert noise(cell, voicing("disrespect")) == noise(cell)
    noisy = replace(cell, mechanism=NOISE)
    rng = np.random.default_rng(1)
    ratio = np.exp(-0.2 * 2.3)
    played = rng.geometric(1 - ratio, 200_000) - rng.geometric(1 - ratio, 200_000)
    assert noise(noisy, voicing("disrespect"))[0] == pytest.approx(played.var(), rel=0.05)


def test_what_another_model_counted_is_not_compared(make_cells: MakeCells) -> None:
    before = disrespected(make_cells([0.3] * 10, model="a"), [0.0] * 10)
    after = disrespected(make_cells([0.3] * 16, model="b"), [0.5] * 16)[10:]
    assert trends([*before, *after], GOOD)[0].relationship_conflict is None
    same = [replace(c, model="b") for c in before]
    assert trends([*same, *after], GOOD)[0].relationship_conflict is not None


def test_a_rise_is_of_the_last_weeks_released(make_cells: MakeCells) -> None:
    cells = disrespected(make_cells([0.3] * 16), [0.0] * 10 + [0.5] * 6)
    assert trends(cells, GOOD, through=Week.parse("2026-W18"))[0].is_news
    assert not trends(cells, GOOD, through=Week.parse("2026-W22"))[0].is_news


def test_it_is_told_in_every_form(make_cells: MakeCells) -> None:
    """Blame that stays as it is does not hide it."""
    quiet = make_cells([0.3] * 16, from_team="support")
    found = trends([*disrespected(make_cells([0.3] * 16), [0.0] * 10 + [0.5] * 6), *quiet], GOOD)
    sales, support = to_json(found[0]), to_json(found[1])
    assert sales["verdict"] in ("steady", "cannot tell")
    told = sales["relationship_conflict"]
    assert 0 < told["low"] < 0.5 == told["change"] < told["high"]
    assert support["relationship_conflict"] is None
    table = to_table(found, Directory({}))
    said = re.search(
        r"sales -> marketing: disrespect is voiced by more people than before, \+50 points \(\+\d+ to \+", table
    )
    assert said is not None, table
    assert "support -> marketing: disrespect" not in table
    columns = [line.rsplit(",", 1)[1] for line in to_csv(found).splitlines()]
    assert columns == ["relationship_conflict", *["0.5"] * 16, *[""] * 16]

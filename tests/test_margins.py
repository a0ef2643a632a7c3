"""Rule 10: margins are sums of published cells, and of nothing else."""

from collections.abc import Callable
from itertools import permutations

import pytest

from friction.margins import Margin, closed_in, company, given, last_made, rate, received
from friction.model_folder import ErrorRate
from friction.records import Cell, Week

MakeCells = Callable[..., list[Cell]]


@pytest.fixture
def cells(make_cells: MakeCells) -> list[Cell]:
    pairs = permutations(("sales", "marketing", "it"), 2)
    return [
        c
        for i, (a, b) in enumerate(pairs)
        for c in make_cells([0.1 * i, 0.2], people=9 + 3 * i, from_team=a, about_team=b)
    ]


def test_margins_are_sums_of_published_cells(cells: list[Cell]) -> None:
    about = [c for c in cells if c.about_team == "it"]
    assert received(cells)["it"] == Margin(
        cells=4,
        voices=sum(c.respondents for c in about),
        blaming=sum(c.blame for c in about),
        appreciating=sum(c.appreciation for c in about),
    )
    assert given(cells)["it"].voices == sum(c.respondents for c in cells if c.from_team == "it")
    assert set(received(cells)) == set(given(cells)) == {"sales", "marketing", "it"}


def test_both_ways_of_adding_up_give_the_company(cells: list[Cell]) -> None:
    whole = company(cells)
    for totals in (received(cells), given(cells)):
        assert sum(m.voices for m in totals.values()) == whole.voices
        assert sum(m.blaming for m in totals.values()) == whole.blaming
    assert whole.cells == len(cells)


def test_a_total_is_corrected_and_has_an_interval(make_cells: MakeCells) -> None:
    """True share 0.5: a classifier that finds 8 of 10 and invents 1 of 10 sees 0.45 of the voices blame."""
    errors = {"blame": {"en": ErrorRate(hits=800, positives=1000, rejections=900, negatives=1000)}}
    few, many = (rate(make_cells([0.45] * n, people=60), errors) for n in (2, 40))
    assert few is not None
    assert many is not None
    assert few.value == pytest.approx(0.5, abs=0.02)
    assert 0 < few.low < many.low < many.value < many.high < few.high < 1
    assert rate([], errors) is None


def test_only_what_one_model_made_is_added_up(make_cells: MakeCells) -> None:
    older, newer = make_cells([0.3] * 4, model="a"), make_cells([0.3] * 6, model="b")[4:]
    first, last = older[1].last_week, newer[-1].last_week
    assert last_made(older + newer, first, last) == newer
    assert last_made([], first, last) == []


@pytest.mark.parametrize("slow", ["alpha", "zulu"])
@pytest.mark.parametrize("later", [0, 1])
def test_a_window_that_the_model_before_closes_late_leaves_the_total_as_it_is(
    make_cells: MakeCells, slow: str, later: int
) -> None:
    cells = []
    for team in ("it", "sales", "support"):
        cells += make_cells([0.3] * 4, model="a", from_team=team) + make_cells([0.3] * 20, from_team=team)[4:]
    late = make_cells([0.3] * (20 + later), model="a", from_team=slow)[-1]
    total = last_made([late, *cells], Week.parse("2026-W08"), late.last_week)
    assert {c.model for c in total} == {"m"}
    assert len(total) == 3 * 13


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_none_or_all_of_many_is_no_proof(make_cells: MakeCells, share: float) -> None:
    errors = {"blame": {"en": ErrorRate(hits=800, positives=1000, rejections=900, negatives=1000)}}
    found = rate(make_cells([share] * 5, people=60), errors)
    assert found is not None
    assert found.value == share
    assert 0.002 < found.high - found.low < 0.2
    assert share in (found.low, found.high)


def test_without_cells_there_is_nothing_to_say() -> None:
    assert received([]) == given([]) == {}
    assert company([]) == Margin()


def test_a_span_takes_whole_cells_by_the_week_in_which_they_closed(cells: list[Cell]) -> None:
    first = Week.parse("2026-W01")
    assert len(closed_in(cells, first, first)) == len(cells) // 2
    assert closed_in(cells, first, first + 1) == cells

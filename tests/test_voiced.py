"""Which patterns cells tell of: nothing that noise, rounding or few people make."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from friction.disclosure import round_randomly
from friction.mechanisms import Counts, Laplace
from friction.records import Cell
from friction.taxonomy import PATTERNS
from friction.voiced import leading, shares

MakeCells = Callable[..., list[Cell]]
NOISE = "laplace(epsilon=1,patterns=1)"


def _cell(template: Cell, **voiced: int) -> Cell:
    return replace(template, patterns=dict.fromkeys(PATTERNS, 0) | voiced)


def test_under_noise_nobody_s_patterns_are_neither_shown_nor_named(make_cells: MakeCells) -> None:
    """Each of nine had 24 % on the page and one was named, every time."""
    pytest.importorskip("opendp")
    laplace = Laplace(Decimal(1))
    shown = named = 0
    for _ in range(100):
        cells = []
        for template in make_cells([0.3] * 3, people=8):
            exact = Counts(8, {"en": 4, "fr": 4}, 2, 0, dict.fromkeys(PATTERNS, 0))
            said = laplace.publish(exact, lambda _: 0.0)
            cells.append(replace(template, respondents=said.people, patterns=said.patterns, mechanism=laplace.name))
        shown += sum(bool(shares(cell)) for cell in cells)
        named += leading(cells) is not None
    assert shown <= 0.06 * 300
    assert named <= 0.05 * 100


def test_under_noise_what_many_voice_is_shown_and_named(make_cells: MakeCells) -> None:
    cells = [_cell(c, mistakes=60, disrespect=3) for c in make_cells([0.5] * 3, people=90)]
    cells = [replace(c, mechanism=NOISE) for c in cells]
    assert shares(cells[0]) == {"mistakes": 0.65}
    assert leading(cells) == "mistakes"


def test_under_rounding_what_is_shown_does_not_change(make_cells: MakeCells) -> None:
    (cell,) = make_cells([0.3], people=6)
    assert shares(_cell(cell, mistakes=3, disrespect=0)) == {"mistakes": 0.5}


@pytest.mark.parametrize(
    ("mistakes", "disrespect", "named"), [(6, 6, None), (9, 6, None), (6, 3, "mistakes"), (0, 0, None)]
)
def test_a_pattern_leads_only_where_it_is_clearly_ahead(
    mistakes: int, disrespect: int, named: str | None, make_cells: MakeCells
) -> None:
    cells = [_cell(c, mistakes=mistakes, disrespect=disrespect) for c in make_cells([0.5] * 6, people=30)]
    assert leading(cells) == named
    assert leading([]) is None


def test_of_equals_hardly_ever_one_is_named(make_cells: MakeCells) -> None:
    """Two that lead alike, under rounding: a name would be wrong whichever it is."""
    rng = np.random.default_rng(2019)
    templates = make_cells([0.5] * 6, people=30)

    def counted(expected: float) -> int:
        return round_randomly(int(rng.poisson(expected)), rng.random())

    named = [
        leading(_cell(c, mistakes=counted(4), disrespect=counted(4), unresponsive=counted(1)) for c in templates)
        for _ in range(1000)
    ]
    assert 0.01 < np.mean([n is not None for n in named]) < 0.07

from collections.abc import Callable

import numpy as np
import pytest

from friction.model_folder import ErrorRate
from friction.records import Cell
from friction.trends import Errors, trends

GOOD = {s: {"en": ErrorRate(95, 100, 190, 200)} for s in ("blame", "appreciation")}
MakeCells = Callable[..., list[Cell]]


def test_a_rise_a_fall_and_silence(make_cells: MakeCells) -> None:
    cells = [
        *make_cells([0.1] * 8 + [0.8] * 8),
        *make_cells([0.8] * 8 + [0.2] * 8, from_team="support"),
        *make_cells([0.3] * 16, from_team="it"),
        *make_cells([0.3], from_team="hr"),
    ]
    found = {t.from_team: t for t in trends(cells, GOOD)}
    assert {k: t.verdict for k, t in found.items()} == {
        "sales": "rising",
        "support": "falling",
        "it": "cannot tell",
        "hr": "cannot tell",
    }
    assert found["sales"].change == pytest.approx(0.77, abs=0.12)
    assert found["hr"].change is None
    assert found["it"].smallest_visible_change is not None


def test_steady_is_said_only_where_it_is_shown(make_cells: MakeCells) -> None:
    assert trends(make_cells([0.3] * 16, people=900), GOOD)[0].verdict == "steady"
    assert trends(make_cells([0.3] * 16, people=9), GOOD)[0].verdict == "cannot tell"


def test_another_model_breaks_the_series(make_cells: MakeCells) -> None:
    before, after = make_cells([0.1] * 16, model="a")[:8], make_cells([0.9] * 16, model="b")[8:]
    (trend,) = trends([*before, *after], GOOD)
    assert (trend.verdict, trend.change) == ("cannot tell", None)
    assert len(trend.points) == 16


def test_same_cells_same_numbers(make_cells: MakeCells) -> None:
    cells = make_cells([0.1, 0.5, 0.4] * 5)
    assert trends(cells, GOOD) == trends(reversed(cells), GOOD)


def test_correction_undoes_known_errors() -> None:
    errors = Errors({"en": ErrorRate(8000, 10000, 9000, 10000)})
    truth = 0.4
    observed = np.full(20_000, truth * 0.8 + (1 - truth) * 0.1)
    assert np.median(errors.correct(observed)) == pytest.approx(truth, abs=0.01)


@pytest.mark.parametrize("truth", [0.0, 0.15, 0.5, 0.9])
def test_intervals_cover_what_they_promise(truth: float, make_cells: MakeCells) -> None:
    """95 % intervals of cells drawn through sampling, classification and rounding."""
    from dataclasses import replace

    from friction.disclosure import round_randomly, round_respondents
    from friction.records import Week

    rng = np.random.default_rng(5)
    sensitivity, specificity, n = 0.85, 0.92, 14
    rates = {
        s: {"en": ErrorRate(int(sensitivity * 400), 400, int(specificity * 600), 600)}
        for s in ("blame", "appreciation")
    }
    (template,) = make_cells([0.0])
    cells = []
    for i in range(400):
        blaming = rng.binomial(n, truth)
        seen = rng.binomial(blaming, sensitivity) + rng.binomial(n - blaming, 1 - specificity)
        blame = min(round_randomly(seen, rng.random()), round_respondents(n))
        cells.append(
            replace(template, last_week=Week(i), first_week=Week(i), respondents=round_respondents(n), blame=blame)
        )
    points = trends(cells, rates)[0].points
    covered = np.mean([p.blame.low <= truth <= p.blame.high for p in points])
    assert covered >= 0.93

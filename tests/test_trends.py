from collections.abc import Callable
from dataclasses import replace
from math import comb

import numpy as np
import pytest

from friction.disclosure import round_randomly, round_respondents
from friction.model_folder import ErrorRate
from friction.records import Cell, Week
from friction.report import cell_json, to_json
from friction.trends import Errors, _people_draws, trends

GOOD = {s: {"en": ErrorRate(95, 100, 190, 200)} for s in ("blame", "appreciation")}
PERFECT = {s: {"en": ErrorRate(10_000, 10_000, 10_000, 10_000)} for s in ("blame", "appreciation")}
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


def _coverage(template: Cell, people: int, truth: float) -> float:
    """How often the published interval holds the true share: exact over samples and rounding draws."""
    respondents = round_respondents(people)
    chance: dict[int, float] = {}
    for blaming in range(people + 1):
        for u in (1 / 6, 1 / 2, 5 / 6):
            blame = min(round_randomly(blaming, u), respondents)
            weight = comb(people, blaming) * truth**blaming * (1 - truth) ** (people - blaming) / 3
            chance[blame] = chance.get(blame, 0.0) + weight
    cells = [replace(template, last_week=Week(b), respondents=respondents, blame=b) for b in chance]
    said = [cell_json(p) for p in trends(cells, PERFECT)[0].points]
    return sum(chance[b] for b, p in zip(sorted(chance), said, strict=True) if p["low"] <= truth <= p["high"])


@pytest.mark.parametrize("people", [*range(5, 13), 30])
def test_published_intervals_know_that_the_number_of_people_is_rounded(people: int, make_cells: MakeCells) -> None:
    (template,) = make_cells([0.0])
    for truth in (0.0, 0.3, 0.6, 1.0):
        assert _coverage(template, people, truth) >= 0.93, truth


def test_the_number_of_people_stays_unknown_over_many_cells(make_cells: MakeCells) -> None:
    """Every 6 of a pair may stand for 5: what is not known of them does not average away."""
    for people, least, share in ((6, 5, 1 / 2), (30, 29, 1 / 3)):
        draws = _people_draws(make_cells([0.0] * 8, people=people), np.random.default_rng(1))
        assert (draws.min(), draws.max()) == (8 * least, 8 * (people + 1))
        assert np.mean(draws == 8 * least) == pytest.approx(share, abs=0.02)


def test_what_is_published_is_coarse(make_cells: MakeCells) -> None:
    (trend,) = trends(make_cells([0.1] * 8 + [0.8] * 8, people=9), GOOD)
    said = to_json(trend)
    (last,) = to_json(trend, latest_only=True)["cells"]
    numbers = [said[k] for k in ("change", "low", "high", "smallest_visible_change")]
    numbers += [last[k] for k in ("blame_rate", "low", "high", "appreciation_rate")]
    assert numbers == [round(n, 2) for n in numbers]
    assert last["patterns"] == {"mistakes": 0.35}


@pytest.mark.parametrize(("people", "share"), [(6, 0.5), (21, 0.15), (90, 0.05), (150, None)])
def test_patterns_go_by_twentieths_and_vanish_when_rare(
    people: int, share: float | None, make_cells: MakeCells
) -> None:
    (point,) = trends(make_cells([0.3], people=people), GOOD)[0].points
    assert cell_json(point)["patterns"].get("mistakes") == share

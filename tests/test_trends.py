from collections.abc import Callable
from dataclasses import replace

import pytest

from friction.model_folder import ErrorRate
from friction.records import Cell, Intervention, TeamId, Week
from friction.report import cell_json, to_json, to_table
from friction.trends import trends

GOOD = {s: {"en": ErrorRate(95, 100, 190, 200)} for s in ("blame", "appreciation")}
MakeCells = Callable[..., list[Cell]]


def test_a_rise_a_fall_and_silence(make_cells: MakeCells) -> None:
    cells = [
        *make_cells([0.1] * 10 + [0.8] * 6),
        *make_cells([0.8] * 10 + [0.2] * 6, from_team="support"),
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
    assert found["sales"].change == pytest.approx(0.77, abs=0.05)
    assert found["hr"].change is None
    assert found["it"].smallest_visible_change is not None


def test_a_sudden_change_is_followed(make_cells: MakeCells) -> None:
    """Steadying must not hold a number back that has plainly moved."""
    (trend,) = trends(make_cells([0.9] * 12 + [0.1] * 4), GOOD)
    assert trend.points[11].blame.low > 0.7
    assert trend.points[12].blame.value < 0.4
    assert trend.points[15].blame.high < 0.3


def test_a_number_once_shown_never_changes(make_cells: MakeCells) -> None:
    """What later weeks bring, of this pair or of others, does not reach back."""
    cells = [*make_cells([0.1, 0.5, 0.9, 0.2] * 4, people=9), *make_cells([0.6] * 16, from_team="it", people=12)]
    whole = {(p.cell.from_team, p.cell.last_week): p for t in trends(cells, GOOD) for p in t.points}
    early = [c for c in cells if c.last_week <= Week.parse("2026-W07")]
    assert len(early) == 14
    for trend in trends(early, GOOD):
        for point in trend.points:
            assert point == whole[point.cell.from_team, point.cell.last_week]


def test_another_model_breaks_the_series_and_the_trend_says_so(make_cells: MakeCells) -> None:
    before, after = make_cells([0.1] * 16, model="a")[:10], make_cells([0.9] * 16, model="b")[10:]
    (trend,) = trends([*before, *after], GOOD)
    assert (trend.verdict, trend.change) == ("cannot tell", None)
    assert len(trend.points) == 16
    assert trend.points[10].blame.value > 0.7  # not steadied by what the other model found
    assert to_json(trend)["breaks"] == [{"week": "2026-W11", "model": "b", "mechanism": "rounding-3"}]


def test_a_pair_that_only_another_model_has_counted_is_not_judged(make_cells: MakeCells) -> None:
    old = make_cells([0.1] * 10 + [0.9] * 6, model="a")
    new = make_cells([0.1] * 10 + [0.9] * 6, model="b", from_team="it")
    new = [replace(c, last_week=c.last_week + 1, first_week=c.first_week + 1) for c in new]
    found = {t.from_team: t.verdict for t in trends([*old, *new], GOOD)}
    assert found == {"it": "rising", "sales": "cannot tell"}


@pytest.mark.parametrize("slow", ["alpha", "zulu"])
@pytest.mark.parametrize("later", [0, 1])
def test_a_window_that_the_model_before_closes_late_turns_no_verdict_off(
    make_cells: MakeCells, slow: str, later: int
) -> None:
    """Whatever its team is called, and where no other window closes in that week."""
    cells = []
    for team in ("it", "sales", "support", "hr"):
        cells += make_cells([0.1] * 2, model="a", from_team=team)
        cells += make_cells([0.1] * 12 + [0.8 if team == "sales" else 0.1] * 6, from_team=team)[2:]
    late = make_cells([0.5] * (18 + later), model="a", from_team=slow)[-1]
    done = Intervention(TeamId("sales"), TeamId("marketing"), Week.parse("2026-W13"), "a weekly meeting")
    (trend,) = [t for t in trends([*cells, late], GOOD, [done]) if t.from_team == "sales"]
    assert (trend.verdict, trend.effects[0].finding) == ("rising", "rose")


def test_a_pair_that_fell_silent_is_not_judged_again(make_cells: MakeCells) -> None:
    silent = make_cells([0.1] * 10 + [0.9] * 6)
    others = [c for i in range(6) for c in make_cells([0.3] * 26, from_team=f"t{i}")]
    assert trends(silent, GOOD)[0].verdict == "rising"
    found = {t.from_team: t.verdict for t in trends([*silent, *others], GOOD)}
    assert found["sales"] == "cannot tell"


def test_a_verdict_is_of_the_last_weeks_released_even_if_nobody_wrote_in_them(make_cells: MakeCells) -> None:
    cells = make_cells([0.1] * 10 + [0.9] * 6)
    for week, verdict in (("2026-W16", "rising"), ("2026-W18", "rising"), ("2026-W22", "cannot tell")):
        (trend,) = trends(cells, GOOD, through=Week.parse(week))
        assert trend.verdict == verdict
    assert (trend.change, len(trend.points)) == (None, 16)


def test_same_cells_same_numbers(make_cells: MakeCells) -> None:
    cells = make_cells([0.1, 0.5, 0.4] * 5)
    assert trends(cells, GOOD) == trends(reversed(cells), GOOD)
    assert trends([], GOOD) == []


def test_what_an_intervention_changed_is_shown(make_cells: MakeCells, settings: object) -> None:
    from friction.records import Directory

    cells = [c for i in range(12) for c in make_cells([0.3, 0.4] * 10, from_team=f"t{i}")]
    cells += make_cells([0.8, 0.7] * 5 + [0.3, 0.2] * 5)
    done = Intervention(TeamId("sales"), TeamId("marketing"), Week.parse("2026-W11"), "a weekly meeting")
    elsewhere = replace(done, from_team=TeamId("nobody"))
    found = trends(cells, GOOD, [elsewhere, done])
    (said,) = [to_json(t) for t in found if t.from_team == "sales"]
    (effect,) = said["interventions"]
    assert (effect["week"], effect["description"], effect["finding"]) == ("2026-W11", "a weekly meeting", "fell")
    assert effect["low"] < -0.5 < effect["high"] < 0
    assert "12" not in str(effect)  # how many untouched pairs have cells is not for a key bound to this pair
    assert "since 2026-W11, a weekly meeting: fell, -56 points" in to_table(found, Directory({}))


def test_what_is_published_is_coarse(make_cells: MakeCells) -> None:
    (trend,) = trends(make_cells([0.1] * 10 + [0.8] * 6, people=9), GOOD)
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

"""Released cells as a table: for spreadsheets, which take some texts for formulas."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import pytest

from friction.model_folder import RELEASED, read_card
from friction.records import Cell, TeamId
from friction.report import CSV_COLUMNS, csv_lines, read_trends, to_csv
from friction.store.releases import ReleaseStore, serialise
from friction.trends import Trend, trends

MakeCells = Callable[..., list[Cell]]
ERRORS = read_card(RELEASED).errors


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_value_starts_a_formula(make_cells: MakeCells, start: str) -> None:
    evil = TeamId(f'{start}HYPERLINK("http://example.org";"x")')
    cells = [replace(c, from_team=evil, model=evil, mechanism="rounding-3") for c in make_cells([0.3] * 3)]
    rows = list(csv.DictReader(io.StringIO(to_csv(trends(cells, ERRORS)), newline="")))
    assert len(rows) == 3
    for row in rows:
        assert row["from_team"] == row["model"] == f"'{evil}"
        assert not [value for value in row.values() if value.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


def test_columns_stay_where_they_are(make_cells: MakeCells) -> None:
    found = trends(make_cells([0.1] * 8 + [0.9] * 8), ERRORS)
    lines = to_csv(found).splitlines()
    assert lines[0].split(",") == list(CSV_COLUMNS)
    assert lines[0].startswith("from_team,about_team,first_week,last_week,respondents,blame_rate,low,high,")
    assert len(lines) == 17
    assert {line.count(",") for line in lines} == {len(CSV_COLUMNS) - 1}
    assert to_csv([]) == lines[0] + "\n"


def test_lines_come_one_by_one(make_cells: MakeCells) -> None:
    found = trends(make_cells([0.3] * 4), ERRORS)
    asked = []

    def slowly() -> Iterator[Trend]:
        for trend in found * 3:
            asked.append(trend)
            yield trend

    assert "".join(islice(csv_lines(slowly()), 4)) == to_csv(found)
    assert len(asked) == 1


def test_weeks_without_cells_age_what_is_told(releases: ReleaseStore, make_cells: MakeCells) -> None:
    cells = make_cells([0.1] * 8 + [0.9] * 8)
    for cell in cells:
        releases.append(cell.last_week, serialise([cell]))
    assert read_trends(releases)[0].verdict == "rising"
    for week in range(1, 7):
        assert read_trends(releases)[0].change is not None
        releases.append(cells[-1].last_week + week, "[]")
    assert (read_trends(releases)[0].verdict, read_trends(releases)[0].change) == ("cannot tell", None)

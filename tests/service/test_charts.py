"""Charts are read back as XML; what they draw is compared with the trends that they were made of."""

import re
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from friction.model_folder import ErrorRate
from friction.records import Cell, Directory, Intervention, TeamId, Week
from friction.trends import Trend, trends
from friction.wording import Language
from service import charts

MakeCells = Callable[..., list[Cell]]
ERRORS = {stance: {"en": ErrorRate(95, 100, 190, 200)} for stance in ("blame", "appreciation")}
SVG = "{http://www.w3.org/2000/svg}"


def _found(svg: str, kind: str, css: str) -> list[ElementTree.Element]:
    return [e for e in ElementTree.fromstring(svg).iter(f"{SVG}{kind}") if e.get("class") == css]


def _numbers(element: ElementTree.Element) -> list[float]:
    return [float(n) for n in re.findall(r"-?[\d.]+", element.get("d", ""))]


@pytest.fixture
def rising(make_cells: MakeCells) -> Trend:
    done = Intervention(TeamId("sales"), TeamId("marketing"), Week.parse("2026-W09"), "weekly meeting <b>")
    (trend,) = trends(make_cells([0.1] * 8 + [0.8] * 8), ERRORS, [done])
    return trend


def test_a_window_is_drawn_as_long_as_it_is(make_cells: MakeCells, directory: Directory) -> None:
    one, two, three = make_cells([0.2, 0.5, 0.5])
    long = replace(two, last_week=two.last_week + 2)
    after = replace(three, first_week=long.last_week + 1, last_week=long.last_week + 1)
    (trend,) = trends([one, long, after], ERRORS)
    drawn = charts.series(trend, directory, "en").svg()
    widths = [float(w.get("width", 0)) for w in _found(drawn, "rect", "window")]
    assert widths[1] == pytest.approx(3 * widths[0], abs=0.2)
    assert widths[2] == pytest.approx(widths[0], abs=0.2)


def test_the_line_and_its_band_are_the_trend(rising: Trend, directory: Directory) -> None:
    drawn = charts.series(rising, directory, "en").svg()
    (value,), (band,) = _found(drawn, "path", "value"), _found(drawn, "path", "band")
    grid = {line.get("class"): float(line.get("y1", 0)) for line in ElementTree.fromstring(drawn).iter(f"{SVG}line")}
    bottom, top = grid["base"], min(float(line.get("y1", 0)) for line in _found(drawn, "line", "grid"))
    ys = _numbers(value)[1::4]
    shares = [(bottom - y) / (bottom - top) for y in ys]
    assert shares == pytest.approx([p.blame.value for p in rising.points], abs=0.001)
    highs = [(bottom - y) / (bottom - top) for y in _numbers(band)[1 : 4 * len(ys) : 4]]
    assert highs == pytest.approx([p.blame.high for p in rising.points], abs=0.001)


def test_interventions_are_marked_where_they_happened(rising: Trend, directory: Directory) -> None:
    drawn = charts.series(rising, directory, "en").svg()
    (mark,) = _found(drawn, "line", "mark")
    windows = _found(drawn, "rect", "window")
    assert mark.get("x1") == windows[8].get("x")
    assert "weekly meeting &lt;b&gt;" in drawn


@pytest.mark.parametrize(("models", "lines"), [("aa", 1), ("ab", 2)])
def test_another_model_cuts_the_line_and_is_marked(
    models: str, lines: int, make_cells: MakeCells, directory: Directory
) -> None:
    cells = make_cells([0.3] * 4, model=models[0]) + make_cells([0.3] * 8, model=models[1])[4:]
    (trend,) = trends(cells, ERRORS)
    drawn = charts.series(trend, directory, "en").svg()
    assert len(_found(drawn, "path", "value")) == lines
    assert len(_found(drawn, "line", "change-of-model")) == lines - 1


def test_the_matrix_counts_pairs_of_the_directory_alone(make_cells: MakeCells, directory: Directory) -> None:
    found = trends([*make_cells([0.3] * 4), *make_cells([0.3] * 4, from_team="it")], ERRORS)
    left = Directory({id: directory.teams[id] for id in (TeamId("sales"), TeamId("marketing"))})
    assert "Pairs of teams with enough voices: 1 of 2;" in charts.matrix(found, left, "en").svg()


def test_missing_weeks_cut_the_line(make_cells: MakeCells, directory: Directory) -> None:
    cells = make_cells([0.3] * 6)
    (trend,) = trends(cells[:2] + cells[4:], ERRORS)
    assert len(_found(charts.series(trend, directory, "en").svg(), "path", "value")) == 2


def test_hidden_pairs_are_drawn_alike_and_in_the_directory_s_order(rising: Trend, directory: Directory) -> None:
    """The same bytes but for their place, which is that of the directory."""
    drawn = charts.matrix([rising], directory, "en").svg()
    groups = re.findall(r'<g transform="translate\([\d. ]+\)">\n(.*?)</g>', drawn, re.S)
    teams = list(directory.teams)
    assert len(groups) == len(teams) ** 2
    shown = groups.pop(teams.index(TeamId("sales")) * len(teams) + teams.index(TeamId("marketing")))
    assert "/pairs/sales/marketing" in shown
    assert sorted(map(groups.count, set(groups))) == [len(teams), len(teams) * (len(teams) - 1) - 1]
    assert drawn == charts.matrix([rising], Directory(dict(directory.teams)), "en").svg()


def test_a_matrix_is_a_group_of_links_and_a_series_a_picture(rising: Trend, directory: Directory) -> None:
    matrix, series = charts.matrix([rising], directory, "en").svg(), charts.series(rising, directory, "en").svg()
    assert ('role="group"' in matrix, "<a " in matrix) == (True, True)
    assert ('role="img"' in series, "<a " in series) == (True, False)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_pictures(rising: Trend, directory: Directory, language: Language) -> None:
    """Each is a PNG of twice its size, well under what a mail may carry, and more than an empty sheet."""
    for chart in (
        charts.matrix([rising], directory, language),
        charts.series(rising, directory, language),
        charts.patterns(rising, directory, language),
    ):
        assert chart is not None
        picture = chart.png()
        assert picture.startswith(b"\x89PNG")
        width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
        assert (width, height) == pytest.approx((2 * chart.width, 2 * chart.height), abs=2)
        assert 5_000 < len(picture) < 100_000
        assert picture == chart.png()


def test_letters_come_from_our_own_font(rising: Trend, directory: Directory) -> None:
    """A picture with other words has other bytes: where no font is found, resvg leaves words out."""
    chart = charts.series(rising, directory, "en")
    assert chart.png() != replace(chart, scene={**chart.scene, "grid": []}).png()
    french = charts.series(rising, directory, "fr")
    assert french.png() != chart.png()


def test_no_pattern_no_chart(make_cells: MakeCells, directory: Directory) -> None:
    cells = [replace(cell, patterns={}) for cell in make_cells([0.3] * 3)]
    (trend,) = trends(cells, ERRORS)
    assert charts.patterns(trend, directory, "en") is None


def test_a_chart_says_what_it_shows_in_words(rising: Trend, directory: Directory) -> None:
    root = ElementTree.fromstring(charts.series(rising, directory, "fr").svg("second"))
    assert root.get("aria-labelledby") == "second-title"
    title, description = (root.find(f"{SVG}{kind}") for kind in ("title", "desc"))
    assert title is not None
    assert "Marketing" in (title.text or "")
    assert description is not None
    assert "16 périodes" in (description.text or "")


def test_no_style_in_place(rising: Trend, directory: Directory) -> None:
    """The page's policy allows style sheets from here alone."""
    for chart in (charts.matrix([rising], directory, "en"), charts.series(rising, directory, "en")):
        assert "style" not in chart.svg()
        assert not re.search(r"""\s(fill|stroke)=["']""", chart.svg())
